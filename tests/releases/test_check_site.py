"""The check of the built site finds a link to nothing, and whatever a page would load from elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

import check_site


def site(folder: Path, body: str, css: str = "") -> Path:
    (folder / "deep").mkdir()
    (folder / "index.html").write_text(f"<h1 id='top'>x</h1>{body}")
    (folder / "deep" / "index.html").write_text("<a href='..'>up</a> <a href='../index.html#top'>top</a>")
    (folder / "a.css").write_text(css)
    return folder


@pytest.mark.parametrize(
    "body",
    [
        "<a href='deep/index.html'>x</a><a href='deep'>x</a><a href='#top'>x</a>",
        "<a href='https://example.org/paper'>x</a><a href='mailto:x'>x</a>",
        "<link rel='stylesheet' href='a.css'><script src='a.css'></script>",
    ],
)
def test_links_that_lead_somewhere_and_files_of_the_site_pass(tmp_path: Path, body: str) -> None:
    assert check_site.problems(site(tmp_path, body)) == []


@pytest.mark.parametrize(
    "link", ["gone.html", "#gone", "deep/index.html#gone", "/index.html", "../outside.html", "deep/x/"]
)
def test_a_link_to_nothing_is_found(tmp_path: Path, link: str) -> None:
    assert check_site.problems(site(tmp_path, f"<a href='{link}'>x</a>")) == [f"index.html: {link} leads nowhere"]


@pytest.mark.parametrize(
    "body",
    [
        "<script src='https://example.org/x.js'></script>",
        "<script src='//example.org/x.js'></script>",
        "<link rel='stylesheet' href='https://example.org/x.css'>",
        "<link rel='preconnect' href='https://example.org' crossorigin>",
        "<img src='https://example.org/x.png'>",
        "<iframe src='https://example.org/'></iframe>",
        "<pre class='mermaid'>graph</pre>",
        "<style>p { background: url('https://example.org/x.png') }</style>",
    ],
)
def test_what_a_page_would_load_from_elsewhere_is_found(tmp_path: Path, body: str) -> None:
    (problem,) = check_site.problems(site(tmp_path, body))
    assert "index.html: loads" in problem


@pytest.mark.parametrize("css", ["@import 'https://example.org/x.css';", "@font-face { src: url(//example.org/x) }"])
def test_what_a_style_would_load_from_elsewhere_is_found(tmp_path: Path, css: str) -> None:
    assert check_site.problems(site(tmp_path, "", css)) == ["a.css: loads something from elsewhere"]


def test_an_empty_folder_is_not_a_site(tmp_path: Path) -> None:
    assert check_site.problems(tmp_path) == [f"{tmp_path.resolve()}: no pages"]
