"""The site: complete, well formed, closed to everything from elsewhere, and clear for whoever is healthy or not."""

from __future__ import annotations

import base64
import hashlib
import itertools
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from attrs import evolve

from doubles.policies import DECLARED, SUM_TREE
from polyproof.backend import EVERY_ACCOUNT
from polyproof.errors import ArtifactError
from polyproof.model.manifest import Verifier
from polyproof.publication.browser import PAGE, page_policy, released_page
from polyproof.publication.history import verify_history
from polyproof.publication.report.document import ON_WORD, Report, ReportRows
from polyproof.publication.report.make import make_report
from polyproof.publication.report.site import Places, asset_page, render_site
from polyproof.publication.report.writing import write_site
from polyproof.reserves.published import PublishedDiscrepancy
from polyproof.version import __version__
from report.conftest import HOSTILE
from report.pages import Page

EXCHANGES = ("healthy", "failing", "alone")
every_exchange = pytest.mark.parametrize("name", EXCHANGES)


def site_of(exchanges: Path, name: str) -> Path:
    return exchanges / name / "audits/published"


def pages(site: Path) -> dict[str, Page]:
    found = {path.relative_to(site).as_posix(): Page(path.read_text(encoding="utf-8")) for path in site.rglob("*.html")}
    assert {"index.html", "history.html", "proven.html", "check.html"} < set(found)
    return found


def plain(site: Path) -> dict[str, Page]:
    """The pages but for those on which customers check: those are the released page, with a script and a form."""
    return {path: page for path, page in pages(site).items() if path.rpartition("/")[2] != PAGE}


@pytest.fixture(scope="session")
def report(exchanges: Path) -> Report:
    published = exchanges / "failing/audits/published"
    return make_report(verify_history(published, policy=SUM_TREE, reserves_policy=DECLARED).audits)


# Form


@every_exchange
def test_every_page_is_well_nested(exchanges: Path, name: str) -> None:
    for path, page in pages(site_of(exchanges, name)).items():
        assert page.faults == [], path
        assert page.doctype == "doctype html"


def test_the_scan_sees_bad_nesting() -> None:
    for text in ("<p><b></p></b>", "<p>", "</p>", "<a href=1 href=2></a>"):
        assert Page(text).faults


@every_exchange
def test_there_is_a_page_for_every_asset_and_no_other(exchanges: Path, name: str) -> None:
    found = {path for path in pages(site_of(exchanges, name)) if path.startswith("assets/")}
    assert found == {"assets/BTC.html", "assets/ETH.html", "assets/USDT.html", "assets/SOL.html"}


@every_exchange
def test_nothing_is_loaded_from_elsewhere(exchanges: Path, name: str) -> None:
    site = site_of(exchanges, name)
    for path, page in plain(site).items():
        assert not {"script", "link", "img", "iframe", "object", "embed", "form", "base"} & {
            tag for tag, _ in page.elements
        }, path
        for tag, attributes in page.elements:
            assert not {"src", "srcset", "style", "action", "data", "xlink:href", "background"} & set(attributes), path
            assert not any(attribute.startswith("on") for attribute in attributes), path
            if "href" in attributes:
                assert tag == "a", path
                target = urlsplit(attributes["href"])
                assert (target.scheme, target.netloc) == ("", ""), path
        text = (site / path).read_text(encoding="utf-8")
        assert not re.search(r"url\(|@import|https?:|//[a-z]", text), path


@every_exchange
def test_every_link_leads_to_a_file_or_a_place_that_is_there(exchanges: Path, name: str) -> None:
    site = site_of(exchanges, name)
    found = pages(site)
    for path, page in found.items():
        for link in page.all("a"):
            target = urlsplit(link["href"])
            file = (site / path).parent / unquote(target.path) if target.path else site / path
            assert file.resolve().is_file(), f"{path}: {link['href']}"
            if target.fragment:
                there = found[file.resolve().relative_to(site.resolve()).as_posix()]
                assert target.fragment in {attributes.get("id") for _, attributes in there.elements}


@every_exchange
def test_the_policy_allows_the_one_style_sheet_and_nothing_else(exchanges: Path, name: str) -> None:
    site = site_of(exchanges, name)
    for path, page in plain(site).items():
        policy = [meta["content"] for meta in page.all("meta") if meta.get("http-equiv") == "Content-Security-Policy"]
        style = re.findall(r"<style>(.*?)</style>", (site / path).read_text(encoding="utf-8"), re.DOTALL)
        assert len(policy) == len(style) == 1, path
        digest = base64.b64encode(hashlib.sha256(style[0].encode()).digest()).decode()
        assert policy[0].startswith(f"default-src 'none'; style-src 'sha256-{digest}';")
        assert "unsafe" not in policy[0]


def between(page: bytes, start: str, end: str) -> str:
    """What stands between two texts, each of which is there once."""
    text = page.decode()
    assert text.count(start) == text.count(end) == 1
    return text.partition(start)[2].partition(end)[0]


@every_exchange
def test_where_customers_check_is_the_released_page_with_what_there_is_to_say_of_the_audit(
    exchanges: Path, name: str
) -> None:
    """Whoever undoes the changes has the bytes whose SHA-256 a release lists."""
    site, released = site_of(exchanges, name), released_page()
    ends = re.split(rb"<!-- navigation -->|<!-- audit -->", released)
    found = list(site.rglob(PAGE))
    assert len(found) == 1 + len(list((site / "audits").iterdir()))
    for path in found:
        page = path.read_bytes()
        public = between(page, '<html lang="en" data-files="', '">\n<head>')
        assert (path.parent / public / "publication.json").is_file(), "its files are where it looks for them"
        undone = (
            page.replace(f' data-files="{public}"'.encode(), b"")
            .replace(b" connect-src 'self';", b"", 1)
            .replace(f'\n<meta name="generator" content="polyproof {__version__}">'.encode(), b"", 1)
        )
        assert undone.startswith(ends[0])
        assert ends[1] in undone
        assert undone.endswith(ends[2])
        put_in = undone[len(ends[0]) :].partition(ends[1])
        for part in (put_in[0], put_in[2].removesuffix(ends[2])):
            within = Page(part.decode())
            assert within.faults == []
            assert not {"script", "style", "form", "input", "img"} & {tag for tag, _ in within.elements}
            assert not any(key.startswith("on") or key == "style" for _, item in within.elements for key in item)


def test_the_page_of_an_audit_elsewhere_loads_nothing(report: Report) -> None:
    """In an archive, or where nobody knows how the site and the files lie, it is as tight as the released one."""
    for places in (Places(), Places(top="../")):
        page = render_site(report, places)[PAGE]
        assert page_policy(page) == page_policy(released_page())
        assert b"data-files=" not in page.partition(b"<body>")[0]


def test_the_overview_sends_customers_to_it_first(failing: Path) -> None:
    page = pages(failing)["index.html"]
    assert [link["href"] for link in page.all("a") if link["href"].endswith("check.html")] == ["check.html"] * 2
    assert "Are you a customer? Check that your own balance is included." in page.words


# Access


@every_exchange
def test_pages_have_landmarks_one_heading_and_a_way_past_the_navigation(exchanges: Path, name: str) -> None:
    for path, page in pages(site_of(exchanges, name)).items():
        assert [len(page.all(tag)) for tag in ("main", "header", "footer", "nav", "h1", "title")[:5]] == [1] * 5, path
        (root,) = page.all("html")
        assert {key: value for key, value in root.items() if key != "data-files"} == {"lang": "en"}
        assert page.all("a")[0] == {"class": "skip", "href": "#content"}
        assert page.all("main")[0]["id"] == "content"
        ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
        assert len(ids) == len(set(ids)), path
        named = [attributes["aria-labelledby"] for _, attributes in page.elements if "aria-labelledby" in attributes]
        made_later = {"answer-title"} if path.endswith(PAGE) else set()
        assert {one for value in named for one in value.split()} - made_later <= set(ids), path
        levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
        assert levels[0] == 1
        assert all(after <= before + 1 for before, after in itertools.pairwise(levels)), path


@every_exchange
def test_table_headers_say_what_they_head_and_tables_have_captions(exchanges: Path, name: str) -> None:
    for path, page in pages(site_of(exchanges, name)).items():
        assert len(page.all("caption")) == len(page.all("table"))
        for header in page.all("th"):
            assert header["scope"] in ("row", "col"), path
            assert header["role"] == {"row": "rowheader", "col": "columnheader"}[header["scope"]], path
        # On a phone the headers of columns stand before each cell.
        assert all(cell.get("data-label") for cell in page.all("td")), path


@every_exchange
def test_every_chart_has_a_title_and_a_description_with_its_numbers(exchanges: Path, name: str) -> None:
    for page in pages(site_of(exchanges, name)).values():
        charts = [svg for svg in page.all("svg") if svg.get("class", "").split()[0] == "chart"]
        assert len(page.all("desc")) == len(charts) == len(page.all("figure"))
        assert all(svg["role"] == "img" and svg["aria-labelledby"] for svg in charts)
        assert all(svg.get("aria-hidden") == "true" for svg in page.all("svg") if svg not in charts)


def test_an_outcome_is_shown_in_words_and_by_a_shape(failing: Path) -> None:
    text = (failing / "index.html").read_text(encoding="utf-8")
    outcomes = re.findall(r'<span class="result (\w+)">(<svg.*?</svg>)([^<]+)</span>', text)
    assert {(kind, words) for kind, _, words in outcomes} == {("word", "Covered, on its word"), ("bad", "Not covered")}
    assert len({shape for _, shape, _ in outcomes}) == 2


# What is said


def test_a_healthy_exchange_reads_as_one(exchanges: Path) -> None:
    words = pages(site_of(exchanges, "healthy"))["index.html"].words
    assert "Every asset is covered, if the organisation's word on what it owes, balances" in words
    checked = "all were signed by those who control the address, none was signed for this audit, and none was looked up"
    assert checked in words
    assert "Assets covered4 of 4" in words.replace(" 4 of 4", "4 of 4")
    assert "Not covered" not in words


def test_a_failing_exchange_reads_as_one(failing: Path) -> None:
    found = pages(failing)
    words = found["index.html"].words
    assert "2 of 4 assets are not covered" in words
    assert "are less than 100\u00a0% of what Example Exchange says it owes in ETH and USDT" in "".join(
        found["index.html"].text
    )
    # 99.9999…97 % is not 100 %, and what is missing is rounded up.
    assert "99.99 % of what is owed: 0.26 USDT short." in words
    assert "93.33 % of what is owed: 1,000.3766 ETH short." in words
    assert "1,000.376543211 ETH" in found["assets/ETH.html"].words
    assert "Not covered" in found["assets/USDT.html"].words
    assert "Not covered" not in found["assets/BTC.html"].words.partition("Exact amounts")[0]


def test_an_audit_without_reserves_says_so_plainly(alone: Path) -> None:
    words = pages(alone)["index.html"].words
    assert "reserves were not examined" in words
    assert "nothing here shows that the assets exist" in words
    assert "Covered" not in words


def test_proven_is_said_only_where_the_backend_proves_it_to_everybody(report: Report) -> None:
    committed = render_site(report)
    guarantees = evolve(report.guarantees, exact_totals=True, non_negativity=EVERY_ACCOUNT)
    proven = render_site(evolve(report, guarantees=guarantees))
    assert b"of what Example Exchange says it owes" in committed["index.html"]
    assert b"of what Example Exchange is proven to owe the accounts in its list" in proven["index.html"]
    assert b"proven to owe" not in committed["index.html"]


def test_a_proven_sum_of_a_list_is_not_called_all_that_is_owed(report: Report) -> None:
    """A proof knows the accounts that are in it: whoever was left out is owed something, too."""
    guarantees = evolve(report.guarantees, exact_totals=True, non_negativity=EVERY_ACCOUNT)
    alone = evolve(report, guarantees=guarantees, verdict="liabilities-only", reserves=None, on_word=())
    alone = evolve(alone, assets=tuple(evolve(asset, reserves=None, on_word=()) for asset in alone.assets))
    page = render_site(alone)["index.html"].decode()
    assert "Totals owed are proven for the accounts listed; reserves were not examined" in page
    assert "Whether a user is in the list, only that user can check." in page
    assert "how much it owes" not in page


def test_one_row_that_counts_is_spoken_of_as_one(report: Report) -> None:
    assert report.reserves is not None
    rows = tuple(
        ReportRows(of=of, outcome=outcome, rows=1, counted=1)
        for of, outcome in (("ownership", "signed"), ("balances", "claimed"), ("messages", "challenge"))
    )
    page = render_site(evolve(report, reserves=evolve(report.reserves, rows=rows)))["index.html"].decode()
    assert (
        "One row counts. As whoever wrote this page has checked, it was signed by those who control the address, it "
        "was signed for this audit, and it was not looked up on its chain for its balance. The rest is the "
        "organisation&#39;s word."
    ) in page


def test_the_digest_is_not_said_to_cover_the_pages(report: Report) -> None:
    page = render_site(report)["check.html"].decode()
    assert "every file that its record names" in page
    assert "Nothing else is: neither these pages, nor what others have added beside the audit" in page
    assert "every file of it" not in page


@pytest.mark.parametrize("name", ON_WORD)
def test_a_page_is_green_only_if_nothing_is_taken_on_the_organisations_word(
    exchanges: Path, report: Report, name: str
) -> None:
    """The colour is that of the weakest of proof, ownership, balance and message, whatever the ratio."""
    published = exchanges / "healthy/audits/published"
    found = make_report(verify_history(published, policy=SUM_TREE, reserves_policy=DECLARED).audits)
    assert found.verdict == "covered"

    def said(names: tuple[str, ...]) -> Report:
        assets = tuple(evolve(asset, on_word=names) for asset in found.assets)
        return evolve(found, on_word=names, assets=assets)

    for path in ("index.html", "assets/BTC.html"):
        checked = render_site(said(()))[path].decode()
        assert '<section class="verdict good"' in checked
        page = render_site(said((name,)))[path].decode()
        assert '<section class="verdict word"' in page
        assert "organisation&#39;s word on" in page
        assert 'class="result good"' not in page.partition("Over time")[0]


def test_no_asset_is_green_above_balances_that_nobody_looked_up(exchanges: Path) -> None:
    for path, page in pages(site_of(exchanges, "healthy")).items():
        text = (site_of(exchanges, "healthy") / path).read_text(encoding="utf-8")
        assert "Not checked" in page.words or not path.startswith("assets/")
        assert 'class="verdict good"' not in text, path
        assert 'class="result good"' not in text, path


def test_what_the_organisation_alone_knows_is_called_its_word(failing: Path, report: Report) -> None:
    assert report.reserves is not None
    words = pages(failing)["proven.html"].words
    assert "from 1 file, says the organisation; the files are not published" in words
    told = evolve(
        report.reserves.unverified,
        discrepancies=(PublishedDiscrepancy(file="a.csv", line=2, coin="BTC", declared="2", found="1"),),
    )
    files = render_site(evolve(report, reserves=evolve(report.reserves, unverified=told)))
    assert "The organisation says that its reserve files declare totals" in Page(files["index.html"].decode()).words


def test_what_is_not_proven_is_on_the_overview_too(report: Report) -> None:
    overview = Page(render_site(report)["index.html"].decode()).words
    assert report.reserves is not None
    for sentence in (*report.guarantees.remaining_trust, *report.reserves.leaves_open):
        assert sentence[1:] in overview


def test_the_commands_name_the_digest(report: Report, failing: Path) -> None:
    words = Page((failing / "check.html").read_text(encoding="utf-8")).words
    digest = hashlib.sha256((failing / "audits/failing-3/publication.json").read_bytes()).hexdigest()
    assert f"polyproof verify audits/failing-3 --policy merkle-sum --digest {digest}" in words
    assert f"polyproof verify . --policy merkle-sum --digest {digest}" in words
    alone = Page(render_site(report, Places())["check.html"].decode()).words
    assert f"polyproof report public --out my-report --policy merkle-sum --digest {digest}" in alone
    assert "polyproof verify ." not in alone


def test_the_site_names_each_figure_and_the_policy_that_accepts_the_proof(report: Report) -> None:
    """These audits are Merkle sum trees, which have no soundness: the site says so, and what accepts them."""
    pages = {
        path: "".join(Page(data.decode()).words.split())
        for path, data in render_site(report).items()
        if path.endswith(".html")
    }

    def said(words: str, path: str) -> bool:
        return "".join(words.split()) in pages[path]

    assert report.security.policy == "merkle-sum"
    assert said("Without --policy merkle-sum polyproof refuses this proof", "check.html")
    assert said("nothing is proven about accounts that nobody opens", "check.html")
    assert said("Soundness of the totals none", "index.html")
    assert said("Customer's own check 128.0 bits", "index.html")
    assert said("soundness, by long-proven bounds none nothing is proven about accounts", "proven.html")
    assert said("binding 128.0 what is published cannot be opened to two different contents", "proven.html")
    assert said("Taken for granted: sha256 is collision resistant; no trusted set-up.", "proven.html")
    accepted = render_site(evolve(report, security=evolve(report.security, policy=None)))
    assert "--policy" not in Page(accepted["check.html"].decode()).words


def test_all_audits_are_in_the_history(failing: Path) -> None:
    words = pages(failing)["history.html"].words
    for number in (1, 2, 3):
        record = (failing / f"audits/failing-{number}/publication.json").read_bytes()
        assert hashlib.sha256(record).hexdigest() in words


def test_a_history_that_does_not_begin_here_is_not_called_whole(report: Report) -> None:
    cut = evolve(report, chain="not-given", history=report.history[1:])
    files = render_site(cut)
    assert b"was not available" in files["history.html"]
    assert b"every link checked" not in files["index.html"]


# Hostile texts


def test_a_hostile_name_is_shown_and_never_run(alone: Path) -> None:
    for path, page in pages(alone).items():
        assert len(page.all("script")) == path.endswith(PAGE), path
        assert HOSTILE in page.words, path
        assert "<script>alert" not in (alone / path).read_text(encoding="utf-8")


def test_hostile_texts_everywhere_are_escaped(report: Report) -> None:
    def poisoned(text: str) -> str:
        return f"{text}{HOSTILE}</style></title></desc></svg>"

    assert report.reserves is not None
    hostile = evolve(
        report,
        audit=evolve(report.audit, organisation=poisoned("x"), backend=poisoned("backend")),
        guarantees=evolve(report.guarantees, proves=(poisoned("p"),), remaining_trust=(poisoned("t"),)),
        security=evolve(
            report.security,
            figures=tuple(
                evolve(figure, decided_by=poisoned("d"), rests_on=poisoned("r")) for figure in report.security.figures
            ),
            assumptions=(poisoned("a"),),
            policy=poisoned("policy"),
            notes=(poisoned("n"),),
        ),
        reserves=evolve(report.reserves, establishes=(poisoned("e"),), leaves_open=(poisoned("o"),)),
        history=tuple(evolve(entry, backend=poisoned("h")) for entry in report.history),
    )
    clean = render_site(report)
    for path, data in render_site(hostile).items():
        if path.endswith(".html"):
            page, plain = Page(data.decode()), Page(clean[path].decode())
            assert page.faults == [], path
            # Points are as many as there are, and a command has an element for each word.
            tags, expected = ([tag for tag, _ in one.elements if tag not in ("li", "span")] for one in (page, plain))
            assert tags == expected, path


@pytest.mark.parametrize("symbol", ["A.B", "U$D", "1+1", "index", "A_-", "x" * 32])
def test_symbols_of_any_spelling_have_a_page_that_links_reach(report: Report, symbol: str) -> None:
    first = evolve(report.assets[0], symbol=symbol)
    files = render_site(evolve(report, assets=(first, *report.assets[1:])))
    assert asset_page(symbol) in files
    links = [unquote(link["href"]) for link in Page(files["index.html"].decode()).all("a")]
    assert asset_page(symbol) in links


# Writing


def test_a_site_replaces_an_older_one_and_its_pages(report: Report, tmp_path: Path) -> None:
    write_site(tmp_path / "site", render_site(report))
    fewer = evolve(report, assets=report.assets[:1])
    write_site(tmp_path / "site", render_site(fewer))
    assert [path.name for path in (tmp_path / "site/assets").iterdir()] == ["BTC.html"]


def test_a_site_is_not_written_among_other_files(report: Report, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(ArtifactError, match="not empty"):
        write_site(tmp_path, render_site(report))
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_the_same_report_gives_the_same_site(report: Report) -> None:
    assert render_site(report) == render_site(report)


def test_an_asset_that_was_never_examined_has_a_chart_of_what_is_owed(report: Report) -> None:
    entries = tuple(
        evolve(entry, met=None, assets=tuple(evolve(one, counted=None, percent=None, met=None) for one in entry.assets))
        for entry in report.history
    )
    bare = evolve(
        report,
        verdict="liabilities-only",
        reserves=None,
        assets=tuple(evolve(asset, reserves=None) for asset in report.assets),
        history=entries,
    )
    files = render_site(bare)
    page = Page(files["assets/BTC.html"].decode())
    assert len([svg for svg in page.all("svg") if svg.get("class", "").split()[0] == "chart"]) == 1
    assert not [svg for svg in Page(files["index.html"].decode()).all("svg") if svg["class"].startswith("chart")]


# Where the program comes from


def test_the_site_names_a_verifier_as_the_manifest_does_and_none_otherwise(report: Report) -> None:
    named = Verifier(name="Example Verifier 7.3", url="https://example.org/polyproof.whl?a=1", sha256="ab" * 32)
    without = render_site(report)["check.html"].decode()
    page = render_site(evolve(report, audit=evolve(report.audit, verifier=named)))["check.html"].decode()
    for shown in (named.name, named.url, named.sha256):
        assert shown in page
        assert shown not in without
    assert Page(page).faults == []
    assert "The organisation does not say where the program comes from" in without


@every_exchange
def test_no_page_says_that_the_program_is_on_a_package_index(exchanges: Path, name: str) -> None:
    for path, page in pages(site_of(exchanges, name)).items():
        assert "pip install" not in page.words, path
