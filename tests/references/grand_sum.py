"""A second verifier of grand sums: plain Python on py_ecc, from the pages on the grand sum and on KZG alone.

It shares no code with the backend. The hash is a function from a domain and a list of words to four words.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attrs import frozen
from py_ecc import optimized_bn128 as bn

from references.merkle_sum_tree import File, HashWords, Rejected, blob, message, u64

R, Q = bn.curve_order, bn.field_modulus


@frozen
class Segment:
    """What a proof is about, and the options that it was made with."""

    hash_words: HashWords
    context: bytes
    audit_id: str
    segment: int
    segments: int
    assets: Sequence[tuple[str, int, int]]
    """Symbol, decimals and bits."""
    accounts_per_segment: int
    setup_point: bytes

    @property
    def rows(self) -> int:
        n = 1
        while n < self.accounts_per_segment + 4:
            n *= 2
        return n

    @property
    def tau(self) -> Any:
        c = [int.from_bytes(self.setup_point[at : at + 32], "little") for at in range(0, 128, 32)]
        point = (bn.FQ2(c[:2]), bn.FQ2(c[2:]), bn.FQ2.one())
        if not bn.is_on_curve(point, bn.b2) or not bn.is_inf(bn.multiply(point, R)):
            raise Rejected("no point of the second group")
        return point


class Transcript:
    """Section 7 of the protocol page, for hashes whose words are below 2^64."""

    def __init__(self, hash_words: HashWords, label: str) -> None:
        self.hash_words, self.state = hash_words, [0, 0, 0, 0]
        self.text(label.encode())

    def _absorb(self, kind: int, words: Sequence[int]) -> None:
        self.state = list(self.hash_words("transcript/absorb", [*self.state, kind, len(words), *words]))

    def text(self, data: bytes) -> None:
        self._absorb(1, message(self.hash_words, "transcript/text", data))

    def integers(self, *values: int) -> None:
        words: list[int] = []
        for value in values:
            count = max((value.bit_length() + 31) // 32, 1)
            words += [count, *((value >> 32 * k) % 2**32 for k in range(count))]
        self._absorb(2, words)

    def draw(self) -> int:
        """An integer below r: four words at a time are one below 2^256."""
        counter, found = 0, None
        while found is None:
            words = self.hash_words("transcript/draw", [*self.state, counter])
            value = sum(word << 64 * k for k, word in enumerate(words))
            found = value % R if value < 2**256 - 2**256 % R else None
            counter += 1
        self.integers(1, R)
        return found


def scalar(file: File) -> int:
    value = int.from_bytes(file.take(32), "little")
    if value >= R:
        raise Rejected("not below r")
    return value


def point(data: bytes) -> Any:
    if data == bytes(64):
        return bn.Z1
    x, y = int.from_bytes(data[:32], "little"), int.from_bytes(data[32:], "little")
    if max(x, y) >= Q or (y * y - x**3 - 3) % Q:
        raise Rejected("no point of the curve")
    return (bn.FQ(x), bn.FQ(y), bn.FQ.one())


def total(terms: Sequence[tuple[int, Any]]) -> Any:
    found = bn.Z1
    for weight, one in terms:
        found = bn.add(found, bn.multiply(one, weight % R))
    return found


@frozen
class Commitment:
    data: bytes
    columns: list[bytes]
    reverse: bytes
    witnesses: list[bytes]
    value: int

    @classmethod
    def read(cls, data: bytes, columns: int) -> Commitment:
        file = File(data, b"PPKZGCOM")
        found = [file.take(64) for _ in range(columns)]
        reverse, witnesses = file.take(64), [file.take(64) for _ in range(2)]
        value = scalar(file)
        file.end()
        return cls(data, found, reverse, witnesses, value)


def check_opening(
    stated: Segment, commitment: Commitment, z: int, values: Sequence[int], witness: bytes, t: Transcript
) -> None:
    """The two claims of the degrees, and that of the values at z, added up with 1, ρ and ρ²."""
    n, k = stated.rows, len(commitment.columns)
    columns = [point(one) for one in commitment.columns]
    degrees = Transcript(stated.hash_words, "polyproof/kzg-degrees/1")
    degrees.text(stated.setup_point)
    degrees.integers(n, k)
    for one in commitment.columns:
        degrees.text(one)
    gamma = degrees.draw()
    degrees.text(commitment.reverse)
    while (zeta := degrees.draw()) == 0 or pow(zeta, n, R) == 1:
        pass
    t.text(b"kzg")
    t.text(stated.setup_point)
    t.integers(n, 1, k)
    t.text(commitment.data)
    t.integers(z)
    t.integers(*values)
    own = t.draw()
    t.text(witness)
    rho = t.draw()
    claims = [
        (
            total([(pow(gamma, j, R), c) for j, c in enumerate(columns)]),
            zeta,
            commitment.value,
            commitment.witnesses[0],
        ),
        (
            point(commitment.reverse),
            pow(zeta, -1, R),
            pow(zeta, 1 - n, R) * commitment.value,
            commitment.witnesses[1],
        ),
        (
            total([(pow(own, j, R), c) for j, c in enumerate(columns)]),
            z,
            sum(pow(own, j, R) * value for j, value in enumerate(values)),
            witness,
        ),
    ]
    left, right = bn.Z1, bn.Z1
    for number, (c, at, y, w) in enumerate(claims):
        weight, shown = pow(rho, number, R), point(w)
        left = bn.add(left, total([(weight, c), (-weight * y, bn.G1), (weight * at, shown)]))
        right = bn.add(right, total([(weight, shown)]))
    if bn.pairing(bn.G2, left) != bn.pairing(stated.tau, right):
        raise Rejected("the pairings differ")


def begun(stated: Segment) -> Transcript:
    t = Transcript(stated.hash_words, "polyproof/grand-sum/1")
    t.text(stated.context)
    t.text(stated.audit_id.encode())
    t.integers(stated.segment, stated.segments, stated.rows, len(stated.assets))
    for symbol, decimals, bits in stated.assets:
        t.text(symbol.encode())
        t.integers(decimals, bits)
    return t


def taken_blob(file: File) -> bytes:
    return file.take(file.u64())


def verify(stated: Segment, totals: Sequence[int], proof: bytes) -> Commitment:
    """The public proof. Raises ``Rejected``."""
    file = File(proof, b"PPGRSPRF")
    commitment = Commitment.read(taken_blob(file), 1 + len(stated.assets))
    opening = File(taken_blob(file), b"PPKZGOPN")
    file.end()
    values = [scalar(opening) for _ in commitment.columns]
    witness = opening.take(64)
    opening.end()
    for (_, _, bits), owed, value in zip(stated.assets, totals, values[1:], strict=True):
        if not 0 <= owed < stated.rows << bits or stated.rows * value % R != owed:
            raise Rejected("other totals")
    check_opening(stated, commitment, 0, values, witness, begun(stated))
    return commitment


def verify_inclusion(
    stated: Segment, commitment: Commitment, user_id: str, balances: Sequence[int], inclusion: bytes
) -> None:
    """A user's file, under a commitment that ``verify`` returned. Raises ``Rejected``."""
    file = File(inclusion, b"PPGRSINC")
    row, nonce = file.u64(), file.take(32)
    opening = File(taken_blob(file), b"PPKZGOPN")
    file.end()
    witness = opening.take(64)
    opening.end()
    if row >= stated.rows:
        raise Rejected("no such row")
    bound = blob(stated.audit_id.encode()) + u64(stated.segment) + blob(user_id.encode()) + nonce
    words = message(stated.hash_words, "grand-sum/account", bound)
    own = sum(word << 64 * k for k, word in enumerate(words)) % R
    omega = pow(5, (R - 1) // stated.rows, R)
    t = begun(stated)
    t.integers(row)
    check_opening(stated, commitment, pow(omega, row, R), [own, *balances], witness, t)
