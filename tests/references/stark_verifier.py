"""The accounts STARK's verifier in plain Python, written from docs/reference/protocol.md and hashes.md alone.

Integers, tuples and hashlib, section by section in the order of the page, which defines every symbol. It
shares nothing with polyproof, is slow, and is there to disagree with the fast verifier if one of them is wrong.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import prod

from references.row_hashes import HASHES, Digest, WrongOpening, check_opening, hash_message, packed_elements, room

__all__ = ["Accepted", "Options", "Rejected", "Statement", "verify", "verify_inclusion"]

FORMAT = "polyproof/accounts-stark/2"
LAST_BOUND = 32
"""A bound on a degree that is not folded further."""


class Rejected(Exception):
    """The proof or the inclusion proof does not verify."""


def require(condition: bool, reason: str) -> None:
    if not condition:
        raise Rejected(reason)


# Section 1: setting


@dataclass(frozen=True)
class Field:
    p: int
    generator: int
    adicity: int
    element_bytes: int
    degrees: range


FIELDS = {
    "goldilocks": Field(2**64 - 2**32 + 1, 7, 32, 8, range(2, 4)),
    "babybear": Field(2**31 - 2**27 + 1, 31, 27, 4, range(2, 7)),
}
F = FIELDS["goldilocks"]
"""The field of the proof that is being verified: ``over`` sets it."""


def over(field: str) -> None:
    global F
    F = FIELDS[field]


class K:
    """An element of F[θ]/(θ^e − g_F): e coefficients, that of 1 first. Integers are elements of F."""

    __slots__ = ("coefficients",)

    def __init__(self, coefficients: Iterable[int]) -> None:
        self.coefficients = tuple(x % F.p for x in coefficients)

    def _lifted(self, other: K | int) -> K:
        return other if isinstance(other, K) else K([other] + [0] * (len(self.coefficients) - 1))

    def __add__(self, other: K | int) -> K:
        return K(a + b for a, b in zip(self.coefficients, self._lifted(other).coefficients, strict=True))

    def __neg__(self) -> K:
        return K(-a for a in self.coefficients)

    def __sub__(self, other: K | int) -> K:
        return self + (-other)

    def __rsub__(self, other: int) -> K:
        return -self + other

    def __mul__(self, other: K | int) -> K:
        if not isinstance(other, K):
            return K(a * other for a in self.coefficients)
        e = len(self.coefficients)
        product = [0] * (2 * e)
        for i, a in enumerate(self.coefficients):
            for j, b in enumerate(other.coefficients):
                product[i + j] += a * b
        return K(product[i] + F.generator * product[i + e] for i in range(e))

    __radd__ = __add__
    __rmul__ = __mul__

    def __pow__(self, exponent: int) -> K:
        result, square = self._lifted(1), self
        while exponent:
            if exponent & 1:
                result = result * square
            square = square * square
            exponent >>= 1
        return result

    def __truediv__(self, other: K) -> K:
        return self * other ** (F.p ** len(other.coefficients) - 2)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, K) and self.coefficients == other.coefficients

    __hash__ = None  # type: ignore[assignment]

    def in_base(self) -> bool:
        return not any(self.coefficients[1:])


def omega(order: int) -> int:
    """The element ω_k of order k, a power of two."""
    return pow(F.generator, (F.p - 1) // order, F.p)


@dataclass(frozen=True)
class Options:
    """The options of a spec that the protocol has."""

    hash: str = "poseidon"
    field: str = "goldilocks"
    profile: str = "standard"
    extension: int = 3
    blowup: int | None = None
    queries: int | None = None
    grinding: int | None = None
    blinding: int | None = None
    limb_bits: int = 16
    arity: int = 8
    segment_rows: int = 2**20


PROFILES = {"standard": (4, 88, 16), "small": (8, 56, 20)}
"""β, q and g where the options do not give them."""


@dataclass(frozen=True)
class Statement:
    """What a verifier knows before it opens a proof."""

    assets: tuple[tuple[str, int], ...]
    """Symbol and bits of each."""
    options: Options
    context: bytes
    audit_id: str
    segment: int
    segments: int
    totals: tuple[int, ...]

    def instance(self, n: int) -> Instance:
        """What follows for a trace of 2^n rows. Raises ``Rejected``."""
        return Instance(self, n)


@dataclass(frozen=True)
class Part:
    """A part of limbs that are summed: the columns (numbers among all columns), where it stands, and its carries."""

    name: str
    number: int
    limbs: tuple[tuple[int, ...], ...]
    """Of each number that is added up on a row: a balance is one, a pledge (net-equity.md) one for each slice."""
    carry_in: tuple[int, ...] | None
    """The limb columns of c_{i−1}, or None for the first part."""
    carry_out: tuple[int, ...] | None
    """The limb columns of c_i, or None for the last part."""
    carry_exponents: tuple[int, ...]
    base: int
    total: int
    """τ_i."""


class Instance:
    """Everything that follows from the statement and n. Raises ``Rejected`` if the requirements fail."""

    system = "accounts"
    further_looked_up: Sequence[str] = ()
    """Looked-up values that are no columns, in prefix form."""
    zeros: Sequence[tuple[str, str]] = ()
    """The system's own constraints: names and prefix forms."""

    def __init__(self, statement: Statement, n: int) -> None:
        options = statement.options
        over(options.field)
        self.statement, self.n = statement, n
        self.word_bound, self.hash_row = HASHES[options.hash]
        self.e, self.w = options.extension, options.limb_bits
        given = (options.blowup, options.queries, options.grinding)
        self.beta, self.q, self.g = (
            usual if own is None else own for own, usual in zip(given, PROFILES[options.profile], strict=True)
        )
        require(self.e in F.degrees, "no such extension")
        self.d = 2 * self.q + 2 * self.e if options.blinding is None else options.blinding
        require(n >= 10 and 2**n <= options.segment_rows and 2**F.adicity % (self.beta << n) == 0, "n out of range")
        self.N = 1 << n
        self.U = self.N - self.d
        self.M = self.beta * self.N

        # Section 6: the folds.
        self.arities: list[int] = []
        bound = self.N
        while bound > LAST_BOUND:
            self.arities.append(min(options.arity, bound // LAST_BOUND))
            bound //= self.arities[-1]
        self.last_bound = bound

        require(self.d >= 2 * self.q + 2 * self.e, "too few blinding rows")
        require(5 * self.d <= self.N, "too many blinding rows")
        require(self.M // self.arities[0] >= self.q, "fewer cosets than queries")
        self._lay_out_columns()
        require(self.looked_up + self.k <= 2**14, "too many columns of limbs and multiplicities")
        require(self.U * self.looked_up < F.p, "multiplicities could wrap")
        require(self.degree_of_Q + 1 <= self.M + self.d - 2, "the quotient is too long")

    def _lay_out_columns(self) -> None:
        """Section 2: limbs, parts, carries, digits of the totals."""
        require(4 <= self.w <= 24, "no such width of limbs")
        size = 2**self.w
        self.k = -(-size // self.U)
        self.T = -(-size // self.k)
        self.offsets = [min(i * self.T, size - self.T) for i in range(self.k)]
        self.names: list[str] = []
        self.parts: list[Part] = []
        self._name_columns()
        self._group(self.beta)
        columns, fits = self.argument_columns + self.chunks, self.degree_of_Q + 1 <= self.M + self.d - 2
        self._group(self.beta - 1)
        if fits and columns < self.argument_columns + self.chunks:
            self._group(self.beta)

    def _name_columns(self) -> None:
        totals = self.statement.totals
        require(len(totals) == len(self.statement.assets), "another number of totals than of assets")
        self.limbs_of: list[range] = []
        for (symbol, bits), total in zip(self.statement.assets, totals, strict=True):
            self.limbs_of.append(self._number(symbol, bits))
            self._sum(symbol, [self.limbs_of[-1]], total)

    def _number(self, name: str, bits: int) -> range:
        """New columns for the limbs of a number."""
        first, L = len(self.names), -(-bits // self.w)
        self.names += [f"{name}.limb{j}" for j in range(L)]
        return range(first, first + L)

    def _sum(self, name: str, numbers: Sequence[range], total: int) -> None:
        """Parts and carries of a sum of numbers of every row, U − 1 of them for each."""
        u, size, columns = len(numbers) * (self.U - 1), 2**self.w, numbers[-1]
        v = 0
        while 2 ** (self.w * (v + 1)) * max(4 * (u + 1), size) < F.p:
            v += 1
        require(v > 0, "a limb does not fit")
        base = 2 ** (self.w * v)
        m = 1
        while 2 ** (self.w * m) < u + 1:
            m += 1
        kappa = max(0, u.bit_length() - self.w) if m > 1 else 0
        exponents = (*(self.w * j for j in range(m - 1)), kappa)
        C = sum((size - 1) * 2**exponent for exponent in exponents)
        require(u * (base - 1) + C < F.p, "a part's sum and a carry could wrap")
        require(base - 1 + base * C < F.p, "a part's total and its carry could wrap")
        require(0 <= total <= u * (2 ** (self.w * len(columns)) - 1), f"total of {name} out of range")
        parts = -(-len(columns) // v)
        require(m * (parts - 1) <= len(columns), "too few limbs for the carries")
        for i in range(parts):
            last = i == parts - 1
            self.parts.append(
                Part(
                    name,
                    i,
                    tuple(tuple(number[v * i : v * (i + 1)]) for number in numbers),
                    tuple(columns[m * (i - 1) : m * i]) if i > 0 else None,
                    tuple(columns[m * i : m * (i + 1)]) if not last else None,
                    exponents,
                    base,
                    total if last else total % base,
                )
            )
            total //= base

    @property
    def looked_up(self) -> int:
        """How many values are looked up."""
        return len(self.names)

    def looked_up_at(self, columns: Sequence[K]) -> Sequence[K]:
        """Their values at a point, from those of the columns."""
        return columns

    def zeros_at(self, columns: Sequence[K]) -> Sequence[K]:
        """Values of the system's own constraints, which hold on rows 0 … U−2 and come before line 1."""
        return []

    def account_limbs(self, balances: Sequence[int]) -> list[int]:
        """Section 8: the row of a user's balances. Raises ``Rejected``."""
        limbs: list[int] = []
        for (symbol, bits), balance, columns in zip(self.statement.assets, balances, self.limbs_of, strict=True):
            require(0 <= balance < 2**bits, f"the balance of {symbol} is out of range")
            limbs += [balance >> (self.w * j) & (2**self.w - 1) for j in range(len(columns))]
        return limbs

    def _group(self, s: int) -> None:
        """Section 2: s limbs, or tables, to a helper."""
        self.s = s
        limbs, tables = range(self.looked_up), range(self.k)
        self.groups = [limbs[i : i + s] for i in range(0, len(limbs), s)]
        self.table_groups = [tables[i : i + s] for i in range(0, self.k, s)]

    @property
    def degree_of_Q(self) -> int:
        """Section 3, Degree."""
        top, zeros = self.N - 1, self.N - self.d
        return max(
            top - 1,  # 1, 2, 6, 8, 9: of degree 1, on one row
            2 * top - zeros + 1,  # 3: of degree 2, on rows 0 … U−2
            *((len(group) + 1) * top - zeros for group in self.groups),  # 4
            *((len(group) + 1) * top - zeros for group in self.table_groups),  # 5
            top - zeros + 1,  # 7
        )

    @property
    def chunks(self) -> int:
        """c."""
        return -(-(self.degree_of_Q + 1) // (self.N - self.d))

    @property
    def argument_columns(self) -> int:
        """Helpers of the limbs, helpers of the tables, acc."""
        return len(self.groups) + len(self.table_groups) + 1

    def system_digest(self) -> bytes:
        """Section 3, Digest of the constraint system."""

        def value(part: Part) -> str:
            text = ""
            for limbs in part.limbs:
                for j, limb in enumerate(limbs):
                    term = f"(* {self.names[limb]} {2 ** (self.w * j)})" if j else self.names[limb]
                    text = f"(+ {text} {term})" if text else term
            return text

        def carry(limbs: tuple[int, ...], part: Part) -> str:
            text = self.names[limbs[0]]
            for limb, exponent in zip(limbs[1:], part.carry_exponents[1:], strict=True):
                text = f"(+ {text} (* {self.names[limb]} {2**exponent}))"
            return text

        def last(part: Part) -> str:
            into = "0" if part.carry_in is None else carry(part.carry_in, part)
            return into if part.carry_out is None else f"(- {into} (* {carry(part.carry_out, part)} {part.base}))"

        publics = [f"{part.name}.total{part.number}" for part in self.parts]
        system = {
            "columns": self.names,
            "group": self.s,
            "name": self.system,
            "publics": publics,
            "ranges": [[self.w, [*self.names, *self.further_looked_up]]],
            "sums": [
                [f"{part.name}.sum{part.number}", value(part), last(part), f"${public}"]
                for part, public in zip(self.parts, publics, strict=True)
            ],
            "zeros": [[name, text, "transition"] for name, text in self.zeros],
        }
        return hashlib.sha256(json.dumps(system, sort_keys=True, separators=(",", ":")).encode()).digest()


# Section 7: transcript


def digest_words(word_bound: int) -> int:
    return 4 if word_bound > 2**32 else 8


class Transcript:
    def __init__(self, instance: Instance) -> None:
        self.hash_row, self.word_bound, self.e = instance.hash_row, instance.word_bound, instance.e
        self.hash = instance.statement.options.hash
        self.state: Digest = (0,) * digest_words(self.word_bound)
        self.limb = min(32, room(self.word_bound))

    def _absorb(self, kind: int, words: Sequence[int]) -> None:
        self.state = self.hash_row("transcript/absorb", [*self.state, kind, len(words), *words])

    def text(self, data: bytes) -> None:
        self._absorb(1, hash_message(self.hash, "transcript/text", data))

    def integers(self, *values: int) -> None:
        words: list[int] = []
        for value in values:
            require(value >= 0, "a negative integer")
            limbs = [value % 2**self.limb]
            while value := value >> self.limb:
                limbs.append(value % 2**self.limb)
            words += [len(limbs), *limbs]
        self._absorb(2, words)

    def elements(self, elements: Sequence[K]) -> None:
        words = [c for x in elements for c in x.coefficients]
        if F.p > min(2**32, self.word_bound):
            shifts = range(0, (F.p - 1).bit_length(), self.limb)
            words = [(c >> shift) % 2**self.limb for c in words for shift in shifts]
        self._absorb(3, words)

    def digest(self, digest: Digest) -> None:
        self._absorb(4, digest)

    def nonce(self, nonce: int) -> None:
        self._absorb(5, [nonce % 2**self.limb, nonce >> self.limb])

    def _words(self) -> Iterator[int]:
        counter = 0
        while True:
            yield from self.hash_row("transcript/draw", [*self.state, counter])
            counter += 1

    def draw(self, count: int, bound: int) -> list[int]:
        drawn: list[int] = []
        for word in self._words():
            if word < self.word_bound - self.word_bound % bound:
                drawn.append(word % bound)
            if len(drawn) == count:
                break
        self.integers(count, bound)
        return drawn

    def draw_extension(self) -> K:
        while (element := K(self.draw(self.e, F.p))).in_base():
            pass
        return element

    def draw_different(self, count: int, bound: int) -> list[int]:
        drawn: list[int] = []
        while len(drawn) < count:
            for index in self.draw(count - len(drawn), bound):
                if index not in drawn:
                    drawn.append(index)
        return drawn

    def ground(self, nonce: int, bits: int) -> bool:
        if nonce >= 2**48:
            return False
        if room(self.word_bound) >= 48:
            return self.hash_row("transcript/grind", [*self.state, nonce])[0] % 2**bits == 0
        limbs = (nonce % 2**self.limb, nonce >> self.limb)
        words = self.hash_row("transcript/grind", [*self.state, *limbs])
        return all(words[i] % 2 ** min(16, bits - 16 * i) == 0 for i in range(-(-bits // 16)))


# Section 9: files


class Reader:
    """Reads a file from front to back; nothing is read that is not there."""

    def __init__(self, data: bytes) -> None:
        self.data, self.position = data, 0

    def take(self, count: int) -> bytes:
        require(count <= len(self.data) - self.position, "the file is too short")
        self.position += count
        return self.data[self.position - count : self.position]

    def header(self, magic: bytes) -> None:
        require(self.take(len(magic)) == magic, "another magic")
        require(int.from_bytes(self.take(4), "little") == 2, "another version")

    def end(self) -> None:
        require(self.position == len(self.data), "bytes follow")

    def integer(self) -> int:
        return int.from_bytes(self.take(8), "little")

    def word_below(self, bound: int, size: int) -> int:
        word = int.from_bytes(self.take(size), "little")
        require(word < bound, "a word is not canonical")
        return word

    def row(self, width: int) -> tuple[int, ...]:
        """Elements of F."""
        return tuple(self.word_below(F.p, F.element_bytes) for _ in range(width))

    def extension(self, e: int) -> K:
        return K(self.row(e))

    def digest(self, word_bound: int) -> Digest:
        count = digest_words(word_bound)
        return tuple(self.word_below(word_bound, 32 // count) for _ in range(count))

    def digests(self, word_bound: int, count: int) -> list[Digest]:
        require(32 * count <= len(self.data) - self.position, "the file is too short")
        return [self.digest(word_bound) for _ in range(count)]

    def multi_opening(self, word_bound: int) -> list[Digest]:
        return self.digests(word_bound, self.integer())


class Proof:
    """The parts of proof-*.bin; ``instance`` comes from the statement and the n that the file names."""

    def __init__(self, statement: Statement, file: Reader) -> None:
        file.header(b"PPSTARK\0")
        n = file.integer()
        require(n <= 32, "n out of range")
        self.instance = x = statement.instance(n)
        e, bound = x.e, x.word_bound

        def elements(count: int) -> list[K]:
            return [file.extension(e) for _ in range(count)]

        self.trace_root, self.inclusion_root, self.argument_root, self.quotient_root, self.pair_root = file.digests(
            bound, 5
        )
        self.base_z = elements(len(x.names) + 1 + x.k)
        self.masks_z = elements(2)
        self.argument_z = elements(x.argument_columns)
        self.chunks_z = elements(x.chunks)
        self.t_next, self.acc_next = elements(2)
        widths = [len(x.names) + e + 1 + x.k + e, e * x.argument_columns, e * x.chunks]
        self.rows = [[file.row(width) for _ in range(x.q)] for width in widths]
        self.row_openings = [file.multi_opening(bound) for _ in widths]
        layers = len(x.arities)
        self.layer_roots = file.digests(bound, layers)
        self.chain_roots = file.digests(bound, layers - 1)
        self.final = elements(x.last_bound)
        self.nonce = file.integer()
        self.layers: list[tuple[list[list[K]], list[Digest]]] = []
        for arity in x.arities:
            count = file.integer()
            require(count <= x.q, "more cosets than queries")
            cosets = [elements(arity) for _ in range(count)]
            self.layers.append((cosets, file.multi_opening(bound)))
        file.end()


@dataclass(frozen=True)
class Accepted:
    """What a user's check needs of an accepted proof."""

    proof: Proof
    z: K
    gamma: K
    delta: K
    folds: tuple[K, ...]

    @property
    def instance(self) -> Instance:
        return self.proof.instance


def check_tree(x: Instance, root: Digest, size: int, leaves: dict[int, Digest], siblings: Sequence[Digest]) -> None:
    try:
        check_opening(x.hash_row, root, size, leaves, siblings)
    except WrongOpening as wrong:
        raise Rejected(f"opening: {wrong}") from wrong


def row_leaf(x: Instance, domain: str, row: Sequence[int]) -> Digest:
    return x.hash_row(domain, packed_elements(x.statement.options.hash, F.p, row))


def coset_leaf(x: Instance, domain: str, values: Sequence[K]) -> Digest:
    return row_leaf(x, domain, [c for value in values for c in value.coefficients])


def power_sum(x: K, values: Sequence[K]) -> K:
    """values_0 + x·values_1 + x²·values_2 + …, by Horner's rule."""
    result = x * 0
    for value in reversed(values):
        result = result * x + value
    return result


def product(values: Sequence[K], one: K) -> K:
    return prod(values, start=one)


# Section 3: constraints


def check_constraints(proof: Proof, alpha: K, lam: K, eta: K, z: K) -> None:
    """Σ_k η^k·C_k(z)/divisor_k(z) = Σ_i z^{i(N−d)}·chunk_i(z)."""
    x = proof.instance
    zero, one = z * 0, z**0
    limbs, (t, *mu) = proof.base_z[: len(x.names)], proof.base_z[len(x.names) :]
    helpers, table_helpers = proof.argument_z[: len(x.groups)], proof.argument_z[len(x.groups) : -1]
    acc = proof.argument_z[-1]

    def row(r: int) -> K:
        return z - pow(omega(x.N), r, F.p)

    active = (z**x.N - 1) / product([row(r) for r in range(x.U, x.N)], one)
    active_but_last = active / row(x.U - 1)

    def value(part: Part) -> K:
        terms = (limbs[column] * 2 ** (x.w * j) for number in part.limbs for j, column in enumerate(number))
        return sum(terms, start=zero)

    def carry(part: Part, columns: tuple[int, ...] | None) -> K:
        terms = [limbs[c] * 2**exponent for c, exponent in zip(columns or (), part.carry_exponents, strict=False)]
        return sum(terms, start=zero)

    # i ≥ 1 runs over all parts of all assets.
    parts = lam * power_sum(lam, [value(part) for part in x.parts])
    carries = lam * power_sum(lam, [carry(p, p.carry_in) - carry(p, p.carry_out) * p.base for p in x.parts])
    totals = lam * power_sum(lam, [zero + part.total for part in x.parts])
    rise = proof.t_next - t
    step = proof.acc_next - acc - sum(helpers, start=zero) + sum(table_helpers, start=zero)

    quotients = [own / active_but_last for own in x.zeros_at(limbs)]
    quotients += [t / row(0), (t - (x.T - 1)) / row(x.U - 1), rise * (rise - 1) / active_but_last]
    looked_up = x.looked_up_at(limbs)
    for h, group in zip(helpers, x.groups, strict=True):
        factors = [alpha - looked_up[j] for j in group]
        but_one = [product(factors[:i] + factors[i + 1 :], one) for i in range(len(factors))]
        quotients.append((h * product(factors, one) - sum(but_one, start=zero)) / active)
    for h, numbers in zip(table_helpers, x.table_groups, strict=True):
        factors = [alpha - t - x.offsets[i] for i in numbers]
        but_one = [product(factors[:i] + factors[i + 1 :], one) for i in range(len(factors))]
        weighted = [mu[number] * others for number, others in zip(numbers, but_one, strict=True)]
        quotients.append((h * product(factors, one) - sum(weighted, start=zero)) / active)
    quotients += [
        acc / row(0),
        (step - parts) / active_but_last,
        (step - carries) / row(x.U - 1),
        (acc - totals) / row(x.U),
    ]
    Q = power_sum(z ** (x.N - x.d), proof.chunks_z)
    require(power_sum(eta, quotients) == Q, "the constraints do not hold at z")


# Section 5: the two codewords


def codeword_A(proof: Proof, gamma: K, z: K, point: int, mask: K, limbs: Sequence[int]) -> K:
    """G_A at a point of F, from the mask and the witness columns there."""
    differences = [limb - opened for limb, opened in zip(limbs, proof.base_z[: len(limbs)], strict=True)]
    return power_sum(gamma, [mask - proof.masks_z[0], *differences]) / (point - z)


def codeword_B(
    proof: Proof, gamma: K, z: K, point: int, mask: K, table: Sequence[int], argument: Sequence[K], chunks: Sequence[K]
) -> K:
    """G_B at a point of F, from the columns there; ``table`` is (t, μ_0, μ_1, …)."""
    z_next = z * omega(proof.instance.N)
    at_z = [value - opened for value, opened in zip(table, proof.base_z[len(proof.instance.names) :], strict=True)]
    at_z += [value - opened for value, opened in zip(argument, proof.argument_z, strict=True)]
    at_z += [value - opened for value, opened in zip(chunks, proof.chunks_z, strict=True)]
    over, over_next = (z**0 / (point - where) for where in (z, z_next))
    quotients = [difference * over for difference in [mask - proof.masks_z[1], *at_z]]
    quotients += [(table[0] - proof.t_next) * over_next, (argument[-1] - proof.acc_next) * over_next]
    return power_sum(gamma, quotients)


# Section 6: FRI


def coset_points(shift: int, size: int, arity: int, leaf: int) -> list[int]:
    """The points of leaf k of a layer on shift·⟨ω_size⟩: indices k + j·size/arity."""
    return [shift * pow(omega(size), leaf + j * (size // arity), F.p) % F.p for j in range(arity)]


def fold(points: Sequence[int], values: Sequence[K], challenge: K) -> K:
    """The interpolant of degree < arity at the challenge (Lagrange)."""
    result = challenge * 0
    for j, (x_j, value) in enumerate(zip(points, values, strict=True)):
        others = [x for m, x in enumerate(points) if m != j]
        denominator = prod(x_j - x for x in others) % F.p
        result = result + value * prod((challenge - x for x in others), start=challenge**0) * pow(denominator, -1, F.p)
    return result


def final_value(proof: Proof, point: int) -> K:
    return power_sum(proof.final[0] * 0 + point, proof.final)


def check_low_degree(proof: Proof, folds: Sequence[K], values: dict[int, K]) -> None:
    """``values``: G at the queries, by index in D."""
    x = proof.instance
    size, shift = x.M, F.generator
    for i, (arity, (cosets, siblings)) in enumerate(zip(x.arities, proof.layers, strict=True)):
        leaves = sorted({index % (size // arity) for index in values})
        require(len(cosets) == len(leaves), f"layer {i}: another number of cosets")
        opened = dict(zip(leaves, cosets, strict=True))
        digests = {leaf: coset_leaf(x, "stark/fri", coset) for leaf, coset in opened.items()}
        check_tree(x, proof.layer_roots[i], size // arity, digests, siblings)
        for index, value in values.items():
            slot, leaf = divmod(index, size // arity)
            require(opened[leaf][slot] == value, f"layer {i}: a value differs from the layer before")
        values = {leaf: fold(coset_points(shift, size, arity, leaf), opened[leaf], folds[i]) for leaf in leaves}
        size, shift = size // arity, pow(shift, arity, F.p)
    for index, value in values.items():
        point = shift * pow(omega(size), index, F.p) % F.p
        require(final_value(proof, point) == value, "the final polynomial differs from the last layer")


def verify(statement: Statement, data: bytes) -> Accepted:
    """Verify a segment's proof. Raises ``Rejected``."""
    proof = Proof(statement, Reader(data))
    x = proof.instance

    # Section 7, Order.
    transcript = Transcript(x)
    transcript.text(FORMAT.encode())
    transcript.text(statement.context)
    transcript.text(x.system_digest())
    transcript.text(statement.options.hash.encode())
    transcript.text(statement.options.field.encode())
    transcript.integers(x.e, x.beta, x.q, x.g, statement.options.arity, x.d, x.chunks)
    transcript.integers(x.w, x.k, x.s)
    transcript.text(statement.audit_id.encode())
    transcript.integers(statement.segment, statement.segments)
    transcript.integers(x.n, x.U)
    transcript.text("\n".join(x.names).encode())
    transcript.integers(*statement.totals)
    transcript.integers(*(part.total for part in x.parts))
    transcript.digest(proof.trace_root)
    transcript.digest(proof.inclusion_root)
    alpha, lam = transcript.draw_extension(), transcript.draw_extension()
    transcript.digest(proof.argument_root)
    eta = transcript.draw_extension()
    transcript.digest(proof.quotient_root)
    z = transcript.draw_extension()
    transcript.elements(
        [*proof.base_z, *proof.masks_z, *proof.argument_z, *proof.chunks_z, proof.t_next, proof.acc_next]
    )
    gamma = transcript.draw_extension()
    transcript.digest(proof.pair_root)
    delta = transcript.draw_extension()
    folds = []
    for i, root in enumerate(proof.layer_roots):
        transcript.digest(root)
        if i > 0:
            transcript.digest(proof.chain_roots[i - 1])
        folds.append(transcript.draw_extension())
    transcript.elements(proof.final)
    require(transcript.ground(proof.nonce, x.g), "the nonce is not ground")
    transcript.nonce(proof.nonce)
    cosets = x.M // x.arities[0]
    queried = transcript.draw_different(x.q, cosets)
    slots = transcript.draw(x.q, x.arities[0])
    indices = [coset + slot * cosets for coset, slot in zip(queried, slots, strict=True)]

    check_constraints(proof, alpha, lam, eta, z)
    roots = (proof.trace_root, proof.argument_root, proof.quotient_root)
    domains = ("stark/trace", "stark/argument", "stark/quotient")
    for root, domain, rows, siblings in zip(roots, domains, proof.rows, proof.row_openings, strict=True):
        leaves = {index: row_leaf(x, domain, row) for index, row in zip(indices, rows, strict=True)}
        check_tree(x, root, x.M, leaves, siblings)

    values = {}
    for index, trace, argument, quotient in zip(indices, *proof.rows, strict=True):
        point = F.generator * pow(omega(x.M), index, F.p) % F.p
        limbs, mask_A = trace[: len(x.names)], K(trace[len(x.names) : len(x.names) + x.e])
        table = trace[len(x.names) + x.e : -x.e]
        mask_B = K(trace[-x.e :])
        C, chunks = ([K(row[i : i + x.e]) for i in range(0, len(row), x.e)] for row in (argument, quotient))
        G_A = codeword_A(proof, gamma, z, point, mask_A, limbs)
        G_B = codeword_B(proof, gamma, z, point, mask_B, table, C, chunks)
        values[index] = G_A + delta * G_B
    check_low_degree(proof, folds, values)
    return Accepted(proof, z, gamma, delta, tuple(folds))


# Section 8: inclusion


def account_tag(x: Instance, user_id: str, nonce: bytes) -> Digest:
    """Section 4."""
    audit, user = x.statement.audit_id.encode(), user_id.encode()
    message = len(audit).to_bytes(8, "little") + audit + x.statement.segment.to_bytes(8, "little")
    return hash_message(
        x.statement.options.hash, "stark/account", message + len(user).to_bytes(8, "little") + user + nonce
    )


def packed(x: Instance, limbs: Sequence[int]) -> list[int]:
    """Section 4: limbs as digits of words in base 2^w, as many to a word as 62 bits and the hash's bound have room for.

    A constraint system of accounts has no column that is not a limb.
    """
    require(all(limb < 2**x.w for limb in limbs), "a limb is out of range")
    digits = max(1, min(62, x.word_bound.bit_length() - 1) // x.w)
    words = [limbs[i : i + digits] for i in range(0, len(limbs), digits)]
    return [sum(limb << (x.w * j) for j, limb in enumerate(word)) for word in words]


class InclusionProof:
    """Section 9, inclusion payload."""

    def __init__(self, x: Instance, file: Reader) -> None:
        file.header(b"PPINCLU\0")
        self.r = file.integer()
        self.nonce = file.take(32)
        self.mask = file.extension(x.e)
        self.path = file.digests(x.word_bound, x.n)
        self.layers: list[tuple[list[K], list[Digest]]] = []
        """For each fold the coset, pairs in the first, and its path."""
        size = x.N
        for i, arity in enumerate(x.arities):
            size //= arity
            coset = [file.extension(x.e) for _ in range(arity if i else 2 * arity)]
            self.layers.append((coset, file.digests(x.word_bound, size.bit_length() - 1)))
        file.end()


def verify_inclusion(accepted: Accepted, user_id: str, balances: Sequence[int], data: bytes) -> None:
    """Verify a user's inclusion proof under an accepted proof. Raises ``Rejected``."""
    proof, x = accepted.proof, accepted.instance
    over(x.statement.options.field)
    inclusion = InclusionProof(x, Reader(data))
    r = inclusion.r
    require(r < x.U - 1, "the row is not an account's")
    require(len(balances) == len(x.statement.assets), "another number of balances than of assets")
    limbs = x.account_limbs(balances)
    tag = account_tag(x, user_id, inclusion.nonce)
    leaf = x.hash_row("stark/inclusion/2", [*packed(x, limbs), *inclusion.mask.coefficients, *tag])
    check_tree(x, proof.inclusion_root, x.N, {r: leaf}, inclusion.path)

    G_A = codeword_A(proof, accepted.gamma, accepted.z, pow(omega(x.N), r, F.p), inclusion.mask, limbs)
    roots = [proof.pair_root, *proof.chain_roots]
    size, index, value = x.N, r, None
    for i, (arity, root, (coset, path)) in enumerate(zip(x.arities, roots, inclusion.layers, strict=True)):
        slot, index = divmod(index, size // arity)
        domain = "stark/chain" if i else "stark/pair"
        check_tree(x, root, size // arity, {index: coset_leaf(x, domain, coset)}, path)
        if i == 0:
            require(coset[2 * slot] == G_A, "the row is not the one that the sums were taken over")
            coset = [coset[j] + accepted.delta * coset[j + 1] for j in range(0, len(coset), 2)]
        else:
            require(coset[slot] == value, f"chain layer {i}: a value differs from the layer before")
        value = fold(coset_points(1, size, arity, index), coset, accepted.folds[i])
        size //= arity
    require(final_value(proof, pow(omega(size), index, F.p)) == value, "the final polynomial differs from the chain")
