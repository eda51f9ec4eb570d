"""A customer's whole way in Chromium: the page from the server, the audit beside it, the own file, the answer."""

from __future__ import annotations

import time
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from PIL import Image
from playwright.sync_api import Browser

from audit.tally_backend import tally_registry
from doubles.qr_codes import read_picture
from page.conftest import Audits, Made, watched
from page.conftest import audits as audits
from polyproof import liabilities
from polyproof.publication.serving.application import INCLUSION, Served
from polyproof.publication.serving.asking import Asking
from polyproof.publication.serving.proxy import ProxyHeader, header_name
from polyproof.publication.serving.public import public_files, served_page
from polyproof.publication.serving.store import ServedStore
from polyproof.publication.serving.tokens import Tokens, public_key
from polyproof.settings.policy import UNRESTRICTED
from serve.test_server import listening

ADDRESS = "https://proofs.example/"
"""Where customers are told that they reach the server."""
_PHONE = {"viewport": {"width": 360, "height": 740}, "device_scale_factor": 2, "is_mobile": True, "has_touch": True}


def offered(made: Made, asking: Asking, *, link: bool) -> Served:
    """What is served of an audit, its store made first."""
    directory = made.public.parent
    store = directory / "private" / "inclusion.store"
    if not store.exists():
        liabilities.store_inclusions(directory)
    published = liabilities.open_audit(directory, policy=UNRESTRICTED, registry=tally_registry())
    return Served(
        published.manifest.audit_id,
        ServedStore(store, published.manifest),
        public_files(published),
        served_page(published, link=link, address=ADDRESS),
        asking,
    )


def test_a_customer_behind_the_proxy_does_all_of_it_on_one_page_of_a_phone(
    chromium: Browser, audits: Audits, tmp_path: Path
) -> None:
    made = audits.get("stark")
    served = offered(made, ProxyHeader(header_name("X-Account"), None), link=True)
    with listening(served) as port:
        # What the proxy does: it knows who is logged in, and names the account.
        context = chromium.new_context(extra_http_headers={"X-Account": made.user}, accept_downloads=True, **_PHONE)
        visitor = watched(context.new_page())
        visitor.page.goto(f"http://127.0.0.1:{port}/")
        with visitor.page.expect_download() as download:
            visitor.page.tap("text=Download your own file")
        assert download.value.suggested_filename == f"{served.audit_id}.polyproof"
        own = tmp_path / download.value.suggested_filename
        download.value.save_as(own)
        assert own.read_bytes() == made.inclusion.read_bytes()
        visitor.page.tap("#load")
        visitor.page.wait_for_selector("#load:enabled")
        visitor.choose(own)
        visitor.page.fill("#digest", made.digest)
        visitor.type_claim(made)
        assert visitor.check().startswith("Included\n")
        context.close()
    assert visitor.faults == []
    # What a computer shows and a phone's camera sees.
    with listening(served) as port:
        context = chromium.new_context(color_scheme="dark")
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{port}/")
        page.click("text=Check on a phone")
        with Image.open(BytesIO(page.screenshot(full_page=True))) as picture:
            assert read_picture(picture) == [ADDRESS]
        page.click("summary:has-text('Check on a phone')")
        page.emulate_media(media="print")
        with Image.open(BytesIO(page.screenshot(full_page=True))) as picture:
            assert read_picture(picture) == [ADDRESS], "on paper it is there whether it was open or not"
        context.close()
    files = [f"/{served.audit_id}/{name}" for name in ("publication.json", "manifest.json", "proof-0000.bin")]
    asked = [urlsplit(url).path for url in visitor.requests if not url.startswith("blob:")]
    assert [path for path in asked if path != "/favicon.ico"] == ["/", INCLUSION, *files]


def test_a_button_on_the_exchanges_site_hands_out_the_file(
    chromium: Browser, audits: Audits, tmp_path: Path, signer: Ed25519PrivateKey, key_file: Path
) -> None:
    made = audits.get("stark")
    audit_id = made.manifest["audit_id"]
    served = offered(made, Tokens([public_key(key_file)], audit_id), link=False)
    token = jwt.encode({"aud": audit_id, "sub": made.user, "exp": int(time.time()) + 300}, signer, "EdDSA")
    with listening(served) as port:
        (tmp_path / "site.html").write_text(
            f'<!doctype html><form method="post" action="http://127.0.0.1:{port}{INCLUSION}">'
            f'<input type="hidden" name="token" value="{token}"><button>Download my file</button></form>'
        )
        context = chromium.new_context(accept_downloads=True)
        page = context.new_page()
        page.goto((tmp_path / "site.html").as_uri())
        with page.expect_download() as download:
            page.click("button")
        download.value.save_as(tmp_path / "own")
        assert (tmp_path / "own").read_bytes() == made.inclusion.read_bytes()
        assert token not in download.value.url, "no address holds the token"
        context.close()
