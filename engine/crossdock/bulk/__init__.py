"""Many payloads: lines of files in, lines of results out, in one process, in several, or on a cluster.

The unit of all of it is ``unit.convert``: a block of lines to results, findings and counts.
"""
