"""An audit with its store, keys of a login, and the application on them."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt
import pytest
from attrs import evolve
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from audit.example import ACCOUNTS, SPEC
from audit.tally_backend import tally_registry
from polyproof import liabilities
from polyproof.liabilities import PublishedAudit
from polyproof.publication.serving.application import Line, Served, application
from polyproof.publication.serving.public import public_files, served_page
from polyproof.publication.serving.store import ServedStore
from polyproof.publication.serving.tokens import Tokens, public_key
from polyproof.settings.policy import UNRESTRICTED
from polyproof.settings.spec import load_spec
from serve.asgi_client import AsgiClient

AUDIT_ID = "example-1"
USERS = ("alice", "bob", "carol", "dave", "eve")
PAGE = b"""<!doctype html>
<html lang="en">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'sha256-AAAA'">
<title>Check</title>
<main><!-- audit --></main>
"""
"""A page of the form that the released one has."""


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An audit with its store, made once."""
    base = tmp_path_factory.mktemp("served")
    (base / "spec.yaml").write_text(SPEC.replace("{name: tally, capacity: 2}", "merkle-sum"))
    (base / "accounts.csv").write_text(ACCOUNTS)
    registry = tally_registry()
    spec = load_spec(base / "spec.yaml", registry)
    liabilities.prove(spec, base / "audit", audit_id=AUDIT_ID, registry=registry, policy=UNRESTRICTED)
    liabilities.store_inclusions(base / "audit", registry=registry)
    return base / "audit"


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    """A copy of it that a test may change."""
    return Path(shutil.copytree(made, tmp_path / "audit"))


@pytest.fixture(scope="session")
def signer() -> Ed25519PrivateKey:
    """The key that the login signs with."""
    return Ed25519PrivateKey.generate()


@pytest.fixture(scope="session")
def key_file(signer: Ed25519PrivateKey, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its public key, as the server gets it."""
    path = tmp_path_factory.mktemp("key") / "login.pem"
    path.write_bytes(signer.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return path


Token = Callable[..., str]


@pytest.fixture(scope="session")
def token(signer: Ed25519PrivateKey) -> Token:
    """A token as the login signs it, with other claims where they are named; ``None`` leaves one out."""

    def make(account: object = "alice", headers: dict[str, Any] | None = None, **claims: object) -> str:
        stated = {"aud": AUDIT_ID, "sub": account, "exp": int(time.time()) + 300, **claims}
        payload = {name: value for name, value in stated.items() if value is not None}
        return jwt.encode(payload, signer, "EdDSA", headers)

    return make


@pytest.fixture
def published(made: Path) -> PublishedAudit:
    return liabilities.open_audit(made, policy=UNRESTRICTED, registry=tally_registry())


@pytest.fixture
def lines() -> list[Line]:
    """What the log got."""
    return []


@pytest.fixture
def served(made: Path, published: PublishedAudit, key_file: Path, lines: list[Line]) -> Served:
    """What is served, to whoever has a token of the login."""
    return Served(
        AUDIT_ID,
        ServedStore(made / "private" / "inclusion.store", published.manifest),
        public_files(published),
        served_page(published, link=False, page=PAGE),
        Tokens([public_key(key_file)], AUDIT_ID),
        log=lines.append,
    )


Client = Callable[..., AsgiClient]


@pytest.fixture
def client(served: Served) -> Client:
    """A client of the application; arguments change what is served."""

    def make(address: str = "203.0.113.7", **changes: object) -> AsgiClient:
        return AsgiClient(application(evolve(served, **changes)), address)

    return make


def bearer(token: str) -> dict[str, str]:
    """The header that a token comes in."""
    return {"Authorization": f"Bearer {token}"}
