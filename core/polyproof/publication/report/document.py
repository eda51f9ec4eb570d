"""The report as data: what was verified of an audit and of those before it. The site and ``report.json`` show this.

``polyproof.publication.report.make`` makes it from what verification returned. The classes here declare what it may
contain, and the published JSON Schema is generated from them.
"""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

import attrs
from attrs import frozen

from polyproof.balances import Pin
from polyproof.config.options import option, plain
from polyproof.liabilities.attestation_file import Statement
from polyproof.model.assets import Asset
from polyproof.model.disclosures import Disclosures
from polyproof.model.holdings import FINEST, amount_text
from polyproof.model.left_out import LeftOut
from polyproof.model.manifest import Verifier
from polyproof.model.names import AUDIT_ID, DIGEST, EXACT_DECIMAL, NAME, SYMBOL, TIME
from polyproof.model.prices import Quote
from polyproof.model.timestamps import in_calendar
from polyproof.reserves.published import PublishedAsset, PublishedEvidence, Unverified
from polyproof.security import FigureName
from polyproof.settings.reserves import ReservesPolicy

__all__ = [
    "FORMAT",
    "REPORT",
    "VERSION",
    "ByOrganisation",
    "EntryAsset",
    "Report",
    "ReportAbsence",
    "ReportAsset",
    "ReportAttestation",
    "ReportAudit",
    "ReportCorrection",
    "ReportEntry",
    "ReportEvidence",
    "ReportFigure",
    "ReportGuarantees",
    "ReportLeftUnderwater",
    "ReportLending",
    "ReportNetting",
    "ReportPledged",
    "ReportReserves",
    "ReportRows",
    "ReportSecurity",
    "ReportTerm",
    "ReportUnderwater",
    "fraction",
    "report_schema",
    "report_schema_text",
]

REPORT = "report.json"
FORMAT = "polyproof/report"
VERSION = 2

_DECIMAL = (r"(0|[1-9][0-9]{0,160})(\.[0-9]{0,76}[1-9])?", "an exact decimal without trailing zeros, as text")
_PERCENT = (r"(0|[1-9][0-9]{0,200})\.[0-9]{2}", "a percentage with two decimals, rounded down")


@frozen(kw_only=True)
class ReportAudit:
    """The audit that the report is about."""

    audit_id: str = option(pattern=AUDIT_ID, doc="Its id.")
    organisation: str | None = option(doc="Whose audit it is, as the manifest has it.")
    created: str = option(
        pattern=TIME, check=in_calendar, doc="When its proof was started, by the organisation's word."
    )
    snapshot: str = option(pattern=TIME, check=in_calendar, doc="The time that balances owed and held are stated for.")
    publication_digest: str = option(pattern=DIGEST, doc="SHA-256 of its publication record: what readers compare.")
    manifest_digest: str = option(pattern=DIGEST, doc="SHA-256 of its manifest, which the record names.")
    previous: str | None = option(
        pattern=DIGEST, doc="Publication digest of the previous audit; null if this is the first."
    )
    backend: str = option(doc="Name of the proof backend.")
    components: tuple[str, ...] = option(doc="What its options name, kind and name: constraints, commitment, hash, …")
    segments: int = option(least=1, doc="How many proofs it has.")
    proof_bytes: int = option(least=0, doc="Bytes of all proofs.")
    verifier: Verifier | None = option(
        doc="Where the organisation says that readers get a program to check it, as the manifest has it."
    )


ON_WORD = ("liabilities", "borrowers", "ownership", "balances", "messages")
"""What a verdict may take on the organisation's word."""


@frozen(kw_only=True)
class ReportPledged:
    """What is pledged of an asset for one purpose."""

    category: str = option(pattern=NAME, doc="The purpose, as the spec of the audit has it.")
    amount: str = option(pattern=_DECIMAL, doc="By all accounts, in coins.")


@frozen(kw_only=True)
class ReportLending:
    """What accounts owe of an asset, and have pledged of it."""

    lent: str = option(pattern=_DECIMAL, doc="What accounts owe the organisation, in coins.")
    net: str = option(
        pattern=_DECIMAL,
        doc="What is owed less what is lent, in coins; 0 where more is lent than accounts have. It is no bound on what "
        "is owed of the asset: debts of others lower it.",
    )
    beyond: str = option(
        pattern=_DECIMAL,
        doc="What is lent beyond what all accounts have, in coins: the organisation's own. It offsets no other asset.",
    )
    pledged: tuple[ReportPledged, ...] = option(items=(0, 64), doc="For each purpose, in the order of the spec.")
    price_for_debts: str = option(pattern=EXACT_DECIMAL, doc="Of one coin: the highest of the stated quotes.")
    price_for_collateral: str = option(pattern=EXACT_DECIMAL, doc="Of one coin: the lowest, before its haircut.")
    gross_value: str = option(pattern=EXACT_DECIMAL, doc="What is owed, at the median of the quotes.")
    net_value: str = option(pattern=EXACT_DECIMAL, doc="Net, at the median of the quotes.")


@frozen(kw_only=True)
class ReportAsset:
    """One asset."""

    symbol: str = option(pattern=SYMBOL, doc="As the manifest has it.")
    decimals: int = option(least=0, most=77, doc="As the manifest has it.")
    liabilities: str = option(pattern=_DECIMAL, doc="What is owed, in coins, as the proof states it.")
    control: str | None = option(
        pattern=EXACT_DECIMAL,
        doc="The sum that a query of the organisation's own gave, in coins, as the manifest has it: its word, which "
        "readers cannot check. null if it states none.",
    )
    reserves: PublishedAsset | None = option(
        doc="What is held, as whoever wrote the report knows it and counts it by its own policy; null if the audit is "
        "of liabilities alone."
    )
    on_word: tuple[str, ...] = option(
        choices=ON_WORD,
        doc="What the verdict on it takes on the organisation's word; liabilities: no proof binds what is owed for "
        "everybody; borrowers: what they owe is deducted, and nothing shows that they are not the organisation itself. "
        "Empty if all of it was checked, or reserves are no part of the audit.",
    )

    lending: ReportLending | None = option(doc="What is lent and pledged of it; null where no account can have debts.")
    own_issued: bool = option(doc="Whether the organisation declares that it issues the asset itself.")
    encumbered: str | None = option(
        pattern=EXACT_DECIMAL,
        doc="How much of it, in coins, the organisation declares that somebody else has a claim to, as far as it "
        "states amounts: what it declares without one in disclosures comes on top. null if it declares no amount. The "
        "ratio leaves it in.",
    )

    @property
    def asset(self) -> Asset:
        """For arithmetic."""
        return Asset(self.symbol, self.decimals)

    @property
    def met(self) -> bool | None:
        """Whether it is covered as the report's policy requires; None where reserves were not part of the audit."""
        return self.reserves.met if self.reserves else None

    @property
    def declared(self) -> str:
        """What all rows declare, in coins, whether they count or not."""
        found = attrs.astuple(self.reserves.ownership, recurse=False) if self.reserves else ()
        return amount_text(sum(int(Fraction(holding.amount) * 10**FINEST) for holding in found))

    @property
    def ratio(self) -> Fraction | None:
        """Counted holdings to liabilities; None where nothing is owed or reserves are not part of the audit."""
        return fraction(self.reserves) if self.reserves else None

    @property
    def ratio_without_encumbered(self) -> Fraction | None:
        """The least that the ratio can be without the amount declared as encumbered; None where either is unknown."""
        if self.reserves is None or self.encumbered is None or self.ratio is None:
            return None
        compared = Fraction(self.reserves.counted) - Fraction(self.reserves.surplus)
        return max(Fraction(self.reserves.counted) - Fraction(self.encumbered), Fraction()) / compared


@frozen(kw_only=True)
class ReportLeftUnderwater:
    """What accounts that were left out have and owe of an asset."""

    symbol: str = option(pattern=SYMBOL, doc="The asset.")
    equity: str = option(pattern=_DECIMAL, doc="What they have, in coins.")
    debt: str = option(pattern=_DECIMAL, doc="What they owe, in coins.")


@frozen(kw_only=True)
class ReportUnderwater:
    """Accounts that are no part of the audit because what they have pledged does not cover what they owe."""

    accounts: int = option(least=1, doc="How many, as the organisation says.")
    assets: tuple[ReportLeftUnderwater, ...] = option(
        items=(1, 4096), doc="What they have and owe of every asset of the audit, in its order: its word."
    )


@frozen(kw_only=True)
class ReportNetting:
    """What holds for all accounts with debts together."""

    covered: bool = option(
        doc="Whether it is proven that what each account has pledged counts for at least what it owes. If not, debts "
        "may be invented, and net totals say nothing."
    )
    segments: int = option(least=0, doc="How many of the proofs are of accounts with debts.")
    currency: str = option(pattern=SYMBOL, doc="What prices and values are counted in.")
    gross_value: str = option(pattern=EXACT_DECIMAL, doc="What is owed of all assets, at the medians of the quotes.")
    net_value: str = option(
        pattern=EXACT_DECIMAL, doc="Net of all assets likewise. Where more is lent than accounts have, net is 0."
    )
    quotes: tuple[Quote, ...] = option(
        items=(1, 1 << 18), doc="The prices that debts and collateral are weighed by, as the manifest states them."
    )
    underwater: ReportUnderwater | None = option(doc="Accounts that were left out; null if none was.")


@frozen(kw_only=True)
class ReportRows:
    """The rows that ended in one way."""

    of: str = option(choices=("ownership", "balances", "messages"), doc="What about the rows was found out.")
    outcome: str = option(doc="How that ended, as in assets.")
    rows: int = option(least=0, doc="How many rows ended so.")
    counted: int = option(least=0, doc="How many of them count.")


@frozen(kw_only=True)
class ByOrganisation:
    """How the organisation itself judges its holdings: by its own policy, believing its own look-ups."""

    policy: ReservesPolicy = option(doc="Which holdings it counted, and how much it required.")
    met: bool = option(doc="Whether every asset is covered by that policy.")
    short: tuple[str, ...] = option(pattern=SYMBOL, doc="The assets that are not.")


@frozen(kw_only=True)
class ReportReserves:
    """The time and blocks that holdings are stated for, and how they were counted."""

    digest: str = option(pattern=DIGEST, doc="SHA-256 of reserves.json.")
    met: bool = option(doc="Whether every asset is covered as the report's policy requires.")
    short: tuple[str, ...] = option(pattern=SYMBOL, doc="The assets that are not.")
    policy: ReservesPolicy = option(
        doc="Which holdings are counted here, and how much is required: the policy of whoever wrote the report."
    )
    by_organisation: ByOrganisation = option(doc="The organisation's own verdict, by its own policy.")
    pins: tuple[Pin, ...] = option(doc="The block of the snapshot, for each chain.")
    evidence: PublishedEvidence = option(doc="The file of rows.")
    rows: tuple[ReportRows, ...] = option(doc="How rows of all assets ended; outcomes of no row are left out.")
    unverified: Unverified = option(doc="The organisation's word: verification neither confirms nor refutes it.")
    establishes: tuple[str, ...] = option(doc="What verification established, in plain language.")
    leaves_open: tuple[str, ...] = option(doc="What still rests on somebody's word, in plain language.")


@frozen(kw_only=True)
class ReportGuarantees:
    """What the proof of liabilities establishes and what it does not, in plain words: the backend's properties."""

    zero_knowledge: bool = option(doc="Whether public files show nothing about single balances.")
    transparent: bool = option(doc="Whether there is no trusted set-up.")
    post_quantum: bool = option(doc="Whether it rests on no assumption that a quantum computer is known to break.")
    exact_totals: bool = option(doc="Whether each total is proven to be the exact sum of all accounts.")
    non_negativity: str = option(doc="The accounts for which it is shown that no balance is negative.")
    proves: tuple[str, ...] = option(doc="What is proven.")
    hides: tuple[str, ...] = option(doc="What stays hidden.")
    leaks: tuple[str, ...] = option(doc="What readers and users learn in addition.")
    remaining_trust: tuple[str, ...] = option(doc="What a dishonest organisation could still do.")


@frozen(kw_only=True)
class ReportTerm:
    """One way to cheat, and what it costs."""

    name: str = option(doc="Name of the term.")
    bits: float = option(doc="Bits of security against it.")
    formula: str = option(doc="How the bits are computed, with the numbers filled in.")
    source: str = option(doc="Paper and section.")


@frozen(kw_only=True)
class ReportFigure:
    """One figure of the security account; bits of different kinds are never one number."""

    name: str = option(choices=tuple(name.value for name in FigureName), doc="Which figure.")
    title: str = option(doc="The same in words.")
    meaning: str = option(doc="What holds with so many bits.")
    bits: float = option(doc="The least of the terms.")
    decided_by: str = option(doc="Name of the term that decides.")
    rests_on: str = option(doc="What is taken to be true.")
    terms: tuple[ReportTerm, ...] = option(doc="Every way to cheat that is accounted for.")


@frozen(kw_only=True)
class ReportAbsence:
    """A figure that the backend does not give."""

    name: str = option(choices=tuple(name.value for name in FigureName), doc="Which figure.")
    title: str = option(doc="The same in words.")
    consequence: str = option(doc="What follows from its absence.")


@frozen(kw_only=True)
class ReportSecurity:
    """The security account of all proofs together: each figure is that of the weakest."""

    figures: tuple[ReportFigure, ...] = option(doc="The figures that the backend gives.")
    absent: tuple[ReportAbsence, ...] = option(doc="The figures that it does not give.")
    assumptions: tuple[str, ...] = option(doc="What all figures take for granted.")
    policy: str | None = option(
        doc="The policy that a reader must name for polyproof to accept the proof: null where the default accepts it, "
        "the name of one that comes with polyproof, or FILE for one of the reader's own."
    )
    notes: tuple[str, ...] = option(doc="What to know about these bits.")
    insecure_setup: bool = option(
        default=False, doc="Whether it rests on a set-up whose secret is public, so that anybody can have forged it."
    )

    def find(self, name: str) -> ReportFigure | None:
        """One figure, if it is given."""
        return next((figure for figure in self.figures if figure.name == name), None)


@frozen(kw_only=True)
class EntryAsset:
    """One asset in an audit of the history."""

    symbol: str = option(pattern=SYMBOL, doc="As that audit's manifest has it.")
    liabilities: str = option(pattern=_DECIMAL, doc="What was owed, in coins.")
    counted: str | None = option(pattern=_DECIMAL, doc="What counted as held, in coins; null without reserves.")
    percent: str | None = option(
        pattern=_PERCENT,
        doc="Counted to owed, or to net where the policy compares with that, rounded down; null without reserves or "
        "where that was nothing.",
    )
    net: str | None = option(
        pattern=_DECIMAL, doc="What was owed less what was lent, in coins; null where no account could have debts."
    )
    gross_percent: str | None = option(
        pattern=_PERCENT, doc="Counted to owed, where accounts had debts; null as percent is."
    )
    net_percent: str | None = option(pattern=_PERCENT, doc="Counted to net likewise.")
    met: bool | None = option(doc="Whether it was covered as the report's policy requires; null without reserves.")
    on_word: tuple[str, ...] = option(choices=ON_WORD, doc="What that takes on the organisation's word.")


@frozen(kw_only=True)
class ReportCorrection:
    """The earlier audit that an audit says it corrects."""

    publication_digest: str = option(pattern=DIGEST, doc="Its publication digest.")
    audit_id: str | None = option(pattern=AUDIT_ID, doc="Its id; null if it was not available.")
    reason: str = option(doc="What was wrong with it, in the organisation's words.")


@frozen(kw_only=True)
class ReportEntry:
    """One audit of the history, verified like the newest."""

    audit_id: str = option(pattern=AUDIT_ID, doc="Its id.")
    created: str = option(
        pattern=TIME, check=in_calendar, doc="When its proof was started, by the organisation's word."
    )
    snapshot: str = option(pattern=TIME, check=in_calendar, doc="The time that balances owed and held are stated for.")
    publication_digest: str = option(pattern=DIGEST, doc="SHA-256 of its publication record.")
    previous: str | None = option(pattern=DIGEST, doc="The publication digest that it names as the one before.")
    corrects: ReportCorrection | None = option(doc="The audit that it says it corrects; null for most.")
    backend: str = option(doc="Name of the proof backend.")
    met: bool | None = option(doc="Whether every asset was covered; null without reserves.")
    on_word: tuple[str, ...] = option(choices=ON_WORD, doc="What that takes on the organisation's word.")
    assets: tuple[EntryAsset, ...] = option(doc="Every asset of that audit.")

    @property
    def lowest(self) -> EntryAsset | None:
        """The asset with the lowest ratio; None if no asset has one."""
        known = [asset for asset in self.assets if asset.percent is not None]
        return min(known, key=lambda asset: Fraction(asset.percent or "0"), default=None)

    def find(self, symbol: str) -> EntryAsset | None:
        """One asset, if that audit had it."""
        return next((asset for asset in self.assets if asset.symbol == symbol), None)


@frozen(kw_only=True)
class ReportEvidence:
    """A file of evidence about the publication digest, beside the audit, as whoever wrote the report was shown it."""

    file: str = option(doc="Its name in the folder anchors.")
    anchor: str = option(pattern=NAME, doc="Name of the anchor that it is of.")
    sha256: str = option(pattern=DIGEST, doc="SHA-256 of the file.")
    looked_at: bool = option(doc="Whether it was looked at.")
    latest: str | None = option(
        pattern=TIME, check=in_calendar, doc="By when the digest existed, by it; null if it states no time."
    )
    clock: str | None = option(doc="By whose clock; null if it shows nothing about time.")
    time_checked: bool = option(doc="Whether that was followed to a clock that whoever wrote the report believes.")
    where: str | None = option(doc="Where records of the same place are noted; null if it cannot show uniqueness.")
    others: int | None = option(least=0, doc="How many other records are noted there; null if nobody looked.")
    uniqueness_checked: bool = option(doc="Whether whoever wrote the report looked.")
    pending: tuple[str, ...] = option(doc="Who has promised to note the digest, and has not done so yet.")
    rests_on: tuple[str, ...] = option(
        doc="What was taken to be true and not checked, in the anchor's words to whoever wrote the report."
    )


@frozen(kw_only=True)
class ReportAttestation:
    """A signed statement beside the audit, as whoever wrote the report found it; what it states is its own word."""

    place: int = option(least=1, doc="Its place in attestation.json, from 1.")
    sha256: str = option(pattern=DIGEST, doc="SHA-256 of statement and signature in canonical form.")
    statement: Statement = option(doc="What is signed.")
    algorithm: str = option(doc="How it is signed.")
    key: str = option(pattern=DIGEST, doc="The Ed25519 key, or SHA-256 of the signer's certificate.")
    certificate: str | None = option(doc="Subject of the certificate, as whoever made it chose it; null without one.")
    holds: bool | None = option(doc="Whether it is about this audit and its signature holds; null if not checked.")
    check: str | None = option(doc="Name of what was found wrong with it; null if nothing was.")
    fault: str | None = option(doc="Why it is not to be believed; null if nothing is wrong with it.")
    why_not_checked: str | None = option(doc="Why its signature was not checked; null if it was.")
    by: str | None = option(
        doc="Whose key it is, by the policy of whoever wrote the report; null if that does not say."
    )
    why_not_known: str | None = option(doc="Why it is not said whose key it is; null if it is.")
    rests_on: tuple[str, ...] = option(doc="What was taken to be true and not checked.")


@frozen(kw_only=True)
class Report:
    """A report on one audit and the audits before it, all of them verified."""

    format: str = option(choices=(FORMAT,), doc="What kind of file this is.")
    version: int = option(choices=(VERSION,), doc="Version of the format.")
    written_by: str = option(doc="The polyproof that wrote it: other versions may word it differently.")
    verdict: str = option(
        choices=("covered", "not-covered", "liabilities-only"),
        doc="covered: every asset is, as the report's policy requires. liabilities-only: reserves were not part of the "
        "audit.",
    )
    on_word: tuple[str, ...] = option(choices=ON_WORD, doc="What the verdict takes on the organisation's word.")
    audit: ReportAudit = option(doc="The audit it is about.")
    left_out: tuple[LeftOut, ...] = option(
        doc="Assets that the organisation's accounts have and the audit does not, as the manifest has them: its word, "
        "and not all that it may have left out."
    )
    assets: tuple[ReportAsset, ...] = option(items=(1, 4096), doc="Every asset of the audit, in its order.")
    netting: ReportNetting | None = option(
        doc="What holds for all accounts with debts together; null where no account can have debts."
    )
    reserves: ReportReserves | None = option(doc="How holdings were counted; null if they were not part of the audit.")
    guarantees: ReportGuarantees = option(doc="What the proof of liabilities establishes and what it does not.")
    security: ReportSecurity = option(doc="How hard it is to cheat.")
    disclosures: Disclosures | None = option(
        doc="What the organisation declares, as the manifest has it: its word. null if it declares nothing."
    )
    anchors: tuple[ReportEvidence, ...] = option(
        items=(0, 64), doc="Evidence of others about the publication digest, as it lay beside the audit."
    )
    attestations: tuple[ReportAttestation, ...] = option(
        items=(0, 64),
        doc="Signed statements about the audit, as they lay beside it: nothing in the report rests on them.",
    )
    attestations_unreadable: str | None = option(
        doc="Why attestation.json beside the audit could not be read; null if it could, or there is none."
    )
    chain: str = option(
        choices=("whole", "not-given", "left-out"),
        doc="whole: the history goes back to the first audit, every link checked. not-given: there are earlier audits "
        "that were not available. left-out: the report is about this audit alone, whatever is before or after it.",
    )
    address: str | None = option(
        doc="Where the folder with this report is reached on the web, as whoever wrote it says, for the code that "
        "phones read; null if it was not said."
    )
    history: tuple[ReportEntry, ...] = option(items=(1, 65536), doc="The audits up to this one, the oldest first.")

    def to_bytes(self) -> bytes:
        """The file ``report.json``."""
        return (json.dumps(plain(self), indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()

    @property
    def of_later_time(self) -> ReportEntry | None:
        """The audit of the latest time, if that is later than the time of this one, which then corrects another."""
        latest = max(self.history, key=lambda entry: entry.snapshot)
        return latest if latest.snapshot > self.audit.snapshot else None

    def correction_of(self, entry: ReportEntry) -> ReportEntry | None:
        """The later audit that says it corrects this one."""
        digest = entry.publication_digest
        return next((one for one in self.history if one.corrects and one.corrects.publication_digest == digest), None)

    @property
    def short(self) -> tuple[ReportAsset, ...]:
        """The assets that are not covered."""
        return tuple(asset for asset in self.assets if asset.met is False)

    @property
    def lowest(self) -> ReportAsset | None:
        """The asset with the lowest ratio."""
        known = [asset for asset in self.assets if asset.ratio is not None]
        return min(known, key=lambda asset: asset.ratio or Fraction(), default=None)


def fraction(asset: PublishedAsset) -> Fraction | None:
    """Counted holdings to liabilities of an asset; None where nothing is owed."""
    return Fraction(int(asset.ratio.numerator), int(asset.ratio.denominator)) if asset.ratio else None


# Schema


def report_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of ``report.json``."""
    from polyproof.settings.schema import document_schema

    return document_schema(Report, "polyproof report")


def report_schema_text() -> str:
    """The schema as the file ``specs/report.schema.json`` has it."""
    from polyproof.settings.schema import file_text

    return file_text(report_schema())
