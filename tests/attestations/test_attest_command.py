"""``polyproof attest``: signed here or elsewhere, added beside what is there, whatever happens meanwhile."""

from __future__ import annotations

import base64
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, x25519
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

from attestations.signers import (
    AUDITOR,
    Authority,
    ed25519,
    private_pem,
    public_hex,
    public_pem,
    signed,
    statement,
    write,
)
from doubles.fixtures import Command
from doubles.policies import SUM_TREE, SUM_TREE_FILE
from polyproof.errors import ArtifactError
from polyproof.formats import space
from polyproof.liabilities.attestation_file import MOST_STATEMENTS, add_statement, read_attestations
from polyproof.publication.history import add_audit, verify_history, verify_one

KEY = ed25519(1)
TEXT = "We compared the totals\nwith the ledger.\n\n  They agree.  \n"


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder of the auditor's own."""
    folder = tmp_path / "auditor"
    folder.mkdir()
    (folder / "statement.txt").write_text(TEXT)
    (folder / "key.pem").write_bytes(private_pem(KEY))
    (folder / "public.pem").write_bytes(public_pem(KEY))
    return folder


def stating(files: Path) -> tuple[object, ...]:
    return ("--statement", files / "statement.txt", "--signer", AUDITOR, "--date", "2026-02-01T00:00:00Z")


def test_a_statement_is_signed_and_found_by_whoever_verifies(audit: Path, files: Path, command: Command) -> None:
    record = (audit / "publication.json").read_bytes()
    kind = ("--kind", "agreed-upon-procedures")
    done = command("attest", audit, *stating(files), *kind, "--key", files / "key.pem", "--json")
    assert done.status == 0, done.out + done.err
    made = done.result["statement"]
    assert (done.result["added"], made["holds"], made["key"]) == (True, True, public_hex(KEY))
    assert made["statement"]["text"] == ["We compared the totals with the ledger.", "They agree."]
    assert made["statement"]["kind"] == "agreed-upon-procedures"
    assert (audit / "publication.json").read_bytes() == record
    assert read_attestations(audit).statements[0].statement == statement(audit)
    (files / "policy.yaml").write_text(
        f"{SUM_TREE_FILE}attestations:\n  believe: [{{name: The auditor, key: {public_hex(KEY)}}}]\n"
    )
    shown = command("verify", audit, "--policy", files / "policy.yaml")
    assert shown.status == 0
    text = " ".join(shown.out.split())
    assert "It calls itself agreed-upon procedures, by “Example Audit LLP”, of 2026-02-01T00:00:00Z" in text
    assert "which is that of The auditor, as your policy has it" in text
    assert "It says: “We compared the totals with the ledger. They agree.”" in text
    again = command("attest", audit, *stating(files), *kind, "--key", files / "key.pem", "--json")
    assert again.result["added"] is False
    assert len(read_attestations(audit).statements) == 1


@pytest.mark.parametrize("encoded", [False, True])
def test_a_statement_can_be_signed_elsewhere(audit: Path, files: Path, command: Command, encoded: bool) -> None:
    to_sign = files / "to-sign"
    written = command("attest", audit, *stating(files), "--to-sign", to_sign, "--json")
    assert (written.status, written.result["to_sign"], written.result["added"]) == (0, str(to_sign), False)
    assert not (audit / "attestation.json").exists()
    value = KEY.sign(to_sign.read_bytes())
    (files / "signature").write_bytes(base64.encodebytes(value) if encoded else value)
    adding = ("attest", audit, "--signed", to_sign, "--signature", files / "signature")
    done = command(*adding, "--public-key", files / "public.pem")
    assert done.status == 0, done.err
    assert read_attestations(audit).statements[0].statement.text[1] == "They agree."
    (files / "other.pem").write_bytes(public_pem(ed25519(2)))
    refused = command(*adding, "--public-key", files / "other.pem")
    assert refused.status == 2
    assert "the signature is not by this key, or not of this statement" in refused.err
    assert len(read_attestations(audit).statements) == 1


def test_a_certificates_key_signs_here_or_elsewhere(
    audit: Path, files: Path, command: Command, issuer: Authority
) -> None:
    key = ec.generate_private_key(ec.SECP384R1())
    (files / "key.pem").write_bytes(private_pem(key))
    (files / "chain.pem").write_bytes(issuer.issue(key).public_bytes(Encoding.PEM) + issuer.pem)
    arguments = ("attest", audit, *stating(files), "--key", files / "key.pem")
    refused = command(*arguments)
    assert refused.status == 2
    assert "a key that is not Ed25519 needs a certificate" in refused.err
    done = command(*arguments, "--certificates", files / "chain.pem", "--json")
    assert (done.status, done.result["statement"]["certificate"]) == (0, f"O={AUDITOR}")
    assert done.result["statement"]["algorithm"] == "ecdsa-sha384"
    (files / "key.pem").write_bytes(private_pem(ec.generate_private_key(ec.SECP384R1())))
    assert "does not hold" in command(*arguments, "--certificates", files / "chain.pem").err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "give --statement with what is stated, or --signed"),
        (("--statement", "statement.txt"), "nothing says who states it"),
        (("--statement", "statement.txt", "--signer", "A"), "give --key to sign here, or --to-sign"),
        (("--statement", "none.txt", "--signer", "A", "--key", "key.pem"), "No such file"),
        (("--statement", "key.der", "--signer", "A", "--key", "key.pem"), "is not UTF-8"),
        (("--statement", "empty.txt", "--signer", "A", "--key", "key.pem"), "text has 0 items"),
        (("--statement", "long.txt", "--signer", "A", "--key", "key.pem"), "expected 1 to 1000 printable characters"),
        (("--statement", "statement.txt", "--signer", "\x1b[2J", "--key", "key.pem"), "cannot be shown"),
        (("--statement", "statement.txt", "--signer", "A", "--kind", "opinion", "--key", "key.pem"), "allowed: agreed"),
        (("--statement", "statement.txt", "--signer", "A", "--date", "today", "--key", "key.pem"), "a time in UTC"),
        (
            ("--statement", "statement.txt", "--signer", "A", "--date", "2025-01-01T00:00:00Z", "--key", "key.pem"),
            "before the proof was started",
        ),
        (
            ("--statement", "statement.txt", "--signer", "A", "--date", "2999-01-01T00:00:00Z", "--key", "key.pem"),
            "is in the future",
        ),
        (("--statement", "statement.txt", "--signer", "A", "--key", "public.pem"), "is no private key"),
        (("--statement", "statement.txt", "--signer", "A", "--key", "locked.pem"), "is encrypted"),
        (("--statement", "statement.txt", "--signer", "A", "--key", "agreement.pem"), "signs nothing here"),
        (("--signed", "statement.txt"), "--signed goes with --signature"),
        (("--signed", "statement.txt", "--signature", "key.der"), "give --public-key or --certificates"),
        (
            ("--signed", "statement.txt", "--signature", "key.der", "--public-key", "public.pem"),
            "is not what was to be signed",
        ),
        (("--signed", "to-sign", "--signature", "key.der", "--public-key", "key.pem"), "is no public key"),
        (("--signed", "to-sign", "--signature", "key.der", "--certificates", "public.pem"), "the signer's first"),
    ],
)
def test_a_mistake_is_bad_input_that_says_what_would_be_right(
    audit: Path, files: Path, command: Command, arguments: tuple[str, ...], says: str
) -> None:
    (files / "key.der").write_bytes(b"\xff" * 64)
    (files / "empty.txt").write_text(" \n\n")
    (files / "long.txt").write_text("x" * 1001)
    locked = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))
    (files / "locked.pem").write_bytes(locked)
    (files / "to-sign").write_bytes(statement(audit).to_sign)
    (files / "agreement.pem").write_bytes(private_pem(x25519.X25519PrivateKey.generate()))  # type: ignore[arg-type]
    named = [files / one if "." in one or one == "to-sign" else one for one in arguments]
    ended = command("attest", audit, *named)
    assert ended.status == 2
    assert says in " ".join(ended.err.split())
    assert not (audit / "attestation.json").exists()


def test_the_digest_of_a_certificate_without_a_name_is_not_called_a_key(
    audit: Path, files: Path, command: Command
) -> None:
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(datetime(2025, 1, 1)).not_valid_after(datetime(2035, 1, 1))
    certificate = made.sign(key, SHA256())
    (files / "key.pem").write_bytes(private_pem(key))
    (files / "chain.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    ended = command("attest", audit, *stating(files), "--key", files / "key.pem", "--certificates", files / "chain.pem")
    assert ended.status == 0
    assert f"the key of the certificate {certificate.fingerprint(SHA256()).hex()}" in " ".join(ended.out.split())


def test_what_was_signed_about_another_audit_is_refused(
    audit: Path, other: Path, files: Path, command: Command
) -> None:
    to_sign = statement(other).to_sign
    (files / "to-sign").write_bytes(to_sign)
    (files / "signature").write_bytes(KEY.sign(to_sign))
    given = ("--signed", files / "to-sign", "--signature", files / "signature", "--public-key", files / "public.pem")
    ended = command("attest", audit, *given)
    assert ended.status == 2
    assert "what was signed is about audit two" in ended.err
    assert command("attest", other, *given).status == 0


# What is there


def test_statements_that_do_not_hold_are_kept_beside_a_new_one(audit: Path, files: Path, command: Command) -> None:
    write(audit, signed(statement(audit, publication_digest="0" * 64), ed25519(7)))
    assert command("attest", audit, *stating(files), "--key", files / "key.pem").status == 0
    first, second = read_attestations(audit).statements
    assert first.statement.publication_digest == "0" * 64
    assert second.statement.signer == AUDITOR


def test_a_file_that_cannot_be_read_is_not_replaced(audit: Path, files: Path, command: Command) -> None:
    (audit / "attestation.json").write_text("mine")
    ended = command("attest", audit, *stating(files), "--key", files / "key.pem")
    assert ended.status == 2
    assert "move it away first: what is in it would be lost" in ended.err
    assert (audit / "attestation.json").read_text() == "mine"


@pytest.mark.parametrize("kind", ["link", "dangling", "hard link", "pipe"])
def test_nothing_in_a_folder_of_others_leads_a_writer_out_of_it(
    audit: Path, files: Path, command: Command, kind: str
) -> None:
    """An auditor attests in a folder that the exchange has sent: its links do not reach the auditor's own files."""
    trap, mine = audit / ".attestation.json.writing", files / "mine"
    if kind != "dangling":
        mine.write_text("mine")
    if kind == "pipe":
        os.mkfifo(trap)
    elif kind == "hard link":
        trap.hardlink_to(mine)
    else:
        trap.symlink_to(mine)
    assert command("attest", audit, *stating(files), "--key", files / "key.pem").status == 0
    assert not mine.exists() if kind == "dangling" else mine.read_text() == "mine"
    assert not (audit / "attestation.json").is_symlink()
    assert len(read_attestations(audit).statements) == 1
    assert not trap.exists()


def test_several_add_statements_at_once_and_none_is_lost(audit: Path) -> None:
    made = [signed(statement(audit, signer=f"Auditor {number}"), ed25519(number)) for number in range(1, 25)]
    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(lambda one: add_statement(audit, one), made))
    found = read_attestations(audit).statements
    assert {one.sha256 for one in found} == {one.sha256 for one in made}
    assert sorted(path.name for path in audit.iterdir()) == [
        "attestation.json",
        "manifest.json",
        "proof-0000.bin",
        "publication.json",
    ]


def test_no_file_has_more_statements_than_are_read(audit: Path) -> None:
    made = [signed(statement(audit, signer=f"Auditor {number}"), KEY) for number in range(MOST_STATEMENTS + 1)]
    write(audit, *made[:-1])
    with pytest.raises(ArtifactError, match="holds 64 statements"):
        add_statement(audit, made[-1])
    assert len(read_attestations(audit).statements) == MOST_STATEMENTS


def test_a_full_disk_leaves_what_was_there(
    audit: Path, files: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(audit, signed(statement(audit), ed25519(7)))
    before = (audit / "attestation.json").read_bytes()
    monkeypatch.setattr(space, "free_bytes", lambda path: 10)
    ended = command("attest", audit, *stating(files), "--key", files / "key.pem")
    assert ended.status == 2
    assert "attestation.json" in ended.err
    assert (audit / "attestation.json").read_bytes() == before


# The audit and its history


def test_the_record_of_an_attested_audit_is_not_changed(proved: Path, tmp_path: Path, command: Command) -> None:
    """Adding reserves would give it another digest than its statements are about."""
    directory = shutil.copytree(proved / "one", tmp_path / "one")
    write(directory / "public", signed(statement(directory / "public"), KEY))
    (tmp_path / "accounts.csv").write_text("account,BTC\nalice,1\n")
    spec = (proved / "spec.yaml").read_text()
    wallets = "polyproof-holdings: 1\nholdings: []\n"
    (tmp_path / "wallets.yaml").write_text(wallets)
    (tmp_path / "spec.yaml").write_text(f"{spec}reserves: {{sources: [{{name: native, path: wallets.yaml}}]}}\n")
    ended = command("reserves", tmp_path / "spec.yaml", "--audit", directory)
    assert ended.status == 2
    assert "holds statements about the digest of this audit" in ended.err


def test_a_history_takes_statements_along_and_its_newest_can_be_attested(
    proved: Path, tmp_path: Path, files: Path, command: Command
) -> None:
    directory = shutil.copytree(proved / "one", tmp_path / "one")
    write(directory / "public", signed(statement(directory / "public"), ed25519(7)))
    history = tmp_path / "history"
    history.mkdir()
    add_audit(history, verify_one(directory, policy=SUM_TREE))
    public = history / "audits/one"
    assert (public / "attestation.json").read_bytes() == (directory / "public/attestation.json").read_bytes()
    assert command("attest", history, *stating(files), "--key", files / "key.pem").status == 0
    (found,) = verify_history(history, policy=SUM_TREE).audits
    assert [one.holds for one in found.attestations.statements] == [True, True]
    assert verify_history(history, policy=SUM_TREE).unlisted == ()
    assert found.liabilities.audit.unlisted == ()
