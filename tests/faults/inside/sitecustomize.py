"""Python runs this when it starts, where FAULTS_INSIDE has this folder in PYTHONPATH: only in tests.

The product knows nothing of it, so that nothing can enable it by accident.
"""

import os
import sys
from pathlib import Path

if os.environ.get("FAULTS_INSIDE"):
    tests = str(Path(__file__).parents[2])
    if tests not in sys.path:
        sys.path.append(tests)
    from faults.plant import plant

    plant(os.environ["FAULTS_INSIDE"])
