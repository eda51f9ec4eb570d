"""The address of a site, and the code of it that phones read: one public link, whatever somebody passes as one."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from doubles.fixtures import Command
from doubles.policies import DECLARED, DECLARED_FILE, SUM_TREE, naming
from doubles.qr_codes import codes_in
from polyproof.errors import ProofRejected, UsageError
from polyproof.publication.address import MOST_ADDRESS, parse_address
from polyproof.publication.browser.phone import on_a_phone
from polyproof.publication.history import verify_history
from polyproof.publication.month import write_report
from polyproof.publication.report.pages import check_pages
from report.pages import Page

ADDRESS = "https://audits.example/reserves/"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("https://audits.example", "https://audits.example/"),
        ("HTTPS://Audits.Example/Por", "https://audits.example/Por/"),
        ("https://audits.example:443/", "https://audits.example/"),
        ("https://audits.example:8443/a/b-c_d.~/", "https://audits.example:8443/a/b-c_d.~/"),
        ("https://xn--pypal-4ve.example/", "https://xn--pypal-4ve.example/"),
        ("https://192.0.2.1/", "https://192.0.2.1/"),
        ("https://1.example/", "https://1.example/"),
    ],
)
def test_an_address_is_a_folder_in_one_spelling(text: str, address: str) -> None:
    assert parse_address(text) == address
    assert parse_address(address) == address


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "https://"),
        ("audits.example", "https://"),
        ("http://audits.example/", "https://"),
        ("javascript:alert(1)", "https://"),
        ("data:text/html,<script>alert(1)</script>", "https://"),
        (" https://audits.example/", "https://"),
        ("https:audits.example/", "https://"),
        ("https:\\\\audits.example\\", "https://"),
        ("https://user:secret@audits.example/", "names a user"),
        ("https://audits.example@evil.example/", "names a user"),
        ("https://audits.example/?user=alice", "everybody"),
        ("https://audits.example/#alice", "everybody"),
        ("https://audits.example/?", "everybody"),
        ('https://audits.example/"><script>', "path"),
        ("https://audits.example/'onload=", "path"),
        ("https://audits.example/a b", "path"),
        ("https://audits.example/a%2fb", "path"),
        ("https://audits.example/a/../b", "path"),
        ("https://audits.example/./", "path"),
        ("https://audits.example//evil.example/", "path"),
        ("https://audits.example/\\evil", "path"),
        ("https://audits.example/a\n", "path"),
        ("https://audits.example/a\x00b", "path"),
        ("https://audits.example/\u202ecod.exe", "ASCII"),
        ("https://аudits.example/", "xn--"),
        ("https://audits.example\uff0fevil.example/", "ASCII"),
        ("https://audits。example/", "ASCII"),
        ("https:///", "host"),
        ("https://audits.example\n/", "host"),
        ("https://audits..example/", "host"),
        ("https://-audits.example/", "host"),
        ("https://audits_.example/", "host"),
        ("https://audits.example./", "host"),
        ("https://[::1]/", "host"),
        ("https://2130706433/", "IPv4"),
        ("https://0x7f.1/", "IPv4"),
        ("https://192.0.2.01/", "IPv4"),
        ("https://127.0.0.1/", "whichever device"),
        ("https://localhost:8000/", "whichever device"),
        ("https://audits.example:0/", "port"),
        ("https://audits.example:65536/", "port"),
        ("https://audits.example:/", "port"),
        ("https://audits.example:８０/", "ASCII"),
        ("https://audits.example/check.html", "that of a page"),
        (f"https://audits.example/{'a' * MOST_ADDRESS}/", "longer than"),
    ],
)
def test_what_readers_could_take_for_different_addresses_is_refused(text: str, why: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_address(text)
    assert why in str(caught.value)


def test_every_link_that_a_site_can_have_is_read_back() -> None:
    longest = f"{'https://audits.example/':a<{MOST_ADDRESS}}reports/{'Z' * 128}/check.html"
    lengths = [f"https://audits.example/{'aZ0-._~/'[: length % 8]}{'q' * length}/" for length in range(0, 120, 7)]
    for link in (longest, *lengths):
        shown = on_a_phone(link)
        assert codes_in(shown.encode()) == [link]
        page = Page(shown)
        assert (page.faults, [one["href"] for one in page.all("a")]) == ([], [link])
        assert link in page.words
        drawing = page.all("svg")[0]
        assert (drawing["role"], drawing["aria-label"]) == ("img", "QR code of the link to the page")


def test_a_link_is_never_markup() -> None:
    """Addresses are read strictly before; this is what escapes them all the same."""
    page = Page(on_a_phone('https://x/"><script>alert(1)</script>'))
    assert (page.faults, page.all("script")) == ([], [])


@pytest.fixture
def command(command: Command, tmp_path: Path) -> Command:
    """Run a command by a policy that accepts what holdings here rest on."""
    (tmp_path / "lenient.yaml").write_text(DECLARED_FILE)
    return naming(command, tmp_path / "lenient.yaml")


def published_with(command: Command, history: Path, address: str | None) -> str:
    """Write the pages of a history, with the address if one is named; what is said of it."""
    ended = command("report", history, *(() if address is None else ("--address", address)))
    assert ended.status == 0, ended.err
    return ended.out


def test_a_site_with_an_address_has_the_link_to_each_audits_page_and_its_code(command: Command, healthy: Path) -> None:
    archives = {path: path.read_bytes() for path in (healthy / "downloads").iterdir()}
    published_with(command, healthy, ADDRESS.removesuffix("/"))
    for number in (1, 2, 3):
        link = f"{ADDRESS}reports/healthy-{number}/check.html"
        places = [healthy / f"reports/healthy-{number}", *([healthy] if number == 3 else [])]
        for page in (place / name for place in places for name in ("index.html", "check.html")):
            assert codes_in(page.read_bytes()) == [link], page
            assert link in Page(page.read_text(encoding="utf-8")).words
    assert json.loads((healthy / "report.json").read_bytes())["address"] == ADDRESS
    assert archives == {path: path.read_bytes() for path in archives}, "archives stay, wherever a site moves"
    found = command("verify", healthy)
    assert f"The pages say, and nothing shows, that they are reached at {ADDRESS}\n" in found.out
    assert command("verify", healthy, "--json").result["pages"]["address"] == ADDRESS
    before = {path: path.read_bytes() for path in healthy.rglob("*") if path.is_file()}
    assert f"\nreached at      {ADDRESS}\n" in published_with(command, healthy, None)
    assert before == {path: path.read_bytes() for path in before}, "it is kept"
    assert "reached at" not in published_with(command, healthy, "")
    assert not any(b"https://audits.example" in path.read_bytes() for path in before if path.is_file())
    assert "are reached at" not in command("verify", healthy).out


def test_a_report_on_one_audit_has_the_link_to_its_own_page(command: Command, exchanges: Path, tmp_path: Path) -> None:
    audit = exchanges / "healthy/audits/healthy-3"
    ended = command("report", audit, "--out", tmp_path / "site", "--address", ADDRESS)
    assert ended.status == 0, ended.err
    assert codes_in((tmp_path / "site/check.html").read_bytes()) == [f"{ADDRESS}check.html"]


def test_a_page_with_another_address_than_the_others_is_rejected(command: Command, healthy: Path) -> None:
    published_with(command, healthy, ADDRESS)
    found = verify_history(healthy, policy=SUM_TREE, reserves_policy=DECLARED).audits
    assert check_pages(healthy, found).address == ADDRESS
    for page, old, new in (
        ("report.json", "audits.example", "evil.example"),
        ("report.json", f'"{ADDRESS}"', "null"),
        ("report.json", f'"{ADDRESS}"', '"javascript:alert(1)//"'),
        ("report.json", f'"{ADDRESS}"', "[" * 100_000),
        ("check.html", "audits.example", "evil.example"),
        ("reports/healthy-2/report.json", "audits.example", "evil.example"),
        ("reports/healthy-2/index.html", "audits.example", "evil.example"),
    ):
        text = (healthy / page).read_text(encoding="utf-8")
        assert old in text
        (healthy / page).write_text(text.replace(old, new), encoding="utf-8")
        with pytest.raises(ProofRejected) as caught:
            check_pages(healthy, found)
        assert caught.value.check == "page", (page, new)
        (healthy / page).write_text(text, encoding="utf-8")
    assert write_report(healthy, found).address == ADDRESS, "the next month keeps it"


def test_a_refused_address_changes_nothing(command: Command, healthy: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(healthy, tmp_path / "copy")
    ended = command("report", copy, "--address", "https://audits.example/?user=alice")
    assert ended.status == 2
    assert "it has neither ? nor #" in " ".join(ended.err.split())
    files = [path.relative_to(healthy) for path in healthy.rglob("*") if path.is_file()]
    assert all((healthy / path).read_bytes() == (copy / path).read_bytes() for path in files)
