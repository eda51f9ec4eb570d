"""Conformance suite for ``Backend``: an exchange, its auditor and users, and those who would cheat them.

A plugin author inherits it and names the backend, with options that make segments of 4 to 2000 accounts::

    class TestMyBackend(BackendSuite):
        backend_name = "my-backend"
        options = MyBackend.Options(queries=12)

        def secrets(self, segment, key):
            yield from my_nonces(key, segment.statement)

An audit of three segments is proved once, by core, as ``polyproof prove`` does; every test attacks that audit. No suite
can test what only the backend's own documentation can state, such as how hard a forgery is.
"""

# ruff: noqa: D102 - the name of a test is its claim
from __future__ import annotations

import math
import os
import random
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from polyproof.backend import Backend, InclusionVerdict, SegmentProof, Statement, Verdict
from polyproof.errors import PolicyRejected
from polyproof.liabilities import verify, verify_inclusion
from polyproof.progress import Progress
from polyproof.registry import Registry
from polyproof.security import FigureName, SecurityReport
from polyproof.settings.policy import Policy, PolicyCheck, components_of
from polyproof.testing.backend_cheats import BackendCheatsSuite
from polyproof.testing.exchange import LENIENT, Exchange, OneSegment

__all__ = ["BackendSuite"]

COMPILERS = ("numba", "llvmlite", "torch", "jax", "taichi", "pythran")


class _Interrupted(BaseException):
    """Raised in place of a power cut."""


class BackendSuite(BackendCheatsSuite):
    """What every ``polyproof.backend.Backend`` promises, tested through core wherever core stands in between."""

    # The honest case

    def test_audit_verifies_from_its_public_half(self, exchange: Exchange) -> None:
        verified = verify(exchange.public, policy=LENIENT, registry=exchange.registry)
        assert verified.totals == tuple(map(sum, zip(*exchange.balances.values(), strict=True)))
        assert len(verified.verdicts) == 3
        for verdict in verified.verdicts:
            assert type(verdict) is Verdict
            _check_report(verdict.security)

    def test_every_users_file_verifies(self, exchange: Exchange) -> None:
        chosen = [*list(exchange.balances)[:12], *random.Random(0).sample(list(exchange.balances), 4)]
        for user in chosen:
            verdict = _checked(exchange, user)
            assert type(verdict) is InclusionVerdict
            assert verdict.sentences
            _check_report(verdict.security)

    def test_claim_rests_on_the_report_of_its_segment(
        self, exchange: Exchange, segment: OneSegment, users: Sequence[str]
    ) -> None:
        verdict = exchange.audit().judge.verify(segment.statement, segment.totals, segment.proof)
        assert _checked(exchange, users[0]).security == verdict.security

    def test_proof_states_the_security_that_its_verdict_has(self, exchange: Exchange) -> None:
        judge = exchange.audit().judge
        for index in range(3):
            one = exchange.segment(index)
            verdict = judge.verify(one.statement, one.totals, one.proof)
            assert judge.security_of(one.statement, one.proof) == verdict.security

    def test_no_proof_is_smaller_than_the_least_size(self, exchange: Exchange, segment: OneSegment) -> None:
        least = exchange.backend().least_proof_size(self.assets)
        assert type(least) is int
        assert 0 <= least <= len(segment.proof)

    def test_options_have_a_security_report_before_anything_is_proved(self, exchange: Exchange) -> None:
        backend = exchange.backend()
        for accounts in (None, 1, backend.capacity(self.assets)):
            _check_report(backend.security(self.assets, accounts))

    def test_stranger_has_no_inclusion_proof(self, exchange: Exchange, segment: OneSegment) -> None:
        for stranger in ("nobody", "", "user-", " a", "X" * 200):
            opened = exchange.backend().open_inclusion(segment.statement, segment.proof, segment.state, stranger)
            assert opened is None

    def test_open_all_gives_what_open_inclusion_gives(self, exchange: Exchange) -> None:
        if type(exchange.backend()).open_all is Backend.open_all:
            pytest.skip("this backend does not cut in bulk")
        found = []
        for index in range(3):
            segment = exchange.segment(index)
            opened = list(exchange.backend().open_all(segment.statement, segment.proof, segment.state))
            found += [user for user, _ in opened]
            single = exchange.backend()
            for user, inclusion in random.Random(index).sample(opened, min(16, len(opened))):
                again = single.open_inclusion(segment.statement, segment.proof, segment.state, user)
                assert again == inclusion, f"{user!r} is given something else in bulk"
        assert sorted(found) == sorted(exchange.balances)

    def test_properties_are_said_in_words(self, exchange: Exchange) -> None:
        properties = exchange.backend().properties
        for said in (properties.proves, properties.hides, properties.leaks, properties.remaining_trust):
            assert isinstance(said, tuple)
            assert said
            assert all(isinstance(item, str) and item for item in said)

    # A power cut

    def test_interrupted_proving_goes_on_and_verifies(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        exchange = self._found(tmp_path)
        cls = exchange.registry.get("backend", self.backend_name)
        whole: Callable[..., SegmentProof] = cls.prove

        def cut_short(
            backend: Backend, statement: Statement, accounts: Any, key: bytes, state: Path, progress: Progress
        ) -> SegmentProof:
            proved = whole(backend, statement, accounts, key, state, progress)
            if statement.segment == 1:
                raise _Interrupted
            return proved

        monkeypatch.setattr(cls, "prove", cut_short)
        with pytest.raises(_Interrupted):
            exchange.prove()
        monkeypatch.undo()
        assert exchange.prove().resumed == 1
        verify(exchange.public, policy=LENIENT, registry=exchange.registry)
        for index in range(3):
            for user in self._some(exchange, 1, lambda found, index=index: found == index):  # type: ignore[misc]
                _checked(exchange, user)

    # A verifier's policy

    def test_policy_bites_in_verify_and_in_verify_inclusion(
        self, exchange: Exchange, segment: OneSegment, users: Sequence[str]
    ) -> None:
        options, name = exchange.spec.backend.options, exchange.spec.backend.name
        security = exchange.audit().judge.verify(segment.statement, segment.totals, segment.proof).security
        named = {kind: {found for other, found in components_of(options) if other == kind} for kind in _LISTS}
        sizes = [exchange.segment(index).proof for index in range(3)]
        refused = [
            (evolve(LENIENT, max_proof_bytes=min(map(len, sizes)) - 1), PolicyCheck.PROOF_SIZE),
            (evolve(LENIENT, max_segments=2), PolicyCheck.SEGMENTS),
            (evolve(LENIENT, backends=("another",)), PolicyCheck.BACKEND),
            (evolve(LENIENT, hashes=("another",)), PolicyCheck.HASH),
        ]
        # A figure that it does not give is refused wherever it is required, however little of it.
        least = {name.policy_key: figure.bits + 0.5 for name, figure in security.given.items()}
        least |= {name.policy_key: 0.0 for name in FigureName if security.figure(name) is None}
        refused += [
            (_lenient_but({name.policy_key: min(least[name.policy_key], 256.0)}), PolicyCheck.of(name))
            for name in FigureName
            if name.policy_key in least
        ]
        refused += [(_lenient_but({key: ("another",)}), check) for kind, (key, check) in _LISTS.items() if named[kind]]
        for policy, check in refused:
            for ask in (_asking_for_all(exchange, policy), _asking_for(exchange, users[0], policy)):
                with pytest.raises(PolicyRejected) as caught:
                    ask()
                assert caught.value.check == check
        small = evolve(LENIENT, max_inclusion_bytes=len(exchange.inclusion(users[0]).inclusion) - 1)
        with pytest.raises(PolicyRejected) as caught:
            _checked(exchange, users[0], small)
        assert caught.value.check == PolicyCheck.INCLUSION_SIZE
        named["backend"].add(name)
        just = _lenient_but(
            {figure.policy_key: max(given.bits, 0.0) for figure, given in security.given.items()}
            | {key: tuple(named[kind]) or None for kind, (key, _) in _LISTS.items()}
            | {"max_proof_bytes": max(map(len, sizes))}
        )
        exchange.audit(just).judge.verify(segment.statement, segment.totals, segment.proof)
        _checked(exchange, users[0], just)

    def test_components_that_it_asks_for_are_named_in_its_options(
        self, exchange: Exchange, users: Sequence[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        options = exchange.spec.backend.options
        named, asked = set(components_of(options)), set()
        get = Registry.get

        def heard(registry: Registry, kind: str, name: str) -> type[Any]:
            asked.add((kind, name))
            return get(registry, kind, name)

        monkeypatch.setattr(Registry, "get", heard)
        _asking_for_all(exchange, LENIENT)()
        _checked(exchange, users[0])
        assert {(kind, name) for kind, name in asked if kind in _LISTS and kind != "backend"} <= named

    # Verifiers' machines

    def test_verifying_imports_no_compiler(self, exchange: Exchange, users: Sequence[str]) -> None:
        program = _VERIFIER.format(
            factory=self.registry_factory,
            public=str(exchange.public),
            file=str(exchange.file(users[0])),
            claim=exchange.claim(users[0]),
            compilers=COMPILERS,
        )
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        ended = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
        assert ended.returncode == 0, ended.stderr[-2000:]


_LISTS = {
    "backend": ("backends", PolicyCheck.BACKEND),
    "constraints": ("constraints", PolicyCheck.CONSTRAINTS),
    "commitment": ("commitments", PolicyCheck.COMMITMENT),
    "hash": ("hashes", PolicyCheck.HASH),
    "field": ("fields", PolicyCheck.FIELD),
}
"""For each kind of component its list in a policy, and the name of the refusal."""
_VERIFIER = """
import sys
from importlib import import_module
from pathlib import Path
from polyproof.backend import Claim
from polyproof.liabilities import verify, verify_inclusion
from polyproof.settings.policy import UNRESTRICTED

module, _, function = {factory!r}.partition(":")
registry = getattr(import_module(module), function)()
before = [name for name in {compilers!r} if name in sys.modules]
policy = UNRESTRICTED
verify(Path({public!r}), policy=policy, registry=registry)
verify_inclusion(Path({file!r}), Path({public!r}), lambda audit: {claim!r}, policy=policy, registry=registry)
found = [name for name in {compilers!r} if name in sys.modules and name not in before]
sys.exit(f"verifying imported {{', '.join(found)}}" if found else 0)
"""


def _lenient_but(changes: dict[str, Any]) -> Policy:
    return evolve(LENIENT, **changes)


def _checked(exchange: Exchange, user: str, policy: Policy = LENIENT) -> InclusionVerdict:
    """A user's check, through core."""
    verdict = _asking_for(exchange, user, policy)()
    assert isinstance(verdict, InclusionVerdict)
    return verdict


def _asking_for(exchange: Exchange, user: str, policy: Policy) -> Callable[[], object]:
    file, claim, registry = exchange.file(user), exchange.claim(user), exchange.registry
    return lambda: verify_inclusion(file, exchange.public, lambda _: claim, policy=policy, registry=registry).verdict


def _asking_for_all(exchange: Exchange, policy: Policy) -> Callable[[], object]:
    return lambda: verify(exchange.public, policy=policy, registry=exchange.registry)


def _check_report(report: SecurityReport) -> None:
    assert isinstance(report, SecurityReport)
    assert report.given, "no figure, so nothing that anybody could rely on"
    for figure in report.given.values():
        for account in (figure, *figure.alternatives):
            assert account.terms, "nothing that the bits follow from"
            assert math.isfinite(account.bits)
            assert account.bits <= figure.bits
            assert account.rests_on
            assert all(term.formula and term.source for term in account.terms)
