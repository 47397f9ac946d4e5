"""Documents -> JSON Schema, reproducibly: what ``crossdock derive`` runs.

A system's folder holds ``derive.yaml``, which says which part of which document shows which payload, and
every correction with its reason. From that and the documents come the schemas, with the document and
line of every property. Generated files are never edited by hand; ``check`` derives and compares them.

    derive(Path("schemas/acme"), Path("documents"))  ->  {Path("schemas/acme/order.schema.json"): "{...}"}
"""

from crossdock.tools.derivation.systems import check, derive, samples_of, write

__all__ = ["check", "derive", "samples_of", "write"]
