"""A count and its noun agree: ``1 accounts`` is nowhere in the messages of the code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from polyproof.model.counts import counted

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted(
    path
    for folder in ("core/polyproof", "plugins")
    for path in (ROOT / folder).rglob("*.py")
    if "testing" not in path.parts
)
NOUNS = (
    "accounts|addresses|answers|assets|audits|balances|cells|chains|columns|decimals|digits|entries|errors|fields|files"
    "|helpers|holdings|items|keys|lines|messages|openings|owners|pages|parts|proofs|questions|records|results|rows|runs"
    "|seconds|segments|signatures|signers|totals|users|wallets|warnings"
)
AFTER_A_VALUE = re.compile(rf"(?: (?:more|other|of the|of these))? (?:{NOUNS})\b")

ALWAYS_SEVERAL = {
    ("anchors.py", "unique.others"): "said only of several",
    ("anchor_files.py", "len(names)"): "more than are allowed",
    ("inclusion_view.py", "parts"): "said only of several",
    ("columns.py", "len(found)"): "of one, there is nothing to say",
    ("shapes.py", "len(found)"): "more than are measured at once",
    ("chain.py", "len(found)"): "a history that lost its beginning: said with the number of all",
    ("native.py", "len(cells)"): "more than the header has",
    ("accounts.py", "decimals"): "more than are possible",
    ("evm.py", "scale"): "more than are possible",
    ("wording.py", "total"): "of one, another sentence",
    ("scheme_answers.py", "len(rows)"): "of one, another sentence",
    ("sum_tree.py", "zeros"): "of one, another sentence",
    ("grand_sum.py", "self.rows"): "eight at the least",
    ("commitment.py", "size"): "two at the least",
    ("signmessage.py", "len(claim.keys)"): "of one, there is nothing to say",
    ("rows.py", "len(claim.signatures)"): "of one, there is nothing to say",
    ("strict_json.py", "len(number)"): "more than a number may have",
    ("challenge.py", "len(_FIELDS) + 1"): "a constant",
    ("run.py", "len(rows)"): "more than verifiers read",
    ("arithmetic.py", "active"): "so many that a sum can wrap",
    ("arithmetic.py", "self.active"): "so many that a sum can wrap",
    ("arithmetic.py", "parts"): "said only of several",
    ("limits.py", "p.active"): "so many that a multiplicity can wrap",
    ("compiler.py", "active"): "a trace has at least 2^4 rows",
    ("compiler.py", "multiplicities"): "more than are possible",
    ("configuration.py", "1 << most"): "a trace has at least 2^4 rows",
    ("backend.py", "len(str(1 << int(within)))"): "digits of a large number",
    ("widths.py", "own.helpers + own.chunks"): "at least one of each",
    ("dask_cluster.py", "self.options.wait"): "seconds, possibly a fraction",
}
"""Expressions before a noun in the plural that are never 1, and why."""


def _uncounted(path: Path) -> Iterator[tuple[str, str, int]]:
    """Values before a noun in the plural in f-strings, but for constants and powers."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.JoinedStr):
            continue
        parts = node.values
        for place, (value, text) in enumerate(pairwise(parts)):
            if not (isinstance(value, ast.FormattedValue) and isinstance(text, ast.Constant)):
                continue
            before = parts[place - 1] if place else None
            if isinstance(before, ast.Constant) and re.search(r"[\^·×.]$", str(before.value)):
                continue
            expression = ast.unparse(value.value)
            constant = re.fullmatch(r"(\w+\.)*_?[A-Z][A-Z_0-9]+", expression)
            if constant is None and AFTER_A_VALUE.match(str(text.value)):
                yield path.name, expression, value.lineno


def test_every_count_that_may_be_one_agrees_with_its_noun() -> None:
    found = [one for path in FILES for one in _uncounted(path) if one[:2] not in ALWAYS_SEVERAL]
    assert not found, "write {counted(count, 'noun')}, of polyproof.model.counts, or say why it is never 1"


@pytest.mark.parametrize(("count", "text"), [(0, "0 rows"), (1, "1 row"), (2, "2 rows"), (4433, "4,433 rows")], ids=str)
def test_counts_in_words(count: int, text: str) -> None:
    assert counted(count, "row") == text
    assert counted(count, "entry", "entries").endswith("entry" if count == 1 else "entries")
