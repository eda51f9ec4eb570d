"""The ``verifier:`` block, where an organisation says that readers get a program, is hostile input like the rest."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from audit.forged import edit_record, refit
from audit.manifests import MANIFEST
from doubles.fixtures import Command
from doubles.policies import SUM_TREE
from polyproof.errors import ProofRejected, SpecError
from polyproof.formats.strict_json import canonical_line
from polyproof.liabilities import prove, verify
from polyproof.liabilities.manifest import parse_manifest
from polyproof.model.manifest import Verifier
from polyproof.publication.history import verify_history
from polyproof.publication.report.document import Report
from polyproof.publication.report.make import make_report
from polyproof.publication.report.site import render_site
from polyproof.registry import default_registry
from polyproof.settings.spec import load_spec, parse_spec
from report.pages import Page
from reserves.exchange import spec_text

GOOD = {"name": "polyproof 0.2.0", "url": "https://example.org/polyproof-0.2.0.whl", "sha256": "ab" * 32}

HOSTILE = [
    *(
        ("url", value)
        for value in (
            "javascript:alert(1)",
            "JAVASCRIPT:alert(1)",
            "https:javascript:alert(1)",
            "data:text/html,<script>alert(1)</script>",
            "http://example.org/polyproof.whl",
            "ftp://example.org/polyproof.whl",
            "file:///etc/passwd",
            "//example.org/polyproof.whl",
            "example.org/polyproof.whl",
            "https://",
            "https:///polyproof.whl",
            "HTTPS://example.org/",
            " https://example.org/",
            "https://example.org/a b",
            "https://example.org/\n",
            "https://example.org/\nhttps://another.example/",
            "https://example.org/\x1b[2J",
            "https://example.org/\u202egro.live",
            "https://ex\u0430mple.org/",
            "https://example.org@another.example/",
            "https://example.org:443@another.example/",
            "https://another.example\\@example.org/",
            'https://example.org/" onclick="alert(1)',
            "https://example.org/<script>",
            "https://example.org/?a=1&lt;",
            "https://example.org/" + "a" * 501,
            "",
            7,
            None,
            ["https://example.org/"],
        )
    ),
    *(
        ("sha256", value)
        for value in (
            "AB" * 32,
            "ab" * 31,
            "ab" * 33,
            "0x" + "ab" * 31,
            "ab" * 31 + "g0",
            "ab" * 32 + "\n",
            " " + "ab" * 32,
            "sha256:" + "ab" * 32,
            "\u0661" * 64,
            "",
            0,
            None,
        )
    ),
    *(
        ("name", value)
        for value in ("", "a" * 101, "a\nb", "\x1b[1;32mVERIFIED", "\u202eDEIFIREV", "a\u200b", "\ud800", 7, None)
    ),
]


@pytest.mark.parametrize(("key", "value"), HOSTILE, ids=ascii)
def test_a_manifest_with_a_hostile_verifier_is_rejected(key: str, value: object) -> None:
    document = {**json.loads(MANIFEST.to_bytes()), "verifier": {**GOOD, key: value}}
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n"
    with pytest.raises(ProofRejected) as caught:
        parse_manifest(text.encode("utf-8", "surrogatepass"))
    assert caught.value.check in ("manifest-format", "manifest-text", "manifest-json", "manifest-utf-8")
    assert str(caught.value).isprintable()


NO_YAML = (("name", "\ud800"), ("name", 7))
"""What YAML cannot say, or says as a text."""


@pytest.mark.parametrize(("key", "value"), [case for case in HOSTILE if case not in NO_YAML], ids=ascii)
def test_a_spec_with_one_is_refused_at_its_place(key: str, value: object) -> None:
    text = f"{spec_text('{name: okx-csv, path: a.csv}')}verifier: {json.dumps({**GOOD, key: value})}\n"
    with pytest.raises(SpecError, match=r"^spec\.yaml:26:[0-9]+: "):
        parse_spec(text.encode(), "spec.yaml", default_registry())


@pytest.mark.parametrize(
    "block",
    [None, "https://example.org/", [], {}, {"url": GOOD["url"]}, {**GOOD, "md5": "ab"}, {**GOOD, "\x1b[2J": "x"}],
    ids=ascii,
)
def test_a_verifier_of_another_form_is_rejected(block: object) -> None:
    document = {**json.loads(MANIFEST.to_bytes()), "verifier": block}
    with pytest.raises(ProofRejected) as caught:
        parse_manifest(canonical_line(document))
    assert caught.value.check in ("manifest-format", "manifest-text", "manifest-json", "manifest-canonical")


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org",
        "https://example.org:8443/a/b-1.0.whl?x=1#sha256=ab;c,d",
        "https://192.0.2.1/x",
        "https://xn--bcher-kva.example/%40~user/[1]",
    ],
)
def test_usual_addresses_are_accepted(url: str) -> None:
    assert parse_manifest(evolve(MANIFEST, verifier=Verifier(**{**GOOD, "url": url})).to_bytes()).verifier is not None


# After publication


@pytest.fixture(scope="module")
def proved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The public half of an audit whose manifest names a verifier."""
    folder = tmp_path_factory.mktemp("verifier")
    text = spec_text("{name: okx-csv, path: a.csv}", assets=("BTC 8",))
    text = text[: text.index("reserves:")] + f"verifier: {json.dumps(GOOD)}\n"
    (folder / "spec.yaml").write_text(text)
    (folder / "accounts.csv").write_text("account,BTC\nalice,1\n")
    prove(load_spec(folder / "spec.yaml"), folder / "audit", audit_id="example-1", policy=SUM_TREE)
    return folder / "audit/public"


CHANGES: list[Callable[[Any], Any]] = [
    lambda manifest: manifest["verifier"].update(url="https://example.org/another.whl"),
    lambda manifest: manifest["verifier"].update(sha256="cd" * 32),
    lambda manifest: manifest["verifier"].update(name="polyproof 0.2.1"),
    lambda manifest: manifest.pop("verifier"),
]
changes = pytest.mark.parametrize("change", CHANGES, ids=["address", "digest", "name", "removed"])


def changed(proved: Path, folder: Path, change: Callable[[Any], Any]) -> Path:
    public = folder / "public"
    shutil.copytree(proved, public)
    manifest = json.loads((public / "manifest.json").read_bytes())
    change(manifest)
    (public / "manifest.json").write_bytes(canonical_line(manifest))
    return public


def refused(public: Path, **options: Any) -> str:
    with pytest.raises(ProofRejected) as caught:
        verify(public, policy=SUM_TREE, **options)
    return caught.value.check


@changes
def test_a_verifier_that_was_changed_after_publication_is_rejected(
    proved: Path, tmp_path: Path, change: Callable[[Any], Any]
) -> None:
    pinned = verify(proved, policy=SUM_TREE).audit.digest
    public = changed(proved, tmp_path, change)
    assert refused(public) == "publication-file"
    refit(public)
    assert refused(public, digest=pinned) == "publication-digest"
    # And whoever knows no digest still has the proof, which was made for another header.
    assert refused(public) == "root"


def test_one_that_was_added_is_rejected_too(proved: Path, tmp_path: Path) -> None:
    public = changed(proved, tmp_path, lambda manifest: manifest.update(verifier={**GOOD, "name": "evil"}))
    edit_record(public)
    assert refused(public) == "publication-file"


# On the site


def test_markup_in_a_name_is_text_on_the_page(exchanges: Path) -> None:
    published = exchanges / "failing/audits/published"
    report = make_report(verify_history(published, policy=SUM_TREE).audits)
    name = "<script>alert(1)</script>{{ 7*7 }}<img src=x onerror=alert(1)>"
    verifier = Verifier(**{**GOOD, "name": name})
    named: Report = evolve(report, audit=evolve(report.audit, verifier=verifier))
    for path, data in render_site(named).items():
        if path.endswith(".html"):
            page = Page(data.decode())
            assert page.faults == []
            found = [tag for tag, _ in page.elements if tag in ("script", "img")]
            assert found == (["script"] if path == "check.html" else []), path
            assert not [item for _, item in page.elements if item.get("href", "").startswith("https://example.org")]
    assert name in Page(render_site(named)["check.html"].decode()).words


def test_a_page_that_names_another_program_is_rejected(exchanges: Path, tmp_path: Path, command: Command) -> None:
    published = tmp_path / "published"
    shutil.copytree(exchanges / "healthy/audits/published", published)
    assert command("verify", published, "--policy", "merkle-sum").status != 3
    page = published / "check.html"
    text = page.read_text()
    said = "The organisation does not say where the program comes from: get it from somebody you trust."
    assert said in text
    page.write_text(text.replace(said, "Get the program from https://evil.example/polyproof.whl."))
    ended = command("verify", published, "--policy", "merkle-sum")
    assert ended.status == 1
    assert "check.html" in ended.err
