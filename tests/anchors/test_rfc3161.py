"""RFC 3161: a token counts if everything about it holds, down to a root that the verifier named."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from anchors.authority import NOW, TIME_STAMPING, Authority, authority, holder, revocations
from polyproof.anchor import Anchor, Shown, Subject
from polyproof.errors import ExecutionError, InputError, ProofRejected
from polyproof.registry import default_registry
from polyproof.testing.anchor import SUBJECTS, ServedAnchorSuite
from polyproof.testing.servers import Reply, Respond, Server
from polyproof_anchors.rfc3161 import Rfc3161, Rfc3161Options

ONE = SUBJECTS[0]


@pytest.fixture(scope="module")
def sound() -> Authority:
    return authority()


def believing(folder: Path, *roots: bytes, revoked: bytes = b"", **options: Any) -> Rfc3161:
    """An anchor that believes these roots."""
    paths = []
    for number, root in enumerate(roots):
        paths.append(Path(f"root-{number}.pem"))
        (folder / paths[-1]).write_bytes(root)
    if revoked:
        (folder / "revoked.pem").write_bytes(revoked)
    lists = (Path("revoked.pem"),) if revoked else ()
    made = Rfc3161(Rfc3161Options(roots=tuple(paths), revoked=lists, **options), default_registry())
    made.open(folder)
    return made


class TestConformance(ServedAnchorSuite):
    @pytest.fixture
    def noted(self, sound: Authority) -> Mapping[Subject, bytes]:
        return {subject: sound.answer(subject.digest) for subject in SUBJECTS}

    @pytest.fixture
    def anchor(self, tmp_path: Path, sound: Authority) -> Anchor:
        return believing(tmp_path, sound.root.pem)

    @pytest.fixture
    def respond(self, sound: Authority) -> Respond:
        return sound.respond

    @pytest.fixture
    def connect(self, tmp_path: Path, sound: Authority) -> Callable[[str], Anchor]:
        return lambda url: believing(
            tmp_path, sound.root.pem, url=url, timeout=0.3, attempts=1, backoff=0.0, max_response_bytes=1 << 16
        )


def shown(folder: Path, made: Authority, subject: Subject = ONE, **more: Any) -> Shown:
    return believing(folder, made.root.pem, **more).check(subject, made.answer(subject.digest))


def refused(folder: Path, made: Authority, **more: Any) -> tuple[str, str]:
    with pytest.raises(ProofRejected) as caught:
        shown(folder, made, **more)
    return caught.value.check, caught.value.reason


def test_a_name_in_a_form_that_certificates_do_not_have_is_no_fault_of_ours(tmp_path: Path, sound: Authority) -> None:
    """UTF-8 text (tag 12) that says that it is of another type: cryptography has no such type, and no error for it."""
    token = sound.answer(ONE.digest)
    anchor = believing(tmp_path, sound.root.pem)
    texts = [place for place, byte in enumerate(token) if byte == 12]
    rejected = 0
    for place, tag in ((place, tag) for place in texts for tag in (14, 9, 31)):
        try:
            found = anchor.check(ONE, token[:place] + bytes([tag]) + token[place + 1 :])
        except ProofRejected:
            rejected += 1
        else:
            assert found.time is not None
    assert rejected >= 3


def test_a_token_of_a_believed_authority_shows_its_time_and_nothing_of_uniqueness(
    tmp_path: Path, sound: Authority
) -> None:
    found = shown(tmp_path, sound)
    assert found.time is not None
    assert (found.time.latest, found.time.checked, found.time.why) == ("2026-01-31T12:00:01Z", True, "")
    assert found.time.clock == "the time-stamping authority 'CN=Test Clock'"
    assert found.uniqueness is None
    assert "Whether a certificate of the authority was revoked was not checked" in " ".join(found.rests_on)


@pytest.mark.parametrize(
    ("accuracy", "fraction", "latest", "precise"),
    [
        ((1, 0, 0), 0, "2026-01-31T12:00:01Z", True),
        ((0, 1, 0), 0, "2026-01-31T12:00:01Z", True),
        ((0, 0, 1), 999_999, "2026-01-31T12:00:02Z", True),
        ((0, 500, 1), 500_000, "2026-01-31T12:00:02Z", True),
        (None, 0, "2026-01-31T12:00:00Z", False),
        (None, 1, "2026-01-31T12:00:01Z", False),
    ],
)
def test_the_time_is_the_latest_that_the_token_allows(
    tmp_path: Path, sound: Authority, accuracy: Any, fraction: int, latest: str, precise: bool
) -> None:
    found = shown(tmp_path, evolve(sound, accuracy=accuracy, time=NOW + timedelta(microseconds=fraction)))
    assert found.time is not None
    assert found.time.latest == latest
    assert ("How far its clock may be wrong" in " ".join(found.rests_on)) != precise


def test_an_authority_that_leads_to_no_root_of_the_verifier_is_a_claim(tmp_path: Path, sound: Authority) -> None:
    other = authority()
    for roots in ((), (other.root.pem,), (other.root.pem, holder("Test Clock", authority=True).pem)):
        found = believing(tmp_path, *roots).check(ONE, sound.answer(ONE.digest))
        assert found.time is not None
        assert not found.time.checked
        assert found.time.why == "it is a clock that you do not trust, and anybody can choose such a name"


def test_an_authority_that_calls_itself_like_a_believed_one_is_a_claim(tmp_path: Path, sound: Authority) -> None:
    """Same names, other keys: names prove nothing."""
    found = believing(tmp_path, sound.root.pem).check(ONE, authority().answer(ONE.digest))
    assert found.time is not None
    assert not found.time.checked


def by(**certificate: Any) -> Authority:
    """An authority whose signer's certificate is as stated."""
    root = holder("Test Root", authority=True)
    return Authority(root=root, signer=holder("Test Clock", root, **{"usages": TIME_STAMPING, **certificate}))


@pytest.mark.parametrize(
    ("certificate", "reason"),
    [
        ({"usages": None}, "unsuitable certificate purpose"),
        ({"usages": (ExtendedKeyUsageOID.CODE_SIGNING,)}, "unsuitable certificate purpose"),
        ({"usages": (*TIME_STAMPING, ExtendedKeyUsageOID.CODE_SIGNING)}, "unsuitable certificate purpose"),
        ({"critical": False}, "unsuitable certificate purpose"),
        ({"until": NOW - timedelta(seconds=1)}, "certificate has expired"),
        ({"since": NOW + timedelta(days=1)}, "certificate is not yet valid"),
    ],
)
def test_a_certificate_that_may_not_stamp_at_that_time_is_refused(
    tmp_path: Path, certificate: dict[str, Any], reason: str
) -> None:
    check, why = refused(tmp_path, by(**certificate))
    assert check == "anchor-evidence"
    assert reason in why


def test_a_certificate_that_has_expired_since_still_vouches(tmp_path: Path) -> None:
    found = shown(tmp_path, by(until=NOW + timedelta(seconds=2)))
    assert found.time is not None
    assert found.time.checked


@pytest.mark.parametrize("wrong", ["between is no authority", "between has expired", "root has expired"])
def test_every_link_of_the_chain_must_hold(tmp_path: Path, wrong: str) -> None:
    ended = NOW - timedelta(days=1)
    root = holder("Test Root", authority=True, **({"until": ended} if wrong == "root has expired" else {}))
    between = holder(
        "Test Intermediate",
        root,
        authority=wrong != "between is no authority",
        **({"until": ended} if wrong == "between has expired" else {}),
    )
    made = Authority(root=root, signer=holder("Test Clock", between, usages=TIME_STAMPING), between=(between,))
    assert refused(tmp_path, made)[0] == "anchor-evidence"


def test_a_signature_that_does_not_hold_is_refused(tmp_path: Path, sound: Authority) -> None:
    assert refused(tmp_path, evolve(sound, spoiled=True)) == (
        "anchor-evidence",
        "the token of 'CN=Test Clock': its signature does not hold",
    )


@pytest.mark.parametrize("changes", [{"named": False}, {"names": "root"}])
def test_the_token_must_name_the_certificate_that_signed_it(
    tmp_path: Path, sound: Authority, changes: dict[str, Any]
) -> None:
    changes = {key: sound.root if value == "root" else value for key, value in changes.items()}
    check, why = refused(tmp_path, evolve(sound, **changes))
    assert check == "anchor-evidence"
    assert "do not name the certificate" in why


def test_an_imprint_by_another_hash_is_not_the_digest(tmp_path: Path, sound: Authority) -> None:
    made = evolve(sound, algorithm="2.16.840.1.101.3.4.2.8")  # SHA3-256, of as many bytes
    assert refused(tmp_path, made)[0] == "anchor-digest"


def test_an_answer_without_a_token_is_no_evidence(tmp_path: Path, sound: Authority) -> None:
    assert refused(tmp_path, evolve(sound, status=2)) == (
        "anchor-format",
        "the authority gave no token: its status is 2",
    )


# Revocation

REASONS = x509.ReasonFlags


@pytest.mark.parametrize(
    ("when", "reason", "counts"),
    [
        (-1, REASONS.superseded, False),
        (+1, REASONS.superseded, True),
        (+1, REASONS.cessation_of_operation, True),
        (+1, REASONS.key_compromise, False),
        (+1, None, False),
    ],
)
def test_a_revoked_certificate_vouches_for_what_it_signed_before_only_if_its_key_was_safe(
    tmp_path: Path, when: int, reason: Any, counts: bool
) -> None:
    made = by()
    revoked = revocations(made.root, made.signer, NOW + timedelta(days=when), reason)
    if counts:
        found = shown(tmp_path, made, revoked=revoked)
        assert found.time is not None
        assert found.time.checked
        assert not any("revoked" in sentence for sentence in found.rests_on)
    else:
        check, why = refused(tmp_path, made, revoked=revoked)
        assert check == "anchor-evidence"
        assert "was revoked" in why


def test_a_list_by_somebody_else_revokes_nothing(tmp_path: Path) -> None:
    made, other = by(), by()
    found = shown(tmp_path, made, revoked=revocations(other.root, made.signer, NOW, REASONS.key_compromise))
    assert any("revoked was not checked" in sentence for sentence in found.rests_on)


@pytest.mark.parametrize(("when", "checked"), [(-86_400, False), (-1, False), (0, True), (1, True)])
def test_a_list_made_before_the_token_does_not_say_what_was_revoked_by_then(
    tmp_path: Path, when: int, checked: bool
) -> None:
    made, other = by(), by()
    revoked = revocations(made.root, other.signer, NOW + timedelta(seconds=when), REASONS.superseded)
    found = shown(tmp_path, made, revoked=revoked)
    assert found.time is not None
    assert found.time.checked
    assert any("revoked was not checked" in sentence for sentence in found.rests_on) != checked


# Publishing


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"nonce": 5}, "it has another nonce than the request"),
        ({"imprint": b"\1" * 32}, "it is for 0101"),
        ({"status": 2}, "its status is 2"),
        ({"spoiled": True}, "its signature does not hold"),
    ],
)
def test_an_answer_to_something_else_is_not_kept(
    tmp_path: Path, sound: Authority, changes: dict[str, Any], why: str
) -> None:
    with (
        Server(evolve(sound, **changes).respond).listening() as url,
        pytest.raises(ExecutionError, match="sent a token of no use") as caught,
    ):
        believing(tmp_path, sound.root.pem, url=url, attempts=1).publish(ONE)
    assert why in str(caught.value)


def test_a_request_is_of_the_media_type_of_the_standard_and_has_a_fresh_nonce(tmp_path: Path, sound: Authority) -> None:
    server = Server(sound.respond)
    with server.listening() as url:
        anchor = believing(tmp_path, sound.root.pem, url=url)
        for _ in range(2):
            anchor.publish(ONE)
    first, second = server.requests
    assert first.body != second.body
    assert ONE.digest in first.body
    assert first.headers["content-type"] == "application/timestamp-query"
    assert first.headers["accept"] == "application/timestamp-reply"


def test_without_a_url_nobody_is_asked(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nothing says where"):
        believing(tmp_path).publish(ONE)


@pytest.mark.parametrize("name", ["roots", "revoked"])
def test_a_file_of_certificates_that_is_none_is_reported(tmp_path: Path, name: str) -> None:
    for path, words in ((Path("absent.pem"), "No such file"), (Path("junk.pem"), "expected PEM")):
        (tmp_path / "junk.pem").write_text("junk")
        made = Rfc3161(Rfc3161Options(**{name: (path,)}), default_registry())
        with pytest.raises(InputError, match=words):
            made.open(tmp_path)


def test_a_certificate_that_others_signed_is_no_root(tmp_path: Path, sound: Authority) -> None:
    for one in (sound.signer, *sound.between):
        with pytest.raises(InputError, match="is no root"):
            believing(tmp_path, one.pem)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="the second opinion needs the program openssl")
def test_openssl_reads_the_same_evidence(tmp_path: Path, sound: Authority) -> None:
    (tmp_path / "publication.json").write_bytes(ONE.record)
    (tmp_path / "root.pem").write_bytes(sound.root.pem)
    made = evolve(sound, time=datetime.now(UTC).replace(microsecond=0))
    (tmp_path / "evidence.tsr").write_bytes(made.answer(ONE.digest))
    done = subprocess.run(
        ["openssl", "ts", "-verify", "-in", "evidence.tsr", "-data", "publication.json", "-CAfile", "root.pem"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Verification: OK" in done.stdout, done.stderr


def test_a_reply_that_is_empty_is_asked_for_again(tmp_path: Path, sound: Authority) -> None:
    answers = iter((Reply(b""), None))
    with Server(lambda request: next(answers) or sound.respond(request)).listening() as url:
        assert believing(tmp_path, sound.root.pem, url=url, backoff=0.0).publish(ONE)
