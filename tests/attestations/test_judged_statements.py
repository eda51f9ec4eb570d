"""Signed statements beside an audit: dishonest exchanges and hostile files, and what a verifier is told of each."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from attestations.signers import AUDITOR, Authority, authority, ed25519, public_hex, signed, statement, write
from doubles.fixtures import Command
from doubles.policies import SUM_TREE, SUM_TREE_FILE
from polyproof.errors import InputError, PolicyRejected, SpecError
from polyproof.liabilities.attestation_file import (
    MOST_BYTES,
    Signature,
    SignedStatement,
    Statement,
    read_attestations,
)
from polyproof.liabilities.record import open_publication
from polyproof.publication import attestations, signatures
from polyproof.publication.accepting import load_accepted
from polyproof.publication.attestations import Attestation, Attestations, attestation_sentences, check_attestations
from polyproof.publication.history import verify_one
from polyproof.registry import default_registry

KEY = ed25519(1)
STRANGER = ed25519(2)


def policy(folder: Path, text: str) -> Path:
    (folder / "policy.yaml").write_text(f"{SUM_TREE_FILE}attestations:\n{text}")
    return folder / "policy.yaml"


def by_key(folder: Path, more: str = "") -> Path:
    """A policy that knows the auditor's key."""
    return policy(folder, f"  believe: [{{name: The auditor, key: {public_hex(KEY)}}}]\n{more}")


def by_root(folder: Path, issuer: Authority, more: str = "", subject: str = AUDITOR) -> Path:
    """A policy that trusts an authority to know the auditor."""
    (folder / "root.pem").write_bytes(issuer.pem)
    return policy(folder, f"  believe: [{{name: The auditor, roots: root.pem, subject: {subject}}}]\n{more}")


def judged(public: Path, file: Path | None = None) -> Attestations:
    """What a verifier with this policy is told; the audit itself verifies."""
    accepted = load_accepted(str(file), None, None, default_registry()) if file is not None else {"policy": SUM_TREE}
    return verify_one(public, **accepted).attestations  # type: ignore[arg-type]


def one(public: Path, file: Path | None = None) -> Attestation:
    (found,) = judged(public, file).statements
    return found


def words(found: Attestation) -> str:
    return " ".join(attestation_sentences(found))


# Whose it is


def test_a_statement_is_signed_by_a_key_and_only_a_policy_says_whose_that_is(audit: Path, tmp_path: Path) -> None:
    write(audit, signed(statement(audit), KEY))
    nobody = one(audit)
    assert (nobody.holds, nobody.by) == (True, None)
    assert f"Signed by the key {public_hex(KEY)}. Whose it is, is not said here: nobody whom you trust" in words(nobody)
    known = one(audit, by_key(tmp_path))
    assert (known.holds, known.by, known.why) == (True, "The auditor", "")
    assert "which is that of The auditor, as your policy has it" in words(known)
    assert known.as_anyone == nobody


def test_a_policy_with_anothers_key_does_not_make_a_statement_anothers(audit: Path, tmp_path: Path) -> None:
    write(audit, signed(statement(audit), STRANGER))
    found = one(audit, by_key(tmp_path))
    assert (found.holds, found.by) == (True, None)
    assert "The auditor" not in words(found)


@pytest.mark.parametrize(
    "key",
    [
        ed25519(3),
        ec.generate_private_key(ec.SECP256R1()),
        ec.generate_private_key(ec.SECP384R1()),
        rsa.generate_private_key(65537, 2048),
    ],
    ids=lambda key: type(key).__name__,
)
def test_a_certificate_leads_to_a_root_of_the_policy(audit: Path, tmp_path: Path, issuer: Authority, key: Any) -> None:
    write(audit, signed(statement(audit), key, issuer.issue(key)))
    nobody = one(audit)
    assert (nobody.holds, nobody.by, nobody.certificate) == (True, None, f"O={AUDITOR}")
    known = one(audit, by_root(tmp_path, issuer))
    assert (known.holds, known.by) == (True, "The auditor")
    assert "has been revoked was not checked" in words(known)


@pytest.mark.parametrize("algorithm", ["rsa-pkcs1-sha256", "rsa-pss-sha512"])
def test_signatures_of_rsa_may_be_of_either_padding(audit: Path, issuer: Authority, algorithm: str) -> None:
    key = rsa.generate_private_key(65537, 2048)
    stated = statement(audit)
    padded: Any = padding.PKCS1v15()
    digest: Any = hashes.SHA256()
    if algorithm == "rsa-pss-sha512":
        digest = hashes.SHA512()
        padded = padding.PSS(padding.MGF1(digest), 32)
    made = signed(stated, key, issuer.issue(key))
    value = base64.b64encode(key.sign(stated.to_sign, padded, digest)).decode()
    write(audit, evolve(made, signature=evolve(made.signature, algorithm=algorithm, value=value)))
    assert one(audit).holds is True


Issue = Callable[[Authority, Any], tuple[Any, ...]]

WRONG: dict[str, tuple[Issue, str]] = {
    "expired": (lambda ca, key: (ca.issue(key, days=(-400, -100)),), "its certificate is valid from"),
    "not yet valid": (lambda ca, key: (ca.issue(key, days=(10, 20)),), "its certificate is valid from"),
    "for servers": (lambda ca, key: (ca.issue(key, purposes=("1.3.6.1.5.5.7.3.1",)),), "for another purpose"),
    "for time stamps": (lambda ca, key: (ca.issue(key, purposes=("1.3.6.1.5.5.7.3.8",)),), "for another purpose"),
    "of a key that encrypts": (lambda ca, key: (ca.issue(key, signs=False),), "that signs no documents"),
    "of an authority": (lambda ca, key: (ca.issue(key, ca=True),), "does not lead to a root"),
    "with something critical and unknown": (lambda ca, key: (ca.issue(key, critical=True),), "does not lead to a root"),
    "by another authority of that name": (lambda ca, key: (authority().issue(key),), "does not lead to a root"),
    "by somebody who is no authority": (
        lambda ca, key: _by_no_authority(ca, key),
        "does not lead to a root",
    ),
    "of another name": (lambda ca, key: (ca.issue(key, organisation="Another LLP"),), "nobody whom you trust"),
    "of a name that begins like it": (lambda ca, key: (ca.issue(key, f"{AUDITOR} of M"),), "nobody whom you trust"),
}


def _by_no_authority(ca: Authority, key: Any) -> tuple[Any, ...]:
    """A certificate that another holder of a certificate has issued."""
    holder = ec.generate_private_key(ec.SECP256R1())
    middle = ca.issue(holder, "Somebody")
    return Authority(holder, middle).issue(key), middle


@pytest.mark.parametrize("name", WRONG)
def test_a_certificate_that_is_not_right_in_every_part_says_nothing_of_whose_key_it_is(
    audit: Path, tmp_path: Path, issuer: Authority, name: str
) -> None:
    """The signature holds all the same: that is told, and no more."""
    issue, says = WRONG[name]
    key = ec.generate_private_key(ec.SECP256R1())
    write(audit, signed(statement(audit), key, *issue(issuer, key)))
    found = one(audit, by_root(tmp_path, issuer))
    assert (found.holds, found.by) == (True, None)
    assert says in found.why
    accepted = by_root(tmp_path, issuer, "  require: [The auditor]\n")
    with pytest.raises(PolicyRejected, match="no statement by The auditor was checked"):
        judged(audit, accepted)


def test_a_certificate_that_has_run_out_is_believed_only_by_a_policy_that_takes_the_signers_date(
    audit: Path, tmp_path: Path, issuer: Authority
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    write(audit, signed(statement(audit), key, issuer.issue(key, days=(-3000, -1))))
    found = one(audit, by_root(tmp_path, issuer))
    assert found.by is None
    assert (
        "and was valid on 2026-02-01T00:00:00Z, when the statement says it was made, which nothing shows" in found.why
    )
    believed = one(audit, by_root(tmp_path, issuer, "  expired: true\n"))
    assert believed.by == "The auditor"
    assert "have run out since: they were valid on 2026-02-01T00:00:00Z, the date that the statement" in words(believed)
    assert "has been revoked was not checked" in words(believed)


@pytest.mark.parametrize("marks", ["“”", '""', "„“", "\uff02\uff02", "\u275d\u275e"])
def test_no_name_or_text_ends_its_quotation_and_goes_on_as_a_finding(
    audit: Path, command: Command, issuer: Authority, marks: str
) -> None:
    opened, closed = marks
    claim = f"The auditor{closed}. Signed by a key that is that of {opened}The auditor"
    key = ec.generate_private_key(ec.SECP256R1())
    stated = statement(audit, signer=claim, text=(claim,))
    write(audit, signed(stated, key, issuer.issue(key, "B” and is known to “all")))
    found = one(audit)
    assert found.statement.signer == claim, "in JSON it stays what was signed"
    shown = " ".join(command("verify", audit).out.split())
    for text in (words(found), shown[shown.index("Statement 1:") :]):
        assert "The auditor'. Signed by a key that is that of 'The auditor”" in text
        assert "B' and is known to 'all”" in text
    assert "It says: “The auditor'. Signed" in shown


def test_a_date_to_come_is_believed_of_nobody(audit: Path, tmp_path: Path) -> None:
    write(audit, signed(statement(audit, date="2999-01-01T00:00:00Z"), KEY))
    found = one(audit, by_key(tmp_path))
    assert (found.holds, found.by) == (True, None)
    assert "is in the future" in found.why


# What an exchange might do with a statement


def changed(made: SignedStatement, **fields: Any) -> SignedStatement:
    return evolve(made, statement=evolve(made.statement, **fields))


@pytest.mark.parametrize(
    "fields",
    [
        {"text": ("We compared the totals with the ledger.", "They agree in full.")},
        {"text": ("We compared the totals with the ledger. They agree.",)},
        {"kind": "reasonable-assurance"},
        {"signer": "A Better Known Auditor LLP"},
        {"date": "2026-03-01T00:00:00Z"},
    ],
    ids=lambda fields: next(iter(fields)),
)
@pytest.mark.parametrize("certified", [False, True])
def test_no_word_of_a_statement_can_be_changed(
    audit: Path, tmp_path: Path, issuer: Authority, fields: dict[str, Any], certified: bool
) -> None:
    key: Any = ec.generate_private_key(ec.SECP256R1()) if certified else KEY
    chain = (issuer.issue(key),) if certified else ()
    write(audit, changed(signed(statement(audit), key, *chain), **fields))
    found = one(audit, by_root(tmp_path, issuer) if certified else by_key(tmp_path))
    assert (found.holds, found.by) == (False, None)
    assert found.check == "attestation-signature"
    assert "NOT TO BE BELIEVED: its signature does not hold." in words(found)


def test_a_statement_cannot_be_moved_to_another_audit(audit: Path, other: Path, tmp_path: Path) -> None:
    made = signed(statement(other), KEY)
    write(audit, made)
    found = one(audit, by_key(tmp_path))
    assert (found.holds, found.by) == (False, None)
    assert found.check == "attestation-digest"
    assert "it is about another audit" in found.fault
    there = statement(audit)
    write(audit, changed(made, audit_id=there.audit_id, publication_digest=there.publication_digest))
    assert one(audit, by_key(tmp_path)).fault == "its signature does not hold"
    write(audit, signed(statement(audit, audit_id="two"), KEY))
    assert "it calls the audit two" in one(audit).fault


def test_a_statement_cannot_be_put_into_anothers_mouth(audit: Path, tmp_path: Path, issuer: Authority) -> None:
    """By another's key or certificate in place of the one that signed."""
    made = signed(statement(audit), STRANGER)
    write(audit, evolve(made, signature=evolve(made.signature, public_key=public_hex(KEY))))
    assert one(audit, by_key(tmp_path)).fault == "its signature does not hold"
    key, auditors = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    mine = signed(statement(audit), key, issuer.issue(key, "Somebody"))
    theirs = signed(statement(audit), auditors, issuer.issue(auditors))
    write(audit, evolve(mine, signature=evolve(mine.signature, certificates=theirs.signature.certificates)))
    assert one(audit, by_root(tmp_path, issuer)).fault == "its signature does not hold"
    # The auditor's own certificate further down the chain does not make it the signer's.
    both = (*(mine.signature.certificates or ()), *(theirs.signature.certificates or ()))
    write(audit, evolve(mine, signature=evolve(mine.signature, certificates=both)))
    assert one(audit, by_root(tmp_path, issuer)).by is None


def test_a_signature_under_other_bytes_is_none(audit: Path) -> None:
    """Without the domain, or for a statement in another form."""
    stated = statement(audit)
    made = signed(stated, KEY)
    for other in (stated.to_bytes(), stated.to_sign.rstrip(b"\n"), b"polyproof/attestation/2\n" + stated.to_bytes()):
        value = base64.b64encode(KEY.sign(other)).decode()
        write(audit, evolve(made, signature=evolve(made.signature, value=value)))
        assert one(audit).holds is False


def test_a_statement_of_before_the_audit_is_not_believed(audit: Path, tmp_path: Path) -> None:
    write(audit, signed(statement(audit, date="2026-01-30T10:59:59Z"), KEY))
    found = one(audit, by_key(tmp_path))
    assert found.check == "attestation-date"
    assert found.holds is False
    assert "before the proof was started" in found.fault
    write(audit, signed(statement(audit, date="2026-01-30T11:00:00Z"), KEY))
    assert one(audit, by_key(tmp_path)).holds is True


@pytest.mark.parametrize(
    ("key", "says"),
    [
        (rsa.generate_private_key(65537, 1024), "its key has 1024 bits"),
        (ec.generate_private_key(ec.SECP256K1()), "curve"),
    ],
    ids=["short", "curve"],
)
def test_keys_that_are_too_weak_sign_nothing(audit: Path, issuer: Authority, key: Any, says: str) -> None:
    """The program refuses to make such a signature, so the test makes it."""
    stated = statement(audit)
    digest = hashes.SHA256()
    if isinstance(key, rsa.RSAPrivateKey):
        algorithm, value = "rsa-pkcs1-sha256", key.sign(stated.to_sign, padding.PKCS1v15(), digest)
    else:
        algorithm, value = "ecdsa-sha256", key.sign(stated.to_sign, ec.ECDSA(digest))
    der = issuer.issue(key).public_bytes(signatures.Encoding.DER)
    signature = Signature(
        algorithm=algorithm,
        public_key=None,
        certificates=(base64.b64encode(der).decode(),),
        value=base64.b64encode(value).decode(),
    )
    write(audit, SignedStatement(statement=stated, signature=signature))
    found = one(audit)
    assert found.check == "attestation-key"
    assert found.holds is False
    assert says in found.fault


# The audit's own verdict


def test_nothing_beside_an_audit_changes_what_is_found_about_the_audit(
    audit: Path, command: Command, tmp_path: Path
) -> None:
    write(audit, changed(signed(statement(audit), KEY), signer="Somebody Else"))
    shown = command("verify", audit)
    assert shown.status == 0
    text = " ".join(shown.out.split())
    assert "VERIFIED." in text
    assert text.index("VERIFIED.") < text.index("NOT TO BE BELIEVED: its signature does not hold")
    (told,) = command("verify", audit, "--json").result["attestations"]["statements"]
    assert (told["holds"], told["fault"], told["by"]) == (False, "its signature does not hold", None)
    required = by_key(tmp_path, "  require: [The auditor]\n")
    refused = command("verify", audit, "--policy", required, "--json")
    assert refused.status == 1
    assert refused.error["code"] == "policy-attestations"
    write(audit, signed(statement(audit), KEY))
    assert command("verify", audit, "--policy", required).status == 0
    (audit / "attestation.json").unlink()
    assert "no statement lies beside it" in command("verify", audit, "--policy", required).err


def _deep() -> bytes:
    return b'{"format":' + b"[" * 100_000 + b"]" * 100_000 + b"}"


HOSTILE: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda data: b"",
    "another thing": lambda data: b"[]\n",
    "deep": lambda data: _deep(),
    "huge": lambda data: data + b" " * MOST_BYTES,
    "a key twice": lambda data: data.replace(b'{"format"', b'{"format":"x","format"'),
    "not canonical": lambda data: data.replace(b'":"', b'": "', 1),
    "a byte after it": lambda data: data + b"\n",
    "another version": lambda data: data.replace(b'"version":1', b'"version":2'),
    "an unknown key": lambda data: data.replace(b'{"format"', b'{"extra":1,"format"'),
    "not UTF-8": lambda data: data.replace(b"We", b"\xff\xfe"),
    "a control character": lambda data: data.replace(b"We", b"\\u001b[2J"),
    "an override of direction": lambda data: data.replace(b"We", "\u202eWe".encode()),
    "no base64": lambda data: data.replace(b'"value":"', b'"value":"*'),
    "base64 in another form": lambda data: data.replace(b'=="', b'="'),
    "a number": lambda data: data.replace(b'"kind":"agreed-upon-procedures"', b'"kind":1e999'),
    "a kind that is none": lambda data: data.replace(b"agreed-upon-procedures", b"clean-opinion"),
    "an algorithm that is none": lambda data: data.replace(b'"ed25519"', b'"md5"'),
    "a key and certificates": lambda data: data.replace(b'"certificates":null', b'"certificates":["AAAA"]'),
    "neither": lambda data: data.replace(public_hex(KEY).encode(), b"").replace(
        b'"public_key":""', b'"public_key":null'
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_one_finding_and_the_audit_stays_verified(audit: Path, command: Command, name: str) -> None:
    write(audit, signed(statement(audit), KEY))
    path = audit / "attestation.json"
    hostile = HOSTILE[name](path.read_bytes())
    assert hostile != path.read_bytes()
    path.write_bytes(hostile)
    found = judged(audit)
    assert found.statements == ()
    if name in ("not canonical", "a byte after it"):
        assert found.check == "attestation-canonical"
    elif name == "huge":
        assert found.check == "file-size"
    else:
        assert found.check == "attestation-format"
    shown = command("verify", audit)
    assert shown.status == 0
    assert "VERIFIED." in shown.out
    assert "NOT A FILE OF STATEMENTS" in shown.out
    assert "\x1b" not in shown.out
    assert "\u202e" not in shown.out


@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
def test_what_is_no_file_is_not_opened(audit: Path, tmp_path: Path, kind: str) -> None:
    path = audit / "attestation.json"
    if kind == "link":
        (tmp_path / "elsewhere").write_text("secret")
        path.symlink_to(tmp_path / "elsewhere")
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.mkdir()
    found = judged(audit)
    assert found.statements == ()
    assert found.unreadable
    assert "secret" not in found.unreadable


def test_a_certificate_with_a_byte_changed_is_never_believed_and_never_a_traceback(
    audit: Path, tmp_path: Path, issuer: Authority
) -> None:
    made = signed(statement(audit), KEY_OF_CERTIFICATE, certificate_of(issuer))
    accepted = load_accepted(str(by_root(tmp_path, issuer)), None, None, default_registry())["attestations"]
    opened = open_publication(audit, SUM_TREE)
    for place in range(0, len(made.signature.chain[0]), 5):
        der = bytearray(made.signature.chain[0])
        der[place] ^= 0x15
        broken = evolve(made.signature, certificates=(base64.b64encode(bytes(der)).decode(),))
        write(audit, evolve(made, signature=broken))
        (found,) = check_attestations(opened, accepted).statements
        assert found.by is None, place


KEY_OF_CERTIFICATE = ec.generate_private_key(ec.SECP256R1())
_made: dict[int, Any] = {}


def certificate_of(issuer: Authority) -> Any:
    return _made.setdefault(id(issuer), issuer.issue(KEY_OF_CERTIFICATE))


# Without the extra


def test_without_the_extra_a_statement_is_not_checked_and_the_audit_is_verified(
    audit: Path, command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(audit, signed(statement(audit), KEY))
    monkeypatch.setattr(attestations, "is_installed", lambda extra: False)
    shown = command("verify", audit, "--policy", by_key(tmp_path))
    assert shown.status == 0
    text = " ".join(shown.out.split())
    assert f"It claims to be signed by the key {public_hex(KEY)}; NOT CHECKED here: it takes the extra" in text
    refused = command("verify", audit, "--policy", by_key(tmp_path, "  require: [The auditor]\n"))
    assert refused.status == 1
    assert "it takes the extra attestations" in refused.err


# The policy


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("  believe: [{name: A}]\n", "give key, or roots and subject"),
        (f"  believe: [{{name: A, key: {'0' * 64}, roots: x.pem, subject: B}}]\n", "give key, or roots and subject"),
        ("  believe: [{name: A, roots: x.pem}]\n", "roots and subject are given together"),
        (f"  believe: [{{name: A, key: {'0' * 64}, subject: B}}]\n", "roots and subject are given together"),
        ("  believe: [{name: A, key: abc}]\n", "64 lower-case hexadecimal digits"),
        (f"  believe: [{{name: A, key: {'0' * 64}}}]\n  require: [B]\n", "require names 'B', who is not in believe"),
        ("  trust: []\n", "unknown key 'trust'"),
    ],
)
def test_a_mistake_in_the_policy_is_told_with_its_line(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(SpecError) as caught:
        load_accepted(str(policy(tmp_path, text)), None, None, default_registry())
    assert says in str(caught.value)
    assert "policy.yaml:" in str(caught.value)


def test_roots_must_be_roots(tmp_path: Path, issuer: Authority) -> None:
    file = by_root(tmp_path, issuer)
    for data, says in (
        (b"nothing", "has no certificates"),
        (certificate_of(issuer).public_bytes(signatures.Encoding.PEM), "that is no root"),
    ):
        (tmp_path / "root.pem").write_bytes(data)
        with pytest.raises(InputError, match=says):
            load_accepted(str(file), None, None, default_registry())
    (tmp_path / "root.pem").unlink()
    with pytest.raises(InputError, match=r"root\.pem: No such file"):
        load_accepted(str(file), None, None, default_registry())


def test_one_statement_has_one_text_to_sign(audit: Path) -> None:
    stated = statement(audit, text=("Ä “quoted” \\ text",))
    assert stated.to_sign.startswith(
        b'polyproof/attestation/1\n{"audit_id":"one","date":"2026-02-01T00:00:00Z","kind":'
    )
    assert stated.to_sign.endswith(b"}\n")
    assert json.loads(stated.to_bytes())["text"] == ["Ä “quoted” \\ text"]
    assert isinstance(stated, Statement)
    assert read_attestations(audit).statements == ()
