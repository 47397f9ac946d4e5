"""Would the examples notice a mistake? A file is changed in one place, and its examples are run.

``mutants`` makes the changes on the compiled mapping, ``variants`` those inside an expression, and
``conversation_mutants`` those of the steps of a conversation. ``recording`` runs the examples of a mapping
once and keeps its payloads; ``trials`` and ``conversation_trials`` run each mutant. ``verdicts`` says what
became of them: a mutant survives if no result differs, so that no example would notice the mistake. ``text``
and ``json`` write the trials.
"""
