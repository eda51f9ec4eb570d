"""Every rejection that a customer can meet is explained, in plain words, wherever a customer looks."""

from __future__ import annotations

from pathlib import Path

import pytest

from polyproof.checks import CoreCheck
from polyproof.liabilities.rejections import REJECTIONS, Rejection, meaning_of
from polyproof.settings.policy import PolicyCheck
from polyproof_merkle.checks import MerkleCheck
from polyproof_stark.checks import StarkCheck

PAGE = Path(__file__).parents[2] / "docs/how-to/check-your-own-balance.md"
ELSEWHERE = ("history-", "chain-", "page", "reserves-", "evidence-", "anchor-", "attestation-", "shape", "compared")
"""What verify-inclusion does not look at: the history, the exchange's own list of it, pages, what is held, evidence
and statements about the digest, FRI alone, and comparisons."""
NAMES = sorted(
    str(check)
    for names in (CoreCheck, PolicyCheck, MerkleCheck, StarkCheck)
    for check in names
    if not check.startswith(ELSEWHERE)
)
JARGON = ("leaf", "leaves", "nonce", "sibling", "segment", "out-of-domain", "coset", "evaluations of the hash")


@pytest.mark.parametrize("name", NAMES)
def test_every_rejection_that_a_customer_can_meet_has_one_meaning(name: str) -> None:
    exact = [item for item in REJECTIONS if name in item.checks]
    (only,) = exact or [item for item in REJECTIONS if item.covers(name)]
    assert meaning_of(name) is only


def test_every_name_that_is_explained_can_be_met() -> None:
    for item in REJECTIONS:
        for check in item.checks:
            stem = check.removesuffix("*")
            assert any(name == check or (check.endswith("*") and name.startswith(stem)) for name in NAMES), check


@pytest.mark.parametrize("item", REJECTIONS, ids=lambda item: item.title)
def test_meanings_are_in_plain_words_and_on_the_page(item: Rejection) -> None:
    page = PAGE.read_text(encoding="utf-8")
    for text in (item.title, item.meaning, item.advice):
        assert text in page
        assert not [word for word in JARGON if word in text.lower()], text


def test_the_page_of_customers_has_no_jargon() -> None:
    before, _, after = PAGE.read_text(encoding="utf-8").partition("<!-- generated: rejections -->")
    text = (before + after.partition("<!-- end -->")[2]).lower()
    assert [word for word in JARGON if word in text] == []
