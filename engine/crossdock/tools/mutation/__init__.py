"""Would the examples notice a mistake? A mapping is changed in one place, and its examples are run.

``mutants`` makes the changes on the compiled mapping, ``variants`` those inside an expression. ``recording``
runs the examples once and keeps the payloads of the mapping; ``trials`` runs each mutant on them. A mutant
survives if no result differs: no example would notice the mistake. ``text`` and ``json`` write the trials.
"""
