"""The conversions of the order mappings, written by hand: what the engine is measured against.

Plain functions from a decoded payload to a decoded result. They know nothing of the engine and mean
exactly what the mappings mean; ``tests/test_benchmarks.py`` holds them to that.
"""
