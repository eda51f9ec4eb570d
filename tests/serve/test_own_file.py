"""A customer gets their own file, and nobody gets anything else: all else is one answer, byte for byte."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import re
import threading
import time
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_public_key,
)

from audit.tally_backend import tally_registry
from polyproof import liabilities
from polyproof.backend import Claim
from polyproof.errors import ArtifactError, InputError
from polyproof.liabilities import InclusionStore
from polyproof.publication.serving.application import Limits, Line, Served
from polyproof.publication.serving.proxy import SECRET_HEADER, ProxyHeader, header_name, proxy_secret
from polyproof.publication.serving.tokens import Tokens, public_key, secret_key
from polyproof.settings.policy import UNRESTRICTED
from serve.asgi_client import Answer
from serve.conftest import AUDIT_ID, USERS, Client, Token, bearer


def shape(answer: Answer) -> tuple[int, tuple[tuple[str, str], ...], bytes]:
    """All that an answer shows."""
    return answer.status_code, answer.pairs, answer.content


@pytest.mark.parametrize("user", USERS)
def test_a_customer_gets_the_own_file_and_it_verifies(
    client: Client, token: Token, made: Path, tmp_path: Path, user: str
) -> None:
    answer = client().get("/inclusion", headers=bearer(token(user)))
    assert answer.status_code == 200
    with InclusionStore(made / "private" / "inclusion.store") as store:
        assert answer.content == store.find(user)
    assert answer.headers["content-disposition"] == f'attachment; filename="{AUDIT_ID}.polyproof"'
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["cache-control"] == "no-store"
    assert "set-cookie" not in answer.headers
    assert "etag" not in answer.headers
    if user == "alice":
        (tmp_path / "own.polyproof").write_bytes(answer.content)
        liabilities.verify_inclusion(
            tmp_path / "own.polyproof",
            made / "public",
            lambda _: Claim("alice", (25_000_000, 100_000_000)),
            policy=UNRESTRICTED,
            registry=tally_registry(),
        )


def test_a_form_sends_a_token_in_its_body(client: Client, token: Token) -> None:
    by_header = client().get("/inclusion", headers=bearer(token("bob")))
    by_form = client().post("/inclusion", [("token", token("bob")), ("other", "1")])
    assert shape(by_form) == shape(by_header)


def test_the_token_that_the_page_makes_is_taken(
    client: Client, signer: Ed25519PrivateKey, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    page = (Path(__file__).parents[2] / "docs/how-to/serve-inclusion-files.md").read_text()
    (code,) = (block for block in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if "jwt.encode" in block)
    pem = signer.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "login.key").write_bytes(pem)
    monkeypatch.chdir(tmp_path)
    made: dict[str, Any] = {}
    exec(code.replace("AUDIT_ID", AUDIT_ID), made)
    assert client().get("/inclusion", headers=bearer(made["token"])).status_code == 200


def test_head_says_what_get_would_without_the_file(client: Client, token: Token) -> None:
    got, head = (client().request(method, "/inclusion", headers=bearer(token())) for method in ("GET", "HEAD"))
    assert head.headers["content-length"] == str(len(got.content)) == got.headers["content-length"]


def signed_by_hand(header: dict[str, Any], payload: dict[str, Any], secret: bytes) -> str:
    """A token that no library would make."""
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in (header, payload)]
    signed = ".".join(parts).encode()
    signature = base64.urlsafe_b64encode(hmac.digest(secret, signed, "sha256")).rstrip(b"=").decode()
    return f"{'.'.join(parts)}.{signature}"


def claims(account: str = "alice") -> dict[str, Any]:
    return {"aud": AUDIT_ID, "sub": account, "exp": int(time.time()) + 300}


def test_whatever_is_no_valid_token_of_an_account_gets_one_answer(
    client: Client, token: Token, key_file: Path, signer: Ed25519PrivateKey, lines: list[Line]
) -> None:
    """Not there and not yours, forged, expired, for another audit, or for a path that does not exist."""
    now, pem = int(time.time()), key_file.read_bytes()
    raw = signer.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    good = token()
    head, body, signature = good.split(".")
    other = jwt.encode(claims("bob"), Ed25519PrivateKey.generate(), "EdDSA")
    cases: dict[str, tuple[dict[str, str], str]] = {
        "no token": ({}, "token-missing"),
        "an account that is not there": (bearer(token("mallory")), "no-account"),
        "an account by another case": (bearer(token("Alice")), "no-account"),
        "an id that no text can hold": (bearer(token("\ud800")), "no-account"),
        "an empty id": (bearer(token("")), "token-claims"),
        "a long id": (bearer(token("a" * 2000)), "token-claims"),
        "a number for an id": (bearer(token(7)), "token-claims"),
        "no id": (bearer(token(None)), "token-claims"),
        "expired": (bearer(token(exp=now - 60)), "token-expired"),
        "without an end": (bearer(token(exp=None)), "token-claims"),
        "good for a day": (bearer(token(exp=now + 86400)), "token-life"),
        "good forever": (bearer(token(exp=10**400)), "token-life"),
        "good until infinity": (bearer(token(exp=float("inf"))), "token-claims"),
        "its end a text": (bearer(token(exp=str(now + 300))), "token-life"),
        "not yet good": (bearer(token(nbf=now + 600)), "token-claims"),
        "another audit": (bearer(token(aud="example-2")), "token-audience"),
        "several audits": (bearer(token(aud=[AUDIT_ID, "example-2"])), "token-audience"),
        "no audit": (bearer(token(aud=None)), "token-claims"),
        "another key": (bearer(other), "token-signature"),
        "another body": (bearer(f"{head}.{other.split('.')[1]}.{signature}"), "token-signature"),
        "no signature": (bearer(f"{head}.{body}."), "token-signature"),
        "algorithm none": (bearer(jwt.encode(claims(), None, "none")), "token-algorithm"),
        "algorithm None": (bearer(signed_by_hand({"alg": "None"}, claims(), b"")), "token-algorithm"),
        "the public key as a secret": (bearer(signed_by_hand({"alg": "HS256"}, claims(), pem)), "token-algorithm"),
        "its bytes as a secret": (bearer(signed_by_hand({"alg": "HS256"}, claims(), raw)), "token-algorithm"),
        "its bytes by the right name": (bearer(signed_by_hand({"alg": "EdDSA"}, claims(), raw)), "token-signature"),
        "a list for an algorithm": (bearer(signed_by_hand({"alg": ["EdDSA"]}, claims(), raw)), "token-algorithm"),
        "a key of its own": (
            bearer(signed_by_hand({"alg": "HS256", "jwk": {"kty": "oct", "k": "AAAA"}}, claims(), b"\0\0\0")),
            "token-algorithm",
        ),
        "no text for an algorithm": (bearer(signed_by_hand({"alg": "\ud800"}, claims(), raw)), "token-algorithm"),
        "extensions": (bearer(token("alice", {"crit": ["b64"], "b64": True})), "token-form"),
        "a payload that may stand as it is": (
            bearer(signed_by_hand({"alg": "EdDSA", "b64": True}, claims(), raw)),
            "token-form",
        ),
        "no token at all": (bearer("alice"), "token-form"),
        "empty": (bearer(""), "token-form"),
        "two dots": (bearer(".."), "token-form"),
        "nested": (bearer(base64.urlsafe_b64encode(b"[" * 5000).decode() + ".."), "token-form"),
        "long": (bearer("a" * 9000), "token-long"),
        "another scheme": ({"Authorization": f"Basic {good}"}, "token-form"),
        "as a cookie": ({"Cookie": f"token={good}"}, "token-missing"),
        "by a header of a proxy": ({"X-Account": "alice", SECRET_HEADER: "x" * 32}, "token-missing"),
    }
    reference = shape(client().get("/no-such-path"))
    assert reference[0] == 404
    for name, (headers, why) in cases.items():
        lines.clear()
        assert shape(client().get("/inclusion", headers=headers)) == reference, name
        assert [(line.status, line.why) for line in lines] == [(404, why)], name
    one = client()
    twice = [("Authorization", f"Bearer {good}"), ("Authorization", f"Bearer {token('bob')}")]
    assert shape(one.get("/inclusion", headers=twice)) == reference
    assert shape(one.get(f"/inclusion?token={good}&id=alice")) == reference
    assert shape(one.post("/inclusion", [("token", good)] * 2)) == reference
    assert shape(one.post("/inclusion", [("token", good)], headers=bearer(good))) == reference
    assert (
        shape(
            one.request(
                "POST",
                "/inclusion",
                headers={"Content-Type": "application/json"},
                body=json.dumps({"token": good}).encode(),
            )
        )
        == reference
    )
    assert shape(one.post("/inclusion", [("token", good), ("more", "a" * 20000)])) == reference
    assert shape(one.post("/inclusion", [*((str(number), "1") for number in range(20)), ("token", good)])) == reference
    assert one.get("/inclusion", headers=bearer(good)).status_code == 200, "and the good token is good"


@pytest.mark.parametrize("algorithm", ["ES256", "RS256", "HS256"])
def test_the_key_decides_the_algorithm(client: Client, tmp_path: Path, algorithm: str) -> None:
    path = tmp_path / "key"
    signing: Any
    if algorithm == "HS256":
        path.write_bytes(signing := hashlib.sha256(b"secret").hexdigest().encode())
        path.chmod(0o600)
        key = secret_key(path)
    else:
        made = {
            "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
            "RS256": lambda: rsa.generate_private_key(65537, 2048),
        }
        signing = made[algorithm]()
        path.write_bytes(signing.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
        key = public_key(path)
    assert key.algorithm == algorithm
    one = client(asking=Tokens([key], AUDIT_ID))
    assert one.get("/inclusion", headers=bearer(jwt.encode(claims(), signing, algorithm))).status_code == 200
    for other in {"RS256": ("PS256", "RS512"), "HS256": ("HS512",)}.get(algorithm, ()):
        assert one.get("/inclusion", headers=bearer(jwt.encode(claims(), signing, other))).status_code == 404


def test_two_keys_serve_while_one_replaces_another(
    client: Client, token: Token, key_file: Path, tmp_path: Path
) -> None:
    new = Ed25519PrivateKey.generate()
    (tmp_path / "new.pem").write_bytes(new.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    for keys in ([key_file, tmp_path / "new.pem"], [tmp_path / "new.pem", key_file]):
        one = client(asking=Tokens([public_key(path) for path in keys], AUDIT_ID))
        for text in (token(), jwt.encode(claims(), new, "EdDSA")):
            assert one.get("/inclusion", headers=bearer(text)).status_code == 200


def test_keys_that_are_weak_or_none_are_refused(tmp_path: Path, key_file: Path) -> None:
    path = tmp_path / "key"
    for weak in (rsa.generate_private_key(65537, 1024), ec.generate_private_key(ec.SECP384R1())):
        path.write_bytes(weak.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
        with pytest.raises(InputError, match="expected an Ed25519 key"):
            public_key(path)
    path.write_bytes(b"-----BEGIN PUBLIC KEY-----\nnone\n-----END PUBLIC KEY-----\n")
    with pytest.raises(InputError, match="not a public key in PEM"):
        public_key(path)
    pem = load_pem_public_key(key_file.read_bytes())
    for public in (
        key_file.read_bytes(),
        pem.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        pem.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH),
        b'{"crv": "Ed25519", "kty": "OKP", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}',
    ):
        path.write_bytes(public)
        with pytest.raises(InputError, match="everybody who has the public key could sign"):
            secret_key(path)
    path.write_bytes(b"  " + b"a" * 31 + b"\n")
    with pytest.raises(InputError, match="31 bytes can be guessed"):
        secret_key(path)


# By a header of the proxy


def test_the_proxys_header_counts_only_with_its_secret(client: Client, lines: list[Line]) -> None:
    secret = "s3cret-of-the-proxy"
    asking = ProxyHeader(header_name("X-Account"), secret.encode())
    reference = shape(client().get("/no-such-path"))
    good = {"X-Account": "alice", SECRET_HEADER: secret}
    assert client(asking=asking).get("/inclusion", headers=good).status_code == 200
    for wrong in (
        {"X-Account": "alice"},
        {"X-Account": "alice", SECRET_HEADER: ""},
        {"X-Account": "alice", SECRET_HEADER: secret[:-1]},
        {"X-Account": "alice", SECRET_HEADER: secret + "x"},
        {SECRET_HEADER: secret},
        {"X-Account": "", SECRET_HEADER: secret},
        {"X-Account": "mallory", SECRET_HEADER: secret},
    ):
        assert shape(client(asking=asking).get("/inclusion", headers=wrong)) == reference
    doubled = [("X-Account", "bob"), *good.items()]
    assert shape(client(asking=asking).get("/inclusion", headers=doubled)) == reference
    assert lines[-1].why == "header-twice"
    assert shape(client(asking=asking).get("/inclusion", headers=[*good.items(), (SECRET_HEADER, "x")])) == reference


def test_over_a_unix_socket_the_header_needs_no_secret(client: Client) -> None:
    one = client(asking=ProxyHeader(header_name("X-Account"), None))
    assert one.get("/inclusion", headers={"X-Account": "alice"}).status_code == 200
    assert one.get("/inclusion", headers=[(b"X-Account", b"\xff")]).status_code == 404


@pytest.mark.skipif(os.name != "posix", reason="files have no such permissions here")
def test_a_secret_that_others_can_read_is_none(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("0123456789abcdef0123456789abcdef")
    for mode in (0o644, 0o640, 0o602):
        path.chmod(mode)
        for read in (secret_key, proxy_secret):
            with pytest.raises(
                InputError, match=f"others than its owner can read or change it .mode {mode:o}.*chmod 600"
            ):
                read(path)
    path.chmod(0o400)
    secret_key(path), proxy_secret(path)


def test_headers_and_secrets_that_would_not_do_are_refused(tmp_path: Path) -> None:
    for name in ("", "X Account", "X-Account:", "Authorization", "cookie", SECRET_HEADER, "a" * 65, "é"):
        with pytest.raises(InputError):
            header_name(name)
    for text in (b"", b"short", b"with a space in it it cannot be sent", "gehört-nicht-hierher".encode()):
        (tmp_path / "secret").write_bytes(text)
        with pytest.raises(InputError):
            proxy_secret(tmp_path / "secret")
    (tmp_path / "secret").write_bytes(b"0123456789abcdef\n")
    (tmp_path / "secret").chmod(0o600)
    assert proxy_secret(tmp_path / "secret") == b"0123456789abcdef"


# How often


def test_an_account_may_ask_so_often_and_nobody_else_learns_that_a_token_is_good(
    client: Client, token: Token, lines: list[Line]
) -> None:
    one = client(limits=Limits(per_account=2))
    forged = f"{token('bob')[:-6]}AAAAAA"
    tokens = {"bob": token("bob"), "nobody": token("nobody"), "a stranger": forged}
    answers = {user: [one.get("/inclusion", headers=bearer(own)) for _ in range(3)] for user, own in tokens.items()}
    assert [answer.status_code for answer in answers["bob"]] == [200, 200, 429]
    assert {shape(answer) for user in ("nobody", "a stranger") for answer in answers[user]} == {
        shape(answers["nobody"][0])
    }
    assert answers["nobody"][2].status_code == 404
    assert answers["bob"][2].headers["retry-after"] == "60"
    assert one.get("/inclusion", headers=bearer(token("alice"))).status_code == 200, "others are not held up"


def test_an_address_may_ask_so_often_whatever_it_sends(client: Client, token: Token, lines: list[Line]) -> None:
    one = client(limits=Limits(per_address=3))
    assert [one.get("/inclusion").status_code for _ in range(4)] == [404, 404, 404, 429]
    assert one.get("/inclusion", headers=bearer(token())).status_code == 429
    assert one.get("/check.html").status_code == 200, "what is public is not counted"
    assert lines[-2].why == "rate-address"


def test_behind_the_proxy_its_header_names_the_address(client: Client, token: Token) -> None:
    def ask(**headers: str) -> int:
        return one.get("/inclusion", headers=headers).status_code

    changes: dict[str, Any] = {"limits": Limits(per_address=1), "address_header": b"x-forwarded-for"}
    one = client("127.0.0.1", trusted_peer=lambda peer, _: peer == "127.0.0.1", **changes)
    # What a customer writes there comes first, what our proxy adds comes last.
    assert [ask(**{"X-Forwarded-For": f"198.51.100.{n}, 203.0.113.5"}) for n in range(2)] == [404, 429]
    assert ask(**{"X-Forwarded-For": "203.0.113.6"}) == 404
    assert [ask(**{"X-Forwarded-For": f"2001:db8::{n}"}) for n in (1, 2)] == [404, 429], "64 bits of it are one"
    assert [ask() for _ in range(2)] == [404, 404], "without it nobody is told from another"
    one = client("127.0.0.1", trusted_peer=lambda peer, _: peer == "127.0.0.1", limits=Limits(per_address=1))
    assert [ask(**{"X-Forwarded-For": "203.0.113.6"}) for _ in range(2)] == [404, 404], "a header that was not named"
    one = client("203.0.113.9", trusted_peer=lambda peer, _: peer == "127.0.0.1", **changes)
    assert [ask(**{"X-Forwarded-For": f"198.51.100.{n}"}) for n in range(2)] == [404, 429], "a stranger is not believed"


# Faults


@pytest.mark.parametrize(
    "error", [ArtifactError("the file of alice is damaged"), RuntimeError("alice"), OSError("alice")]
)
def test_a_fault_shows_nothing_of_whom_it_was_about(
    client: Client, token: Token, served: Served, lines: list[Line], monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def failing(account: str | None) -> bytes | None:
        raise error

    monkeypatch.setattr(served.store, "find", failing)
    answer = client().get("/inclusion", headers=bearer(token()))
    assert answer.status_code == 503
    assert "alice" not in f"{answer.text}{answer.pairs}{lines}"
    assert lines[-1].why == type(error).__name__


def test_a_lookup_that_hangs_is_given_up(
    client: Client, token: Token, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = threading.Event()
    monkeypatch.setattr(served.store, "find", lambda account: done.wait(60) and None)
    one = client(limits=Limits(at_once=1, seconds=0.1))
    timer = threading.Timer(0.5, done.set)
    timer.start()
    assert one.get("/inclusion", headers=bearer(token())).status_code == 503
    timer.join()
