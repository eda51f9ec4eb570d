"""What the report says in words, and how it rounds: always against the organisation.

What is owed is rounded up, what is held and every ratio down, a gap up. Exact amounts are on the page of each asset.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from fractions import Fraction

from polyproof.backend import EVERY_ACCOUNT
from polyproof.model.holdings import FINEST, amount_text
from polyproof.model.timestamps import FORMAT as TIMESTAMP
from polyproof.publication.attestations import KIND_NAMES, unquoted
from polyproof.publication.report.document import (
    Report,
    ReportAsset,
    ReportAttestation,
    ReportCorrection,
    ReportEntry,
    ReportEvidence,
)
from polyproof.reserves.evaluation import percent
from polyproof.settings.reserves import ReservesPolicy

__all__ = [
    "BALANCE_LABELS",
    "FRESHNESS_LABELS",
    "NOT_EXAMINED",
    "OWNERSHIP_LABELS",
    "asset_sentence",
    "attestation_sentences",
    "checked_sentence",
    "compared_with",
    "corrected_sentence",
    "corrects_sentence",
    "could_still",
    "count",
    "date",
    "encumbered_sentence",
    "evidence_sentences",
    "exact",
    "headline",
    "held",
    "is_proven",
    "joined",
    "left_out_sentence",
    "moment",
    "month",
    "on_word",
    "outcome",
    "owed",
    "owed_how",
    "own_rule",
    "percentage",
    "policy_sentences",
    "required",
    "standing",
    "times_sentence",
    "to_the_second",
    "verdict_sentence",
]

_CONTEXT = Context(prec=400)
_SIGNIFICANT = 8
"""How many digits a rounded amount has, unless it has more before the decimal point."""

OWNERSHIP_LABELS = {
    "signed": ("Signed", "Signed by the keys that the address is derived from."),
    "looked_up": ("Looked up", "Signed by those who control the account, as its chain said when it was asked here."),
    "claimed": (
        "Claimed",
        "Signed by those who control the account, if its chain said what the organisation says; it was not asked here.",
    ),
    "key_only": ("Key only", "Signed by a key, but the address is a name that does not say which key controls it."),
    "unbound": ("Unbound", "Signed, but nothing known ties the signers to the address."),
    "custodial": ("Held by others", "Declared to be with a custodian; no signature was checked."),
    "unsupported": ("Not judged", "No installed scheme can judge this chain; nothing was checked. Never counts."),
    "failed": ("Failed", "Something that was checked does not hold. Never counts."),
}
BALANCE_LABELS = {
    "confirmed": ("Confirmed", "Asked here, the chain gave exactly this amount at the block stated for the snapshot."),
    "differs": ("Differs", "Asked here, the chain gave a different amount; the smaller of the two counts."),
    "claimed": ("Claimed", "What the chain gave when it was asked, says the organisation; it was not asked here."),
    "not_checked": ("Not checked", "No chain was asked, or no usable answer came."),
}
FRESHNESS_LABELS = {
    "challenge": ("For this audit", "The signed message names this audit, its liabilities, the block and the address."),
    "stale": ("For another audit", "The signed message names another audit of the organisation, or an unknown block."),
    "constant": (
        "For no audit",
        "The signed message names no audit: anybody could have signed it for anybody, at any time.",
    ),
    "contradicts": ("For something else", "The signed message names another audit, block or address; the row failed."),
}


# Amounts


def exact(amount: str) -> str:
    """An exact decimal, with thousands separated."""
    sign = "−" if amount.startswith("-") else ""
    whole, point, fraction = amount.removeprefix("-").partition(".")
    return f"{sign}{int(whole):,}{point}{fraction}"


def _rounded(amount: str, rounding: str) -> str:
    value = Decimal(amount)
    before = len(str(abs(int(value)))) if abs(value) >= 1 else 0
    # Below one, digits are counted from the first that is not zero.
    digits = _SIGNIFICANT - before if before else _SIGNIFICANT - min(value.adjusted() + 1, 0) if value else 0
    step = Decimal(1).scaleb(-max(2, digits))
    if value == value.quantize(step, context=_CONTEXT):
        return exact(amount)
    text = f"{value.quantize(step, rounding=rounding, context=_CONTEXT):f}"
    return exact(text.rstrip("0").rstrip("."))


def owed(amount: str) -> str:
    """A liability, or what is missing: rounded up."""
    return _rounded(amount, ROUND_CEILING)


def held(amount: str) -> str:
    """A holding: rounded down."""
    return _rounded(amount, ROUND_FLOOR)


def percentage(ratio: Fraction | str | None) -> str:
    """A ratio, or a percentage that is rounded already."""
    if ratio is None:
        return "–"
    text = ratio if isinstance(ratio, str) else percent(ratio)
    whole, point, fraction = text.partition(".")
    return f"{int(whole):,}{point}{fraction}\u00a0%"


def required(least: Fraction) -> str:
    """The least ratio of a policy, exact: ``100 %``, ``102.5 %``."""
    return f"{exact(amount_text(int(least * 100 * 10**FINEST)))}\u00a0%"


# Words


def count(number: int, one: str, many: str | None = None) -> str:
    """A number and what is counted."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def joined(words: Sequence[str], last: str = "and", most: int = 6) -> str:
    """A list in a sentence: if it is long, its beginning and how many more there are."""
    if len(words) > most:
        return f"{', '.join(words[: most - 1])} {last} {len(words) - most + 1} more"
    return f" {last} ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def _parsed(time: str) -> datetime:
    return datetime.strptime(time, TIMESTAMP)


_MONTHS = (
    "January February March April May June July August September October November December".split()  # noqa: SIM905
)


def date(time: str) -> str:
    """``30 November 2025``."""
    parsed = _parsed(time)
    return f"{parsed.day} {_MONTHS[parsed.month - 1]} {parsed.year}"


def month(time: str) -> str:
    """``Nov 2025``: for the axis of a chart."""
    parsed = _parsed(time)
    return f"{_MONTHS[parsed.month - 1][:3]} {parsed.year}"


def moment(time: str) -> str:
    """``30 November 2025, 00:00 UTC``."""
    return f"{date(time)}, {_parsed(time):%H:%M} UTC"


def to_the_second(time: str) -> str:
    """``30 November 2025, 00:00:01 UTC``: for a limit, which without its seconds would be another."""
    return f"{date(time)}, {_parsed(time):%H:%M:%S} UTC"


def policy_sentences(policy: ReservesPolicy, *, theirs: bool = False) -> list[str]:
    """What counted as a holding, in plain words.

    ``theirs``: the policy is the organisation's own, and what it looked up is its word to whoever wrote the page.
    """
    names = [OWNERSHIP_LABELS[status.replace("-", "_")][0].lower() for status in policy.count]
    counted = f"Rows count whose ownership is {joined(names, 'or')}." if names else "No row counts at all."
    balances = (_THEIR_BALANCES if theirs else _BALANCES)[policy.balances]
    signed = [_MESSAGES[one] for one in policy.messages]
    messages = f"Signatures count if the signed message {' or '.join(signed)}." if signed else "No signature counts."
    least = f"Each asset must be covered to at least {required(policy.least)}"
    net = " of what is owed less what is lent, where accounts have debts" if policy.against == "net" else ""
    return [f"{least}{net}.", counted, balances, messages, SMALLER]


_BALANCES = {
    "checked": "Only balances count that were looked up on their chain for this page.",
    "claimed": "Balances count that were looked up on their chain for this page, or that the organisation says it "
    "looked up.",
    "declared": "Balances count that were looked up on their chain for this page, or that the organisation states, "
    "whether it says that it looked them up or not.",
}
_LOOKED_UP = "Ownership and balances count as looked up if it says that it looked them up."
_THEIR_BALANCES = {
    "checked": f"{_LOOKED_UP} No other balances count.",
    "claimed": f"{_LOOKED_UP} No other balances count.",
    "declared": f"{_LOOKED_UP} Other balances count as it states them.",
}
SMALLER = "Where a chain gave, or is said to have given, another amount than the declared one, the smaller counts."
_MESSAGES = {
    "challenge": "was written for this particular audit",
    "stale": "was written for another audit of the organisation",
    "constant": "names no audit, which anybody could have signed for anybody, at any time",
}


def own_rule(report: Report) -> str:
    """The organisation's own verdict, by its own policy."""
    assert report.reserves is not None
    own = report.reserves.by_organisation
    verb = "is" if len(own.short) == 1 else "are"
    verdict = "every asset is covered" if own.met else f"{joined(own.short)} {verb} not covered"
    if own.policy == report.reserves.policy:
        return f"By the organisation's own rule, which is the same, and its own look-ups, {verdict}."
    return f"By the organisation's own rule, {verdict}. {' '.join(policy_sentences(own.policy, theirs=True))}"


# Sentences about a report


def is_proven(report: Report) -> bool:
    """Whether the totals are proven to everybody, rather than committed to and left for users to check.

    What is proven is a sum of accounts: never that everybody's account is among them, nor that nothing else is owed.
    """
    found = report.guarantees
    return found.exact_totals and found.non_negativity == EVERY_ACCOUNT and not report.security.insecure_setup


def standing(report: Report) -> str:
    """What the totals are: proven to everybody; committed to and left for users to check; or, where anybody can forge
    the proof, no more than stated.
    """
    if report.security.insecure_setup:
        return "stated"
    return "proven" if is_proven(report) else "committed to"


def owed_how(report: Report) -> str:
    """What the totals are, after "owed"."""
    return {
        "proven": "to the accounts listed, as proven",
        "committed to": "as the organisation has committed to it",
        "stated": "as whoever made the audit states",
    }[standing(report)]


def outcome(met: bool | None, on_word: Sequence[str], owed: bool = True) -> tuple[str, str]:
    """The kind of an outcome, which decides its icon and colour, and its name.

    Its colour is that of the weakest part: it is good only if nothing is taken on the organisation's word.
    """
    if met is None:
        return "open", "Reserves not examined"
    if met and not owed:
        return "open" if "liabilities" in on_word else "good", "Nothing owed"
    if met:
        return ("word", "Covered, on its word") if on_word else ("good", "Covered")
    return "bad", "Not covered"


def headline(report: Report) -> str:
    """The verdict in a few words. Under an insecure set-up no word of it stands alone, wherever it is quoted."""
    said = _headline(report)
    return f"INSECURE SET-UP, so that anybody can have forged this. {said}" if report.security.insecure_setup else said


def _headline(report: Report) -> str:
    assets, short = report.assets, report.short
    if report.verdict == "liabilities-only":
        whose = " for the accounts listed" if is_proven(report) else ""
        return f"Totals owed are {standing(report)}{whose}; reserves were not examined"
    if report.verdict == "covered":
        every = "Every audited asset" if report.left_out else "Every asset"
        covered = f"{every if len(assets) > 1 else assets[0].symbol} is covered"
        word = f"{covered}, if the organisation's word on {on_word(report.on_word)} is true"
        return word if report.on_word else covered
    if len(short) == len(assets):
        return "No asset is covered" if len(assets) > 1 else f"{assets[0].symbol} is not covered"
    verb = "is" if len(short) == 1 else "are"
    return f"{len(short)} of {count(len(assets), 'asset')} {verb} not covered"


def verdict_sentence(report: Report) -> str:
    """The verdict, complete."""
    who = report.audit.organisation or "The organisation"
    proven = is_proven(report)
    if report.reserves is None:
        sums = "gross totals below are the exact sums of what a list of accounts has, before what they owe is deducted"
        if report.netting is None:
            sums = "totals below are the exact sums of a list of accounts, none of them negative"
        has = (
            f"has proven that the {sums}. Whether a user is in the list, only that user can check"
            if proven
            else "is said here to owe the totals below. Nothing shows it: the secret of the set-up is public"
            if report.security.insecure_setup
            else "has committed itself to the totals below. What they are the sums of, only users can check, each for "
            "their own account"
        )
        return (
            f"{who} {has}. What it holds was not part of this audit: there is no ratio, and nothing here shows that "
            "the assets exist."
        )
    least, owes = (
        required(report.reserves.policy.least),
        f"what {who} is proven to owe the accounts in its list" if proven else f"what {who} says it owes",
    )
    if report.netting is not None:
        net = report.reserves.policy.against == "net"
        owes += ", less what it lends to them" if net else ", with nothing deducted for what they owe"
    if report.verdict == "covered":
        each = f", in each of {count(len(report.assets), 'asset')}" if len(report.assets) > 1 else ""
        return f"Holdings that count here are at least {least} of {owes}{each}."
    short = joined([asset.symbol for asset in report.short])
    return f"Holdings that count here are less than {least} of {owes} in {short}."


_ON_WORD = {
    "liabilities": "what it owes",
    "borrowers": "its borrowers",
    "ownership": "ownership",
    "balances": "balances",
    "messages": "signatures",
}


def on_word(names: Sequence[str]) -> str:
    """What is taken on the organisation's word."""
    return joined([_ON_WORD[name] for name in names])


def checked_sentence(report: Report) -> str:
    """What whoever wrote the page has checked about the rows that count."""
    assert report.reserves is not None
    counted = {(one.of, one.outcome): one.counted for one in report.reserves.rows}
    total = sum(number for (of, _), number in counted.items() if of == "ownership")
    if not total:
        return "No row counts."
    shown = counted.get(("ownership", "signed"), 0) + counted.get(("ownership", "looked-up"), 0)
    asked = counted.get(("balances", "confirmed"), 0) + counted.get(("balances", "differs"), 0)
    bound = counted.get(("messages", "challenge"), 0)
    rest = "" if shown == asked == bound == total else " The rest is the organisation's word."
    rows = "One row counts. As" if total == 1 else f"Of {total:,} rows that count, as"
    return (
        f"{rows} whoever wrote this page has checked, {_of(shown, total)} signed by those who control the address, "
        f"{_of(bound, total)} signed for this audit, and {_of(asked, total)} looked up on its chain for its balance."
        f"{rest}"
    )


def _of(number: int, total: int) -> str:
    """How many rows: a verb follows that fits any number."""
    if total == 1:
        return "it was" if number else "it was not"
    return (
        "all were" if number == total else "none was" if not number else "1 was" if number == 1 else f"{number:,} were"
    )


def times_sentence(report: Report) -> str:
    """The times that the audit states, which are the organisation's word."""
    return (
        f"Balances as of {moment(report.audit.snapshot)}, totals {standing(report)} from "
        f"{moment(report.audit.created)}: both times as the organisation states."
    )


def corrects_sentence(correction: ReportCorrection) -> str:
    """What the audit says it corrects."""
    which = f"audit {correction.audit_id}" if correction.audit_id else "an earlier audit"
    return f"This audit corrects {which}. What was wrong, as the organisation says: {correction.reason}"


def corrected_sentence(later: ReportEntry) -> str:
    """What a later audit says of the one that a page is about."""
    assert later.corrects is not None
    return (
        f"Audit {later.audit_id} corrects this one. What was wrong with this one, as the organisation says: "
        f"{later.corrects.reason}"
    )


def left_out_sentence(report: Report) -> str:
    """Which assets the organisation chose to leave out, and what that means; empty if it says of none."""
    if not report.left_out:
        return ""
    them = "it" if len(report.left_out) == 1 else "them"
    return (
        f"The organisation says that its accounts have {count(len(report.left_out), 'further asset')}, no part of this "
        f"audit: {joined([one.asset for one in report.left_out])}. Nothing is proven about {them}, and what is held "
        f"for {them} is not counted. Names and sums are the organisation's word, and it may have left out more."
    )


def encumbered_sentence(asset: ReportAsset, report: Report) -> str:
    """To how much of an asset the organisation declares that somebody else has a claim, and what the ratio would be
    without that; empty if it declares nothing of the kind.

    There is such a ratio only where every claim is declared with its amount.
    """
    declared = report.disclosures.encumbered if report.disclosures else None
    claims = [one for one in declared or () if one.asset == asset.symbol]
    if not claims:
        return ""
    told = "The organisation declares that somebody else has a claim to "
    known = all(one.amount is not None for one in claims)
    if asset.encumbered is None:
        told += f"some of its {asset.symbol}, without saying how much."
    else:
        told += f"{exact(asset.encumbered)} {asset.symbol} of what it has"
        told += "." if known else ", and to more without saying how much."
    if asset.ratio is None:
        return told
    without = percentage(asset.ratio_without_encumbered)
    return f"{told} The ratio leaves that in{f'; without it, it would be at least {without}' if known else ''}."


NOT_EXAMINED = "Nothing here is about what the organisation holds: reserves were not part of this audit."


def could_still(report: Report) -> tuple[str, ...]:
    """What a dishonest organisation could still do, after that phrase; nothing shows when accounts were read."""
    return (
        *report.guarantees.remaining_trust,
        f"state balances that accounts had at another time than {moment(report.audit.snapshot)}: that time is its "
        f"word, and so is {moment(report.audit.created)}, when it says the proof was started",
    )


def compared_with(report: Report) -> str:
    """What holdings are compared with."""
    if report.netting is None or report.reserves is None:
        return "what is owed"
    if report.reserves.policy.against == "net":
        return "what is owed less what is lent"
    return "what is owed, with nothing deducted"


def asset_sentence(asset: ReportAsset, report: Report) -> str:
    """The verdict on one asset."""
    if asset.reserves is None or report.reserves is None:
        whose = " to the accounts listed" if is_proven(report) else ""
        return f"What is owed{whose} is {standing(report)}. What is held was not part of this audit."
    if asset.ratio is None:
        net = ", less what is lent" if asset.lending is not None and Fraction(asset.liabilities) else ""
        return f"Nothing is owed in this asset{net}, {owed_how(report)}."
    found = f"{percentage(asset.ratio)} of {compared_with(report)}"
    least = required(report.reserves.policy.least)
    if asset.met:
        if not asset.on_word:
            return (
                f"Holdings that count are {found}; at least {least} is required. For every row that "
                "counts, ownership, balance and signed message were checked here."
            )
        return (
            f"Holdings that count are {found}; at least {least} is required. That takes the "
            f"organisation's word on {on_word(asset.on_word)}."
        )
    if asset.reserves.surplus.startswith("-"):
        missing = owed(asset.reserves.surplus.removeprefix("-"))
        return f"Holdings that count are {found}: {missing} {asset.symbol} short."
    return f"Holdings that count are {found}, but at least {least} is required."


def evidence_sentences(one: ReportEvidence) -> tuple[str, ...]:
    """What a file of evidence shows about the publication digest, and whether whoever wrote the page has checked it."""
    if not one.looked_at:
        return ("Whoever wrote this page has not looked at it.",)
    said = []
    if one.clock is not None:
        when = f"by {to_the_second(one.latest)}" if one.latest else "at a time that it does not state"
        if one.time_checked:
            said.append(
                f"The digest existed {when}, by the clock of {one.clock}. Whoever wrote this page has checked that."
            )
        else:
            said.append(
                f"It claims that the digest existed {when}, by the clock of {one.clock}. Whoever wrote this page has "
                "not checked that."
            )
    said += [f"It holds a promise of {who} to note the digest, which so far shows nothing." for who in one.pending]
    if one.where is None:
        said.append("Whether another audit was made for the same place in the history, such evidence cannot show.")
    elif not one.uniqueness_checked:
        said.append(
            f"It claims that the digest is noted at {one.where}. Whether another is noted there for the same place in "
            "the history, whoever wrote this page has not checked."
        )
    elif one.others:
        noted = f"{count(one.others, 'other record')} {'is' if one.others == 1 else 'are'} noted"
        said.append(
            f"At {one.where} {noted} for the same place in the history: NOT UNIQUE. Whoever wrote this page has looked."
        )
    else:
        said.append(
            f"At {one.where} it is the only record of its place in the history. Whoever wrote this page has looked."
        )
    if one.rests_on:
        said.append(f"What that rests on, as whoever wrote this page was told: “{' '.join(one.rests_on)}”")
    return tuple(said)


def attestation_sentences(one: ReportAttestation) -> tuple[str, ...]:
    """What is known about a signed statement, and by whom; what it states is not among it."""
    kind = KIND_NAMES[one.statement.kind]
    by = (
        f"the key {one.key}"
        if one.certificate is None and one.algorithm == "ed25519"
        else f"the key of the certificate {one.key}"
        + (f", which calls itself “{unquoted(one.certificate)}”" if one.certificate else "")
    )
    signer = unquoted(one.statement.signer)
    said = [
        f"It calls itself {kind}, by “{signer}”, of {to_the_second(one.statement.date)}: all of that is its own word."
    ]
    if one.fault is not None:
        said.append(f"NOT TO BE BELIEVED: {one.fault}.")
    elif one.why_not_checked is not None:
        said.append(f"It claims to be signed by {by}. Whoever wrote this page has not checked that.")
    elif one.by is not None:
        said.append(f"Signed by {by}. By the policy of whoever wrote this page that is the key of {one.by}.")
    else:
        said.append(f"Signed by {by}. Whose that is, this page does not say: anybody can make a key.")
    return (*said, *one.rests_on)
