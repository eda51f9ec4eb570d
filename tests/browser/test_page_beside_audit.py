"""The copy of the page beside an audit differs from the released one in the places that are named, and in no others."""

from __future__ import annotations

from pathlib import Path

import pytest

from polyproof.errors import ArtifactError
from polyproof.publication import browser
from polyproof.publication.browser import page_beside_audit, page_digest, page_policy, released_page

RELEASED = b"""<!doctype html>
<html lang="en">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'sha256-AAAA'; worker-src blob:">
<title>Check</title>
<main><!-- audit --></main>
"""
"""A page of the form that the released one has."""


def test_the_copy_is_the_released_page_but_for_three_texts() -> None:
    copy = page_beside_audit("<p>About <b>a-1</b></p>", files="../audits/a-1", page=RELEASED)
    assert copy.count(b'<html lang="en" data-files="../audits/a-1">') == 1
    assert copy.count(b"content=\"default-src 'none'; connect-src 'self'; script-src") == 1
    undone = (
        copy.replace(b' data-files="../audits/a-1"', b"")
        .replace(b" connect-src 'self';", b"")
        .replace(b"<p>About <b>a-1</b></p>", b"<!-- audit -->")
    )
    assert undone == RELEASED


def test_a_folder_cannot_leave_its_attribute() -> None:
    copy = page_beside_audit("", files='"><script>', page=RELEASED)
    assert b"<script>" not in copy


def test_what_is_said_of_an_audit_is_not_replaced_again() -> None:
    about = '<!-- audit --><html lang="en">content="default-src \'none\';'
    assert about.encode() in page_beside_audit(about, files="a", page=RELEASED)


@pytest.mark.parametrize(
    "changed",
    [
        RELEASED.replace(b"<!-- audit -->", b""),
        RELEASED + b"<!-- audit -->",
        RELEASED.replace(b' lang="en"', b""),
        RELEASED.replace(b"default-src 'none'", b"default-src *"),
    ],
)
def test_a_page_of_another_form_makes_no_copy(changed: bytes) -> None:
    with pytest.raises(ArtifactError):
        page_beside_audit("", files="a", page=changed)


def test_a_copy_from_which_nothing_can_be_loaded_differs_in_what_is_said_alone() -> None:
    page = released_page()
    copy = page_beside_audit(
        "<p>about</p>", files=None, navigation="<nav></nav>", written_by="polyproof 1.0", page=page
    )
    assert page_policy(copy) == page_policy(page)
    assert b"data-files=" not in copy.partition(b"<body>")[0]
    undone = (
        copy.replace(b"<p>about</p>", b"<!-- audit -->")
        .replace(b"<nav></nav>", b"<!-- navigation -->")
        .replace(b'\n<meta name="generator" content="polyproof 1.0">', b"")
    )
    assert undone == page


def test_the_policy_is_what_the_page_states() -> None:
    assert page_policy(RELEASED) == "default-src 'none'; script-src 'sha256-AAAA'; worker-src blob:"
    assert page_policy(page_beside_audit("", files="a", page=RELEASED)).startswith(
        "default-src 'none'; connect-src 'self'; "
    )
    with pytest.raises(ArtifactError):
        page_policy(b"<html>")


def test_an_install_that_lacks_the_page_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser, "_FILE", tmp_path / "check.html")
    for asked in (released_page, page_digest, lambda: page_beside_audit("", files=None)):
        with pytest.raises(ArtifactError, match=r"check\.html is missing: this install of polyproof is not whole"):
            asked()


def test_the_released_page_is_of_that_form() -> None:
    page = released_page()
    copy = page_beside_audit("<p>about</p>", files="a", page=page)
    assert len(copy) == len(page) + len(' data-files="a"') + len(" connect-src 'self';") + len("<p>about</p>") - len(
        "<!-- audit -->"
    )
    assert "connect-src" not in page_policy(page)
    assert "worker-src blob:" in page_policy(page)
