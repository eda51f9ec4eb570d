"""Conformance suite for ``Backend``, the second half: those who would cheat its auditor and its users.

Hostile bytes, another statement, wrong totals, another user's claim, and secrets in public bytes. ``BackendSuite`` of
``polyproof.testing.backend`` contains it.
"""

# ruff: noqa: D102 - the name of a test is its claim
from __future__ import annotations

import hashlib
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from polyproof.backend import Claim, InclusionVerdict, Statement
from polyproof.errors import ProofRejected
from polyproof.liabilities import verify
from polyproof.testing.audited_backend import AuditedBackend
from polyproof.testing.exchange import LENIENT, Exchange, OneSegment
from polyproof.testing.hostile import variants

__all__ = ["BackendCheatsSuite"]

_REPORTED = 3
"""How many accepted cheats a failure lists."""


class BackendCheatsSuite(AuditedBackend):
    """Every cheat is rejected, in bounded time and memory, and public bytes contain no secret."""

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
        assert self._hostile(self._user(exchange, segment, users[0]), "inclusion", inclusion, 24) == []

    def test_lengths_that_lie_take_bounded_memory(
        self, exchange: Exchange, segment: OneSegment, users: Sequence[str]
    ) -> None:
        user, inclusion = self._user(exchange, segment, users[0]), exchange.inclusion(users[0]).inclusion
        tracemalloc.start()
        try:
            for what, data in (("proof", segment.proof), ("inclusion", inclusion)):
                for name, changed in variants(data, 4):
                    assert not (name.startswith("eight bytes") and user(**{what: changed})), name
            assert tracemalloc.get_traced_memory()[1] < self.most_bytes
        finally:
            tracemalloc.stop()

    def test_security_of_hostile_bytes_is_a_report_or_a_rejection(
        self, exchange: Exchange, segment: OneSegment
    ) -> None:
        backend = exchange.backend()
        for _, changed in variants(segment.proof, 4):
            self._accepts(lambda proof=changed: backend.security_of(segment.statement, proof))  # type: ignore[misc]

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

    # Another user's claim

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

    # Many claims on one proof

    def test_verifier_of_many_claims_answers_each_as_if_it_were_alone(
        self, exchange: Exchange, segment: OneSegment, users: Sequence[str]
    ) -> None:
        stated = segment.statement, segment.totals, segment.proof
        owner, other, *_ = users
        honest = [(exchange.claim(user), exchange.inclusion(user).inclusion) for user in users]
        inclusion = honest[0][1]
        asked = [
            honest[0],
            (Claim(owner, exchange.balances[other]), inclusion),
            (Claim(other, exchange.balances[owner]), inclusion),
            honest[1],
            (exchange.claim(other), inclusion),
            (exchange.claim(owner), honest[1][1]),
            *honest,
            *((exchange.claim(owner), changed) for _, changed in variants(inclusion, 2)),
            honest[0],
        ]
        check, backend = exchange.backend().inclusion_verifier(*stated), exchange.backend()
        for claim, data in asked:
            answer = _answer(lambda claim=claim, data=data: check(claim, data))  # type: ignore[misc]
            assert answer == _answer(
                lambda claim=claim, data=data: backend.verify_inclusion(*stated, claim, data)  # type: ignore[misc]
            )
            assert isinstance(answer, InclusionVerdict) == ((claim, data) in honest)

    def test_verifier_of_many_claims_verifies_the_proof(
        self, exchange: Exchange, segment: OneSegment, users: Sequence[str]
    ) -> None:
        backend, stated = exchange.backend(), segment.statement
        claim, inclusion = exchange.claim(users[0]), exchange.inclusion(users[0]).inclusion

        def accepts(statement: Statement, totals: tuple[int, ...], proof: bytes) -> bool:
            return self._accepts(lambda: backend.inclusion_verifier(statement, totals, proof)(claim, inclusion))

        assert accepts(stated, segment.totals, segment.proof)
        for name, changed in variants(segment.proof, 4):
            assert not accepts(stated, segment.totals, changed), name
        for totals in _wrong(segment.totals):
            assert not accepts(stated, totals, segment.proof), totals
        for changes in ({"audit_id": "conformance-2"}, {"context": bytes(32)}, {"segment": 1}, {"segments": 4}):
            assert not accepts(evolve(stated, **changes), segment.totals, segment.proof), changes

    # Secrets in public bytes

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

    def _hostile(self, accepts: Callable[..., bool], what: str, data: bytes, regions: int = 32) -> list[str]:
        """The first few hostile variants that are accepted."""
        return [name for name, changed in variants(data, regions) if accepts(**{what: changed})][:_REPORTED]


def _answer(ask: Callable[[], InclusionVerdict]) -> InclusionVerdict | str:
    """The verdict, or the name of the refusal."""
    try:
        return ask()
    except ProofRejected as error:
        return error.check


def _other_manifests(exchange: Exchange) -> Iterator[dict[str, Any]]:
    """Changes to the manifest of the same proofs, each consistent in itself."""
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
    """Totals or balances other than the honest: a little off, moved, wrapped around, negative, too many, too few."""
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
    """Bytes that nothing public may contain, and what they are; fewer than six could occur by chance."""
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
