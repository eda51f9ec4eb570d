"""Every rejection that a customer can meet is explained, in plain words, wherever a customer looks."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from polyproof.formats import strict_json
from polyproof.liabilities.rejections import REJECTIONS, meaning_of
from polyproof.settings.policy import PolicyCheck

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/how-to/check-your-own-balance.md"
NEVER_MET = ("polyproof_stark/commitment.py", "cli/", "testing/", "publication/", "reserves/", "polyproof_okx/")
"""Sources that ``verify-inclusion`` does not run: FRI alone, the history, what is held."""
JARGON = ("leaf", "leaves", "nonce", "sibling", "segment", "out-of-domain", "coset", "evaluations of the hash")


def raised(source: str) -> Iterator[str]:
    """The names of checks that a source raises; what it puts in at run time is a star."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("ProofRejected", "_reject") and node.args:
            name = node.args[0]
            prefix = "manifest-" if getattr(node.func, "id", "") == "_reject" else ""
            if isinstance(name, ast.Constant):
                yield f"{prefix}{name.value}"
            elif isinstance(name, ast.JoinedStr):
                parts = [part.value if isinstance(part, ast.Constant) else "*" for part in name.values]
                yield prefix + "".join(map(str, parts))


def names() -> set[str]:
    sources = [*(ROOT / "core/polyproof").rglob("*.py"), *(ROOT / "plugins").rglob("*.py")]
    met = [path for path in sources if not any(part in path.as_posix() for part in NEVER_MET)]
    found = {name for path in met for name in raised(path.read_text(encoding="utf-8"))}
    # {kind}-range and {kind}-count of the Merkle sum tree, NAME-format and NAME-canonical of a document.
    found = {name for name in found if not name.startswith("*")}
    found |= {f"{kind}-{what}" for kind in ("sum", "total") for what in ("range", "count")}
    found |= {f"publication-{what}" for what in ("format", "canonical")}
    merkle = (ROOT / "plugins/polyproof_merkle/commitment.py").read_text(encoding="utf-8")
    found |= {name for name in ("merkle-size", "merkle-indices") if name in merkle}
    bad = {
        node.args[0].value
        for node in ast.walk(ast.parse(Path(strict_json.__file__).read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", "") == "BadJson"
        and isinstance(node.args[0], ast.Constant)
    }
    return found | {f"manifest-{check}" for check in bad} | {str(check) for check in PolicyCheck}


def test_the_scan_finds_names_of_every_kind() -> None:
    assert {
        "inclusion-path",
        "own-row",
        "constraint-identity",
        "merkle-root",
        "manifest-format",
        "manifest-json",
    } < names()
    assert {"policy-hash", "publication-digest", "element-canonical", "trailing-bytes", "spec-digest"} < names()


def test_every_rejection_that_a_customer_can_meet_has_a_meaning() -> None:
    assert [name for name in sorted(names()) if meaning_of(name) is None] == []


def test_every_name_that_is_explained_can_be_met() -> None:
    found = names()
    for item in REJECTIONS:
        for check in item.checks:
            stem = check.removesuffix("*")
            assert any(name == check or (check.endswith("*") and name.startswith(stem)) for name in found), check


def test_no_name_is_explained_twice() -> None:
    for name in names():
        exact = [item for item in REJECTIONS if name in item.checks]
        (only,) = exact or [item for item in REJECTIONS if item.covers(name)]
        assert meaning_of(name) is only


@pytest.mark.parametrize("item", REJECTIONS, ids=lambda item: item.title)
def test_meanings_are_in_plain_words_and_on_the_page(item: object) -> None:
    from polyproof.liabilities.rejections import Rejection

    assert isinstance(item, Rejection)
    page = PAGE.read_text(encoding="utf-8")
    for text in (item.title, item.meaning, item.advice):
        assert text in page
        assert not [word for word in JARGON if word in text.lower()], text


def test_the_page_of_customers_has_no_jargon() -> None:
    prose = PAGE.read_text(encoding="utf-8").partition("<!-- generated: rejections -->")
    text = (prose[0] + prose[2].partition("<!-- end -->")[2]).lower()
    assert [word for word in JARGON if word in text] == []
