"""A security report for people, readable at 80 columns, and for machines."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from polyproof.cli.console import table

if TYPE_CHECKING:
    from rich.console import Console as RichConsole

    from polyproof.backend import SecurityReport, SecurityTerm

__all__ = ["security_payload", "show_security"]


def security_payload(security: SecurityReport) -> dict[str, Any]:
    """The report as plain JSON: everything in it, including the reports by other bounds."""
    from attrs import asdict

    return asdict(security)


def show_security(rich: RichConsole, security: SecurityReport) -> None:
    """The result, the terms round by round under every bound, how each is computed, and the notes."""
    rich.print(f"Security: {security.proven_bits:.1f} proven bits, decided by {security.binding}", style="bold")
    if security.grinding_bits:
        _paragraph(
            rich, f"{security.grinding_bits:g} bits are grinding: work that every attempt costs, not chance.", " " * 2
        )
    if security.conjectured_bits is not None:
        _paragraph(rich, f"{security.conjectured_bits:.1f} bits by conjecture: not to be relied upon.", " " * 2)
    rich.print("\nRound by round, in bits (* decides)", style="bold")
    _show_terms(rich, security)
    rich.print(f"How the bits come about{f': {security.bound}' if security.bound else ''}", style="bold")
    _show_reasons(rich, security.terms)
    if security.inclusion:
        rich.print("\nThat a user's own row is among those summed", style="bold")
        _show_reasons(rich, security.inclusion)
    if security.notes:
        rich.print("\nWhat to know about these bits", style="bold")
    for note in security.notes:
        _paragraph(rich, note, " • ")


def _show_terms(rich: RichConsole, security: SecurityReport) -> None:
    """One row for each term, one column of bits for each bound."""
    accounts = (security, *security.alternatives)
    names = ["Round", "Term"] if any(term.round for term in security.terms) else ["Term"]
    headings = [account.bound or "Bits" for account in accounts]
    made = table(*names, *headings, numbers=range(len(names), len(names) + len(headings)))
    for index, term in enumerate(security.terms):
        labels = [term.round, term.name] if len(names) == 2 else [term.name]
        made.add_row(*labels, *(_bits(account, account.terms[index]) for account in accounts))
    rich.print(made)


def _bits(account: SecurityReport, term: SecurityTerm) -> str:
    return f"{term.bits:.1f}{'*' if term.name == account.binding else ' '}"


def _show_reasons(rich: RichConsole, terms: Sequence[SecurityTerm]) -> None:
    for term in terms:
        rich.print(f"{term.bits:6.1f}  {term.name}")
        _paragraph(rich, term.formula, " " * 8)
        _paragraph(rich, term.source, " " * 8, style="dim")


def _paragraph(rich: RichConsole, text: str, lead: str, style: str | None = None) -> None:
    """Wrapped to the width, with further lines indented under the first."""
    filled = textwrap.fill(text, rich.width, initial_indent=lead, subsequent_indent=" " * len(lead))
    rich.print(filled, style=style)
