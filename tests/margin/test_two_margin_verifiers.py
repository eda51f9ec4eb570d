"""The verifier and the slow one agree on margin segments: honest, mutated, cheating, and under other terms."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from attrs import evolve, frozen

from margin.dishonest import TERMS, MarginExchange, some_borrowers
from margin.examples import LARGE
from margin.test_dishonest_margin import LIES, told, ways_on
from polyproof.backend import Claim, InclusionVerdict, Statement
from polyproof.constraints import ConstraintsChoice
from polyproof.errors import ProofRejected
from polyproof.model.accounts import Accounts
from polyproof.model.net_equity import AssetTerms, Slice, positions_of
from polyproof.progress import Progress
from polyproof.registry import default_registry
from polyproof_stark.backend import StarkBackend
from polyproof_stark.options import StarkOptions
from references import margin_segments, stark_verifier
from stark.both_verifiers import Case, InclusionCase, accepted, verdicts
from stark.exchange import PARAMETERS

SMALL = {"hash": "blake3", "extension": 2, "blowup": 4, "queries": 4, "grinding": 0, "limb_bits": 8, "arity": 8}


@lru_cache(maxsize=16)
def backend(options: tuple[tuple[str, Any], ...]) -> StarkBackend:
    made = StarkOptions(**dict(options), constraints=ConstraintsChoice("margin-accounts"))
    return StarkBackend(made, default_registry())


@lru_cache(maxsize=4)
def inclusion_verifier(
    backend: StarkBackend, statement: Statement, totals: tuple[int, ...], proof: bytes
) -> Callable[[Claim, bytes], InclusionVerdict]:
    return backend.inclusion_verifier(statement, totals, proof)


@frozen
class MarginCase(Case):
    """A proof of accounts with debts, and the terms that a verifier knows from the header."""

    terms: tuple[AssetTerms, ...] = TERMS

    @property
    def backend(self) -> StarkBackend:
        return backend(tuple(self.options.items()))

    @property
    def slow_statement(self) -> stark_verifier.Statement:
        return margin_segments.MarginStatement(
            tuple((asset.symbol, asset.bits) for asset in self.statement.assets),
            stark_verifier.Options(**self.options),
            self.statement.context,
            self.statement.audit_id,
            self.statement.segment,
            self.statement.segments,
            tuple(self.totals),
            tuple(
                margin_segments.Asset(
                    item.asset.symbol,
                    item.asset.bits,
                    item.price_up,
                    item.price_down,
                    tuple(
                        (c.name, tuple(margin_segments.Slice(part.ratio, part.width) for part in c.slices))
                        for c in item.categories
                    ),
                )
                for item in self.terms
            ),
        )

    def under(self, *terms: AssetTerms) -> MarginCase:
        """The same proof, for a verifier whose header has other terms."""
        return evolve(self, terms=terms, statement=evolve(self.statement, assets=positions_of(terms)))


@frozen
class MarginClaim(MarginCase):
    """An inclusion proof and the positions that its user claims."""

    user_id: str = ""
    balances: tuple[int, ...] = ()
    inclusion: bytes = b""

    def fast(self) -> str | None:
        try:
            verify = inclusion_verifier(self.backend, self.statement, self.totals, self.proof)
            verify(Claim(self.user_id, self.balances), self.inclusion)
        except ProofRejected as rejected:
            return rejected.check
        return None

    slow = InclusionCase.slow


def prove(
    state: Path, terms: Sequence[AssetTerms], options: Mapping[str, Any] = SMALL, count: int = 30
) -> tuple[MarginCase, Accounts]:
    accounts = some_borrowers(count, terms)
    statement = Statement("audit-1", bytes(range(32)), accounts.assets, 1, 3)
    case = MarginCase(options, statement, (), b"", tuple(terms))
    made = case.backend.prove(statement, accounts, bytes(32), state, Progress())
    return evolve(case, totals=made.totals, proof=made.proof), accounts


def claim(case: MarginCase, accounts: Accounts, state: Path, position: int) -> MarginClaim:
    user = accounts.ids[position]
    inclusion = case.backend.open_inclusion(case.statement, case.proof, state, user)
    assert inclusion is not None
    return MarginClaim(
        case.options, case.statement, case.totals, case.proof, case.terms, user, accounts.balances(position), inclusion
    )


@pytest.fixture(scope="module")
def proved(tmp_path_factory):
    state = tmp_path_factory.mktemp("state")
    return *prove(state, TERMS), state


def test_both_accept_honest_segments_and_their_users(proved) -> None:
    case, accounts, state = proved
    assert accepted(case)
    for position in (0, 29):
        assert accepted(claim(case, accounts, state, position))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("terms", "options"),
    [
        (LARGE, SMALL | {"limb_bits": 16, "hash": "poseidon"}),
        (LARGE, SMALL | {"limb_bits": 12, "extension": 3}),
        (LARGE, SMALL | {"limb_bits": 5, "blowup": 8}),
        (TERMS, SMALL | {"limb_bits": 4, "blowup": 2}),
        (TERMS[2:], SMALL),
        (TERMS[:1], SMALL | {"limb_bits": 22}),
    ],
)
def test_both_accept_other_terms_and_widths(terms, options, tmp_path) -> None:
    case, accounts = prove(tmp_path, terms, options)
    assert accepted(case)
    for position in (0, 17):
        assert accepted(claim(case, accounts, tmp_path, position))


def test_both_reject_other_terms(proved) -> None:
    case, *_ = proved
    btc, usd, ht = TERMS
    (loan, vip), first = btc.categories, btc.categories[0].slices[0]
    others = (
        evolve(btc, price_up=65_101),
        evolve(btc, price_down=64_999),
        evolve(btc, categories=(evolve(loan, slices=(evolve(first, width=70_001), loan.slices[1])), vip)),
        evolve(btc, categories=(evolve(loan, slices=(evolve(first, ratio=first.ratio * 9 / 10), loan.slices[1])), vip)),
        evolve(btc, categories=(vip, loan)),
        evolve(btc, categories=(loan, evolve(vip, name="best"))),
        evolve(
            btc,
            categories=(evolve(loan, slices=(*loan.slices[:1], Slice(first.ratio * 6 / 10, 1), loan.slices[1])), vip),
        ),
    )
    for other in others:
        assert verdicts(case.under(other, usd, ht))[0] is not None
    assert accepted(case.under(btc, usd, ht))


def test_both_reject_other_totals_and_positions(proved) -> None:
    case, accounts, state = proved
    for place in range(len(case.totals)):
        for change in (1,) if place else (-1, 2**64):
            totals = tuple(total + change * (k == place) for k, total in enumerate(case.totals))
            assert verdicts(evolve(case, totals=totals))[0] is not None
    honest = claim(case, accounts, state, 5)
    for place in range(len(case.totals)):
        for change in (1, -1) if place < 3 else (1,):
            balances = tuple(value + change * (k == place) for k, value in enumerate(honest.balances))
            assert verdicts(evolve(honest, balances=balances))[0] is not None
    assert verdicts(evolve(honest, balances=honest.balances[:-1]))[0] is not None
    assert verdicts(evolve(honest, user_id="user-6"))[0] is not None


def test_both_reject_mutations(proved) -> None:
    case, *_ = proved
    random = np.random.default_rng(7)
    for _ in range(3):
        proof = bytearray(case.proof)
        proof[int(random.integers(len(proof)))] ^= 1 << int(random.integers(8))
        assert verdicts(evolve(case, proof=bytes(proof)))[0] is not None


@pytest.mark.slow
@pytest.mark.parametrize("name", LIES)
def test_both_reject_lies_about_an_account(name) -> None:
    made = MarginExchange()
    trace, totals = told(LIES[name])
    options = {
        "hash": "blake3",
        "extension": PARAMETERS.degree,
        "blowup": PARAMETERS.blowup,
        "queries": PARAMETERS.queries,
        "grinding": PARAMETERS.grinding,
        "arity": PARAMETERS.arity,
        "limb_bits": made.limb_bits,
    }
    for prover in ways_on(LIES[name])[2:4]:
        proof = made.prove(prover, trace=trace, totals=totals).proof.write(made.instance(totals), made.hash())
        statement = Statement(made.audit_id, made.context_digest, made.accounts.assets, 0, 1)
        fast, slow = verdicts(MarginCase(options, statement, totals, proof))
        assert fast is not None
        assert slow is not None


@pytest.mark.slow
@pytest.mark.parametrize("field", ["goldilocks", "babybear"])
def test_margin_segments_are_proved_over_either_field_with_what_the_field_declares(field: str, tmp_path: Path) -> None:
    accounts = some_borrowers(20)
    options = StarkOptions(
        field=field,
        constraints=ConstraintsChoice("margin-accounts"),
        limb_bits=8,
        queries=8,
        grinding=0,
        segment_rows=1024,
    )
    made, statement = StarkBackend(options, default_registry()), Statement("a", bytes(32), accounts.assets, 0, 1)
    proved = made.prove(statement, accounts, bytes(32), tmp_path, Progress())
    assert proved.totals == accounts.totals()
    assert made.verify(statement, proved.totals, proved.proof)
    with pytest.raises(ProofRejected):
        made.verify(statement, (*proved.totals[:-1], proved.totals[-1] + 1), proved.proof)
    inclusion = made.open_inclusion(statement, proved.proof, tmp_path, "user-3")
    assert inclusion is not None
    claim = Claim("user-3", accounts.balances(3))
    assert made.verify_inclusion(statement, proved.totals, proved.proof, claim, inclusion)
