"""Would the examples notice a mistake? A mapping is changed in one place, and its examples are run.

``mutants`` makes the changes, on the parsed mapping, ``trees`` those inside an expression; ``recording``
runs the examples once and keeps what the mapping was given; ``trials`` runs each mutant on that. A mutant
whose results are all the same survives: no example would tell it from the mapping.
"""
