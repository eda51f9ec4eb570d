"""A text about an audit for whoever writes about it: sentences of its pages and no others, with what it does not show.

It is made from the report by the functions that word the pages, so that it cannot say more than they do.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from attrs import frozen

from polyproof.publication.declared import own_issued_sentence
from polyproof.publication.report import wording
from polyproof.publication.report.document import Report, ReportEntry

__all__ = ["PRESS", "PressPart", "press_parts", "press_text"]

PRESS = "press.txt"
_WIDTH = 78


@frozen
class PressPart:
    """A heading, empty over the first part, the paragraphs under it, and a list after them."""

    heading: str
    paragraphs: tuple[str, ...]
    points: tuple[str, ...] = ()


def press_parts(report: Report, correction: ReportEntry | None) -> tuple[PressPart, ...]:
    """The text. ``correction``: the later audit that corrects this one, if it is known."""
    return tuple(_parts(report, correction))


def _parts(report: Report, correction: ReportEntry | None) -> Iterator[PressPart]:
    said = [wording.corrected_sentence(correction)] if correction else []
    said += [wording.verdict_sentence(report)]
    if report.reserves:
        said.append(wording.checked_sentence(report))
    said.append(wording.times_sentence(report))
    if report.left_out:
        said.append(wording.left_out_sentence(report))
    if report.history[-1].corrects:
        said.append(wording.corrects_sentence(report.history[-1].corrects))
    yield PressPart("", tuple(said))
    if report.short:
        short = tuple(f"{asset.symbol}: {wording.asset_sentence(asset, report)}" for asset in report.short)
        yield PressPart("What is not covered", (), short)
    declared = tuple(_declared(report))
    if declared:
        yield PressPart("What the organisation declares", ("Nobody has checked that here:",), declared)
    yield PressPart("What this does not show", ("A dishonest organisation could still:",), wording.could_still(report))
    if report.reserves:
        yield PressPart("", ("About what is held, this is left open:",), report.reserves.leaves_open)
    else:
        yield PressPart("", (wording.NOT_EXAMINED,))


def _declared(report: Report) -> Iterator[str]:
    """What is declared of single assets that their ratios do not show."""
    for asset in report.assets:
        own = own_issued_sentence(report.disclosures, [asset.symbol]) if asset.own_issued else ""
        said = " ".join(filter(None, [own, wording.encumbered_sentence(asset, report)]))
        if said:
            yield f"{asset.symbol}: {said}"


def press_text(report: Report, correction: ReportEntry | None, version: str) -> bytes:
    """``press.txt``."""
    who = report.audit.organisation or "Organisation not named"
    lines = [f"Proof of reserves, {who}", "", wording.headline(report), ""]
    for part in press_parts(report, correction):
        if part.heading:
            lines += [part.heading, ""]
        for paragraph in part.paragraphs:
            lines += [*textwrap.wrap(paragraph, _WIDTH, break_on_hyphens=False), ""]
        for point in part.points:
            lines += textwrap.wrap(
                f"{point[:1].upper()}{point[1:]}",
                _WIDTH,
                initial_indent="- ",
                subsequent_indent="  ",
                break_on_hyphens=False,
            )
        lines += [""] if part.points else []
    lines += [
        f"Audit {report.audit.audit_id}",
        f"Publication digest {report.audit.publication_digest}",
        "",
        f"Written by polyproof {version} after verification, for whoever ran it.",
        "What was not checked is called the organisation's word.",
    ]
    return ("\n".join(lines) + "\n").encode()
