"""Conformance suite for ``Backend``: an exchange, its auditor, its users, and those who would cheat them.

A plugin author inherits it and says which backend, with options that make segments of 4 to 2000 accounts::

    class TestMyBackend(BackendSuite):
        backend_name = "my-backend"
        options = MyBackend.Options(queries=12)

        def secrets(self, segment, key):
            yield from my_nonces(key, segment.statement)

An audit of three segments is proved once, by core, as ``polyproof prove`` does; every test attacks that audit. What
only the backend's own documentation can say, such as how hard a forgery is, no suite can test.
"""

# ruff: noqa: D102 - the name of a test is its claim
from __future__ import annotations

import hashlib
import itertools
import math
import os
import random
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar

import pytest
from attrs import evolve

from polyproof.backend import Backend, Claim, InclusionVerdict, SecurityReport, SegmentProof, Statement, Verdict
from polyproof.errors import PolicyRejected, ProofRejected
from polyproof.liabilities import verify, verify_inclusion
from polyproof.model.assets import Asset
from polyproof.progress import Progress
from polyproof.registry import Registry
from polyproof.settings.policy import Policy, PolicyCheck, components_of
from polyproof.settings.spec import BackendChoice
from polyproof.testing.exchange import ASSETS, LENIENT, Exchange, OneSegment, found_exchange
from polyproof.testing.hostile import variants

__all__ = ["BackendSuite"]

COMPILERS = ("numba", "llvmlite", "torch", "jax", "taichi", "pythran")
_REPORTED = 3
"""How many accepted cheats a failure lists."""


class _Interrupted(Exception):
    """Stands for the power cut."""


class BackendSuite:
    """The claims of ``polyproof.backend.Backend``, through core where core stands between."""

    backend_name: ClassVar[str]
    options: ClassVar[Any]
    """An instance of the backend's ``Options``."""
    registry_factory: ClassVar[str] = "polyproof.registry:default_registry"
    """``module:function`` that makes a registry in which the backend is; the default has what is installed."""
    assets: ClassVar[tuple[Asset, ...]] = ASSETS
    """At least two, of different widths."""
    most_seconds: ClassVar[float] = 5.0
    """Of processor time, for one verification of whatever bytes."""
    most_bytes: ClassVar[int] = 256 << 20
    """Of memory, at any time."""
    _exchange: ClassVar[Exchange]

    def secrets(self, segment: OneSegment, key: bytes) -> Iterable[bytes]:
        """What no public file may hold beside ids, balances and the key: nonces, say. The author overrides it."""
        return ()

    # The exchange, proved once for all tests of a class

    @pytest.fixture
    def exchange(self, tmp_path_factory: pytest.TempPathFactory) -> Exchange:
        """An exchange whose audit is proved."""
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
        """So many users of some segments, each with balances of their own."""
        ordinary = (user for user in exchange.balances if user.endswith("@example.org"))
        return list(itertools.islice((user for user in ordinary if where(exchange.inclusion(user).segment)), count))

    def _found(self, folder: Path) -> Exchange:
        return found_exchange(
            BackendChoice(self.backend_name, self.options), self.assets, _made(self.registry_factory), folder
        )

    # Honest people

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
        properties = type(exchange.backend()).properties
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
        bits = exchange.audit().judge.verify(segment.statement, segment.totals, segment.proof).security.proven_bits
        named = {kind: {found for other, found in components_of(options) if other == kind} for kind in _KINDS}
        sizes = [exchange.segment(index).proof for index in range(3)]
        refused = [
            (Policy(min_proven_bits=min(bits + 0.5, 256.0)), PolicyCheck.BITS),
            (Policy(0.0, backends=("another",)), PolicyCheck.BACKEND),
            (Policy(0.0, hashes=("another",)), PolicyCheck.HASH),
            (Policy(0.0, max_proof_bytes=min(map(len, sizes)) - 1), PolicyCheck.PROOF_SIZE),
            (Policy(0.0, max_segments=2), PolicyCheck.SEGMENTS),
        ]
        refused += [(Policy(0.0, fields=("another",)), PolicyCheck.FIELD)] if named["field"] else []
        for policy, check in refused:
            for ask in (_asking_for_all(exchange, policy), _asking_for(exchange, users[0], policy)):
                with pytest.raises(PolicyRejected) as caught:
                    ask()
                assert caught.value.check == check
        small = Policy(0.0, max_inclusion_bytes=len(exchange.inclusion(users[0]).inclusion) - 1)
        with pytest.raises(PolicyRejected) as caught:
            _checked(exchange, users[0], small)
        assert caught.value.check == PolicyCheck.INCLUSION_SIZE
        just = Policy(
            min_proven_bits=max(bits - 0.5, 0.0),
            backends=(name, *named["backend"]),
            hashes=tuple(named["hash"]) or None,
            fields=tuple(named["field"]) or None,
            max_proof_bytes=max(map(len, sizes)),
        )
        _asking_for_all(exchange, just)()
        _checked(exchange, users[0], just)

    def test_hashes_and_fields_that_it_asks_for_are_named_in_its_options(
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
        assert {(kind, name) for kind, name in asked if kind in ("hash", "field")} <= named

    # Hostile bytes

    def test_hostile_proofs_are_rejected(self, exchange: Exchange, segment: OneSegment) -> None:
        assert self._hostile(self._auditor(exchange, segment), "proof", segment.proof) == []

    def test_hostile_proofs_are_rejected_by_users_too(
        self, exchange: Exchange, segment: OneSegment, users: Sequence[str]
    ) -> None:
        assert self._hostile(self._user(exchange, segment, users[0]), "proof", segment.proof, 4) == []

    def test_hostile_inclusion_proofs_are_rejected(
        self, exchange: Exchange, segment: OneSegment, users: Sequence[str]
    ) -> None:
        inclusion = exchange.inclusion(users[0]).inclusion
        assert self._hostile(self._user(exchange, segment, users[0]), "inclusion", inclusion) == []

    def test_lengths_that_lie_take_bounded_memory(
        self, exchange: Exchange, segment: OneSegment, users: Sequence[str]
    ) -> None:
        user, inclusion = self._user(exchange, segment, users[0]), exchange.inclusion(users[0]).inclusion
        tracemalloc.start()  # which slows down whatever it watches
        try:
            for what, data in (("proof", segment.proof), ("inclusion", inclusion)):
                for name, changed in variants(data, 4):
                    assert not (name.startswith("eight bytes") and user(**{what: changed})), name
            assert tracemalloc.get_traced_memory()[1] < self.most_bytes
        finally:
            tracemalloc.stop()

    def test_proof_and_inclusion_proof_cannot_stand_for_each_other(
        self, exchange: Exchange, segment: OneSegment, users: Sequence[str]
    ) -> None:
        assert not self._auditor(exchange, segment)(proof=exchange.inclusion(users[0]).inclusion)
        assert not self._user(exchange, segment, users[0])(inclusion=segment.proof)

    # Another statement

    def test_proof_of_another_statement_is_rejected(
        self, exchange: Exchange, segment: OneSegment, users: Sequence[str]
    ) -> None:
        verifiers = self._auditor(exchange, segment), self._user(exchange, segment, users[0])
        stated = segment.statement
        for changes in (
            {"audit_id": "conformance-2"},
            {"audit_id": ""},
            {"context": bytes(32)},
            {"context": stated.context[:-1] + bytes([stated.context[-1] ^ 1])},
            {"segment": 1},
            {"segments": 4},
        ):
            other = evolve(stated, **changes)
            assert not any(accepts(statement=other) for accepts in verifiers), changes

    def test_proof_of_another_manifest_is_rejected(self, exchange: Exchange, tmp_path: Path) -> None:
        manifest = exchange.audit().manifest
        for number, change in enumerate(_other_manifests(exchange)):
            folder = exchange.republished(tmp_path / str(number), evolve(manifest, **change))
            with pytest.raises(ProofRejected):
                verify(folder, policy=LENIENT, registry=exchange.registry)

    def test_proof_of_one_segment_does_not_serve_another(self, exchange: Exchange, tmp_path: Path) -> None:
        manifest = exchange.audit().manifest
        first, second, third = manifest.segments
        proofs = {0: exchange.segment(1).proof, 1: exchange.segment(0).proof}
        moved = evolve(first, totals=second.totals), evolve(second, totals=first.totals), third
        twice = first, evolve(first, index=1), third
        for name, segments, files in (
            ("exchanged", moved, proofs),
            ("twice", twice, {1: exchange.segment(0).proof}),
            ("left out", (first, second), {}),
        ):
            folder = exchange.republished(tmp_path / name, evolve(manifest, segments=segments), files)
            with pytest.raises(ProofRejected):
                verify(folder, policy=LENIENT, registry=exchange.registry)

    # Wrong totals

    def test_wrong_totals_are_rejected(self, exchange: Exchange, segment: OneSegment, users: Sequence[str]) -> None:
        verifiers = self._auditor(exchange, segment), self._user(exchange, segment, users[0])
        for totals in _wrong(segment.totals):
            assert not any(accepts(totals=totals) for accepts in verifiers), totals

    def test_totals_moved_between_segments_are_rejected(self, exchange: Exchange, tmp_path: Path) -> None:
        manifest = exchange.audit().manifest
        first, second, third = manifest.segments
        less = evolve(first, totals=(first.totals[0] - 1, *first.totals[1:]))
        more = evolve(second, totals=(second.totals[0] + 1, *second.totals[1:]))
        folder = exchange.republished(tmp_path / "moved", evolve(manifest, segments=(less, more, third)))
        with pytest.raises(ProofRejected):
            verify(folder, policy=LENIENT, registry=exchange.registry)

    # Other people's claims

    def test_file_serves_only_its_user_with_all_the_balances(
        self, exchange: Exchange, segment: OneSegment, users: Sequence[str]
    ) -> None:
        owner, *others = users
        accepts = self._user(exchange, segment, owner)
        held = exchange.balances[owner]
        assert accepts()
        ids = [*others, "", owner[:-1], f"{owner} ", owner.swapcase(), f"{owner}\0", owner * 2]
        claims = [Claim(user, held) for user in ids if user != owner]
        claims += [Claim(owner, exchange.balances[other]) for other in others]
        claims += [exchange.claim(other) for other in others]
        claims += [Claim(owner, balances) for balances in _wrong(held)]
        for claim in claims:
            assert not accepts(claim=claim), claim

    def test_other_users_file_does_not_serve(
        self, exchange: Exchange, segment: OneSegment, users: Sequence[str]
    ) -> None:
        owner, *others = users
        accepts = self._user(exchange, segment, owner)
        elsewhere = self._some(exchange, 3, lambda index: index != 0)
        for other in (*others, *elsewhere):
            assert not accepts(inclusion=exchange.inclusion(other).inclusion), other

    # What nobody may see

    def test_public_files_hold_no_secret(self, exchange: Exchange) -> None:
        public = b"".join(path.read_bytes() for path in sorted(exchange.public.iterdir()))
        secrets = dict(_secrets(exchange))
        for index in range(3):
            for number, secret in enumerate(self.secrets(exchange.segment(index), exchange.key)):
                assert len(secret) >= 8, "too short to be told from chance"
                secrets[secret] = f"secret {number} of segment {index}"
        assert [what for secret, what in secrets.items() if secret in public][:_REPORTED] == []

    def test_inclusion_proof_holds_neither_its_id_nor_its_balances_nor_the_key(
        self, exchange: Exchange, users: Sequence[str]
    ) -> None:
        for user in users:
            inclusion = exchange.inclusion(user).inclusion
            found = [what for secret, what in _secrets(exchange, user) if secret in inclusion]
            assert found[:_REPORTED] == []

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

    # How it is asked

    def _accepts(self, ask: Callable[[], object]) -> bool:
        """Whether a verifier accepts; it may raise ``ProofRejected`` alone, in bounded time."""
        rejected: ProofRejected | None = None
        started = time.process_time()
        try:
            ask()
        except ProofRejected as error:
            rejected = error
        assert time.process_time() - started < self.most_seconds
        assert rejected is None or (isinstance(rejected.check, str) and rejected.check)
        return rejected is None

    def _hostile(self, accepts: Callable[..., bool], what: str, data: bytes, regions: int = 32) -> list[str]:
        """Which hostile variants are accepted, the first few."""
        return [name for name, changed in variants(data, regions) if accepts(**{what: changed})][:_REPORTED]

    def _auditor(self, exchange: Exchange, segment: OneSegment) -> Callable[..., bool]:
        """Whether an auditor's check of a segment accepts, with some of what it is given changed."""
        backend = exchange.backend()
        honest = {"statement": segment.statement, "totals": segment.totals, "proof": segment.proof}
        return lambda **changes: self._accepts(lambda: backend.verify(**{**honest, **changes}))

    def _user(self, exchange: Exchange, segment: OneSegment, user: str) -> Callable[..., bool]:
        """Whether a user's check accepts, with some of what it is given changed."""
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
            # A claim that no account can have is refused by core, and no backend is asked.
            asked = backend if possible else judge
            return self._accepts(lambda: asked.verify_inclusion(**given))

        return accepts


_KINDS = ("hash", "field", "backend")
_VERIFIER = """
import sys
from importlib import import_module
from pathlib import Path
from polyproof.backend import Claim
from polyproof.liabilities import verify, verify_inclusion
from polyproof.settings.policy import Policy

module, _, function = {factory!r}.partition(":")
registry = getattr(import_module(module), function)()
before = [name for name in {compilers!r} if name in sys.modules]
policy = Policy(min_proven_bits=0.0)
verify(Path({public!r}), policy=policy, registry=registry)
verify_inclusion(Path({file!r}), Path({public!r}), lambda audit: {claim!r}, policy=policy, registry=registry)
found = [name for name in {compilers!r} if name in sys.modules and name not in before]
sys.exit(f"verifying imported {{', '.join(found)}}" if found else 0)
"""


def _made(reference: str) -> Registry:
    module, _, function = reference.partition(":")
    registry: Registry = getattr(import_module(module), function)()
    return registry


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
    assert math.isfinite(report.proven_bits)
    assert report.terms, "nothing that the bits follow from"
    assert report.proven_bits == min(term.bits for term in report.terms)
    assert report.binding in {term.name for term in report.terms if term.bits == report.proven_bits}
    assert all(term.formula and term.source for term in report.terms)


def _other_manifests(exchange: Exchange) -> Iterator[dict[str, Any]]:
    """Changes of a manifest around the same proofs, each coherent in itself."""
    yield {"audit_id": "conformance-2"}
    yield {"created": "2001-01-01T00:00:00Z"}
    yield {"organisation": "Another Exchange"}
    yield {"organisation": None}
    yield {"previous": bytes(32)}
    first, *rest = exchange.spec.assets
    for assets in (
        (evolve(first, symbol="XYZ"), *rest),
        (evolve(first, decimals=first.decimals - 1), *rest),
        (evolve(first, bits=first.bits + 1), *rest),
        (evolve(first, symbol=rest[0].symbol), evolve(rest[0], symbol=first.symbol), *rest[1:]),
    ):
        spec = evolve(exchange.spec, assets=assets)
        yield {"spec": spec.public(), "spec_digest": spec.digest}


def _wrong(honest: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """Amounts that are not these: a little off, moved, wrapped around, negative, too many, too few."""
    for place, amount in enumerate(honest):
        for other in (amount - 1, amount + 1, 0, -amount, -1, amount + (1 << 64), amount * 2, 1 << 300):
            if other != amount:
                yield (*honest[:place], other, *honest[place + 1 :])
    if len(set(honest)) > 1:
        yield (*honest[1:], honest[0])
        yield (honest[0] + honest[1], 0, *honest[2:])
    yield (0,) * len(honest)
    yield ()
    yield honest[:-1]
    yield (*honest, 0)


def _secrets(exchange: Exchange, only: str | None = None) -> Iterator[tuple[bytes, str]]:
    """Bytes that nothing public may hold, and what they are; patterns of fewer than six bytes occur by chance."""
    yield exchange.key, "the key"
    yield exchange.key.hex().encode(), "the key"
    for user in exchange.balances if only is None else (only,):
        encoded = user.encode()
        forms = [encoded, user.encode("utf-16-le"), encoded.hex().encode()]
        for name in ("md5", "sha1", "sha256", "sha3_256", "blake2b"):
            digest = hashlib.new(name, encoded, usedforsecurity=False).digest()[:16]
            forms += [digest, digest.hex().encode()]
        yield from ((form, f"the id {user!r}, or a digest that anybody can compute") for form in forms if len(form) > 5)
        for held in exchange.balances[user]:
            if held >> 40:
                size = -(-held.bit_length() // 8)
                shown = str(held).encode()
                for form in (held.to_bytes(size, "little"), held.to_bytes(size, "big"), shown, b"%x" % held):
                    yield form, f"a balance of {user!r}"
