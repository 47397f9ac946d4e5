"""``crossdock transform --untrusted``: a mapping and a payload are run in a process with limits."""
