"""Accounts under a cap, as a constraint system for polyproof: no balance is above what the spec states.

What the system `accounts` states, it states as well: balances in range, exact sums. In addition the account's row holds
what is missing to the cap, in limbs like the balance; that those are in range shows that the balance is not above it.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from attrs import frozen

from polyproof.config.options import Fault, NoOptions, option
from polyproof.constraints import Builder, Established, Expression, LiabilitiesSystem, PlacedAccounts, Rows, Trace
from polyproof.errors import InputError, OptionsError, ProofRejected
from polyproof.field import Elements
from polyproof.hookspecs import Component, hookimpl
from polyproof.model.accounts import AccountRefused, Accounts
from polyproof.model.amounts import InexactAmountError, Rounding, parse_amount
from polyproof.model.assets import Asset
from polyproof.model.names import SYMBOL
from polyproof.registry import default_registry

polyproof_interface = 2

Limbs = npt.NDArray[np.int64]


@hookimpl
def polyproof_components() -> list[Component]:
    """One constraint system."""
    return [
        Component("constraints", "capped-accounts", "accounts, none above a cap", "polyproof_capped:CappedAccounts")
    ]


# The options of a spec


@frozen
class Cap:
    """The most that an account may hold of an asset."""

    asset: str = option(pattern=SYMBOL, doc="Symbol of an asset of the spec.")
    most: str = option(
        pattern=(r"(0|[1-9][0-9]{0,59})(\.[0-9]{1,77})?", "a decimal number such as 1000 or 0.5"),
        doc="In whole coins.",
    )


def _once(caps: tuple[Cap, ...]) -> Iterable[Fault]:
    symbols = [cap.asset for cap in caps]
    for number, symbol in enumerate(symbols):
        if symbol in symbols[:number]:
            yield Fault(f"{symbol} has two caps", "expected one", (number,))


@frozen
class Caps:
    """Options of the capped accounts."""

    caps: tuple[Cap, ...] = option(items=(1, 4096), check=_once, doc="A cap for each asset that has one.")


# The statement


class CappedAccounts(LiabilitiesSystem):
    """Every balance is in range and part of its asset's exact total, and none is above its cap."""

    name = "capped-accounts"
    Options = Caps

    @staticmethod
    def establishes(options: Caps) -> Established:
        """Words for every verifier, made of the options that the proof is bound to."""
        further = tuple(f"no balance of {cap.asset} is above {cap.most} {cap.asset}" for cap in options.caps)
        return Established(exact_sums=True, non_negative=True, further=further)

    def __init__(self, assets: Sequence[Asset], *, active: int, modulus: int, limb_bits: int, options: Caps) -> None:
        """Refuses caps that say nothing. A row of the sum below is at most 2^(limb_bits + 1), which must not wrap."""
        self.assets = tuple(assets)
        self.active = active
        self.limb_bits = limb_bits
        if 2 << limb_bits >= modulus:
            raise OptionsError(f"two limbs of {limb_bits} bits can add up to {(2 << limb_bits) - 1}, which wraps")
        self.caps = {cap.asset: _units(cap, self.assets) for cap in options.caps}
        self.accounts = default_registry().create(
            "constraints",
            "accounts",
            assets,
            active=active,
            modulus=modulus,
            limb_bits=limb_bits,
            options=NoOptions(),
        )
        self.columns = [*self.accounts.columns, *(name for symbol in self.caps for name in self._own(symbol))]
        self.publics = self.accounts.publics

    def _limbs(self, symbol: str) -> list[str]:
        """The columns in which the system `accounts` has a balance, least significant first."""
        limbs = (f"{symbol}.limb{k}" for k in range(len(self.accounts.columns)))
        return [name for name in limbs if name in self.accounts.columns]

    def _own(self, symbol: str) -> list[str]:
        """The columns of the cap: limbs of what is missing to it, and a carry between each and the next."""
        count = len(self._limbs(symbol))
        return [*(f"{symbol}.below{k}" for k in range(count)), *(f"{symbol}.carry{k}" for k in range(1, count))]

    def _digits(self, symbol: str) -> list[int]:
        """The cap in limbs."""
        mask = (1 << self.limb_bits) - 1
        return [self.caps[symbol] >> (self.limb_bits * k) & mask for k in range(len(self._limbs(symbol)))]

    def constraints(self, builder: Builder) -> None:
        """balance + what is missing = cap, added up by hand: limb by limb, with carries of 0 or 1.

        Not on the last row: there the system `accounts` has the carries of its sums where balances stand elsewhere.
        """
        self.accounts.constraints(builder)
        own = [builder.column(name) for symbol in self.caps for name in self._own(symbol) if ".below" in name]
        builder.range_check("what is missing to a cap", own, self.limb_bits)
        for symbol in self.caps:
            balance = [builder.column(name) for name in self._limbs(symbol)]
            missing = [builder.column(f"{symbol}.below{k}") for k in range(len(balance))]
            carries: list[Expression | int] = [
                0,
                *(builder.column(f"{symbol}.carry{k}") for k in range(1, len(balance))),
                0,
            ]
            for k, carry in enumerate(carries[1:-1], start=1):
                builder.assert_zero(f"{symbol}: carry {k} is 0 or 1", carry * (carry - 1), Rows.TRANSITION)
            digits = self._digits(symbol)
            for k, (carry, after) in enumerate(pairwise(carries)):
                sum_of_limbs = balance[k] + missing[k] + carry - after * (1 << self.limb_bits)
                builder.assert_zero(f"{symbol}: limb {k} adds up to the cap", sum_of_limbs - digits[k], Rows.TRANSITION)

    # The prover's side

    def refused(self, accounts: Accounts) -> list[AccountRefused]:
        """Accounts above a cap: whoever has them is told before anything is proved."""
        found = []
        for number, (asset, words) in enumerate(accounts.columns()):
            if asset.symbol not in self.caps:
                continue
            cap = self.caps[asset.symbol]
            above = np.zeros(len(accounts), bool)
            for k in range(asset.words):
                digit = np.uint64(cap >> (64 * k) & (1 << 64) - 1)
                above = (words[:, k] > digit) | ((words[:, k] == digit) & above)
            for position in np.flatnonzero(above).tolist():
                held, most = asset.format(accounts.balances(position)[number]), asset.format(cap)
                found.append(AccountRefused(position, f"{held} {asset.symbol} is above the cap of {most}"))
        return found

    def trace(self, witness: PlacedAccounts, rows: int) -> Trace:
        """The trace of the system `accounts`, and the columns of the caps."""
        trace = self.accounts.trace(witness, rows)
        columns = np.concatenate((trace.columns, self._missing(trace.columns[:-1], last=True)), axis=1)
        return Trace(columns, trace.publics)

    def _missing(self, accounts: Elements, *, last: bool = False) -> Elements:
        """The columns of the caps for rows of the system `accounts`; ``last``: and zeros below, for the last row."""
        found = np.zeros((len(accounts) + last, sum(len(self._own(symbol)) for symbol in self.caps)), np.uint64)
        names = list(self.accounts.columns)
        column = 0
        for symbol in self.caps:
            limbs = self._limbs(symbol)
            carry = np.zeros(len(accounts), np.int64)
            for k, digit in enumerate(self._digits(symbol)):
                difference = digit - accounts[:, names.index(limbs[k])].astype(np.int64) - carry
                carry = (difference < 0).astype(np.int64)
                found[: len(accounts), column + k] = difference + (carry << self.limb_bits)
                if k + 1 < len(limbs):
                    found[: len(accounts), column + len(limbs) + k] = carry
            if carry.any():
                raise InputError(f"a balance of {symbol} is above its cap")
            column += len(self._own(symbol))
        return found

    # The verifier's side

    def account_row(self, balances: Sequence[int]) -> Elements:
        """A user's row, from what they typed."""
        row = self.accounts.account_row(balances)
        for balance, asset in zip(balances, self.assets, strict=True):
            if balance > self.caps.get(asset.symbol, balance):
                most = asset.format(self.caps[asset.symbol])
                raise ProofRejected(
                    "balance-cap", f"{asset.format(balance)} {asset.symbol} is above the cap of {most}: on no row"
                )
        return np.concatenate((row, self._missing(row[None])[0]))

    def publics_of_totals(self, totals: Sequence[int]) -> Mapping[str, int]:
        """Those of the system `accounts`."""
        return self.accounts.publics_of_totals(totals)


def _units(cap: Cap, assets: Sequence[Asset]) -> int:
    """A cap in base units. Raises ``OptionsError`` for one that no balance of the asset could be above."""
    asset = next((asset for asset in assets if asset.symbol == cap.asset), None)
    if asset is None:
        raise OptionsError(f"a cap is for {cap.asset}, which is no asset of the spec")
    try:
        units = parse_amount(cap.most, asset.decimals, Rounding.EXACT)
    except InexactAmountError as error:
        raise OptionsError(f"the cap of {cap.asset} is {cap.most}, finer than its {asset.decimals} decimals") from error
    if units >= 1 << asset.bits:
        raise OptionsError(
            f"the cap of {cap.asset} is {cap.most}, and its balances are below {asset.format(1 << asset.bits)} "
            f"(2^{asset.bits} units) without it: it would say nothing"
        )
    return units
