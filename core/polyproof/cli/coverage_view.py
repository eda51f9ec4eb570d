"""What was found out about reserves, for machines and for people: by whose policy, checked by whom."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from polyproof.cli.shapes import COUNT, FLAG, TEXTS, Shape, by_name, nullable, one_of, record
from polyproof.cli.views import points

if TYPE_CHECKING:
    from rich.console import Console as RichConsole

    from polyproof.publication.history import VerifiedAudit
    from polyproof.reserves import ReservesVerified
    from polyproof.settings.reserves import ReservesPolicy

__all__ = [
    "COVERAGE",
    "coverage_payload",
    "coverage_text",
    "policy_text",
    "show_coverage",
    "whose",
]


_POLICY: Shape = {"type": "object", "description": "As in a spec, reserves.policy: docs/reference/reserves.md."}
_ROWS = by_name(record(rows=COUNT, counted=COUNT))
COVERAGE: dict[str, Shape] = {
    "reserves": one_of("checked", "not-checked", None),
    "met": nullable(FLAG),
    "short": TEXTS,
    "holdings": nullable(
        record(
            policy=_POLICY,
            ownership=_ROWS,
            balances=_ROWS,
            messages=_ROWS,
            on_word=TEXTS,
            establishes=TEXTS,
            leaves_open=TEXTS,
            by_organisation=record(policy=_POLICY, met=nullable(FLAG), short=TEXTS),
        )
    ),
}


def coverage_payload(verified: VerifiedAudit) -> dict[str, Any]:
    """What ``verify`` says of an audit's reserves, for machines; ``reserves`` is ``null`` if it has none."""
    found = verified.reserves
    if found is None:
        unchecked = "not-checked" if verified.reserves_unchecked else None
        return {"reserves": unchecked, "met": None, "short": [], "holdings": None}
    from polyproof.config.options import plain
    from polyproof.reserves import Check, Ownership
    from polyproof.reserves.challenge import Freshness

    def rows(kinds: Iterable[Ownership | Check | Freshness]) -> dict[str, Any]:
        return {
            str(kind.value): {"rows": found.tallies[kind].rows, "counted": found.tallies[kind].counted}
            for kind in kinds
        }

    return {
        "reserves": "checked",
        "met": verified.met,
        "short": _short(found),
        "holdings": {
            "policy": plain(found.evaluation.policy),
            "ownership": rows(Ownership),
            "balances": rows(Check),
            "messages": rows(Freshness),
            "on_word": list(found.on_word),
            "establishes": list(found.establishes),
            "leaves_open": list(found.leaves_open),
            "by_organisation": {
                "policy": plain(found.published.policy),
                "met": found.published.met,
                "short": list(found.published.short),
            },
        },
    }


def coverage_text(verified: VerifiedAudit) -> str:
    """The same in a cell of a table."""
    if verified.reserves_unchecked:
        return "NOT CHECKED"
    if verified.reserves is None:
        return "not examined"
    if verified.met:
        on_word = verified.reserves.on_word
        return f"covered, on its word ({', '.join(on_word)})" if on_word else "covered"
    return f"NOT COVERED: {', '.join(_short(verified.reserves))}"


def show_coverage(rich: RichConsole, found: ReservesVerified) -> None:
    """The same for people."""
    policy = found.evaluation.policy
    name = whose(policy)
    if not found.evaluation.met:
        rich.print(f"NOT COVERED by {name}: {', '.join(_short(found))}.", style="bold red")
    elif found.on_word:
        rich.print(
            f"COVERED by {name}, if the organisation's word on {_joined(found.on_word)} is true.",
            style="bold yellow",
        )
    else:
        rich.print(f"COVERED by {name}.", style="bold green")
    rich.print(f"{name.capitalize()} counts {policy_text(policy)}.")
    theirs = "covered" if found.published.met else f"not covered: {', '.join(found.published.short)}"
    rich.print(
        f"By the organisation's own rule: {theirs}. It counts {policy_text(found.published.policy, theirs=True)}."
    )
    rich.print("About the holdings this establishes:")
    points(rich, found.establishes)
    rich.print("It leaves open:")
    points(rich, found.leaves_open)


def whose(policy: ReservesPolicy) -> str:
    """What a policy is called to whoever gave it, or gave none."""
    from polyproof.settings.reserves import ReservesPolicy

    return "the default policy" if policy == ReservesPolicy() else "your policy"


def policy_text(policy: ReservesPolicy, *, theirs: bool = False) -> str:
    """A policy in a few words: what counts, and how much is enough.

    ``theirs``: it is the organisation's, read by somebody else, to whom what it looked up is its word.
    """
    its_own = "with balances that it says it looked up"
    balances = {
        "checked": its_own if theirs else "with balances that were looked up here",
        "claimed": its_own
        if theirs
        else "with balances that were looked up here or that the organisation says it looked up",
        "declared": "with balances as it states them"
        if theirs
        else "with balances as the organisation states them where they were not looked up here",
    }[policy.balances]
    told = [f"rows that are {_joined(policy.count, 'or') or 'nothing'}", balances]
    told.append(f"whose signed message is {_joined([_MESSAGES[one] for one in policy.messages], 'or') or 'of no kind'}")
    net = ", less what is lent where accounts have debts" if policy.against == "net" else ""
    return f"{', '.join(told)}; required is {policy.least_ratio} × what is owed{net}"


_MESSAGES = {
    "challenge": "for this audit",
    "stale": "for another audit",
    "constant": "a constant text that anybody could have signed for anybody",
}


def _short(found: ReservesVerified) -> list[str]:
    return [asset.asset.symbol for asset in found.evaluation.short]


def _joined(words: Sequence[str], word: str = "and") -> str:
    return f" {word} ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))
