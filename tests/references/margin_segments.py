"""Margin segments in the slow verifier, written from docs/reference/net-equity.md alone.

The page says what differs from cash segments: conditions on the terms, columns, what is looked up besides columns, the
surplus, and how positions make a row. Nothing here is shared with polyproof.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import floor

from references import stark_verifier
from references.stark_verifier import Instance, K, Rejected, Statement, require

__all__ = ["Asset", "MarginStatement", "Slice"]


@dataclass(frozen=True)
class Slice:
    ratio: Fraction
    width: int | None


@dataclass(frozen=True)
class Asset:
    """Section 2: an asset and its terms."""

    symbol: str
    bits: int
    price_up: int
    price_down: int
    categories: tuple[tuple[str, tuple[Slice, ...]], ...]

    def check(self) -> None:
        require(":" not in self.symbol, "a symbol that looks like a position")
        require(self.price_up >= 1, "a price of zero")
        require(0 <= self.price_down <= self.price_up < 2**192, "price_down above price_up")
        require(len(self.categories) <= 16, "too many categories")
        for _, slices in self.categories:
            require(1 <= len(slices) <= 32, "too many slices")
            ratios = [part.ratio for part in slices]
            require(all(0 <= ratio <= 1 for ratio in ratios), "a ratio above 1")
            require(ratios == sorted(ratios, reverse=True), "ratios that rise")
            widths = [part.width for part in slices]
            require(widths[-1] is None, "the last slice is not open")
            require(all(w is not None and 0 < w < 2**self.bits for w in widths[:-1]), "a width that does not fit")

    def coefficients(self, slices: Sequence[Slice]) -> list[int]:
        return [floor(part.ratio * self.price_down) for part in slices]


@dataclass(frozen=True)
class MarginStatement(Statement):
    """``assets`` of a statement are its positions."""

    terms: tuple[Asset, ...] = ()

    def instance(self, n: int) -> MarginInstance:
        for asset in self.terms:
            asset.check()
        positions = [
            (f"{asset.symbol}:{kind}", asset.bits)
            for asset in self.terms
            for kind in ("equity", "debt", *(name for name, _ in asset.categories))
        ]
        require(tuple(positions) == self.assets, "other positions than those of the terms")
        return MarginInstance(self, n)


@dataclass(frozen=True)
class Pledge:
    slices: tuple[range, ...]
    borrows: tuple[range, ...]
    widths: tuple[int, ...]


class MarginInstance(Instance):
    system = "margin-accounts"
    statement: MarginStatement

    def _name_columns(self) -> None:
        """Sections 3 and 4."""
        totals = list(self.statement.totals)
        require(len(totals) == len(self.statement.assets), "another number of totals than of positions")
        self.factors: list[tuple[int, range]] = []
        """Coefficients of the surplus, and the limbs of the number that each multiplies."""
        self.layout: list[tuple[range, range, list[Pledge]]] = []
        for asset in self.statement.terms:
            equity, debt, *pledged = [totals.pop(0) for _ in range(2 + len(asset.categories))]
            F, D = (self._number(f"{asset.symbol}:{name}", asset.bits) for name in ("free", "debt"))
            self._sum(f"{asset.symbol}:free", [F], equity - sum(pledged))
            self._sum(f"{asset.symbol}:debt", [D], debt)
            self.factors.append((-asset.price_up, D))
            pledges = []
            for (name, slices), total in zip(asset.categories, pledged, strict=True):
                pledges.append(self._pledge(f"{asset.symbol}:{name}", asset.bits, slices))
                self._sum(f"{asset.symbol}:{name}", pledges[-1].slices, total)
                self.factors += zip(asset.coefficients(slices), pledges[-1].slices, strict=True)
            self.layout.append((F, D, pledges))
        most = sum(
            max((asset.coefficients(slices)[0] for _, slices in asset.categories), default=0) * (2**asset.bits - 1)
            for asset in self.statement.terms
        )
        self.S = self._number("surplus", max(1, most.bit_length()))
        self._lay_out_surplus()
        if any(pledge.widths for _, _, pledges in self.layout for pledge in pledges):
            require(2 ** (2 * self.w + 1) < stark_verifier.F.p, "the room in a slice could wrap")
        self.further_looked_up = [text for _, text in self._room_texts()]
        self.zeros = [(f"surplus{n}", self._surplus_text(n)) for n in range(self.G)]

    def _pledge(self, name: str, bits: int, slices: Sequence[Slice]) -> Pledge:
        numbers = tuple(self._number(f"{name}:{t}", bits) for t in range(len(slices)))
        borrows = []
        for t, number in enumerate(numbers[:-1]):
            first = len(self.names)
            self.names += [f"{name}:{t}.borrow{j}" for j in range(len(number) - 1)]
            borrows.append(range(first, len(self.names)))
        return Pledge(numbers, tuple(borrows), tuple(part.width for part in slices if part.width is not None))

    # Section 5

    def _lay_out_surplus(self) -> None:
        B = 2**self.w
        terms: dict[int, list[tuple[int, int]]] = {}
        for coefficient, limbs in self.factors:
            k, i = abs(coefficient), 0
            while k:
                for j, limb in enumerate(limbs) if k % B else ():
                    terms.setdefault(i + j, []).append((limb, k % B if coefficient > 0 else -(k % B)))
                k, i = k // B, i + 1
        self.G = max([len(self.S), *(n + 1 for n in terms)])
        self.terms_of = [terms.get(n, []) for n in range(self.G)]
        worst, upper, lower, u, low = 0, 0, 0, 0, 0
        for n, factors in enumerate(self.terms_of):
            positive = (B - 1) * sum(k for _, k in factors if k > 0)
            negative = (B - 1) * (sum(-k for _, k in factors if k < 0) + (1 if n < len(self.S) else 0))
            worst = max(worst, positive, negative)
            u, low = (positive + u) // B, (negative + low) // B
            upper, lower = max(upper, u), max(lower, low)
        self.o = lower
        b = (upper + lower).bit_length()
        mu = max(1, -(-b // self.w))
        self.surplus_exponents = [*(self.w * i for i in range(mu - 1)), max(0, b - self.w)]
        top = sum((B - 1) * 2**exponent for exponent in self.surplus_exponents)
        require(worst + max(self.o, top - self.o) * (B + 1) < min(stark_verifier.F.p, 2**63), "the surplus could wrap")
        self.carries = [self._number(f"carry{n}", mu * self.w) for n in range(self.G - 1)]

    def _carry_text(self, n: int) -> str:
        first, *others = self.carries[n]
        text = self.names[first]
        for limb, exponent in zip(others, self.surplus_exponents[1:], strict=True):
            text = f"(+ {text} (* {self.names[limb]} {2**exponent}))"
        return f"(- {text} {self.o})"

    def _surplus_text(self, n: int) -> str:
        text = "0"
        for limb, k in self.terms_of[n]:
            text = f"({'+' if k > 0 else '-'} {text} (* {self.names[limb]} {abs(k)}))"
        if n < len(self.S):
            text = f"(- {text} {self.names[self.S[n]]})"
        if n > 0:
            text = f"(+ {text} {self._carry_text(n - 1)})"
        return f"(- {text} (* {self._carry_text(n)} {2**self.w}))" if n < self.G - 1 else text

    def zeros_at(self, columns: Sequence[K]) -> list[K]:
        """G_n + c_{n−1} − B·c_n."""
        zero = columns[0] * 0

        def carry(n: int) -> K:
            if not 0 <= n < self.G - 1:
                return zero
            limbs = zip(self.carries[n], self.surplus_exponents, strict=True)
            return sum((columns[limb] * 2**exponent for limb, exponent in limbs), start=zero) - self.o

        found = []
        for n, factors in enumerate(self.terms_of):
            G_n = sum((columns[limb] * k for limb, k in factors), start=zero)
            own = columns[self.S[n]] if n < len(self.S) else zero
            found.append(G_n - own + carry(n - 1) - carry(n) * 2**self.w)
        return found

    # What is looked up besides columns (section 3)

    def _rooms(self) -> list[tuple[int, int, int | None, int | None]]:
        """y_j of each slice with a width: the digit of W, and the columns of x_j, b_{j−1} and b_j."""
        found = []
        for _, _, pledges in self.layout:
            for pledge in pledges:
                for W, X, b in zip(pledge.widths, pledge.slices, pledge.borrows, strict=False):
                    for j, x in enumerate(X):
                        digit = W >> (self.w * j) & (2**self.w - 1)
                        found.append((digit, x, b[j - 1] if j else None, b[j] if j < len(b) else None))
        return found

    def _room_texts(self) -> list[tuple[int, str]]:
        texts = []
        for digit, x, into, out in self._rooms():
            text = f"(- {digit} {self.names[x]})"
            if into is not None:
                text = f"(- {text} {self.names[into]})"
            if out is not None:
                text = f"(+ {text} (* {self.names[out]} {2**self.w}))"
            texts.append((x, text))
        return texts

    @property
    def looked_up(self) -> int:
        return len(self.names) + len(self._rooms())

    def looked_up_at(self, columns: Sequence[K]) -> list[K]:
        found = list(columns)
        for digit, x, into, out in self._rooms():
            y = digit - columns[x]
            if into is not None:
                y = y - columns[into]
            if out is not None:
                y = y + columns[out] * 2**self.w
            found.append(y)
        return found

    # The row of an account (sections 5 and 6)

    def account_limbs(self, balances: Sequence[int]) -> list[int]:
        row, B, rest = [0] * len(self.names), 2**self.w, list(balances)

        def write(limbs: range, value: int) -> None:
            for j, limb in enumerate(limbs):
                row[limb] = value // B**j % B

        for asset, (F, D, pledges) in zip(self.statement.terms, self.layout, strict=True):
            equity, debt, *pledged = [rest.pop(0) for _ in range(2 + len(pledges))]
            require(all(0 <= x < 2**asset.bits for x in (equity, debt, *pledged)), "a balance is out of range")
            require(sum(pledged) <= equity, "more is pledged than there is")
            write(F, equity - sum(pledged))
            write(D, debt)
            for pledge, K_c in zip(pledges, pledged, strict=True):
                for t, X in enumerate(pledge.slices):
                    x = min(K_c, pledge.widths[t]) if t < len(pledge.widths) else K_c
                    K_c -= x
                    write(X, x)
                    if t < len(pledge.widths):
                        for j, column in enumerate(pledge.borrows[t]):
                            row[column] = int(pledge.widths[t] % B ** (j + 1) < x % B ** (j + 1))
        surplus = sum(k * sum(row[limb] * B**j for j, limb in enumerate(limbs)) for k, limbs in self.factors)
        if surplus < 0:
            raise Rejected("the pledges do not cover the debts")
        write(self.S, surplus)
        carry = 0
        for n in range(self.G - 1):
            carry += sum(row[limb] * k for limb, k in self.terms_of[n])
            carry -= row[self.S[n]] if n < len(self.S) else 0
            require(carry % B == 0, "the surplus does not add up")
            carry //= B
            shifted, kappa = carry + self.o, self.surplus_exponents[-1]
            for limb, exponent in zip(self.carries[n], self.surplus_exponents, strict=True):
                row[limb] = shifted >> kappa if exponent == kappa else (shifted % 2**kappa) >> exponent & (B - 1)
        return row
