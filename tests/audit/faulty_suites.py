"""The suite of backends, run on every faulty backend: not collected by itself, see ``test_backend_suite``.

Of each only the tests that are there for its fault.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from audit.faulty_backends import FAULTY, Slow
from polyproof.testing.backend import BackendSuite
from polyproof.testing.exchange import OneSegment


class _Faulty(BackendSuite):
    registry_factory = "audit.faulty_backends:faulty_registry"

    def secrets(self, segment: OneSegment, key: bytes) -> Iterator[bytes]:
        for salt in json.loads((segment.state / "salts.json").read_text()).values():
            yield salt.encode()


for _cls in FAULTY:
    _members = {"backend_name": _cls.name, "options": _cls.Options(capacity=8), "__module__": __name__}
    _expected = {f"test_{name}" for name in FAULTY[_cls]}
    assert all(callable(getattr(BackendSuite, name, None)) for name in _expected), "a test was renamed"
    _members |= {name: None for name in dir(BackendSuite) if name.startswith("test_") and name not in _expected}
    if _cls is Slow:
        _members["most_seconds"] = 0.5
    globals()[f"Test{_cls.__name__}"] = type(f"Test{_cls.__name__}", (_Faulty,), _members)
