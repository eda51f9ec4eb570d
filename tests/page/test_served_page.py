"""The copy of the page that a site serves: it can load the public files beside it, the same for everybody, no more."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from attrs import frozen
from playwright.sync_api import Browser, Route

from page.conftest import SHIPPED, Audits, Customer, watched
from polyproof.publication.browser import page_beside_audit


@frozen
class Site:
    """A folder, the address that it is served at, and what was asked for: the paths and the cookies that came along."""

    folder: Path
    address: str
    asked: list[str]
    cookies: list[str | None]
    validators: list[str]
    """What was sent of copies that were kept of what was served before."""


@pytest.fixture
def site(tmp_path: Path, audits: Audits) -> Iterator[Site]:
    """A published audit in two parts, with the served copy of the page and the released one."""
    folder = tmp_path / "site"
    shutil.copytree(audits.get("parts").public, folder / "audits/one")
    (folder / "check.html").write_bytes(page_beside_audit('<p id="about">Audit one</p>', files="audits/one"))
    (folder / "released.html").write_bytes(SHIPPED.read_bytes())
    asked: list[str] = []
    cookies: list[str | None] = []
    validators: list[str] = []

    class Noting(SimpleHTTPRequestHandler):
        def log_request(self, *_: object) -> None:
            asked.append(self.path)
            cookies.append(self.headers.get("Cookie"))
            validators.extend(name for name in ("If-None-Match", "If-Modified-Since") if name in self.headers)

        def end_headers(self) -> None:
            self.send_header("Set-Cookie", "customer=17")
            self.send_header("ETag", '"17"')
            super().end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Noting, directory=str(folder)))
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield Site(folder, f"http://127.0.0.1:{server.server_port}", asked, cookies, validators)
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def visitor(chromium: Browser, site: Site) -> Iterator[Customer]:
    """The served copy, open."""
    context = chromium.new_context()
    visitor = watched(context.new_page())
    visitor.page.goto(f"{site.address}/check.html")
    yield visitor
    context.close()


def load(visitor: Customer) -> None:
    """Load the files beside the page."""
    visitor.page.click("#load")
    visitor.page.wait_for_selector("#load:enabled")
    visitor.page.wait_for_selector("#files-said p")


def test_all_public_files_are_loaded_whoever_checks(visitor: Customer, site: Site, audits: Audits) -> None:
    made = audits.get("parts")
    assert visitor.page.inner_text("#about") == "Audit one"
    assert site.asked == ["/check.html"]
    load(visitor)
    assert "loaded" in visitor.said
    visitor.choose(made.inclusion)
    visitor.page.fill("#digest", made.digest)
    visitor.type_claim(made)
    assert visitor.check().startswith("Included\n")
    files = ["publication.json", "manifest.json", "proof-0000.bin", "proof-0001.bin"]
    assert site.asked == ["/check.html", *(f"/audits/one/{file}" for file in files)]
    assert site.cookies == [None] * 5, "the site knows whom it has given a cookie"
    assert visitor.faults == []


@pytest.mark.slow
def test_a_file_that_is_missing_is_said(visitor: Customer, site: Site) -> None:
    (site.folder / "audits/one/proof-0001.bin").unlink()
    load(visitor)
    assert "proof-0001.bin could not be loaded: the site answers 404" in visitor.said


@pytest.mark.slow
def test_no_more_is_read_than_a_file_may_have(visitor: Customer, site: Site) -> None:
    with (site.folder / "audits/one/publication.json").open("ab") as file:
        file.write(b" " * 100_000)
    load(visitor)
    assert "larger than such a file may be" in visitor.said


@pytest.mark.slow
def test_a_manifest_that_names_other_places_leads_nowhere(visitor: Customer, site: Site) -> None:
    path = site.folder / "audits/one/manifest.json"
    path.write_bytes(path.read_bytes().replace(b'"proof-0000.bin"', b'"../../../evil.bin"'))
    load(visitor)
    assert "The manifest cannot be read" in visitor.said
    assert site.asked[-1] == "/audits/one/manifest.json"


def test_loading_says_nothing_of_who_loads(visitor: Customer, site: Site) -> None:
    for _ in range(2):
        load(visitor)
        assert "loaded" in visitor.said
    assert len(site.asked) == 1 + 2 * 4
    assert site.validators == []
    assert site.cookies == [None] * 9


_SLOW_WORKER = """
const Own = Worker;
window.Worker = class extends Own {
  set onmessage(told) { super.onmessage = (event) => setTimeout(() => this.ended || told(event), 700); }
  terminate() { this.ended = true; super.terminate(); }
};
"""


@pytest.mark.slow
def test_a_file_that_is_chosen_while_others_are_loaded_is_kept(visitor: Customer, site: Site, audits: Audits) -> None:
    made, page = audits.get("parts"), visitor.page
    held: list[Route] = []
    page.add_init_script(_SLOW_WORKER)
    page.reload()
    page.route("**/proof-0001.bin", lambda route: held.append(route))
    with page.expect_request("**/proof-0001.bin"):
        page.click("#load")
    page.set_input_files("#files", made.inclusion)
    page.wait_for_function("document.getElementById('slots').ariaBusy === 'true'")
    held[0].continue_()
    page.wait_for_selector("#load:enabled")
    page.wait_for_selector('#slots[aria-busy="false"]')
    assert made.inclusion.name in page.inner_text("#slot-inclusion")
    page.fill("#digest", made.digest)
    visitor.type_claim(made)
    assert visitor.check().startswith("Included\n")
    assert visitor.faults == []


def test_the_served_copy_reaches_no_other_address(visitor: Customer) -> None:
    reached = visitor.page.evaluate("fetch('http://localhost:1/').then(() => true, error => String(error))")
    assert "Failed to fetch" in reached
    assert any("Content Security Policy" in fault for fault in visitor.faults)


def test_the_released_page_loads_nothing_wherever_it_is(chromium: Browser, site: Site) -> None:
    context = chromium.new_context()
    visitor = watched(context.new_page())
    visitor.page.goto(f"{site.address}/released.html")
    assert not visitor.page.is_visible("#load")
    assert not visitor.page.is_visible(".served")
    reached = visitor.page.evaluate("fetch('audits/one/manifest.json').then(() => true, error => String(error))")
    assert "Failed to fetch" in reached
    assert site.asked == ["/released.html"]
    context.close()
