"""What is public is the same for everybody, whatever they send along; nothing else is served."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path
from typing import Any

import pytest

from audit.tally_backend import tally_registry
from doubles.qr_codes import codes_in
from polyproof import liabilities
from polyproof.errors import ArtifactError
from polyproof.publication.browser import page_policy
from polyproof.publication.browser.phone import on_a_phone
from polyproof.publication.serving.application import Line, Served, application
from polyproof.publication.serving.public import public_files, served_page
from polyproof.settings.policy import UNRESTRICTED
from serve.conftest import AUDIT_ID, Client, Token, bearer


def test_every_public_file_is_served_as_it_is(client: Client, made: Path) -> None:
    files = [path for path in (made / "public").rglob("*") if path.is_file()]
    assert len(files) >= 3
    for path in files:
        answer = client().get(f"/{AUDIT_ID}/{path.name}")
        assert answer.content == path.read_bytes()
        assert answer.headers["etag"] == f'"{hashlib.sha256(answer.content).hexdigest()}"'
        assert answer.headers["cache-control"] == "public, max-age=3600"
        assert answer.headers["content-length"] == str(len(answer.content))


def test_the_page_names_the_files_beside_it_and_keeps_its_policy(client: Client) -> None:
    first, second = client().get("/"), client().get("/check.html")
    assert first.content == second.content
    assert f'data-files="{AUDIT_ID}"' in first.text
    assert first.headers["content-security-policy"] == (
        "default-src 'none'; connect-src 'self'; script-src 'sha256-AAAA'; frame-ancestors 'none'"
    )
    assert first.headers["content-type"] == "text/html; charset=utf-8"
    assert client().get(f"/{AUDIT_ID}/publication.json").status_code == 200


def test_a_code_on_the_page_holds_the_address_and_nothing_else(made: Path) -> None:
    audit = liabilities.open_audit(made, policy=UNRESTRICTED, registry=tally_registry())
    without = served_page(audit, link=False).source
    page = served_page(audit, link=False, address="https://proofs.example/").source
    assert isinstance(page, bytes)
    assert isinstance(without, bytes)
    assert codes_in(page) == ["https://proofs.example/"]
    assert codes_in(without) == []
    assert page_policy(page) == page_policy(without)
    assert page.replace(b"\n" + on_a_phone("https://proofs.example/").encode(), b"") == without


@pytest.mark.parametrize("path", ["/", f"/{AUDIT_ID}/manifest.json", f"/{AUDIT_ID}/proof-0000.bin", "/robots.txt"])
def test_nothing_that_is_sent_along_changes_what_is_public(client: Client, token: Token, path: str) -> None:
    plain = client().get(path)
    assert plain.status_code == 200
    for headers in (bearer(token()), {"Cookie": "id=alice"}, {"Range": "bytes=0-1"}, {"Origin": "https://x.example"}):
        other = client("198.51.100.3").get(f"{path}?user=alice", headers=headers)
        assert (other.content, other.headers) == (plain.content, plain.headers)
    assert "set-cookie" not in plain.headers
    assert "vary" not in plain.headers


def test_what_somebody_has_already_is_not_sent_again(client: Client) -> None:
    path = f"/{AUDIT_ID}/proof-0000.bin"
    etag = client().get(path).headers["etag"]
    for header in (etag, f"W/{etag}", f'"x", {etag}', "*"):
        answer = client().get(path, headers={"If-None-Match": header})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", etag)
    assert client().get(path, headers={"If-None-Match": '"x"'}).status_code == 200
    head = client().head(path)
    assert (head.content, head.headers["etag"]) == (b"", etag)
    assert int(head.headers["content-length"]) == len(client().get(path).content)


@pytest.mark.parametrize(
    "path",
    [
        "/private/inclusion.store",
        "/private/key",
        f"/{AUDIT_ID}",
        f"/{AUDIT_ID}/",
        f"/{AUDIT_ID}/../private/key",
        f"/{AUDIT_ID}/..%2f..%2fprivate%2fkey",
        f"/{AUDIT_ID}/%2e%2e/private/key",
        f"/{AUDIT_ID}/proof-0000.bin/",
        f"/{AUDIT_ID}/proof-0000.bin%00",
        f"/{AUDIT_ID}/proof-0000.bin%0a",
        f"/{AUDIT_ID}//proof-0000.bin",
        f"//{AUDIT_ID}/proof-0000.bin",
        "/inclusion/",
        "/inclusion/alice",
        "/inclusion%0a",
        "/INCLUSION",
        "/%69nclusion",
        "/inclusion%2f",
        f"/{AUDIT_ID}/manifest%2ejson",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/etc/passwd",
        "/..\\private\\key",
    ],
)
def test_no_other_path_has_anything(client: Client, token: Token, path: str) -> None:
    missing = client().get("/nothing")
    answer = client().get(path, headers=bearer(token()))
    assert (answer.status_code, answer.content, answer.headers) == (404, missing.content, missing.headers)


@pytest.mark.parametrize("path", ["/inclusion", "/", f"/{AUDIT_ID}/manifest.json"])
def test_other_methods_change_nothing(client: Client, token: Token, path: str, lines: list[Line]) -> None:
    allowed = client().request("OPTIONS", path)
    assert (allowed.status_code, allowed.content) == (204, b"")
    assert allowed.headers["allow"].startswith("GET, HEAD")
    for method in ("PUT", "DELETE", "PATCH", "TRACE", "SECRET-alice"):
        answer = client().request(method, path, headers=bearer(token()))
        assert (answer.status_code, answer.content) == (405, b"")
    assert lines[-1].method == "OTHER"


@pytest.mark.parametrize("path", ["/", "/inclusion", f"/{AUDIT_ID}/manifest.json", "/nothing", "/robots.txt"])
def test_every_answer_has_the_headers_that_keep_it_from_harm(client: Client, path: str) -> None:
    headers = client().get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["x-frame-options"] == "DENY"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert headers["x-robots-tag"] == "noindex, nofollow"
    assert "access-control-allow-origin" not in headers


def test_other_protocols_get_no_answer(served: Served, lines: list[Line]) -> None:
    async def none(*message: object) -> Any:
        raise AssertionError(message)

    for kind in ("websocket", "lifespan"):
        asyncio.run(application(served)({"type": kind, "path": "/", "headers": []}, none, none))
    assert lines == []


def test_what_lies_beside_the_public_files_is_not_served(folder: Path) -> None:
    (folder / "public" / "notes.txt").write_text("not named by the record")
    published = liabilities.open_audit(folder, policy=UNRESTRICTED, registry=tally_registry())
    assert {path.rpartition("/")[2] for path in public_files(published)} == {
        "publication.json",
        "manifest.json",
        *(segment.file for segment in published.manifest.segments),
    }


def test_a_public_file_that_is_not_the_one_named_stops_the_server_before_it_serves(folder: Path) -> None:
    published = liabilities.open_audit(folder, policy=UNRESTRICTED, registry=tally_registry())
    proof = folder / "public" / "proof-0000.bin"
    proof.write_bytes(proof.read_bytes()[:-1] + b"\0")
    with pytest.raises(ArtifactError, match="not the file that the audit names"):
        public_files(published)


def test_a_file_that_is_replaced_while_it_is_served_stays_the_one_that_was_checked(
    folder: Path, client: Client
) -> None:
    published = liabilities.open_audit(folder, policy=UNRESTRICTED, registry=tally_registry())
    one = client(files=public_files(published))
    proof = folder / "public" / "proof-0000.bin"
    whole = proof.read_bytes()
    proof.rename(proof.with_name("before"))
    proof.write_bytes(b"another")
    assert one.get(f"/{AUDIT_ID}/proof-0000.bin").content == whole
