"""What the library's functions return: typed, frozen, and shown in the words of the command that finds the same.

``repr`` is one line, ``str`` what the command prints, and a notebook shows tables. Every sentence is made by the
command's own view from what this run found, so that there is no second wording. ``found`` is the whole of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import frozen

from polyproof.model.counts import counted

if TYPE_CHECKING:
    from rich.console import Console as RichConsole

    from polyproof.cli.compare.rows import Row
    from polyproof.cli.compare.work import Comparison
    from polyproof.cli.page import Page
    from polyproof.liabilities import AuditProved, InclusionsVerified, InclusionVerified, SnapshotChecked
    from polyproof.liabilities.inclusion import InclusionChecked, InclusionRejected
    from polyproof.model.assets import Asset
    from polyproof.publication.history import HistoryVerified, VerifiedAudit
    from polyproof.publication.report.pages import PagesChecked
    from polyproof.publication.reporting import ReportWritten
    from polyproof.security import SecurityReport
    from polyproof.settings.spec import Spec

__all__ = [
    "Checked",
    "Compared",
    "Included",
    "InclusionCut",
    "InclusionsChecked",
    "Proved",
    "Reported",
    "Result",
    "Verified",
    "VerifiedHistory",
]


class Result:
    """What is common to all results: how they are shown."""

    __slots__ = ()

    def _line(self) -> str:
        """What ``repr`` says."""
        raise NotImplementedError

    def _show(self, rich: RichConsole) -> None:
        """What the command prints for people."""
        raise NotImplementedError

    def _draw(self, page: Page) -> None:
        """What a notebook shows after that."""

    def as_dict(self) -> dict[str, Any]:
        """What the command gives with ``--json``: strings, numbers, lists and mappings, all amounts exact."""
        raise NotImplementedError

    def __repr__(self) -> str:
        from polyproof.cli.visible import one_line

        return f"<{type(self).__name__}: {one_line(self._line())}>"

    def __str__(self) -> str:
        from polyproof.cli.page import as_text

        return as_text(self._show)

    def _repr_html_(self) -> str:
        from polyproof.cli.page import as_page

        return as_page(self._show, self._draw)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        # IPython would otherwise print the attributes of an attrs class in its own way.
        printer.text(repr(self))


def _coins(assets: Sequence[Asset], units: Sequence[int]) -> dict[str, Decimal]:
    return {asset.symbol: Decimal(asset.format(value)) for asset, value in zip(assets, units, strict=True)}


# The exchange's side


@frozen(repr=False, str=False)
class Checked(Result):
    """A snapshot that ``check`` found acceptable."""

    found: SnapshotChecked

    @property
    def accounts(self) -> int:
        """How many there are."""
        return self.found.accounts

    @property
    def totals(self) -> dict[str, Decimal]:
        """What the accounts add up to, in coins, by symbol; exact."""
        return _coins(self.found.spec.assets, self.found.totals)

    @property
    def security(self) -> SecurityReport:
        """The security account that its proof will have, of all segments together."""
        return self.found.security

    @property
    def warnings(self) -> tuple[str, ...]:
        """What looks as if decimals or units were wrong."""
        return self.found.warnings

    def as_dict(self) -> dict[str, Any]:
        """As ``polyproof check --json``."""
        from polyproof.cli.commands.check import check_payload

        return check_payload(self.found)

    def _line(self) -> str:
        from polyproof.cli.commands.check import ready_sentence

        return ready_sentence(self.found)

    def _show(self, rich: RichConsole) -> None:
        from polyproof.cli.commands.check import show_checked
        from polyproof.cli.views import show_warnings

        show_warnings(rich, self.found.warnings)
        show_checked(rich, self.found)


@frozen(repr=False, str=False)
class Compared(Result):
    """Backends, options and specs side by side: what ``compare`` found."""

    found: Comparison

    @property
    def rows(self) -> tuple[Row, ...]:
        """A row for each combination: what it is, its outcome, times, sizes, security, properties and refusals."""
        return self.found.rows

    @property
    def outcome(self) -> str | None:
        """A fault, a proof that does not verify, or that nothing could run; ``None`` if there is none of them."""
        error = self.found.error
        return None if error is None else str(error)

    @property
    def csv(self) -> str:
        """A line for each combination, with plain numbers."""
        from polyproof.cli.compare.tables import csv_text

        return csv_text(self.rows)

    @property
    def markdown(self) -> str:
        """The tables in Markdown."""
        from polyproof.cli.compare.written import markdown_text

        return markdown_text(self.found)

    @property
    def page(self) -> str:
        """The page with tables and charts, in HTML, which stands by itself."""
        from polyproof.cli.compare.page import page_text

        return page_text(self.found)

    def as_dict(self) -> dict[str, Any]:
        """As ``polyproof compare --json``, without the names of files."""
        return self.found.payload()

    def _line(self) -> str:
        measured = sum(row.is_measured for row in self.rows)
        return f"{counted(len(self.rows), 'combination')}, {measured} measured"

    def _show(self, rich: RichConsole) -> None:
        from polyproof.cli.commands.compare import show_comparison

        show_comparison(rich, self.found.rows)


@frozen(repr=False, str=False)
class Proved(Result):
    """An audit on disk, with its private half."""

    spec: Spec
    found: AuditProved
    directory: Path
    """Where it is, as the caller named it; ``public`` in it is to be published, ``private`` to be kept."""

    @property
    def public(self) -> Path:
        """The half to publish."""
        return self.directory / "public"

    @property
    def private(self) -> Path:
        """The half to keep: everybody's balances are in it."""
        return self.directory / "private"

    @property
    def audit_id(self) -> str:
        """Its id."""
        return self.found.manifest.audit_id

    @property
    def digest(self) -> str:
        """The publication digest, 64 hexadecimal digits; another once reserves are added."""
        return self.found.record.digest.hex()

    @property
    def accounts(self) -> int:
        """How many were proved."""
        return self.found.accounts

    @property
    def totals(self) -> dict[str, Decimal]:
        """What the accounts add up to, in coins, by symbol; exact."""
        return _coins(self.spec.assets, self.found.manifest.totals)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What looks as if decimals or units were wrong."""
        return self.found.warnings

    def as_dict(self) -> dict[str, Any]:
        """As ``polyproof prove --json``."""
        from polyproof.cli.commands.prove import prove_payload

        return prove_payload(self.found, self.spec)

    def _line(self) -> str:
        from polyproof.cli.views import segments_text

        found = self.found
        accounts = counted(found.accounts, "account")
        return f"{self.audit_id}, {accounts} in {segments_text(len(found.segments))}, {self.directory}"

    def _show(self, rich: RichConsole) -> None:
        from polyproof.cli.commands.prove import show_proved
        from polyproof.cli.views import DIGEST_CHANGES, PUBLISH_DIGEST, show_warnings

        show_warnings(rich, self.found.warnings)
        ending = PUBLISH_DIGEST if self.spec.reserves is None else DIGEST_CHANGES
        show_proved(rich, self.spec, self.found, self.directory, ending)


@frozen(repr=False, str=False)
class InclusionCut(Result):
    """One user's inclusion file: for that user alone."""

    file: Path
    bytes: int
    """Its size."""

    def as_dict(self) -> dict[str, Any]:
        """As ``polyproof inclusion --json``."""
        from polyproof.cli.commands.inclusion import cut_payload

        return cut_payload(self.file, self.bytes)

    def _line(self) -> str:
        from polyproof.cli.commands.inclusion import cut_line

        return cut_line(self.file, self.bytes)

    def _show(self, rich: RichConsole) -> None:
        rich.print(self._line(), soft_wrap=True)


# Everybody else's


@frozen(repr=False, str=False)
class Verified(Result):
    """One audit whose proofs were verified, and its published reserves unless ``reserves`` says otherwise."""

    found: VerifiedAudit
    compared: bool
    """Whether its publication digest is one that the caller gave."""

    @property
    def audit_id(self) -> str:
        """Its id."""
        return self.found.manifest.audit_id

    @property
    def organisation(self) -> str | None:
        """Whose audit it is, as its manifest has it: anybody can write a name."""
        return self.found.manifest.organisation

    @property
    def snapshot(self) -> str:
        """When balances were taken, by the organisation's word: ``2025-11-30T00:00:00Z``."""
        return self.found.manifest.snapshot

    @property
    def digest(self) -> str:
        """The publication digest, 64 hexadecimal digits."""
        return self.found.digest.hex()

    @property
    def totals(self) -> dict[str, Decimal]:
        """What is owed, as the audit states it and as far as its backend proves it; in coins, by symbol, exact."""
        return _coins(self.found.liabilities.audit.spec.assets, self.found.liabilities.totals)

    @property
    def covered(self) -> bool | None:
        """Whether holdings that count are what the caller's policy requires; ``None`` if no reserves were checked."""
        return self.found.met

    @property
    def reserves(self) -> str:
        """What was found about reserves, in a few words: ``covered``, ``not examined``, ``NOT COVERED: BTC``."""
        from polyproof.cli.coverage_view import coverage_text

        return coverage_text(self.found)

    @property
    def security(self) -> SecurityReport:
        """The security account of all proofs together."""
        return self.found.liabilities.security

    @property
    def warnings(self) -> tuple[str, ...]:
        """What went wrong beside the verification, such as in a plugin that was told of it."""
        return self.found.liabilities.warnings

    def as_dict(self) -> dict[str, Any]:
        """As ``polyproof verify --json``."""
        from polyproof.cli.commands.verify import verify_payload

        return verify_payload(self.found)

    def _line(self) -> str:
        return f"{self.audit_id}, {self.organisation or 'organisation not named'}; reserves: {self.reserves}"

    def _show(self, rich: RichConsole) -> None:
        from polyproof.cli.commands.verify import show_verified
        from polyproof.cli.views import show_warnings

        show_warnings(rich, self.warnings)
        show_verified(rich, self.found, compared=self.compared)

    def _draw(self, page: Page) -> None:
        from polyproof.api.holdings import add_holdings

        add_holdings(page, [self.found])


@frozen(repr=False, str=False)
class VerifiedHistory(Result):
    """A history in which every audit and every link was verified; ``pages`` says what is known of its pages."""

    found: HistoryVerified
    pages: PagesChecked | None
    """How the pages in it compare with what was verified; ``None`` if there are none."""
    compared: bool
    """Whether one of the publication digests is one that the caller gave."""

    @property
    def audits(self) -> tuple[Verified, ...]:
        """Each audit, the oldest first."""
        # The digest of an audit is in the manifest of the next: one that is known vouches for those before it.
        return tuple(Verified(one, number < self.found.pinned) for number, one in enumerate(self.found.audits))

    @property
    def newest(self) -> Verified:
        """The last one."""
        return self.audits[-1]

    def as_dict(self) -> dict[str, Any]:
        """As ``polyproof verify --json`` of a history."""
        from polyproof.cli.commands.verify import history_payload

        return history_payload(self.found, self.pages)

    def _line(self) -> str:
        from polyproof.cli.views import audits_text

        newest = self.newest
        return f"{audits_text(len(self.found.audits))}, newest {newest.audit_id}; its reserves: {newest.reserves}"

    def _show(self, rich: RichConsole) -> None:
        from polyproof.cli.commands.verify import show_history
        from polyproof.cli.views import show_warnings

        for one in self.audits:
            show_warnings(rich, one.warnings)
        show_history(rich, self.found, self.pages, compared=self.compared)

    def _draw(self, page: Page) -> None:
        from polyproof.api.holdings import add_holdings

        add_holdings(page, self.found.audits)


@frozen(repr=False, str=False)
class Included(Result):
    """A user's claim that is in the totals of a published audit."""

    found: InclusionVerified
    compared: bool
    """Whether the audit's publication digest is one that the caller gave."""

    @property
    def audit_id(self) -> str:
        """The audit's id."""
        return self.found.audit.manifest.audit_id

    @property
    def user_id(self) -> str:
        """The account's id, as claimed."""
        return self.found.claim.user_id

    @property
    def balances(self) -> dict[str, Decimal]:
        """All balances as claimed, in coins, by symbol; exact, those that were not mentioned zero."""
        return _coins(self.found.audit.spec.assets, self.found.claim.balances)

    @property
    def sentences(self) -> tuple[str, ...]:
        """What the check established."""
        return self.found.verdict.sentences

    def as_dict(self) -> dict[str, Any]:
        """As ``polyproof verify-inclusion --json``."""
        from polyproof.cli.inclusion_view import inclusion_payload

        return inclusion_payload(self.found)

    def _line(self) -> str:
        from polyproof.cli.inclusion_view import balances_text

        return f"{self.user_id}: {balances_text(self.found.audit, self.found.claim)}; in {self.audit_id}"

    def _show(self, rich: RichConsole) -> None:
        from polyproof.cli.inclusion_view import show_inclusion

        show_inclusion(rich, self.found, compared=self.compared)


@frozen(repr=False, str=False)
class InclusionsChecked(Result):
    """Several users' claims, each found to be in the totals of a published audit, or rejected."""

    found: InclusionsVerified
    compared: bool
    """Whether the audit's publication digest is one that the caller gave."""

    @property
    def included(self) -> tuple[InclusionChecked, ...]:
        """Those that are in the totals: file, claim, segment, what the check established."""
        return self.found.included

    @property
    def rejected(self) -> tuple[InclusionRejected, ...]:
        """Those that are not shown to be: file, claim, error."""
        return self.found.rejected

    def as_dict(self) -> dict[str, Any]:
        """As ``polyproof verify-inclusion --json`` of several files."""
        from polyproof.cli.inclusion_view import inclusions_payload

        return inclusions_payload(self.found)

    def _line(self) -> str:
        from polyproof.cli.inclusion_view import count_sentence

        return count_sentence(self.found)

    def _show(self, rich: RichConsole) -> None:
        from polyproof.cli.inclusion_view import show_inclusions

        show_inclusions(rich, self.found, compared=self.compared)


@frozen(repr=False, str=False)
class Reported(Result):
    """A report that was written, and what it says."""

    found: ReportWritten

    @property
    def site(self) -> Path:
        """The directory of the site."""
        return self.found.site

    @property
    def index(self) -> Path:
        """The page to begin with."""
        return self.found.site / "index.html"

    @property
    def verdict(self) -> str:
        """``covered``, ``not-covered`` or ``liabilities-only``."""
        return self.found.report.verdict

    def as_dict(self) -> dict[str, Any]:
        """As ``polyproof report --json``."""
        from polyproof.cli.commands.report import report_payload

        return report_payload(self.found.report, self.found.site)

    def _line(self) -> str:
        from polyproof.publication.report.wording import headline

        return f"{headline(self.found.report)}; {self.index}"

    def _show(self, rich: RichConsole) -> None:
        from polyproof.cli.commands.report import show_report

        show_report(rich, self.found.report, self.found.site)

    def _draw(self, page: Page) -> None:
        from polyproof.api.holdings import add_report

        add_report(page, self.found.report)
