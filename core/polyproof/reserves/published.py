"""The result as it is published: ``reserves.json``, its schema, and how a hostile one is read.

A result has one canonical form, like the manifest: JSON with sorted keys, no spaces, UTF-8, a newline at the end. What
it may hold is declared by the classes here, from which the JSON Schema is generated and by which a file is read.
Amounts are exact decimals as strings, ratios two integers and, for people, a percentage that is rounded down.

Every number in it follows from the evidence and the liabilities; ``verify_reserves`` computes them all again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from attrs import frozen

from polyproof.balances import Pin
from polyproof.config.options import option, plain
from polyproof.errors import ProofRejected
from polyproof.formats.strict_json import canonical_line
from polyproof.liabilities.artifacts import EVIDENCE, MOST_RESERVES, RESERVES
from polyproof.model.holdings import amount_text
from polyproof.model.names import AUDIT_ID, DIGEST, NAME, OPTIONAL_NAME, SYMBOL, TIME
from polyproof.model.timestamps import in_calendar
from polyproof.reserves.evaluation import AssetReserves, Check, Evaluation, Holding, Ownership, percent
from polyproof.reserves.reading import Discrepancy, SourceFile
from polyproof.settings.documents import read_document
from polyproof.settings.reserves import ReservesPolicy, one_pin_a_chain

__all__ = [
    "PublishedAsset",
    "PublishedRatio",
    "PublishedReserves",
    "Unverified",
    "parse_published",
    "publish",
    "published_asset",
    "reserves_schema",
    "reserves_schema_text",
    "unverified",
]

FORMAT = "polyproof/reserves"
VERSION = 2

_DECIMAL = (r"(0|[1-9][0-9]{0,70})(\.[0-9]{0,76}[1-9])?", "an exact decimal without trailing zeros, as text")
_SIGNED = (r"-?(0|[1-9][0-9]{0,160})(\.[0-9]{0,76}[1-9])?", "an exact decimal, as text")
_WHOLE = (r"0|[1-9][0-9]{0,200}", "a whole number, as text")
_OWED = (r"(0|[1-9][0-9]{0,160})(\.[0-9]{0,76}[1-9])?", "an exact decimal without trailing zeros, as text")
_TEXT = (r"[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]{0,1024}", "text that can be shown")
_PERCENT = (r"(0|[1-9][0-9]{0,200})\.[0-9]{2}", "a percentage with two decimals, rounded down")


@frozen(kw_only=True)
class PublishedHolding:
    """Rows of one kind together."""

    rows: int = option(least=0, doc="How many rows.")
    amount: str = option(pattern=_DECIMAL, doc="What they declare, in coins.")
    counted: str = option(pattern=_DECIMAL, doc="How much of it counts under the policy, in coins.")


@frozen(kw_only=True)
class ByOwnership:
    """The rows by what they are known by to be the organisation's, to whoever wrote the file."""

    signed: PublishedHolding = option(doc="Signed by the keys that the address is derived from.")
    looked_up: PublishedHolding = option(
        doc="Signed by those who control the account, as its chain said when whoever wrote the file asked it."
    )
    claimed: PublishedHolding = option(
        doc="The same, except that the organisation says what its chain said; whoever wrote the file did not ask."
    )
    key_only: PublishedHolding = option(doc="Validly signed by a key, but the address says nothing about its key.")
    unbound: PublishedHolding = option(doc="Validly signed, but nothing known binds the signers to the address.")
    custodial: PublishedHolding = option(doc="Declared to be held by a third party; no signature is checked.")
    unsupported: PublishedHolding = option(doc="No installed scheme can judge the chain; nothing was checked.")
    failed: PublishedHolding = option(doc="Something that was checked does not hold.")


@frozen(kw_only=True)
class ByCheck:
    """The rows by what the chain said about their amounts."""

    confirmed: PublishedHolding = option(
        doc="The address held exactly this amount at the snapshot's block, as whoever wrote the file was told."
    )
    differs: PublishedHolding = option(doc="It held a different amount; the smaller of the two counts.")
    claimed: PublishedHolding = option(
        doc="The organisation says what its chain said; whoever wrote the file did not ask."
    )
    not_checked: PublishedHolding = option(doc="Not asked, or no usable answer came.")


@frozen(kw_only=True)
class ByFreshness:
    """The rows whose signatures are checked, by what the signed messages tie them to."""

    challenge: PublishedHolding = option(doc="Signed for this audit, its liabilities and this block.")
    stale: PublishedHolding = option(doc="Signed for another audit of the organisation, or for an unknown block.")
    constant: PublishedHolding = option(
        doc="A text that names no audit; anybody could have signed it for anybody, at any time."
    )
    contradicts: PublishedHolding = option(doc="Signed for something else; these rows failed.")


@frozen(kw_only=True)
class PublishedChain:
    """The rows of an asset on one chain and of one token."""

    chain: str = option(pattern=NAME, doc="The chain.")
    token: str = option(pattern=OPTIONAL_NAME, doc="Which of several tokens; empty for the usual one.")
    holding: PublishedHolding = option(doc="Its rows.")


@frozen(kw_only=True)
class PublishedRatio:
    """Counted holdings to liabilities."""

    numerator: str = option(pattern=_WHOLE, doc="Of the reduced fraction.")
    denominator: str = option(pattern=_WHOLE, doc="Of the reduced fraction.")
    percent: str = option(pattern=_PERCENT, doc="For people: rounded down, never more than the exact ratio.")


@frozen(kw_only=True)
class PublishedLending:
    """What is lent of an asset, where accounts have debts, and the ratio with and without it."""

    lent: str = option(pattern=_OWED, doc="What accounts owe the organisation, in coins.")
    net: str = option(
        pattern=_OWED,
        doc="What is owed less what is lent, in coins; 0 where more is lent than accounts have. Debts may be those of "
        "invented borrowers: it is no bound on what is owed.",
    )
    gross_ratio: PublishedRatio | None = option(doc="Counted to owed; null where nothing is owed.")
    net_ratio: PublishedRatio | None = option(doc="Counted to net; null where net is nothing.")


@frozen(kw_only=True)
class PublishedAsset:
    """One asset: what is held and what is owed."""

    symbol: str = option(pattern=SYMBOL, doc="As the manifest has it.")
    decimals: int = option(least=0, most=77, doc="As the manifest has it.")
    liabilities: str = option(pattern=_OWED, doc="What is owed, in coins, as proved.")
    counted: str = option(pattern=_DECIMAL, doc="What counts as held, in coins, rounded down to the asset's decimals.")
    surplus: str = option(
        pattern=_SIGNED,
        doc="Counted less owed, or less net where the policy compares with that, in coins; negative where something is "
        "missing.",
    )
    ratio: PublishedRatio | None = option(doc="Counted to the same; null where that is nothing.")
    lending: PublishedLending | None = option(
        doc="Where accounts have debts, what is lent and both ratios; null where none can have any."
    )
    met: bool = option(doc="Whether the ratio is what the policy requires, or nothing is owed.")
    ownership: ByOwnership = option(doc="All rows, by what shows that they are the organisation's.")
    balances: ByCheck = option(doc="All rows, by outcome of the balance check.")
    freshness: ByFreshness = option(doc="All rows but the custodial, by what was signed.")
    chains: tuple[PublishedChain, ...] = option(items=(0, 1024), doc="All rows, by chain and token.")


@frozen(kw_only=True)
class PublishedEvidence:
    """The file of rows."""

    file: str = option(choices=(EVIDENCE,), doc="Its name, beside this file.")
    bytes: int = option(least=0, doc="Its size.")
    sha256: str = option(pattern=DIGEST, doc="Its digest.")
    rows: int = option(least=0, doc="Its rows.")


@frozen(kw_only=True)
class PublishedFile:
    """A reserve file that the rows were read from."""

    format: str = option(pattern=NAME, doc="Name of the source that read it.")
    file: str = option(pattern=_TEXT, doc="Its name, without directories.")
    sha256: str = option(pattern=DIGEST, doc="Its digest.")
    rows: int = option(least=0, doc="Rows taken from it.")
    ignored: int = option(least=0, doc="Rows left out, of coins that are not audited.")


@frozen(kw_only=True)
class PublishedDiscrepancy:
    """A total that a reserve file declares and its rows do not add up to."""

    file: str = option(pattern=_TEXT, doc="The reserve file.")
    line: int = option(least=0, doc="The line that declares it.")
    coin: str = option(pattern=_TEXT, doc="What it declares a total of.")
    declared: str = option(pattern=_DECIMAL, doc="What it declares, in coins.")
    found: str = option(pattern=_DECIMAL, doc="What its rows add up to, in coins.")


@frozen(kw_only=True)
class Unverified:
    """What nobody can check from public files: the word of whoever evaluated the reserves."""

    created: str = option(pattern=TIME, check=in_calendar, doc="When the reserves were evaluated.")
    files: tuple[PublishedFile, ...] = option(items=(0, 64000), doc="What the rows were read from.")
    discrepancies: tuple[PublishedDiscrepancy, ...] = option(
        items=(0, 64000), doc="Declared totals in those files that the rows do not add up to."
    )


@frozen(kw_only=True)
class PublishedReserves:
    """What an exchange holds, compared with what its audit proves it owes."""

    format: str = option(choices=(FORMAT,), doc="What kind of file this is.")
    version: int = option(choices=(VERSION,), doc="Version of the format.")
    audit_id: str = option(pattern=AUDIT_ID, doc="The audit of liabilities.")
    manifest_digest: str = option(pattern=DIGEST, doc="SHA-256 of that audit's manifest.")
    organisation: str | None = option(pattern=_TEXT, doc="Whose holdings these are, as the manifest has it.")
    policy: ReservesPolicy = option(
        doc="The organisation's own: which holdings it counted, and how much it required. Verifiers have theirs."
    )
    pins: tuple[Pin, ...] = option(
        items=(0, 256), check=one_pin_a_chain, doc="The block of the snapshot, for each chain."
    )
    assets: tuple[PublishedAsset, ...] = option(items=(1, 4096), doc="Every asset of the audit, in its order.")
    met: bool = option(doc="Whether every asset is covered as this policy requires.")
    short: tuple[str, ...] = option(pattern=SYMBOL, doc="The assets that are not.")
    evidence: PublishedEvidence = option(doc="The rows, for anyone to judge again.")
    unverified: Unverified = option(doc="The organisation's word: verification neither confirms nor refutes it.")

    def to_bytes(self) -> bytes:
        """The file."""
        return canonical_line(plain(self))

    @property
    def digest(self) -> bytes:
        """SHA-256 of the file."""
        return hashlib.sha256(self.to_bytes()).digest()


def _holding(holding: Holding) -> PublishedHolding:
    return PublishedHolding(rows=holding.rows, amount=amount_text(holding.amount), counted=amount_text(holding.counted))


def published_asset(reserves: AssetReserves) -> PublishedAsset:
    """An asset that is compared with what is owed, as files have it."""
    asset, owed, surplus, met = reserves.asset, reserves.liabilities, reserves.surplus, reserves.met
    assert owed is not None, "only a result that is compared with liabilities is published"
    assert surplus is not None
    assert met is not None
    return PublishedAsset(
        symbol=asset.symbol,
        decimals=asset.decimals,
        liabilities=asset.format(owed),
        counted=asset.format(reserves.counted),
        surplus=asset.format(surplus),
        ratio=_ratio(reserves.ratio),
        lending=_lending(reserves),
        met=met,
        ownership=ByOwnership(**{_key(one): _holding(reserves.by_ownership[one]) for one in Ownership}),
        balances=ByCheck(**{_key(check): _holding(reserves.by_check[check]) for check in Check}),
        freshness=ByFreshness(**{one.value: _holding(holding) for one, holding in reserves.by_freshness.items()}),
        chains=tuple(
            PublishedChain(chain=chain, token=token, holding=_holding(holding))
            for (chain, token), holding in reserves.by_chain.items()
        ),
    )


def _lending(reserves: AssetReserves) -> PublishedLending | None:
    if reserves.lent is None or reserves.net is None:
        return None
    return PublishedLending(
        lent=reserves.asset.format(reserves.lent),
        net=reserves.asset.format(reserves.net),
        gross_ratio=_ratio(reserves.ratio_to(reserves.liabilities)),
        net_ratio=_ratio(reserves.ratio_to(reserves.net)),
    )


def _key(one: Ownership | Check) -> str:
    return str(one.value).replace("-", "_")


def _ratio(ratio: Fraction | None) -> PublishedRatio | None:
    if ratio is None:
        return None
    return PublishedRatio(numerator=str(ratio.numerator), denominator=str(ratio.denominator), percent=percent(ratio))


def publish(
    evaluation: Evaluation,
    *,
    audit_id: str,
    manifest_digest: bytes,
    organisation: str | None,
    pins: Sequence[Pin],
    evidence: PublishedEvidence,
    unverified: Unverified,
) -> PublishedReserves:
    """The result of an evaluation against liabilities, ready to be written."""
    met = evaluation.met
    assert met is not None, "only a result that is compared with liabilities is published"
    return PublishedReserves(
        format=FORMAT,
        version=VERSION,
        audit_id=audit_id,
        manifest_digest=manifest_digest.hex(),
        organisation=organisation,
        policy=evaluation.policy,
        pins=tuple(pins),
        assets=tuple(published_asset(asset) for asset in evaluation.assets),
        met=met,
        short=tuple(asset.asset.symbol for asset in evaluation.short),
        evidence=evidence,
        unverified=unverified,
    )


def unverified(created: str, files: Sequence[SourceFile], discrepancies: Sequence[Discrepancy]) -> Unverified:
    """What is known from the reserve files alone, which are not published."""
    return Unverified(
        created=created,
        files=tuple(
            PublishedFile(
                format=file.format,
                file=_showable(file.file),
                sha256=file.sha256.hex(),
                rows=file.rows,
                ignored=file.ignored,
            )
            for file in files
        ),
        discrepancies=tuple(
            PublishedDiscrepancy(
                file=_showable(one.file),
                line=one.line,
                coin=_showable(one.coin),
                declared=amount_text(one.declared),
                found=amount_text(one.found),
            )
            for one in discrepancies
        ),
    )


def _showable(text: str) -> str:
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)[:1024]


def parse_published(data: bytes, file: str = RESERVES) -> PublishedReserves:
    """Read a result that others wrote. Raises ``ProofRejected`` for anything but the canonical form of one."""
    if len(data) > MOST_RESERVES:
        raise ProofRejected("file-size", f"{len(data)} bytes, more than the {MOST_RESERVES} allowed", file=file)
    return read_document(data, PublishedReserves, "reserves", file)


# Schema


def reserves_schema() -> Mapping[str, Any]:
    """The JSON Schema (draft 2020-12) of ``reserves.json``."""
    from polyproof.settings.schema import document_schema

    return document_schema(PublishedReserves, "polyproof reserves")


def reserves_schema_text() -> str:
    """The schema as the file ``specs/reserves.schema.json`` has it."""
    from polyproof.settings.schema import file_text

    return file_text(reserves_schema())
