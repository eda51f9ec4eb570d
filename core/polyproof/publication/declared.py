"""What an organisation declares, in words, for the terminal and for pages: its word, and shown to be no more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from polyproof.model.disclosures import (
    Affiliate,
    Custodian,
    Disclosures,
    Encumbrance,
    Entity,
    ManagementStatement,
    OwnIssued,
)

__all__ = ["TITLE", "declared_facts", "declared_lines", "not_declared", "own_issued_sentence"]

TITLE = "Declared by the organisation; nothing here is proven"

_NAMES = {
    "entity": "Legal entity",
    "in_scope": "Products in scope",
    "out_of_scope": "Products out of scope",
    "cut_off": "Cut-off",
    "custodians": "Custodians",
    "encumbered": "Encumbered assets",
    "own_issued": "Assets of its own issue",
    "affiliates": "Affiliates",
    "exceptions": "Exceptions",
    "statement": "Statement by the management",
}
_ACCOUNTS = {
    "included": "its accounts are among those audited",
    "excluded": "its accounts are not among those audited",
    "none": "it has no account",
}


def declared_facts(declared: Disclosures) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """What is declared, each with its name: the texts that stand under it, of which there is at least one.

    The management's statement is last, with a line that says whose it is before its paragraphs.
    """
    found = []
    for key, name in _NAMES.items():
        value = getattr(declared, key)
        if value is not None:
            found.append((name, tuple(_texts(value)) or ("None, as it declares.",)))
    return tuple(found)


def declared_lines(declared: Disclosures) -> tuple[str, ...]:
    """The same, a line for each."""
    return tuple(
        f"{name}: {(' ' if name == _NAMES['statement'] else '; ').join(texts)}"
        for name, texts in declared_facts(declared)
    )


def not_declared(declared: Disclosures) -> str:
    """What it declares nothing about, as a sentence; empty if there is nothing."""
    silent = [name[0].lower() + name[1:] for key, name in _NAMES.items() if getattr(declared, key) is None]
    if not silent:
        return ""
    listed = " or ".join(filter(None, [", ".join(silent[:-1]), silent[-1]]))
    return f"It declares nothing about: {listed}."


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, tuple):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, str):
        yield value
    elif isinstance(value, Entity):
        yield "; ".join(
            filter(None, [value.name, value.jurisdiction, value.registration, value.lei and f"LEI {value.lei}"])
        )
    elif isinstance(value, Custodian):
        where = f" ({value.jurisdiction})" if value.jurisdiction else ""
        yield f"{value.name}{where}" + (
            f": {', '.join(value.assets) or 'no asset'}" if value.assets is not None else ""
        )
    elif isinstance(value, Encumbrance):
        yield f"{f'{value.amount} ' if value.amount else ''}{value.asset}: {value.reason}"
    elif isinstance(value, OwnIssued):
        yield f"{value.asset}: {value.note}" if value.note else value.asset
    elif isinstance(value, Affiliate):
        yield f"{value.name}: {value.relation}" + (f"; {_ACCOUNTS[value.accounts]}" if value.accounts else "")
    elif isinstance(value, ManagementStatement):
        yield f"By {value.by}{f', {value.date}' if value.date else ''}:"
        yield from value.text


def own_issued_sentence(declared: Disclosures | None, symbols: Sequence[str]) -> str:
    """That assets are the organisation's own issue, beside their ratios; empty where none of them is."""
    own = [symbol for symbol in symbols if declared is not None and declared.issues(symbol)]
    if not own:
        return ""
    return (
        f"It declares that it issues {' and '.join(filter(None, [', '.join(own[:-1]), own[-1]]))} itself: holdings of "
        f"{'an asset' if len(own) == 1 else 'assets'} of its own issue are a claim on nobody else."
    )
