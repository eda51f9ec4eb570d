"""Finding out about every row: who controls its account, whether it was signed for this audit, what its chain says.

Every row ends in one status of ownership, one outcome of freshness and one of the balance check. Schemes and providers
are plugins: what they return is checked on arrival, and losing a row or an answer is an error, not a verdict.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from attrs import evolve

from polyproof.balances import Answer, BalanceProvider, ControlAnswer, ControlQuestion, Pin, Question
from polyproof.model.assets import Asset
from polyproof.ownership import OwnershipClaim, OwnershipResult, OwnershipScheme, Status
from polyproof.progress import Progress, Task
from polyproof.reserves import provider_answers
from polyproof.reserves.challenge import Challenges, Freshness, FreshnessVerdict, judge_without_audit
from polyproof.reserves.checkpoint import Checkpoint
from polyproof.reserves.evaluation import UNASKED, BalanceCheck, Evaluation, JudgedRow, Ownership, settle
from polyproof.reserves.provider_answers import balances_of, controls_chain, controls_of
from polyproof.reserves.rows import ReserveRow
from polyproof.reserves.scheme_answers import digests_of
from polyproof.reserves.signatures import verify_ownership
from polyproof.settings.reserves import ReservesPolicy

__all__ = ["check_balances", "confirm", "evaluate", "judge_rows"]


def evaluate(
    rows: Sequence[ReserveRow],
    accounts: Sequence[str],
    *,
    assets: Sequence[Asset],
    schemes: Sequence[OwnershipScheme],
    liabilities: Sequence[int] | None = None,
    lent: Sequence[int] | None = None,
    policy: ReservesPolicy | None = None,
    pins: Sequence[Pin] = (),
    providers: Sequence[BalanceProvider] = (),
    challenges: Challenges | None = None,
    checkpoint: Checkpoint | None = None,
    progress: Progress | None = None,
) -> Evaluation:
    """Judge rows that ``read_reserves`` found coherent, and add them up.

    ``accounts`` has each row's address in canonical form; ``liabilities`` are base units, one for each asset, from a
    proof that was verified, and ``lent`` what accounts owe of each, where they may have debts; ``challenges`` are those
    of the audit, without which every message is stale.
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
    return settle(judged, assets, liabilities, policy or ReservesPolicy(), lent)


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
    """Judge every row, in order: ownership, freshness, control where that is still open, balance."""
    progress = progress or Progress()
    pinned = {pin.chain: pin for pin in pins}
    claims = [row.claim for row in rows]
    results = _ownership(claims, schemes, checkpoint, progress)
    freshness = [_freshness(row, account, challenges) for row, account in zip(rows, accounts, strict=True)]
    controls = _look_up(claims, accounts, results, freshness, schemes, pinned, providers, progress)
    _judge_again(claims, results, controls, schemes, checkpoint, progress)
    judged = [
        _judged(row, account, result, fresh, controls.get(number))
        for number, (row, account, result, fresh) in enumerate(zip(rows, accounts, results, freshness, strict=True))
    ]
    return check_balances(judged, pins, providers, progress)


def confirm(
    judged: Sequence[JudgedRow],
    *,
    schemes: Sequence[OwnershipScheme],
    pins: Sequence[Pin],
    providers: Sequence[BalanceProvider],
    challenges: Challenges,
    progress: Progress,
) -> tuple[JudgedRow, ...]:
    """What a verifier's own providers say of rows that others published, in the place of what those say.

    A row keeps what was claimed of it only where no provider answers. Where one contradicts the claim about who
    controls an account, the row ends as it is judged by the answer.
    """
    rows = list(judged)
    numbers = [number for number, one in enumerate(rows) if one.ownership is Ownership.CLAIMED]
    again = judge_rows(
        [evolve(rows[number].row, control=None) for number in numbers],
        [rows[number].account for number in numbers],
        schemes=schemes,
        pins=pins,
        providers=providers,
        challenges=challenges,
        progress=progress,
    )
    for number, one in zip(numbers, again, strict=True):
        if one.asked or one.status is Status.PROVEN:
            rows[number] = evolve(one, balance=rows[number].balance)
    checked = check_balances(rows, pins, providers, progress)
    return tuple(
        one if one.balance.held is not None else evolve(one, balance=claimed.balance)
        for one, claimed in zip(checked, rows, strict=True)
    )


def check_balances(
    judged: Sequence[JudgedRow], pins: Sequence[Pin], providers: Sequence[BalanceProvider], progress: Progress
) -> tuple[JudgedRow, ...]:
    """The rows with what providers say about their balances; those that nobody is asked about stay as they are."""
    balances = _balances(judged, {pin.chain: pin for pin in pins}, providers, progress)
    return tuple(
        evolve(one, balance=BalanceCheck.compare(one.row.amount, balances[number])) if number in balances else one
        for number, one in enumerate(judged)
    )


def _judged(
    row: ReserveRow,
    account: str,
    result: OwnershipResult,
    fresh: FreshnessVerdict,
    looked_up: ControlAnswer | None,
) -> JudgedRow:
    status, reason = result.status, result.reason
    asked = looked_up is not None and looked_up.control is not None
    if looked_up is not None and looked_up.control is not None:
        row = evolve(row, control=looked_up.control)
    elif looked_up is not None and looked_up.reason:
        reason = f"{reason}; {looked_up.reason}"
    if fresh.freshness is Freshness.CONTRADICTS and status in _SIGNED:
        status, reason = Status.FAILED, fresh.reason
    return JudgedRow(row, account, status, reason, result.scheme, fresh, UNASKED, asked)


_SIGNED = (Status.PROVEN, Status.KEY_ONLY, Status.UNBOUND)


def _freshness(row: ReserveRow, account: str, challenges: Challenges | None) -> FreshnessVerdict:
    return challenges.judge(row.message, row.chain, account) if challenges else judge_without_audit(row.message)


# Ownership


AT_ONCE = 1 << 17
"""How many rows are judged before the checkpoint is written again."""


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
    freshness: Sequence[FreshnessVerdict],
    schemes: Sequence[OwnershipScheme],
    pinned: Mapping[str, Pin],
    providers: Sequence[BalanceProvider],
    progress: Progress,
) -> dict[int, ControlAnswer]:
    """Ask who controls the accounts whose signatures alone do not prove them."""
    by_name = {scheme.name: scheme for scheme in schemes}
    open_ones: dict[str, list[int]] = {}
    for number, (claim, result, fresh) in enumerate(zip(claims, results, freshness, strict=True)):
        unsettled = result.status in (Status.UNBOUND, Status.KEY_ONLY, Status.FAILED)
        readable = result.scheme in by_name and result.address
        if claim.control is None and unsettled and readable and fresh.freshness is not Freshness.CONTRADICTS:
            open_ones.setdefault(claim.chain, []).append(number)
    found: dict[int, ControlAnswer] = {}
    for chain, numbers in open_ones.items():
        asked = [provider for provider in providers if controls_chain(provider, chain)]
        if not asked or chain not in pinned:
            continue
        questions = {
            number: ControlQuestion(
                evolve(claims[number], address=accounts[number]),
                digests_of(by_name[results[number].scheme], claims[number]),
            )
            for number in numbers
        }
        for provider in asked:
            left = [number for number in numbers if number not in found or found[number].control is None]
            answers = controls_of(provider, [questions[number] for number in left], pinned[chain], progress)
            found.update(zip(left, answers, strict=True))
    return found


def _judge_again(
    claims: Sequence[OwnershipClaim],
    results: list[OwnershipResult],
    controls: Mapping[int, ControlAnswer],
    schemes: Sequence[OwnershipScheme],
    checkpoint: Checkpoint | None,
    progress: Progress,
) -> None:
    """What the chain says decides, whether it proves the row or fails it."""
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
    """Ask what was held, for every row that could ever count; the first provider that knows decides."""
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
                if (number not in found or found[number].held is None) and provider_answers.serves(provider, question)
            ]
            if left:
                asked = [of_chain[number] for number in left]
                found.update(zip(left, balances_of(provider, asked, pinned[chain], progress), strict=True))
        for number in of_chain:
            found.setdefault(number, Answer(None, "", f"no provider is named to ask about {chain}"))
    return found
