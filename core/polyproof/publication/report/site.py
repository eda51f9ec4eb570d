"""The site: a report as static pages that need no server and load nothing from elsewhere.

Every page contains its style sheet and its drawings, and a policy (CSP) that forbids everything else, so that it looks
the same from a disk and from any server, and will in ten years. Texts from manifests and reserves are the
organisation's: the templates escape all of them, and only our own charts and style are ever marked as safe.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from attrs import frozen
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from polyproof.backend import NOT_PROVEN
from polyproof.errors import ArtifactError, Problem
from polyproof.formats.files import write_durably
from polyproof.formats.space import require_space
from polyproof.liabilities.artifacts import AUDITS, HISTORY
from polyproof.liabilities.folder import present
from polyproof.liabilities.rejections import REJECTIONS
from polyproof.model.counts import counted
from polyproof.publication import declared
from polyproof.publication.report import wording
from polyproof.publication.report.document import REPORT, Report, ReportAsset
from polyproof.publication.report.drawings import asset_charts, coverage, lowest_chart
from polyproof.security import bits_text
from polyproof.version import __version__

__all__ = ["Places", "asset_page", "render_history_site", "render_site", "write_site"]

_ASSETS = "assets"
_PAGES = (
    ("index.html", "Overview"),
    ("history.html", "History"),
    ("proven.html", "What is proven"),
    ("check.html", "Check it"),
)


@frozen
class Places:
    """Where readers find what was verified, as paths for use in commands."""

    audit: str = "public"
    """The public half of the audit."""
    history: str | None = None
    """The history that the audit is part of, or None."""
    linked: bool = False
    """Whether the two are beside the site, so that its pages can link to them."""


def asset_page(symbol: str) -> str:
    """Path of an asset's page within the site. Symbols differ even if case is ignored, so their pages do too."""
    return f"{_ASSETS}/{symbol}.html"


def render_site(report: Report, places: Places | None = None) -> dict[str, bytes]:
    """All files of the site by path, ``report.json`` last."""
    places = places or Places()
    environment = _environment()
    style = environment.loader.get_source(environment, "style.css")[0] if environment.loader else ""
    shared = {
        "report": report,
        "places": places,
        "style": Markup(style),
        "style_hash": base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        "organisation": report.audit.organisation or "Organisation not named",
        "pages": _PAGES,
        "version": __version__,
        "headline": wording.headline(report),
        "proven": wording.is_proven(report),
        "owed_how": wording.owed_how(report),
        "outcome": wording.outcome({"covered": True, "not-covered": False}.get(report.verdict), report.on_word),
    }

    def page(template: str, path: str, **more: Any) -> bytes:
        root = "../" * path.count("/")
        text = environment.get_template(template).render({**shared, **more, "root": root, "path": path})
        return text.encode()

    files = {
        "index.html": page("index.html", "index.html", **_overview(report)),
        "history.html": page("history.html", "history.html", **_history(report)),
        "proven.html": page("proven.html", "proven.html"),
        "check.html": page("check.html", "check.html", rejections=REJECTIONS),
    }
    for asset in report.assets:
        path = asset_page(asset.symbol)
        files[path] = page("asset.html", path, **_asset(report, asset))
    return {**files, REPORT: report.to_bytes()}


def render_history_site(report: Report) -> dict[str, bytes]:
    """The site of a history, which lies in the history itself and links to its files."""
    where = f"{AUDITS}/{report.audit.audit_id}"
    return render_site(report, Places(audit=where, history=".", linked=True))


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
    }
    environment.globals |= {
        "asset_href": lambda symbol: quote(asset_page(symbol)),
        "asset_sentence": wording.asset_sentence,
        "evidence_sentences": wording.evidence_sentences,
        "verdict_sentence": wording.verdict_sentence,
        "policy_sentences": wording.policy_sentences,
        "own_rule": wording.own_rule,
        "checked_sentence": wording.checked_sentence,
        "could_still": wording.could_still,
        "ownership_labels": wording.OWNERSHIP_LABELS,
        "balance_labels": wording.BALANCE_LABELS,
        "freshness_labels": wording.FRESHNESS_LABELS,
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
    return {"ownership": present, "chart": _lowest(report) if len(report.history) > 1 else None}


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


# Writing


def write_site(out: Path, files: Mapping[str, bytes]) -> None:
    """Write a site, or replace an older one; other files in ``out`` are left alone.

    Raises ``ArtifactError`` for a directory that is not empty and holds no report.
    """
    check_place(out)
    require_space(out, sum(map(len, files.values())), f"the report, {counted(len(files), 'file')},")
    for path, data in files.items():
        target = out / path
        target.parent.mkdir(parents=True, exist_ok=True)
        write_durably(target, data)
    # Pages of assets that are no longer audited would show an older report.
    for page in (out / _ASSETS).glob("*.html"):
        if f"{_ASSETS}/{page.name}" not in files:
            page.unlink()


def check_place(out: Path) -> None:
    """Raise ``ArtifactError`` unless ``out`` is a new or empty directory, or one with a report or a history."""
    if out.is_dir() and any(out.iterdir()) and not ((out / REPORT).is_file() or present(out / HISTORY)):
        raise ArtifactError(
            Problem(f"{out} is not empty and holds no report", hint="give a new directory: nothing is overwritten")
        )
    if out.exists() and not out.is_dir():
        raise ArtifactError(f"{out} is not a directory")
