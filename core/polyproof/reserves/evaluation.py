"""From rows to holdings: who owns what, what the chain says, what counts, and whether it is enough.

Every row ends in one status of ownership, one outcome of the balance check and one of freshness; what counts of it
follows from these and the policy, and nothing else does. All sums are integers of 10^−36 coin, all ratios exact; what
is shown is rounded against the exchange.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import Enum
from fractions import Fraction
from typing import TypeVar

from attrs import evolve, frozen

from polyproof.balances import Answer, BalanceProvider, ControlAnswer, ControlQuestion, Pin, Question
from polyproof.errors import PluginError
from polyproof.model.assets import Asset
from polyproof.model.holdings import FINEST, LARGEST
from polyproof.ownership import OwnershipClaim, OwnershipResult, OwnershipScheme, Status
from polyproof.progress import Progress, Task
from polyproof.reserves.challenge import Challenges, Freshly, Freshness
from polyproof.reserves.checkpoint import Checkpoint
from polyproof.reserves.rows import ReserveRow
from polyproof.reserves.signatures import verify_ownership
from polyproof.settings.reserves import ReservesPolicy

__all__ = [
    "AssetReserves",
    "BalanceCheck",
    "Check",
    "Evaluation",
    "Holding",
    "JudgedRow",
    "evaluate",
    "judge_rows",
    "percent",
    "settle",
]


class Check(Enum):
    """What the chain said about a row's amount."""

    CONFIRMED = "confirmed"
    """At the snapshot's block the address held exactly that."""
    DIFFERS = "differs"
    """It held something else; the lesser of the two counts."""
    NOT_CHECKED = "not-checked"
    """Nobody was asked, or the question went wrong. It is not zero and it is not confirmed."""


@frozen
class BalanceCheck:
    """The outcome of a balance check."""

    check: Check
    held: int | None = None
    """What the chain says, in units of 10^−36; None if not checked."""
    source: str = ""
    reason: str = ""

    @classmethod
    def compare(cls, amount: int, answer: Answer) -> BalanceCheck:
        """The outcome for a row that declares ``amount``."""
        if answer.held is None:
            return cls(Check.NOT_CHECKED, None, answer.source, answer.reason)
        if not 0 <= answer.held < LARGEST * 10**FINEST:
            return cls(Check.NOT_CHECKED, None, answer.source, "the answer is no balance that can be")
        check = Check.CONFIRMED if answer.held == amount else Check.DIFFERS
        return cls(check, answer.held, answer.source, answer.reason)


UNASKED = BalanceCheck(Check.NOT_CHECKED, reason="nobody was asked")


@frozen
class JudgedRow:
    """A row and all that was found out about it."""

    row: ReserveRow
    """With what its chain was found to say about its control."""
    account: str
    """The one spelling of its address."""
    status: Status
    reason: str
    """Why that status, in plain words."""
    scheme: str
    """The ownership scheme that judged it; empty where none did."""
    freshly: Freshly
    balance: BalanceCheck

    def counted(self, policy: ReservesPolicy) -> int:
        """What of the row counts as a holding, in units of 10^−36."""
        if self.status.value not in policy.count:
            return 0
        signed = self.status is not Status.CUSTODIAL
        if policy.stale == "refuse" and signed and self.freshly.freshness is not Freshness.CHALLENGE:
            return 0
        if self.balance.held is not None:
            return min(self.row.amount, self.balance.held)
        return self.row.amount if policy.balances == "declared" else 0


@frozen
class Holding:
    """Rows of one kind together."""

    rows: int = 0
    amount: int = 0
    """What they declare, in units of 10^−36."""
    counted: int = 0
    """What of it counts, in units of 10^−36."""

    def __add__(self, other: Holding) -> Holding:
        return Holding(self.rows + other.rows, self.amount + other.amount, self.counted + other.counted)


@frozen
class AssetReserves:
    """One asset: what is held, by every way of looking at it, and what is owed."""

    asset: Asset
    liabilities: int | None
    """Base units; None where no proof of liabilities was given."""
    by_status: Mapping[Status, Holding]
    by_check: Mapping[Check, Holding]
    by_freshness: Mapping[Freshness, Holding]
    """Of the rows that a signature is looked at: all but the custodial."""
    by_chain: Mapping[tuple[str, str], Holding]
    """By chain and token."""
    looked_up: Holding
    """Proven rows whose owners were looked up on their chain: the look-up is the word of whoever made it."""
    least: Fraction
    """The least ratio that the policy wants."""

    @property
    def total(self) -> Holding:
        """All rows."""
        return sum(self.by_status.values(), Holding())

    @property
    def counted(self) -> int:
        """What counts, in base units of the asset, rounded down."""
        units: int = self.total.counted * 10**self.asset.decimals // 10**FINEST
        return units

    @property
    def ratio(self) -> Fraction | None:
        """Counted holdings to liabilities, exact; None where nothing is owed or that is not known."""
        return Fraction(self.counted, self.liabilities) if self.liabilities else None

    @property
    def met(self) -> bool | None:
        """Whether what counts is enough; None where it is not known what is owed."""
        if self.liabilities is None:
            return None
        return self.counted >= self.least * self.liabilities

    @property
    def surplus(self) -> int | None:
        """Counted holdings less liabilities, in base units; negative where something is missing."""
        return None if self.liabilities is None else self.counted - self.liabilities


@frozen
class Evaluation:
    """All rows judged, all assets added up."""

    rows: tuple[JudgedRow, ...]
    assets: tuple[AssetReserves, ...]
    policy: ReservesPolicy

    @property
    def met(self) -> bool | None:
        """Whether every asset is covered as the policy wants; None where it is not known what is owed."""
        verdicts = [asset.met for asset in self.assets]
        return None if None in verdicts else all(verdicts)

    @property
    def short(self) -> tuple[AssetReserves, ...]:
        """The assets that are not covered."""
        return tuple(asset for asset in self.assets if asset.met is False)


def percent(ratio: Fraction, digits: int = 2) -> str:
    """A ratio as a percentage, rounded down: never more than there is."""
    scaled = ratio.numerator * 100 * 10**digits // ratio.denominator
    whole, fraction = divmod(scaled, 10**digits)
    return f"{whole}.{fraction:0{digits}}" if digits else str(whole)


def evaluate(
    rows: Sequence[ReserveRow],
    accounts: Sequence[str],
    *,
    assets: Sequence[Asset],
    schemes: Sequence[OwnershipScheme],
    liabilities: Sequence[int] | None = None,
    policy: ReservesPolicy | None = None,
    pins: Sequence[Pin] = (),
    providers: Sequence[BalanceProvider] = (),
    challenges: Challenges | None = None,
    checkpoint: Checkpoint | None = None,
    progress: Progress | None = None,
) -> Evaluation:
    """Judge rows that ``read_reserves`` found coherent, and add them up.

    ``accounts`` has the one spelling of each row's address; ``liabilities`` are base units, one for each asset, from a
    proof that was verified; ``challenges`` those of the audit, without which every message is stale.
    """
    judged = judge_rows(
        rows,
        accounts,
        schemes=schemes,
        pins=pins,
        providers=providers,
        challenges=challenges,
        checkpoint=checkpoint,
        progress=progress,
    )
    return settle(judged, assets, liabilities, policy or ReservesPolicy())


def judge_rows(
    rows: Sequence[ReserveRow],
    accounts: Sequence[str],
    *,
    schemes: Sequence[OwnershipScheme],
    pins: Sequence[Pin] = (),
    providers: Sequence[BalanceProvider] = (),
    challenges: Challenges | None = None,
    checkpoint: Checkpoint | None = None,
    progress: Progress | None = None,
) -> tuple[JudgedRow, ...]:
    """Find out about every row, in order: ownership, freshness, control where it is open, balance."""
    progress = progress or Progress()
    pinned = {pin.chain: pin for pin in pins}
    claims = [row.claim for row in rows]
    results = _ownership(claims, schemes, checkpoint, progress)
    freshly = [_freshness(row, account, challenges) for row, account in zip(rows, accounts, strict=True)]
    controls = _look_up(claims, accounts, results, freshly, schemes, pinned, providers, progress)
    _judge_again(claims, results, controls, schemes, checkpoint, progress)
    judged = [
        _judged(row, account, result, fresh, controls.get(number))
        for number, (row, account, result, fresh) in enumerate(zip(rows, accounts, results, freshly, strict=True))
    ]
    balances = _balances(judged, pinned, providers, progress)
    return tuple(
        evolve(one, balance=BalanceCheck.compare(one.row.amount, balances[number])) if number in balances else one
        for number, one in enumerate(judged)
    )


def _judged(
    row: ReserveRow, account: str, result: OwnershipResult, freshly: Freshly, looked_up: ControlAnswer | None
) -> JudgedRow:
    status, reason = result.status, result.reason
    if looked_up is not None and looked_up.control is not None:
        row = evolve(row, control=looked_up.control)
    elif looked_up is not None and looked_up.reason:
        reason = f"{reason}; {looked_up.reason}"
    if freshly.freshness is Freshness.CONTRADICTS and status in _SIGNED:
        status, reason = Status.FAILED, freshly.reason
    return JudgedRow(row, account, status, reason, result.scheme, freshly, UNASKED)


_SIGNED = (Status.PROVEN, Status.KEY_ONLY, Status.UNBOUND)
NO_AUDIT = Freshly(Freshness.STALE, "there is no audit here that the message could be for")


def _freshness(row: ReserveRow, account: str, challenges: Challenges | None) -> Freshly:
    return challenges.judge(row.message, row.chain, account) if challenges else NO_AUDIT


# Ownership


AT_ONCE = 1 << 17
"""Rows judged between two visits to the checkpoint."""


def _ownership(
    claims: Sequence[OwnershipClaim],
    schemes: Sequence[OwnershipScheme],
    checkpoint: Checkpoint | None,
    progress: Progress,
) -> list[OwnershipResult]:
    if checkpoint is None:
        return verify_ownership(claims, schemes, progress)
    keys = [checkpoint.key(claim) for claim in claims]
    known = checkpoint.find(keys)
    left = [number for number, key in enumerate(keys) if key not in known]
    with progress.task("verify ownership", len(claims)) as task:
        task.advance(len(claims) - len(left))
        for start in range(0, len(left), AT_ONCE):
            numbers = left[start : start + AT_ONCE]
            results = verify_ownership([claims[number] for number in numbers], schemes, _Under(task))
            block = [(keys[number], result) for number, result in zip(numbers, results, strict=True)]
            checkpoint.keep(block)
            known.update(block)
    return [known[key] for key in keys]


class _Under(Progress):
    """Reports the steps of inner tasks to an outer one."""

    def __init__(self, task: Task) -> None:
        self._task = task

    @contextmanager
    def task(self, title: str, total: int | None = None) -> Iterator[Task]:
        yield self._task


# Control


def _look_up(
    claims: Sequence[OwnershipClaim],
    accounts: Sequence[str],
    results: Sequence[OwnershipResult],
    freshly: Sequence[Freshly],
    schemes: Sequence[OwnershipScheme],
    pinned: Mapping[str, Pin],
    providers: Sequence[BalanceProvider],
    progress: Progress,
) -> dict[int, ControlAnswer]:
    """Ask who controls the accounts whose signatures alone do not prove them."""
    by_name = {scheme.name: scheme for scheme in schemes}
    open_ones: dict[str, list[int]] = {}
    for number, (claim, result, fresh) in enumerate(zip(claims, results, freshly, strict=True)):
        unsettled = result.status in (Status.UNBOUND, Status.KEY_ONLY, Status.FAILED)
        readable = result.scheme in by_name and result.address
        if claim.control is None and unsettled and readable and fresh.freshness is not Freshness.CONTRADICTS:
            open_ones.setdefault(claim.chain, []).append(number)
    found: dict[int, ControlAnswer] = {}
    for chain, numbers in open_ones.items():
        asked = [provider for provider in providers if provider.controls_chain(chain)]
        if not asked or chain not in pinned:
            continue
        questions = {
            number: ControlQuestion(
                evolve(claims[number], address=accounts[number]),
                by_name[results[number].scheme].digests(claims[number]),
            )
            for number in numbers
        }
        for provider in asked:
            left = [number for number in numbers if number not in found or found[number].control is None]
            answers = provider.controls([questions[number] for number in left], pinned[chain], progress)
            found.update(zip(left, _as_many(provider, answers, len(left)), strict=True))
    return found


def _judge_again(
    claims: Sequence[OwnershipClaim],
    results: list[OwnershipResult],
    controls: Mapping[int, ControlAnswer],
    schemes: Sequence[OwnershipScheme],
    checkpoint: Checkpoint | None,
    progress: Progress,
) -> None:
    """What the chain says decides, for better or worse."""
    known = {number: answer.control for number, answer in controls.items() if answer.control is not None}
    again = _ownership(
        [evolve(claims[number], control=control) for number, control in known.items()], schemes, checkpoint, progress
    )
    for number, result in zip(known, again, strict=True):
        results[number] = result


# Balances


def _balances(
    judged: Sequence[JudgedRow], pinned: Mapping[str, Pin], providers: Sequence[BalanceProvider], progress: Progress
) -> dict[int, Answer]:
    """Ask what was held, for every row that could ever count; of several providers the first that knows."""
    questions: dict[str, dict[int, Question]] = {}
    for number, one in enumerate(judged):
        if one.status not in (Status.FAILED, Status.UNSUPPORTED):
            question = Question(one.row.asset, one.row.chain, one.account, one.row.token)
            questions.setdefault(one.row.chain, {})[number] = question
    found: dict[int, Answer] = {}
    for chain, of_chain in questions.items():
        if not providers:
            break
        if chain not in pinned:
            unpinned = Answer(None, "", f"no block of {chain} is pinned")
            found.update(dict.fromkeys(of_chain, unpinned))
            continue
        for provider in providers:
            left = [
                number
                for number, question in of_chain.items()
                if (number not in found or found[number].held is None) and provider.serves(question)
            ]
            if left:
                answers = provider.balances([of_chain[number] for number in left], pinned[chain], progress)
                found.update(zip(left, _as_many(provider, answers, len(left)), strict=True))
        for number in of_chain:
            found.setdefault(number, Answer(None, "", f"nobody was named to ask about {chain}"))
    return found


_A = TypeVar("_A", Answer, ControlAnswer)


def _as_many(provider: BalanceProvider, answers: Sequence[_A], wanted: int) -> Sequence[_A]:
    if len(answers) != wanted:
        raise PluginError(f"balances {provider.name!r} gave {len(answers)} answers to {wanted} questions")
    return answers


# Adding up


def settle(
    judged: Iterable[JudgedRow], assets: Sequence[Asset], liabilities: Sequence[int] | None, policy: ReservesPolicy
) -> Evaluation:
    """Add up judged rows, asset by asset. Depends on nothing else: whoever has the rows gets the same."""
    rows = tuple(judged)
    sums = {asset.symbol: _Sums() for asset in assets}
    for one in rows:
        sums[one.row.asset].add(one, policy)
    owed: Sequence[int | None] = liabilities if liabilities is not None else [None] * len(assets)
    return Evaluation(
        rows,
        tuple(sums[asset.symbol].close(asset, owes, policy) for asset, owes in zip(assets, owed, strict=True)),
        policy,
    )


class _Sums:
    """An asset while its rows are added up."""

    def __init__(self) -> None:
        self._found: dict[_Group, list[int]] = {}

    def add(self, one: JudgedRow, policy: ReservesPolicy) -> None:
        chain = (one.row.chain, one.row.token)
        groups: list[_Group] = [one.status, one.balance.check, chain]
        if one.status is not Status.CUSTODIAL:
            groups.append(one.freshly.freshness)
        if one.status is Status.PROVEN and one.row.control is not None:
            groups.append(None)
        counted = one.counted(policy)
        for group in groups:
            found = self._found.setdefault(group, [0, 0, 0])
            found[0] += 1
            found[1] += one.row.amount
            found[2] += counted

    def _of(self, group: _Group) -> Holding:
        return Holding(*self._found.get(group, ()))

    def close(self, asset: Asset, liabilities: int | None, policy: ReservesPolicy) -> AssetReserves:
        chains = sorted(group for group in self._found if isinstance(group, tuple))
        return AssetReserves(
            asset,
            liabilities,
            {status: self._of(status) for status in Status},
            {check: self._of(check) for check in Check},
            {freshness: self._of(freshness) for freshness in Freshness},
            {chain: self._of(chain) for chain in chains},
            self._of(None),
            policy.least,
        )


_Group = Status | Check | Freshness | tuple[str, str] | None
"""What rows are added up by: a status, an outcome, a chain and token, or (None) proven by what was looked up."""
