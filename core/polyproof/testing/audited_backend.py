"""A backend with an audit, proved once for a class of tests, and the two who verify it: an auditor and a user."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar

import pytest

from polyproof.errors import ProofRejected
from polyproof.model.assets import Asset
from polyproof.registry import Registry
from polyproof.settings.spec import BackendChoice
from polyproof.testing.exchange import ASSETS, Exchange, OneSegment, found_exchange

__all__ = ["AuditedBackend"]


class AuditedBackend:
    """What suites of backends share. It has no tests."""

    backend_name: ClassVar[str]
    options: ClassVar[Any]
    """An instance of the backend's ``Options``."""
    registry_factory: ClassVar[str] = "polyproof.registry:default_registry"
    """``module:function`` that makes a registry with the backend in it; the default has what is installed."""
    assets: ClassVar[tuple[Asset, ...]] = ASSETS
    """At least two, of different widths."""
    most_seconds: ClassVar[float] = 5.0
    """Seconds of processor time that one verification may take, whatever the bytes."""
    most_bytes: ClassVar[int] = 256 << 20
    """Bytes of memory that one verification may hold at any time."""
    _exchange: ClassVar[Exchange]

    def secrets(self, segment: OneSegment, key: bytes) -> Iterable[bytes]:
        """Secrets besides ids, balances and the key, such as nonces, each of eight bytes or more; override it."""
        return ()

    @pytest.fixture
    def exchange(self, tmp_path_factory: pytest.TempPathFactory) -> Exchange:
        """An exchange with a proved audit; proved once for all tests of a class."""
        cls = type(self)
        if "_exchange" not in vars(cls):
            exchange = self._found(tmp_path_factory.mktemp("exchange"))
            exchange.prove()
            cls._exchange = exchange
        return cls._exchange

    @pytest.fixture
    def segment(self, exchange: Exchange) -> OneSegment:
        """The first segment of the audit."""
        return exchange.segment(0)

    @pytest.fixture
    def users(self, exchange: Exchange) -> Sequence[str]:
        """Some users of the first segment whose balances differ."""
        return self._some(exchange, 6, lambda index: index == 0)

    def _some(self, exchange: Exchange, count: int, where: Callable[[int], bool]) -> list[str]:
        """The first ``count`` users of some segments, each with different balances."""
        ordinary = (user for user in exchange.balances if user.endswith("@example.org"))
        return list(itertools.islice((user for user in ordinary if where(exchange.inclusion(user).segment)), count))

    def _found(self, folder: Path) -> Exchange:
        return found_exchange(
            BackendChoice(self.backend_name, self.options), self.assets, _made(self.registry_factory), folder
        )

    # The two who verify

    def _accepts(self, ask: Callable[[], object]) -> bool:
        """Whether a verifier accepts: within bounded time, and raising nothing but ``ProofRejected``."""
        rejected: ProofRejected | None = None
        started = time.process_time()
        try:
            ask()
        except ProofRejected as error:
            rejected = error
        assert time.process_time() - started < self.most_seconds
        assert rejected is None or (isinstance(rejected.check, str) and rejected.check)
        return rejected is None

    def _auditor(self, exchange: Exchange, segment: OneSegment) -> Callable[..., bool]:
        """An auditor's check: called with the arguments to change, it returns whether they are accepted."""
        backend = exchange.backend()
        honest = {"statement": segment.statement, "totals": segment.totals, "proof": segment.proof}
        return lambda **changes: self._accepts(lambda: backend.verify(**{**honest, **changes}))

    def _user(self, exchange: Exchange, segment: OneSegment, user: str) -> Callable[..., bool]:
        """A user's check: called with the arguments to change, it returns whether they are accepted."""
        judge = exchange.audit().judge
        backend = judge.backend
        honest = {
            "statement": segment.statement,
            "totals": segment.totals,
            "proof": segment.proof,
            "claim": exchange.claim(user),
            "inclusion": exchange.inclusion(user).inclusion,
        }

        def accepts(**changes: Any) -> bool:
            given = {**honest, **changes}
            balances = given["claim"].balances
            possible = len(balances) == len(self.assets) and all(
                0 <= held < 1 << asset.bits for held, asset in zip(balances, self.assets, strict=True)
            )
            # Core refuses balances that no account can have without asking a backend.
            asked = backend if possible else judge
            return self._accepts(lambda: asked.verify_inclusion(**given))

        return accepts


def _made(reference: str) -> Registry:
    module, _, function = reference.partition(":")
    registry: Registry = getattr(import_module(module), function)()
    return registry
