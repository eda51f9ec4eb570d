"""The verifier and a slow one, written from the protocol page, agree on what is honest and on what is not.

Traces are short and queries few: what is compared does not depend on sizes.
"""

from __future__ import annotations

import re
import tracemalloc
from collections.abc import Callable, Iterator
from functools import cache

import numpy as np
import pytest

from polyproof_stark import low_degree
from polyproof_stark.low_degree import LowDegreeTest
from polyproof_stark.prover import Prover, ProverResult
from references import stark_verifier as slow
from references.row_hashes import P
from stark.both_verifiers import Audit, Case, InclusionCase, accepted, evolve, prove, verdicts
from stark.cheats import Forging, RowByRow, Truncating, Unranged
from stark.exchange import PARAMETERS, Exchange, some_accounts

SMALL = {"hash": "blake3", "extension": 2, "blowup": 4, "queries": 4, "grinding": 0, "limb_bits": 6, "arity": 8}
MIXED = (1, 5, 6, 7, 16, 63, 64, 65, 127, 128, 129, 255, 256)

# Honest exchanges

SPECS = {
    "the least of everything": (SMALL | {"queries": 1, "arity": 2, "blowup": 2}, (1,)),
    "poseidon, the defaults but for size": (
        {"hash": "poseidon", "queries": 6, "grinding": 4, "limb_bits": 8},
        (64, 96),
    ),
    "poseidon2": (SMALL | {"hash": "poseidon2", "arity": 16}, (64,)),
    "rescue": (SMALL | {"hash": "rescue-prime-optimized", "queries": 2}, (40,)),
    "sha256, cubic, blowup 2, arity 2": (SMALL | {"hash": "sha256", "extension": 3, "blowup": 2, "arity": 2}, (64, 40)),
    "keccak256, blowup 8, arity 16": (SMALL | {"hash": "keccak256", "blowup": 8, "arity": 16}, (64, 40)),
    "limbs of 10 bits": (SMALL | {"limb_bits": 10, "extension": 3, "arity": 4}, (64, 9, 10, 11)),
    "limbs of 4 bits, no carries": (SMALL | {"limb_bits": 4}, (40, 1)),
    "limbs of 4 bits, carries of three limbs": (SMALL | {"limb_bits": 4}, (128, 1)),
    "tables wider than the trace": (SMALL | {"limb_bits": 12}, (64, 96)),
    "tables wider than the trace, blowup 2": (SMALL | {"limb_bits": 13, "blowup": 2, "extension": 3}, (64, 40)),
    "tables wider than the trace, blowup 8": (SMALL | {"limb_bits": 15, "blowup": 8}, (128, 15, 16)),
    "limbs of 16 bits": (SMALL | {"limb_bits": 16}, (64,)),
    "wei": (SMALL | {"limb_bits": 8, "grinding": 6}, (128,)),
    "every width, 6 bits": (SMALL | {"blowup": 8}, MIXED),
    "every width, 8 bits": (SMALL | {"limb_bits": 8, "blowup": 16, "arity": 4}, MIXED),
    "every width, 10 bits": (SMALL | {"limb_bits": 10, "extension": 3}, MIXED),
    "more blinding than needed": (SMALL | {"blinding": 100}, (64,)),
    "the small profile": ({"hash": "blake3", "profile": "small", "limb_bits": 8}, (64, 96)),
    "many queries": (SMALL | {"queries": 90, "blowup": 2, "arity": 16}, (33,)),
}


@pytest.mark.parametrize("name", SPECS)
def test_both_accept_an_honest_exchange_and_its_users(name, tmp_path):
    audit = prove(tmp_path, *SPECS[name])
    assert accepted(audit.case)
    for position in (0, 1, 49):
        assert accepted(audit.inclusion(position))


@pytest.mark.parametrize("seed", range(6))
def test_both_accept_random_specs(seed, tmp_path):
    random = np.random.default_rng(seed)
    options = {
        "hash": str(random.choice(["blake3", "sha256", "keccak256"])),
        "extension": int(random.integers(2, 4)),
        "blowup": int(random.choice([2, 4, 8])),  # 16 is among SPECS
        "queries": int(random.integers(1, 20)),
        "grinding": int(random.integers(0, 6)),
        "limb_bits": int(random.integers(5, 15)),
        "arity": int(random.choice([2, 4, 8, 16])),
    }
    widths = [int(bits) for bits in random.integers(1, 257, int(random.integers(1, 6)))]
    audit = prove(tmp_path, options, widths, int(random.integers(1, 900)), seed=seed)
    assert accepted(audit.case)
    assert accepted(audit.inclusion(len(audit.accounts) - 1))


@pytest.mark.parametrize(
    ("audit_id", "segment", "segments"), [("", 0, 1), ("2025-11 Prüfung 监审", 3, 7), ("a" * 300, 2**40, 2**40 + 1)]
)
def test_both_accept_any_audit_id_and_segment(audit_id, segment, segments, tmp_path):
    audit = prove(tmp_path, SMALL, (64,), audit_id=audit_id, segment=segment, segments=segments)
    assert accepted(audit.case)
    assert accepted(audit.inclusion(5))


@pytest.mark.parametrize("count", [1, 1024 - 12 - 1])
def test_both_accept_a_single_account_and_a_full_trace(count, tmp_path):
    audit = prove(tmp_path, SMALL, (64, 20), count)
    assert slow.Proof(audit.case.slow_statement, slow.Reader(audit.case.proof)).instance.n == 10
    assert accepted(audit.case)
    assert accepted(audit.inclusion(count - 1))


# Mutations


class RecordingReader(slow.Reader):
    """Notes where in a file every integer, field element, digest and row lies."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.integers: list[int] = []
        self.words: list[tuple[int, int]] = []
        """Position and bound of every word of an element or digest."""
        self.digests_at: list[int] = []
        self.rows_at: list[tuple[int, int]] = []
        """Position and length in bytes: rows of matrices, and elements of K."""

    def integer(self) -> int:
        self.integers.append(self.position)
        return super().integer()

    def word_below(self, bound: int, size: int) -> int:
        self.words.append((self.position, bound))
        return super().word_below(bound, size)

    def digest(self, word_bound: int):
        self.digests_at.append(self.position)
        return super().digest(word_bound)

    def row(self, width: int) -> tuple[int, ...]:
        self.rows_at.append((self.position, 8 * width))
        return super().row(width)


def layout_of(case: Case) -> RecordingReader:
    reader = RecordingReader(case.proof)
    slow.Proof(case.slow_statement, reader)
    return reader


def layout_of_inclusion(case: InclusionCase) -> RecordingReader:
    reader = RecordingReader(case.inclusion)
    slow.InclusionProof(slow.verify(case.slow_statement, case.proof).instance, reader)
    return reader


def swap(data: bytes, first: int, second: int, length: int) -> bytes:
    changed = bytearray(data)
    changed[first : first + length], changed[second : second + length] = (
        data[second : second + length],
        data[first : first + length],
    )
    return bytes(changed)


def put(data: bytes, position: int, piece: bytes) -> bytes:
    return data[:position] + piece + data[position + len(piece) :]


def word_at(data: bytes, position: int) -> int:
    return int.from_bytes(data[position : position + 8], "little")


def mutations(data: bytes, layout: RecordingReader, other: bytes, seed: int) -> Iterator[tuple[str, bytes]]:
    """Endless random changes of a file; ``other`` is another honest file of the same layout as far as it goes."""
    random = np.random.default_rng(seed)

    def below(bound: int) -> int:
        return int(random.integers(0, bound))

    def one_of(items):
        return items[below(len(items))]

    def word() -> int:
        return one_of(layout.words)[0]

    def flip() -> bytes:
        at = below(len(data))
        return put(data, at, bytes([data[at] ^ 1 << below(8)]))

    def replace_byte() -> bytes:
        return put(data, below(len(data)), random.bytes(1))

    def truncate() -> bytes:
        return data[: below(len(data))]

    def extend() -> bytes:
        return data + one_of([b"\0", b"\0" * 8, random.bytes(1 + below(100)), data])

    def insert() -> bytes:
        at = 8 * below(len(data) // 8)
        return data[:at] + one_of([bytes(8), random.bytes(8), random.bytes(32)]) + data[at:]

    def drop() -> bytes:
        at, length = word(), one_of([8, 16, 32])
        return data[:at] + data[at + length :]

    def set_word() -> bytes:
        at = word()
        value = one_of([0, 1, P - 1, P, P + 1, 2**64 - 1, word_at(data, at) ^ 1 << below(64), word_at(other, at)])
        return put(data, at, value.to_bytes(8, "little"))

    def add_to_word() -> bytes:
        at = word()
        return put(data, at, ((word_at(data, at) + one_of([1, -1, P, -P])) % 2**64).to_bytes(8, "little"))

    def set_integer() -> bytes:
        at = one_of(layout.integers)
        old = word_at(data, at)
        value = one_of([0, old + 1, old - 1, old ^ 1 << below(64), P, 2**32, 2**48, 2**63, 2**64 - 1])
        return put(data, at, (value % 2**64).to_bytes(8, "little"))

    def swap_words() -> bytes:
        return swap(data, word(), word(), 8)

    def swap_digests() -> bytes:
        return swap(data, one_of(layout.digests_at), one_of(layout.digests_at), 32)

    def repeat_digest() -> bytes:
        at = one_of(layout.digests_at)
        return put(data, one_of(layout.digests_at), data[at : at + 32])

    def swap_neighbours() -> bytes:
        number = below(len(layout.digests_at) - 1)
        return swap(data, *layout.digests_at[number : number + 2], 32)

    def swap_rows() -> bytes:
        at, length = one_of(layout.rows_at)
        alike = [place for place, size in layout.rows_at if size == length]
        return swap(data, at, one_of(alike), length)

    def repeat_row() -> bytes:
        at, length = one_of(layout.rows_at)
        alike = [place for place, size in layout.rows_at if size == length]
        return put(data, one_of(alike), data[at : at + length])

    def exchange_digest() -> bytes:
        at = one_of(layout.digests_at)
        return put(data, at, other[at : at + 32].ljust(32, b"\0"))

    def exchange_row() -> bytes:
        at, length = one_of(layout.rows_at)
        return put(data, at, other[at : at + length].ljust(length, b"\0"))

    def splice() -> bytes:
        at = word()
        return data[:at] + other[at:]

    kinds: list[Callable[[], bytes]] = [
        flip,
        replace_byte,
        truncate,
        extend,
        insert,
        drop,
        set_word,
        add_to_word,
        set_integer,
        swap_words,
        swap_digests,
        repeat_digest,
        swap_neighbours,
        swap_rows,
        repeat_row,
        exchange_digest,
        exchange_row,
        splice,
    ]
    while True:
        kind = one_of(kinds)
        changed = kind()
        if changed not in (data, other):
            yield kind.__name__, changed


@pytest.fixture(scope="module")
def audits_under(tmp_path_factory) -> Callable[[str], tuple[Audit, Audit]]:
    """Two audits of the same spec, statement and accounts, under a hash."""

    @cache
    def proven(hash_name: str) -> tuple[Audit, Audit]:
        options = SMALL | {"hash": hash_name}
        first, second = (prove(tmp_path_factory.mktemp(hash_name), options, (40, 70)) for _ in range(2))
        assert first.case.statement == second.case.statement
        return first, second

    return proven


@pytest.fixture(scope="module")
def audits(audits_under) -> tuple[Audit, Audit]:
    return audits_under("blake3")


@pytest.fixture(scope="module")
def audit(audits) -> Audit:
    return audits[0]


def take(count: int, source: Iterator[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
    return (item for _, item in zip(range(count), source, strict=False))


@pytest.mark.parametrize(
    ("hash_name", "count"),
    [
        ("blake3", 300),
        ("sha256", 100),
        ("poseidon", 20),
        pytest.param("blake3", 3000, marks=pytest.mark.slow),
        pytest.param("poseidon", 100, marks=pytest.mark.slow),
    ],
)
def test_both_reject_mutations_of_proofs(audits_under, hash_name, count):
    case, other = (audit.case for audit in audits_under(hash_name))
    checks = set()
    for kind, proof in take(count, mutations(case.proof, layout_of(case), other.proof, seed=1)):
        check, _ = verdicts(evolve(case, proof=proof))
        assert check, kind
        checks.add(check)
    if count >= 300:
        names = {"constraint-identity", "merkle-root", "merkle-siblings", "range", "trailing-bytes", "truncated"}
        assert names <= checks, "the mutations get as far as every check that they can reach"


@pytest.mark.parametrize(("hash_name", "count"), [("blake3", 200), ("poseidon", 30)])
def test_both_reject_mutations_of_inclusion_proofs(audits_under, hash_name, count):
    audit = audits_under(hash_name)[0]
    case, other = audit.inclusion(3), audit.inclusion(4)
    assert accepted(case)
    layout = layout_of_inclusion(case)
    for kind, inclusion in take(count, mutations(case.inclusion, layout, other.inclusion, seed=2)):
        assert not accepted(evolve(case, inclusion=inclusion)), kind


def other_spellings(data: bytes, layout: RecordingReader) -> Iterator[bytes]:
    """The same residue in another spelling, where 64 bits have one, or p: in every element, row and digest."""
    some = {at for at, _ in layout.rows_at} | {at + length - 8 for at, length in layout.rows_at}
    some |= {at + 8 * (number % 4) for number, at in enumerate(layout.digests_at)}
    for at, bound in layout.words:
        if at in some and bound == P:
            value = word_at(data, at)
            yield put(data, at, (value + P if value + P < 2**64 else P).to_bytes(8, "little"))


@pytest.mark.parametrize(
    ("hash_name", "checks"),
    [("blake3", {"element-canonical"}), ("poseidon", {"element-canonical", "digest-canonical"})],
)
def test_both_reject_elements_that_are_not_canonical(audits_under, hash_name, checks):
    audit = audits_under(hash_name)[0]
    case, inclusion = audit.case, audit.inclusion(3)
    seen = set()
    for proof in other_spellings(case.proof, layout_of(case)):
        seen.add(evolve(case, proof=proof).fast())
        with pytest.raises(slow.Rejected, match="not canonical"):
            slow.Proof(case.slow_statement, slow.Reader(proof))
    assert seen == checks
    instance = slow.verify(case.slow_statement, case.proof).instance
    seen = set()
    for payload in other_spellings(inclusion.inclusion, layout_of_inclusion(inclusion)):
        seen.add(evolve(inclusion, inclusion=payload).fast())
        with pytest.raises(slow.Rejected, match="not canonical"):
            slow.InclusionProof(instance, slow.Reader(payload))
    assert seen == checks


def counts(case: Case) -> Iterator[tuple[int, int]]:
    """Where a count of siblings or cosets is, and the length of what it counts."""
    instance = slow.Proof(case.slow_statement, slow.Reader(case.proof)).instance
    _, *row_openings, _ = (places := layout_of(case).integers)[:5]
    yield from ((at, 32) for at in row_openings)
    for arity, cosets, siblings in zip(instance.arities, places[5::2], places[6::2], strict=True):
        yield cosets, 8 * instance.e * arity
        yield siblings, 32


def test_both_reject_wrong_counts(audit):
    case = audit.case
    for at, length in counts(case):
        count = word_at(case.proof, at)
        for other in (0, 1, count - 1, count + 1, 2 * count):
            if other == count:
                continue
            items = case.proof[at + 8 : at + 8 + count * length]
            changed = (items * 2 + bytes(length))[: other * length]
            proof = case.proof[:at] + other.to_bytes(8, "little") + changed + case.proof[at + 8 + count * length :]
            assert not accepted(evolve(case, proof=proof))
    for extra in (b"\0", bytes(8), bytes(32), case.proof):
        assert not accepted(evolve(case, proof=case.proof + extra))


def test_both_reject_any_integer_in_bounded_memory(audit):
    case = audit.case
    places = layout_of(case).integers
    for at in places:
        for value in (0, 2**31, 2**48, 2**63, 2**64 - 1, *(range(11, 33) if at == places[0] else ())):
            proof = put(case.proof, at, value.to_bytes(8, "little"))
            if proof == case.proof:
                continue
            tracemalloc.start()
            try:
                agreed = accepted(evolve(case, proof=proof))
                _, peak = tracemalloc.get_traced_memory()
            finally:
                tracemalloc.stop()
            assert not agreed
            assert peak < 32 << 20


# Claims


def test_both_reject_a_proof_of_something_else(audit):
    case = audit.case
    statement, assets = case.statement, case.statement.assets
    other = [
        evolve(statement, audit_id="audit-2"),
        evolve(statement, audit_id="audit-1 "),
        evolve(statement, segment=1),
        evolve(statement, segments=2),
        evolve(statement, context=bytes(32)),
        evolve(statement, assets=(evolve(assets[0], symbol="B0"), assets[1])),
        evolve(statement, assets=(evolve(assets[0], bits=60), assets[1])),
        evolve(statement, assets=assets[::-1]),
        evolve(statement, assets=assets[:1]),
    ]
    for changed in other:
        assert not accepted(evolve(case, statement=changed))
    assert not accepted(evolve(case, statement=evolve(statement, assets=assets[::-1]), totals=case.totals[::-1]))


def test_both_reject_other_options(audit):
    case = audit.case
    other = [
        {"hash": "keccak256"},
        {"extension": 3},
        {"extension": 4},
        {"blowup": 2},
        {"blowup": 8},
        {"queries": 3},
        {"queries": 5},
        {"queries": 200},
        {"grinding": 1},
        {"blinding": 11},
        {"blinding": 13},
        {"blinding": 205},
        {"limb_bits": 5},
        {"limb_bits": 7},
        {"limb_bits": 10},
        {"arity": 4},
        {"arity": 16},
    ]
    for change in other:
        assert not accepted(evolve(case, options=case.options | change)), change


def test_both_accept_what_is_bound_by_the_context_alone(audit):
    """Decimals, bits within the same limbs, the longest segment: the digest of the spec stands for them."""
    case = audit.case
    assets = case.statement.assets
    for changed in (evolve(assets[0], decimals=0), evolve(assets[0], bits=41)):
        assert accepted(evolve(case, statement=evolve(case.statement, assets=(changed, assets[1]))))
    assert accepted(evolve(case, options=case.options | {"segment_rows": 1024, "blinding": 12}))


def test_both_reject_other_totals(audit):
    case = audit.case
    first, second = case.totals
    base = 2 ** (6 * 8)
    changes = (1, -1, 2**6, P, -P, base, -base, base - 1, 2**64, -first, -first - 1)
    other = [(first + change, second) for change in changes]
    other += [(first, second + change) for change in (1, -1, P, -P, base, -base, base * P, 2**256, -second)]
    other += [(first + 1, second - 1), (second, first), (first,), (first, second, 0), (), (first, 0), (0, 0)]
    for totals in other:
        assert not accepted(evolve(case, totals=totals)), totals


@pytest.mark.parametrize(
    "user_id", ["", "user-", "user-4", "user-33", "User-3", "user-3 ", "user-3\0", "\ufeffuser-3", "user-３"]
)
def test_both_reject_another_user_id(audit, user_id):
    assert not accepted(evolve(audit.inclusion(3), user_id=user_id))


def test_both_reject_other_balances(audit):
    case = audit.inclusion(3)
    first, second = case.balances
    other = [(first + change, second) for change in (1, -1, P, 2**40, -first - 1)]
    other += [(first, second + change) for change in (1, -1, P, -P, 2**64, 2**70, -second - 1)]
    other += [(second % 2**40, first), (0, 0), audit.accounts.balances(4)]
    for balances in other:
        assert balances == case.balances or not accepted(evolve(case, balances=balances)), balances


def test_both_reject_another_number_of_balances(audit):
    case = audit.inclusion(3)
    for balances in ((), case.balances[:1], (*case.balances, 0)):
        assert not accepted(evolve(case, balances=balances))


def test_both_reject_another_users_file_and_another_audits_file(audits):
    mine, others = audits[0].inclusion(3), [audits[0].inclusion(4), audits[1].inclusion(3)]
    for other in others:
        assert not accepted(evolve(mine, inclusion=other.inclusion))
    assert not accepted(evolve(mine, proof=audits[1].case.proof))
    assert accepted(evolve(mine, proof=audits[1].case.proof, inclusion=audits[1].inclusion(3).inclusion))


def test_both_reject_another_row(audit):
    case = audit.inclusion(3)
    row = word_at(case.inclusion, 12)
    for other in (0, row ^ 1, row ^ 128, 1024 - 12 - 1, 1024 - 12, 1023, 1024, row + 1024, row + 2**32, 2**64 - 1):
        if other != row:
            assert not accepted(evolve(case, inclusion=put(case.inclusion, 12, other.to_bytes(8, "little"))))


# Cheating provers: each gets as far as the check named, in both verifiers


EXCHANGE = Exchange(accounts=some_accounts(60), parameters=evolve(PARAMETERS, queries=10, blinding=24, grinding=12))


def case_of(exchange: Exchange, result: ProverResult) -> Case:
    p = exchange.parameters
    options = {
        "hash": exchange.hash_name,
        "extension": p.degree,
        "blowup": p.blowup,
        "queries": p.queries,
        "grinding": p.grinding,
        "blinding": p.blinding,
        "limb_bits": exchange.limb_bits,
        "arity": p.arity,
    }
    totals = exchange.accounts.totals()
    proof = result.proof.write(exchange.instance(), exchange.hash())
    return Case(options, exchange.statement, totals, proof)


class WithTest(Prover):
    """Runs another low-degree test."""

    test: type[LowDegreeTest]

    def low_degree_test(self):
        test = super().low_degree_test()
        return self.test(test.extension, test.folding, test.domain, test.queries, test.grinding)


def add_one(values):
    """Of every element of K."""
    field = EXCHANGE.field()
    changed = values.copy()
    changed[..., 0] = field.add(values[..., 0], np.ones(values.shape[:-1], np.uint64))
    return changed


class AnotherFinalPolynomial(WithTest):
    class test(LowDegreeTest):
        def final_polynomial(self, codeword, domain):
            return add_one(super().final_polynomial(codeword, domain))


class SkippedGrinding(WithTest):
    class test(LowDegreeTest):
        def grind(self, transcript):
            nonce = 0
            while transcript.check_grinding(nonce, self.grinding):
                nonce += 1
            transcript.absorb_nonce(nonce)
            return nonce


class ChosenQueries(WithTest):
    class test(LowDegreeTest):
        def draw_queries(self, transcript):
            super().draw_queries(transcript)
            return list(range(self.queries))


class AnotherCodeword(Prover):
    def codeword(self, *arguments):
        on_h, on_d = super().codeword(*arguments)
        return on_h, add_one(on_d)


class ShortQuotient(Prover):
    def quotient_chunks(self, *arguments):
        chunks = super().quotient_chunks(*arguments)
        return np.concatenate((add_one(chunks[:1]), chunks[1:]))


class AnotherOpening(Prover):
    def open_at(self, *arguments):
        openings = super().open_at(*arguments)
        openings.masks[...] = add_one(openings.masks)
        return openings


CHEATS = {
    AnotherFinalPolynomial: ("final-polynomial", "the final polynomial differs"),
    SkippedGrinding: ("grinding", "the nonce is not ground"),
    ChosenQueries: ("merkle-(siblings|root)|coset-count", "siblings wanted|another root|number of cosets"),
    AnotherCodeword: ("fold", "layer 0: a value differs"),
    ShortQuotient: ("constraint-identity", "the constraints do not hold at z"),
}


@pytest.mark.parametrize("prover", CHEATS, ids=lambda prover: prover.__name__)
def test_both_reject_a_cheating_prover_at_the_same_check(prover):
    check, reason = verdicts(case_of(EXCHANGE, EXCHANGE.prove(prover)))
    assert re.fullmatch(CHEATS[prover][0], check)
    assert re.search(CHEATS[prover][1], reason)


def test_both_reject_openings_of_another_polynomial():
    """(m(X) − v)/(X − z) is not a polynomial: FRI finds that out, at the end."""

    class Plain(AnotherOpening, RowByRow):
        pass

    with pytest.raises(ValueError, match="degree"):
        EXCHANGE.prove(Plain)

    class Truncated(AnotherOpening, Truncating):
        pass

    check, reason = verdicts(case_of(EXCHANGE, EXCHANGE.prove(Truncated)))
    assert check == "final-polynomial"
    assert "the final polynomial differs" in reason


def test_both_reject_a_polynomial_that_agrees_on_h_with_openings_of_another():
    """G from its values on H passes FRI; on D it is not what the opened rows and the false opening give."""
    check, reason = verdicts(case_of(EXCHANGE, EXCHANGE.prove(AnotherOpening)))
    assert check == "fold"
    assert reason == "layer 0: a value differs from the layer before"


@pytest.mark.parametrize("finish", [Truncating, Forging])
def test_both_reject_a_limb_out_of_range(finish):
    columns = EXCHANGE.trace.columns.astype(np.uint64)
    columns[EXCHANGE.rows[5], 0] = 2**EXCHANGE.limb_bits
    trace = evolve(EXCHANGE.trace, columns=columns)

    class Cheating(Unranged, finish):
        pass

    check, reason = verdicts(case_of(EXCHANGE, EXCHANGE.prove(Cheating, trace=trace)))
    assert check == {Truncating: "constraint-identity", Forging: "final-polynomial"}[finish]
    assert {Truncating: "do not hold at z", Forging: "final polynomial differs"}[finish] in reason


def test_both_reject_a_layer_that_is_not_the_fold_of_the_one_before(monkeypatch):
    honest = low_degree.fold_codeword
    monkeypatch.setattr(low_degree, "fold_codeword", lambda *arguments: add_one(honest(*arguments)))
    check, reason = verdicts(case_of(EXCHANGE, EXCHANGE.prove()))
    assert check == "fold"
    assert reason == "layer 1: a value differs from the layer before"


class AnotherRowOnH(RowByRow):
    def codewords_on_h(self, *arguments):
        g_a, g_b = super().codewords_on_h(*arguments)
        return add_one(g_a), g_b


class AnotherChainEnd(RowByRow):
    def codewords_on_h(self, *arguments):
        g_a, g_b = super().codewords_on_h(*arguments)
        return g_a, add_one(g_b)


class AnotherChainLayer(WithTest):
    class test(LowDegreeTest):
        def fold_chain(self, *arguments):
            return add_one(super().fold_chain(*arguments))


CHAIN_CHEATS = {
    AnotherRowOnH: ("own-row", "the row is not the one that the sums were taken over"),
    AnotherChainEnd: ("final-polynomial", "the final polynomial differs from the chain"),
    AnotherChainLayer: ("fold", "chain layer 1: a value differs from the layer before"),
}


@pytest.mark.parametrize("prover", CHAIN_CHEATS, ids=lambda prover: prover.__name__)
def test_both_reject_a_cheating_chain_at_the_same_check(prover):
    result = EXCHANGE.prove(prover)
    case = case_of(EXCHANGE, result)
    assert accepted(case), "the global proof is honest"
    inclusion = EXCHANGE.cut(result, 7).write(EXCHANGE.instance(), EXCHANGE.hash())
    ids, balances = EXCHANGE.accounts.ids, EXCHANGE.accounts.balances(7)
    claim = InclusionCase(case.options, case.statement, case.totals, case.proof, ids[7], balances, inclusion)
    assert verdicts(claim) == CHAIN_CHEATS[prover]
