"""Shared fixtures and the hypothesis profile of the suite."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile("polyproof", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.load_profile("polyproof")
