"""``crossdock transform --untrusted``: a mapping and a payload run in a process with limits."""
