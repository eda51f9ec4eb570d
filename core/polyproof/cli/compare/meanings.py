"""What a backend says of itself, in the words of a table: nothing here knows a backend by name.

What a backend leaves unsaid is shown as not stated, never as given.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from polyproof.backend import EVERY_ACCOUNT, NOT_STATED
from polyproof.cli.compare.rows import Row
from polyproof.security import FigureName, bits_text

__all__ = [
    "APART",
    "ASSUMPTIONS",
    "FIGURES",
    "PROPERTIES",
    "UNKNOWN",
    "apart_title",
    "figure_heading",
    "figure_text",
    "labels",
    "policy_text",
]

UNKNOWN = "–"
"""In the cell of what was not measured, and so is not known."""
FIGURES = tuple(name for name in FigureName if name.long_proven in (FigureName.SOUNDNESS, FigureName.INCLUSION))
"""The figures of what is proven about accounts."""
APART = tuple(name for name in FigureName if name not in FIGURES)
"""The others, none of which ever shares a column or a table with what is proven, or with another: binding, which says
nothing about accounts, and what is an estimate.
"""


_NAMES = {name.value: name for name in FigureName}


def figure_heading(name: FigureName) -> str:
    """The heading of a column of bits."""
    if name in APART:
        return name.label.capitalize()
    kind = name.long_proven.value.capitalize()
    return f"{kind}, 2025" if name is not name.long_proven else f"{kind}, long proven"


def apart_title(name: FigureName) -> str:
    """The title of the table of a figure that stands apart."""
    return "Bits of what is only bound" if name is FigureName.BINDING else name.label.capitalize()


def figure_text(row: Row, name: FigureName) -> str:
    """The bits of a figure, or that it is not given."""
    if row.security is None:
        return UNKNOWN
    found = row.security.figure(name)
    return "none" if found is None else bits_text(found.bits)


def policy_text(row: Row) -> str:
    """What the default policy says of it."""
    if row.refusals is None:
        return UNKNOWN
    if not row.refusals:
        return "accepts"
    return "refuses: " + "; ".join(f"{one.check}: {one.reason}" for one in row.refusals)


def _yes(value: bool | None) -> str:
    return NOT_STATED if value is None else "yes" if value else "no"


def _sum(row: Row) -> str:
    assert row.properties is not None, "asked only where they are known"
    return f"proven, of {EVERY_ACCOUNT}" if row.properties.exact_totals else row.properties.inexact_totals


def _totals(row: Row) -> str:
    assert row.properties is not None, "asked only where they are known"
    if row.properties.exact_totals and row.properties.per_asset_totals:
        return "yes"
    return "no: published, and not proven to be exact" if row.properties.per_asset_totals else "no"


def _non_negativity(row: Row) -> str:
    assert row.properties is not None, "asked only where they are known"
    stated = row.properties.non_negativity
    return f"proven, of {stated}" if stated == EVERY_ACCOUNT else stated


def _inclusion(row: Row) -> str:
    found = None if row.security is None else row.security.figure(FigureName.INCLUSION_2025)
    return "each user checks their own" + (", with no proven bits" if found is None else "")


def _transparent(row: Row) -> str:
    assert row.properties is not None, "asked only where they are known"
    assumed = row.security.assumed if row.security is not None else None
    if assumed is not None and (assumed.trusted_setup or assumed.insecure_setup):
        return f"no: {'INSECURE set-up: ' if assumed.insecure_setup else ''}{assumed.trusted_setup}"
    return "yes" if row.properties.transparent else "no: a set-up is trusted"


def _rests_on(row: Row) -> str:
    """What the bits of each kind rest on, by kind."""
    assert row.security is not None, "asked only where it is known"
    found: dict[str, dict[str, None]] = {}
    for one in row.security.figures:
        kind = _NAMES[one.figure].long_proven
        found.setdefault(kind.label.partition(",")[0], {})[one.rests_on] = None
    return "; ".join(f"{kind}: {' and '.join(said)}" for kind, said in found.items()) or "none"


def _assumes(row: Row) -> str:
    return UNKNOWN if row.security is None else "; ".join(row.security.assumed.sentences) or "nothing"


def _stated(name: str) -> Callable[[Row], str]:
    def text(row: Row) -> str:
        value = getattr(row.properties, name)
        return value if isinstance(value, str) else _yes(value)

    return text


PROPERTIES: tuple[tuple[str, Callable[[Row], str]], ...] = (
    ("Sum", _sum),
    ("Exact totals of each asset", _totals),
    ("Non-negative", _non_negativity),
    ("Inclusion", _inclusion),
    ("Balances hidden", _stated("hides_balances")),
    ("Hides sums of neighbours", _stated("hides_sums")),
    ("Zero knowledge", _stated("zero_knowledge")),
    ("Transparent, no trusted set-up", _transparent),
    ("Post-quantum", _stated("post_quantum")),
)
"""What is set side by side of the backends, and the words for it."""

ASSUMPTIONS: tuple[tuple[str, Callable[[Row], str]], ...] = (
    ("The bits rest on", _rests_on),
    ("All of it assumes", _assumes),
)
"""What has to be true for the bits to be worth anything: that an assumption is no number of bits is seen here."""


def labels(rows: Sequence[Row]) -> list[str]:
    """What each combination is called beside the others, without its number of accounts: its backend, and the options
    that not all combinations of that backend have.
    """
    several = len({row.combination.spec for row in rows}) > 1
    shared: dict[str, frozenset[str]] = {}
    for row in rows:
        stated = frozenset(row.combination.stated)
        backend = row.combination.backend
        shared[backend] = shared.get(backend, stated) & stated
    found = []
    for made_of in (row.combination for row in rows):
        own = [one for one in made_of.stated if one not in shared[made_of.backend]]
        found.append((f"{made_of.spec}: " if several else "") + ", ".join([made_of.backend, *own]))
    return found
