"""What goes wrong with a gateway, on purpose: at its channel, in its process, in its store, and in its code.

The long run, from the folder ``tests``: ``python -m faults.storm --events 2000 --kills 20``.
"""
