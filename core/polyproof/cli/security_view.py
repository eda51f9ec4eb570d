"""A security account for people, readable at 80 columns, and for machines."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from polyproof.cli.console import table
from polyproof.cli.shapes import FLAG, NUMBER, TEXT, TEXTS, Shape, by_name, listed, nullable, record
from polyproof.security import FigureName, bits_text

if TYPE_CHECKING:
    from rich.console import Console as RichConsole

    from polyproof.backend import BackendProperties
    from polyproof.liabilities import PublishedAudit
    from polyproof.security import Figure, SecurityReport, SecurityTerm

__all__ = [
    "COMPONENTS",
    "FIGURES",
    "SECURITY",
    "components_payload",
    "components_text",
    "figures_facts",
    "figures_line",
    "figures_payload",
    "non_negativity_lines",
    "security_payload",
    "show_security",
    "verdict",
]


# What every command shows of a proof

COMPONENTS: dict[str, Shape] = {"backend": TEXT, "components": by_name(TEXTS)}
_ASSUMPTIONS = record(
    collision_resistant=TEXTS, random_oracle=TEXTS, trusted_setup=TEXT, setup=TEXT, insecure_setup=FLAG, others=TEXTS
)
_FIGURE: dict[str, Shape] = {"bits": NUMBER, "decided_by": TEXT, "rests_on": TEXT}
FIGURES: dict[str, Shape] = {"figures": by_name(record(**_FIGURE)), "assumptions": _ASSUMPTIONS}
_TERMS = listed(record(name=TEXT, bits=NUMBER, formula=TEXT, source=TEXT, round=TEXT, options=TEXTS))
_ALTERNATIVE = record(
    **_FIGURE, bound=TEXT, grinding_bits=NUMBER, terms=_TERMS, alternatives={"type": "array", "maxItems": 0}
)
SECURITY = record(
    figures=by_name(
        record(**_FIGURE, bound=TEXT, grinding_bits=NUMBER, terms=_TERMS, alternatives=listed(_ALTERNATIVE)),
    ),
    assumptions=_ASSUMPTIONS,
    conjectured_soundness_bits=nullable(NUMBER),
    notes=TEXTS,
)


def components_payload(audit: PublishedAudit) -> dict[str, Any]:
    """The backend, and the components of its options by kind, for machines."""
    named = {kind: list(names) for kind, names in audit.components.items()}
    return {"backend": audit.manifest.backend, "components": named}


def components_text(audit: PublishedAudit) -> str:
    """The same for people: ``stark: constraints accounts, commitment merkle, …``."""
    named = ", ".join(f"{kind} {' and '.join(names)}" for kind, names in audit.components.items())
    return f"{audit.manifest.backend}: {named}" if named else audit.manifest.backend


def non_negativity_lines(properties: BackendProperties) -> list[str]:
    """For which accounts it is shown that no balance is negative; nothing where that is all, which ``proves`` says."""
    from polyproof.backend import EVERY_ACCOUNT

    if properties.non_negativity == EVERY_ACCOUNT:
        return []
    return [f"non-negativity: {properties.non_negativity}"]


def figures_payload(security: SecurityReport) -> dict[str, Any]:
    """The figures that a backend gives, by name, and what they assume, for machines."""
    from attrs import asdict

    figures = {
        name.value: {"bits": figure.bits, "decided_by": figure.decides.name, "rests_on": figure.rests_on}
        for name, figure in security.given.items()
    }
    return {"figures": figures, "assumptions": asdict(security.assumptions)}


def verdict(rich: RichConsole, security: SecurityReport, word: str, rest: str) -> None:
    """The word that everybody looks for, and what follows it. Under an insecure set-up it does not stand alone."""
    if security.assumptions.insecure_setup:
        unless = "" if rest[:1].isupper() else " Unless somebody did:"
        said = f"{word} under an INSECURE SET-UP: its secret is public, so anybody can have forged this.{unless} {rest}"
        rich.print(said, style="bold red", soft_wrap=True)
    else:
        rich.print(f"{word}{'.' if rest[:1].isupper() else ':'} {rest}", style="bold green")


def figures_facts(security: SecurityReport) -> list[tuple[str, str]]:
    """The figures for people, a line for each property: what it takes to break it, or that it is not given."""
    estimated = security.estimated
    return [
        ("binding", _fact(security, FigureName.BINDING)),
        ("soundness", _fact(security, FigureName.SOUNDNESS, FigureName.SOUNDNESS_2025)),
        ("inclusion", _fact(security, FigureName.INCLUSION, FigureName.INCLUSION_2025)),
        *([("by estimate", f"{_bits(estimated)}: {estimated.rests_on}")] if estimated else []),
        ("assumed", "; ".join(security.assumptions.sentences)),
    ]


def _fact(security: SecurityReport, name: FigureName, recent: FigureName | None = None) -> str:
    given = security.given
    own, newer = given.get(name), given.get(recent) if recent else None
    if own is None:
        return (
            f"none by long-proven bounds, {_bits(newer)} by theorems of 2025"
            if newer
            else f"none: {security.absence(name)}"
        )
    if newer is None:
        return f"{_bits(own)}: {own.rests_on}"
    return f"{_bits(own)} by long-proven bounds, {_bits(newer)} by theorems of 2025"


def _bits(figure: Figure) -> str:
    return f"{bits_text(figure.bits)} bits"


def figures_line(security: SecurityReport) -> str:
    """Soundness and inclusion by long-proven bounds in a few words: ``soundness 103.2 bits, inclusion 75.7 bits``."""
    parts = []
    for name in (FigureName.SOUNDNESS, FigureName.INCLUSION):
        figure = security.figure(name)
        parts.append(f"{name.value} {_bits(figure)}" if figure else f"no {name.value}")
    if security.estimated:
        parts.append(f"{_bits(security.estimated)} by estimate")
    if security.assumptions.insecure_setup:
        parts.append("INSECURE set-up")
    return ", ".join(parts)


# The whole account


def security_payload(security: SecurityReport) -> dict[str, Any]:
    """The account as plain JSON: everything in it, the accounts by other bounds too."""
    from attrs import asdict

    return {
        "figures": {name.value: _figure_payload(figure) for name, figure in security.given.items()},
        "assumptions": asdict(security.assumptions),
        "conjectured_soundness_bits": security.conjectured_soundness_bits,
        "notes": list(security.notes),
    }


def _figure_payload(figure: Figure) -> dict[str, Any]:
    from attrs import asdict

    return {
        "bits": figure.bits,
        "decided_by": figure.decides.name,
        "rests_on": figure.rests_on,
        "bound": figure.bound,
        "grinding_bits": figure.grinding_bits,
        "terms": [asdict(term) for term in figure.terms],
        "alternatives": [_figure_payload(other) for other in figure.alternatives],
    }


def show_security(rich: RichConsole, security: SecurityReport) -> None:
    """Every figure and what decides it, the terms round by round by every bound, how each comes about, and notes."""
    rich.print("Security", style="bold")
    for name in FigureName:
        figure = security.given.get(name)
        if figure is None and not name.absence:
            continue
        if figure is None:
            older = security.figure(name)
            why = "as by long-proven bounds" if older else f"none: {security.absence(name)}"
            _paragraph(rich, f"{name.label}: {why}", "  ")
            continue
        _paragraph(rich, f"{name.label}: {_bits(figure)}, decided by {figure.decides.name}", "  ")
        _paragraph(rich, f"rests on {figure.rests_on}", " " * 6, style="dim")
        if figure.grinding_bits and name is FigureName.SOUNDNESS:
            _paragraph(rich, _grinding(figure), " " * 6)
    _paragraph(rich, "assumed: " + "; ".join(security.assumptions.sentences), "  ")
    if security.conjectured_soundness_bits is not None:
        bits = bits_text(security.conjectured_soundness_bits)
        _paragraph(rich, f"soundness by conjecture: {bits} bits, not to be relied upon.", "  ")
    shown = []
    for name, figure in security.given.items():
        if figure in shown:
            continue
        shown.append(figure)
        rich.print(f"\nHow the bits come about: {name.label}", style="bold")
        accounts = (figure, *figure.alternatives)
        if len(figure.terms) > 1:
            rich.print("Round by round, in bits (* decides)")
            _show_terms(rich, accounts)
        _show_reasons(rich, figure.terms)
    if security.notes:
        rich.print("\nWhat to know about these bits", style="bold")
    for note in security.notes:
        _paragraph(rich, note, " • ")


def _grinding(figure: Figure) -> str:
    """Of which bits grinding is a part: of those that decide only if it is their term that it protects."""
    protected = next((term.name for term in figure.terms if "grinding" in term.options), "the term that it protects")
    of = "" if figure.decides.name == protected else f" of {protected}"
    bits, are = ("1 bit", "is") if figure.grinding_bits == 1 else (f"{figure.grinding_bits:g} bits", "are")
    return f"{bits}{of} {are} grinding: work that every attempt costs, not chance."


def _show_terms(rich: RichConsole, accounts: Sequence[Figure]) -> None:
    """One row for each term, one column of bits for each bound."""
    terms = accounts[0].terms
    names = ["Round", "Term"] if any(term.round for term in terms) else ["Term"]
    headings = [account.bound or "Bits" for account in accounts]
    made = table(*names, *headings, numbers=range(len(names), len(names) + len(headings)))
    for index, term in enumerate(terms):
        labels = [term.round, term.name] if len(names) == 2 else [term.name]
        made.add_row(*labels, *(_marked(account, account.terms[index]) for account in accounts))
    rich.print(made)


def _marked(account: Figure, term: SecurityTerm) -> str:
    return f"{bits_text(term.bits)}{'*' if term.name == account.decides.name else ' '}"


def _show_reasons(rich: RichConsole, terms: Sequence[SecurityTerm]) -> None:
    for term in terms:
        rich.print(f"{bits_text(term.bits):>6}  {term.name}")
        _paragraph(rich, term.formula, " " * 8)
        _paragraph(rich, term.source, " " * 8, style="dim")


def _paragraph(rich: RichConsole, text: str, lead: str, style: str | None = None) -> None:
    """Wrapped to the width, with further lines indented under the first."""
    filled = textwrap.fill(text, rich.width, initial_indent=lead, subsequent_indent=" " * len(lead))
    rich.print(filled, style=style)
