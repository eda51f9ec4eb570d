"""The hypothesis profile and the shared fixtures of the suite."""

from __future__ import annotations

import sys

from hypothesis import HealthCheck, settings

# py_ecc raises the limit of the whole process to 100,000 when it is imported, far beyond what the stack holds:
# what is nested too deeply would then crash a test where it raises RecursionError in use.
_LIMIT = sys.getrecursionlimit()
import py_ecc.optimized_bls12_381  # noqa: E402, F401

sys.setrecursionlimit(_LIMIT)

pytest_plugins = ["doubles.fixtures", "doubles.database_servers", "doubles.browser"]

settings.register_profile("polyproof", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.load_profile("polyproof")
