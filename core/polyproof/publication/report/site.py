"""The site: a report as static pages that need no server and load nothing from elsewhere.

A single audit has one site. A history has one about its newest audit, with all audits over time, and in ``reports`` a
folder for each audit, whose address stays. All are made anew from what was verified whenever one is: an old page that
was left as it is could not say that its audit was corrected since, and nobody who verifies could compare it.

Every page contains its style sheet and its drawings, and a policy (CSP) that forbids everything else, so that it looks
the same from a disk and from any server, and will in ten years. The page on which customers check is the one that is
released, with what there is to say about the audit in it; it alone has a script. Texts from manifests and reserves are
the organisation's: the templates escape all of them, and only our own charts and style are ever marked as safe.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any
from urllib.parse import quote

from attrs import evolve, frozen
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from polyproof.backend import NOT_PROVEN
from polyproof.liabilities.artifacts import AUDITS
from polyproof.model.counts import size_text
from polyproof.publication import declared
from polyproof.publication.browser import PAGE, page_beside_audit
from polyproof.publication.browser.phone import on_a_phone
from polyproof.publication.history import ASSETS, DOWNLOADS, REPORTS
from polyproof.publication.report import netting, wording
from polyproof.publication.report.archive import SUMS, Archive, sums
from polyproof.publication.report.document import REPORT, EntryAsset, Report, ReportAsset, ReportEntry
from polyproof.publication.report.drawings import asset_charts, coverage, lowest_chart
from polyproof.publication.report.press import PRESS, press_parts, press_text
from polyproof.publication.report.ratios import key_of, ratio_plot, ratio_tables, ratios_of
from polyproof.security import bits_text
from polyproof.version import __version__

__all__ = ["Among", "Places", "asset_page", "render_history_site", "render_site", "report_folder"]

_PAGES = (
    ("index.html", "Overview"),
    (PAGE, "Check your balance"),
    ("history.html", "History"),
    ("proven.html", "What is proven"),
    ("press.html", "Press"),
)
_ALONE = tuple((page, name) for page, name in _PAGES if page != "history.html")
"""Pages of a report that is about one audit alone."""


@frozen
class Places:
    """Where readers find what was verified, as paths for use in commands."""

    audit: str = "public"
    """The public half of the audit."""
    history: str | None = None
    """The history that the audit is part of, or None."""
    top: str | None = None
    """The way from the site to the folder that these paths start from, empty or ending in a slash, so that pages can
    link to what is there; None if the site lies elsewhere."""
    stays: str = ""
    """The way from the site to the pages about its audit alone, whose address stays; empty for these themselves."""


@frozen
class Among:
    """Where an audit stands in its history, for the pages about it alone."""

    entries: tuple[ReportEntry, ...]
    """All audits of the history, the oldest first."""
    place: int

    @property
    def earlier(self) -> ReportEntry | None:
        """The audit before it."""
        return self.entries[self.place - 1] if self.place else None

    @property
    def later(self) -> ReportEntry | None:
        """The audit after it."""
        return self.entries[self.place + 1] if self.place + 1 < len(self.entries) else None

    @property
    def correction(self) -> ReportEntry | None:
        """The later audit that says it corrects this one."""
        digest = self.entries[self.place].publication_digest
        return next((one for one in self.entries if one.corrects and one.corrects.publication_digest == digest), None)


def asset_page(symbol: str) -> str:
    """Path of an asset's page within the site. Symbols differ even if case is ignored, so their pages do too."""
    return f"{ASSETS}/{symbol}.html"


def report_folder(audit_id: str) -> str:
    """Where a history has the pages about one of its audits, ending in a slash."""
    return f"{REPORTS}/{audit_id}/"


def render_site(
    report: Report,
    places: Places | None = None,
    among: Among | None = None,
    archives: Mapping[str, Archive] | None = None,
) -> dict[str, bytes]:
    """All files of the site by path, ``report.json`` last.

    ``among`` is for a report on one audit of a history alone. ``archives``: those of a history, by the id of their
    audit.
    """
    places = places or Places()
    environment = _environment()
    alone = report.chain == "left-out"
    correction = among.correction if among else None
    style = environment.loader.get_source(environment, "style.css")[0] if environment.loader else ""
    shared = {
        "report": report,
        "places": places,
        "style": Markup(style),
        "style_hash": base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        "organisation": report.audit.organisation or "Organisation not named",
        "pages": _ALONE if alone else _PAGES,
        "alone": alone,
        "among": among,
        "archives": archives or {},
        # Made by on_a_phone, which escapes the link.
        "phone": Markup(on_a_phone(f"{report.address}{places.stays}{PAGE}")) if report.address else None,
        "version": __version__,
        "headline": wording.headline(report),
        "proven": wording.is_proven(report),
        "owed_how": wording.owed_how(report),
        "standing": wording.standing(report),
        "outcome": wording.outcome({"covered": True, "not-covered": False}.get(report.verdict), report.on_word),
    }

    def page(template: str, path: str, **more: Any) -> bytes:
        root = "../" * path.count("/")
        text = environment.get_template(template).render({**shared, **more, "root": root, "path": path})
        return text.encode()

    files = {
        "index.html": page("index.html", "index.html", **_overview(report), versions=_versions(report, among)),
        **({} if alone else {"history.html": page("history.html", "history.html", **_history(report))}),
        "proven.html": page("proven.html", "proven.html"),
        PAGE: page_beside_audit(
            page("check.html", PAGE).decode(),
            files=f"{places.top}{places.audit}" if places.history is not None else None,
            navigation=page("navigation.html", PAGE).decode(),
            written_by=f"polyproof {__version__}",
        ),
        "press.html": page("press.html", "press.html", press=press_parts(report, correction), press_file=PRESS),
        PRESS: press_text(report, correction, __version__),
    }
    for asset in report.assets:
        path = asset_page(asset.symbol)
        files[path] = page("asset.html", path, **_asset(report, asset))
    return {**files, REPORT: report.to_bytes()}


def render_history_site(report: Report, each: Sequence[Report], archives: Mapping[str, Archive]) -> dict[str, bytes]:
    """The site of a history, which lies in the history itself and links to its files.

    ``report`` is the one on the newest audit and all before it, ``each`` those on every audit alone, in order, and
    ``archives`` has the archive of every audit by its id. The address that ``report`` states is that of the history,
    from which those of the others follow; pages in archives have none, since their bytes stay when a site moves.
    """
    files: dict[str, bytes] = {}
    for place, one in enumerate(each):
        folder = report_folder(one.audit.audit_id)
        if report.address is not None:
            one = evolve(one, address=f"{report.address}{folder}")
        made = render_site(one, _places(one, "../" * folder.count("/")), Among(report.history, place), archives)
        files |= {f"{folder}{path}": data for path, data in made.items()}
    files[f"{DOWNLOADS}/{SUMS}"] = sums(list(archives.values()))
    top = evolve(_places(report, ""), stays=report_folder(report.audit.audit_id))
    return {**render_site(report, top, archives=archives), **files}


def _places(report: Report, top: str) -> Places:
    return Places(audit=f"{AUDITS}/{report.audit.audit_id}", history=".", top=top)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("polyproof.publication.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "exact": wording.exact,
        "owed": wording.owed,
        "held": wording.held,
        "percentage": wording.percentage,
        "required": wording.required,
        "date": wording.date,
        "moment": wording.moment,
        "count": wording.count,
        "joined": wording.joined,
        "bits": bits_text,
        "size": size_text,
    }
    environment.globals |= {
        "asset_href": lambda symbol: quote(asset_page(symbol)),
        "report_href": lambda audit_id: quote(report_folder(audit_id)) + "index.html",
        "changes": _changes,
        "asset_sentence": wording.asset_sentence,
        "encumbered_sentence": wording.encumbered_sentence,
        "evidence_sentences": wording.evidence_sentences,
        "left_out_sentence": wording.left_out_sentence,
        "compared_with": wording.compared_with,
        "lending_facts": netting.lending_facts,
        "netting_sentences": netting.netting_sentences,
        "readers_can": netting.READERS_CAN,
        "control_scope": netting.control_scope,
        "underwater_sentence": netting.underwater_sentence,
        "value": netting.value,
        "verdict_sentence": wording.verdict_sentence,
        "policy_sentences": wording.policy_sentences,
        "own_rule": wording.own_rule,
        "checked_sentence": wording.checked_sentence,
        "could_still": wording.could_still,
        "times_sentence": wording.times_sentence,
        "not_examined": wording.NOT_EXAMINED,
        "ownership_labels": wording.OWNERSHIP_LABELS,
        "balance_labels": wording.BALANCE_LABELS,
        "freshness_labels": wording.FRESHNESS_LABELS,
        "attestation_sentences": wording.attestation_sentences,
        "declared_title": declared.TITLE,
        "declared_facts": declared.declared_facts,
        "not_declared": declared.not_declared,
        "own_issued_sentence": declared.own_issued_sentence,
        "not_proven": NOT_PROVEN,
        "result": wording.outcome,
        "coverage": coverage,
    }
    return environment


# What pages show


def _overview(report: Report) -> dict[str, Any]:
    present = [
        key
        for key in wording.OWNERSHIP_LABELS
        if any(asset.reserves and getattr(asset.reserves.ownership, key).rows for asset in report.assets)
    ]
    several = len(report.history) > 1
    ratios = ratios_of(report) if several else ()
    # Made by ratio_plot, which escapes every text in it.
    plots = [(one, Markup(ratio_plot(report, one, f"ratio-{place}"))) for place, one in enumerate(ratios)]
    return {
        "ownership": present,
        "plots": [(one, plot) for one, plot in plots if plot],
        "key": key_of(ratios),
        "tables": ratio_tables(report, ratios) if several else (),
    }


def _versions(report: Report, among: Among | None) -> tuple[ReportEntry, ReportEntry] | None:
    """The audit that was corrected and its correction, if the page is about one of the two and both are known."""
    entries = among.entries if among else report.history
    this = among.entries[among.place] if among else report.history[-1]
    if this.corrects:
        wrong = next((one for one in entries if one.publication_digest == this.corrects.publication_digest), None)
        return (wrong, this) if wrong else None
    right = among.correction if among else None
    return (this, right) if right else None


def _changes(wrong: ReportEntry, right: ReportEntry) -> list[tuple[str, EntryAsset | None, EntryAsset | None]]:
    """Every asset of which two audits state something else, with what each states."""
    symbols = dict.fromkeys(asset.symbol for asset in (*wrong.assets, *right.assets))
    both = [(symbol, wrong.find(symbol), right.find(symbol)) for symbol in symbols]
    return [one for one in both if one[1] != one[2]]


def _asset(report: Report, asset: ReportAsset) -> dict[str, Any]:
    entries = [(entry, entry.find(asset.symbol)) for entry in report.history]
    known = [(entry, found) for entry, found in entries if found is not None]
    return {
        "asset": asset,
        "known": known,
        "charts": _charts(report, asset.symbol, "asset") if len(report.history) > 1 else {},
    }


def _history(report: Report) -> dict[str, Any]:
    several = len(report.history) > 1
    return {
        "entries": tuple(reversed(report.history)),
        "chart": _lowest(report) if several else None,
        "charts": [
            (asset.symbol, _charts(report, asset.symbol, f"asset-{place}")) for place, asset in enumerate(report.assets)
        ]
        if several
        else [],
    }


def _lowest(report: Report) -> Markup | None:
    # Made by line_chart, which escapes every text in it; so are those of an asset.
    return Markup(lowest_chart(report)) or None


def _charts(report: Report, symbol: str, identifier: str) -> Mapping[str, Markup]:
    return {name: Markup(chart) for name, chart in asset_charts(report, symbol, identifier).items()}
