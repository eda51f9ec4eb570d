"""What signed statements beside an audit are worth to this verifier: whose they are, where the policy says it.

Anybody can put a file of statements beside an audit that they pass on. So nothing in it changes the verdict on the
audit itself: a statement whose signature does not hold, or that is about another audit, is shown as such, in red, and
the audit stays verified. A policy that *requires* a statement by somebody refuses an audit without a good one.

What a statement says is never checked. That a key has signed it is; whose key that is, only a policy can say.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import evolve, frozen

from polyproof.checks import CoreCheck
from polyproof.errors import ArtifactError, PolicyRejected, ProofRejected
from polyproof.extras import is_installed
from polyproof.formats.files import read_input
from polyproof.liabilities.attestation_file import SignedStatement, Statement, read_attestations
from polyproof.liabilities.record import Publication
from polyproof.model.manifest import Manifest
from polyproof.model.timestamps import CLOCKS_DIFFER, is_ahead
from polyproof.model.timestamps import FORMAT as TIMESTAMP
from polyproof.settings.attestations import AttestationsPolicy, BelievedSigner
from polyproof.settings.policy import PolicyCheck

if TYPE_CHECKING:
    from polyproof.liabilities.verification import PublishedAudit
    from polyproof.publication.signatures import Certificate

__all__ = [
    "EXTRA",
    "KIND_NAMES",
    "NO_STATEMENTS",
    "Attestation",
    "Attestations",
    "AttestationsAccepted",
    "attestation_sentences",
    "check_attestations",
    "dated_before",
    "open_attestations",
    "unquoted",
]

EXTRA = "attestations"
_MOST_ROOTS = 4 << 20

KIND_NAMES = {
    "agreed-upon-procedures": "agreed-upon procedures",
    "limited-assurance": "limited assurance",
    "reasonable-assurance": "reasonable assurance",
    "other": "a statement of another kind",
}


# Whom a verifier believes


@frozen
class Believed:
    """Somebody whom a policy names, with the roots that it names read."""

    signer: BelievedSigner
    roots: tuple[Any, ...]
    """Certificates of cryptography's; none for a key, or without the extra."""


@frozen
class AttestationsAccepted:
    """A verifier's policy on statements, with whom it believes."""

    policy: AttestationsPolicy
    believed: tuple[Believed, ...]

    def check(self, found: Attestations, where: Path) -> None:
        """Raise ``PolicyRejected`` unless everybody whom the policy requires has made a statement about an audit."""
        for name in self.policy.require:
            if any(one.by == name for one in found.statements):
                continue
            why = found.unreadable or "; ".join(
                f"statement {one.place}: {one.fault or one.unchecked or one.why or f'it is by {one.by}'}"
                for one in found.statements
            )
            raise PolicyRejected(
                PolicyCheck.ATTESTATIONS,
                f"no statement by {name} was checked, and the policy requires one: "
                f"{why or 'no statement lies beside it'}",
                file=where,
            )


def open_attestations(policy: AttestationsPolicy, base: Path) -> AttestationsAccepted:
    """A policy with the roots that it names; ``base`` is where their paths start from. Raises ``InputError``.

    Without the extra roots are not looked into, since nothing can be held against them.
    """
    return AttestationsAccepted(policy, tuple(Believed(one, _roots(one, base)) for one in policy.believe))


def _roots(signer: BelievedSigner, base: Path) -> tuple[Any, ...]:
    if signer.roots is None:
        return ()
    path = base / signer.roots
    data = read_input(path, _MOST_ROOTS, ", and no file of certificates has")
    if not is_installed(EXTRA):
        return ()
    from polyproof.publication.signatures import read_roots

    return read_roots(data, str(path))


# What is found


_NOBODY = "nobody whom you trust says so, and anybody can make a key"


@frozen(kw_only=True)
class Attestation:
    """A signed statement beside an audit, and what this run found out about it."""

    place: int
    """Its place in the file, from 1."""
    sha256: str
    """SHA-256 of statement and signature in canonical form."""
    statement: Statement
    algorithm: str
    key: str
    """The Ed25519 key in hexadecimal, or SHA-256 of the certificate."""
    certificate: str | None = None
    """The subject of the certificate, as whoever made it chose it; None without one, or where it was not read."""
    check: str = ""
    """Name of what was found wrong with it: see ``polyproof.checks``. Empty if nothing was."""
    fault: str = ""
    """Why it is not what it should be; fits after "it is not to be believed:". Empty if nothing is wrong with it."""
    unchecked: str = ""
    """Why its signature was not checked; fits after "not checked:". Empty if it was."""
    by: str | None = None
    """Whose key it is, by the verifier's policy; None where it does not say."""
    why: str = ""
    """Why it is not said whose key it is; empty if it is."""
    rests_on: tuple[str, ...] = ()
    """What is taken to be true and was not checked; each a whole sentence."""

    @property
    def as_anyone(self) -> Attestation:
        """The same as anyone sees it who believes nobody."""
        return evolve(self, by=None, why=_NOBODY if self.holds else "", rests_on=())

    @property
    def holds(self) -> bool | None:
        """Whether it is about this audit and its signature holds; None if the signature was not checked."""
        return False if self.fault else None if self.unchecked else True


@frozen
class Attestations:
    """All statements beside an audit."""

    statements: tuple[Attestation, ...] = ()
    check: str = ""
    """Name of what was found wrong with the file; empty if nothing was."""
    unreadable: str = ""
    """Why the file could not be read, and so none of its statements was; empty if it could, or there is none."""

    @property
    def as_anyone(self) -> Attestations:
        """The same as anyone sees them who believes nobody."""
        return evolve(self, statements=tuple(one.as_anyone for one in self.statements))


NO_STATEMENTS = Attestations()


def check_attestations(
    publication: Publication | PublishedAudit, accepted: AttestationsAccepted | None
) -> Attestations:
    """Look at all statements beside an audit that has been opened, and hold them against the verifier's policy.

    Nothing that a statement is or lacks is a rejection. Raises ``PolicyRejected`` where the policy requires a statement
    and no good one was found.
    """
    try:
        listed = read_attestations(publication.public).statements
        found = Attestations(tuple(_judged(place, one, publication, accepted) for place, one in enumerate(listed, 1)))
    except ProofRejected as error:
        found = Attestations(check=error.check, unreadable=error.reason)
    except ArtifactError as error:
        # It is there and cannot be opened.
        found = Attestations(check=CoreCheck.FILE_KIND, unreadable=str(error))
    if accepted is not None:
        accepted.check(found, publication.public)
    return found


def _judged(
    place: int,
    signed: SignedStatement,
    publication: Publication | PublishedAudit,
    accepted: AttestationsAccepted | None,
) -> Attestation:
    statement, signature = signed.statement, signed.signature
    found = Attestation(
        place=place,
        sha256=signed.sha256,
        statement=statement,
        algorithm=signature.algorithm,
        key=signature.key,
    )
    try:
        _check_about(statement, publication)
        if not is_installed(EXTRA):
            return evolve(found, unchecked=f"it takes the extra {EXTRA}, which is not installed")
        certificate = _checked_certificate(signed)
    except ProofRejected as error:
        return evolve(found, check=error.check, fault=error.reason)
    found = evolve(found, certificate=certificate.subject if certificate else None)
    if accepted is None:
        return evolve(found, why=_NOBODY)
    by, why, rests_on = _whose(signed, certificate, accepted)
    return evolve(found, by=by, why=why, rests_on=rests_on)


def _check_about(statement: Statement, publication: Publication | PublishedAudit) -> None:
    """Raise ``ProofRejected`` for a statement that cannot be about this audit."""
    manifest, digest = publication.manifest, publication.record.digest.hex()
    if statement.publication_digest != digest:
        about = f"it is about another audit, whose publication digest is {statement.publication_digest}"
        raise ProofRejected("attestation-digest", about)
    if statement.audit_id != manifest.audit_id:
        raise ProofRejected(
            "attestation-digest", f"it calls the audit {statement.audit_id}, which is {manifest.audit_id}"
        )
    if fault := dated_before(statement, manifest):
        raise ProofRejected("attestation-date", fault)


def _checked_certificate(signed: SignedStatement) -> Certificate | None:
    """The certificate by whose key a statement is signed; None if it is by a bare key.

    Raises ``ProofRejected`` for a key that cannot be used and a signature that does not hold.
    """
    from polyproof.publication import signatures

    signature = signed.signature
    try:
        certificate = None if signature.public_key else signatures.read_certificate(signature.chain[0])
        key = certificate.key if certificate else signatures.bare_key(signature)
        valid = signatures.holds(signature.algorithm, key, signature.data, signed.statement.to_sign)
    except Exception as error:
        # Parts of hostile certificates raise whatever their parser does.
        reason = f": {_safe(str(error))}" if isinstance(error, ValueError) else ""
        raise ProofRejected("attestation-key", f"its key or certificate cannot be used{reason}") from error
    if not valid:
        raise ProofRejected("attestation-signature", "its signature does not hold")
    return certificate


def dated_before(statement: Statement, manifest: Manifest) -> str:
    """Why a statement was not made when it says: before the digest can have been known. Empty if it may have been."""
    if _parsed(statement.date) + CLOCKS_DIFFER < _parsed(manifest.created):
        return f"it is dated {statement.date}, before the proof was started, {manifest.created}"
    return ""


_REVOKED = "Whether the certificate has been revoked was not checked."
_EXPIRED = (
    "Its certificates have run out since: they were valid on {}, the date that the statement gives itself, and whoever "
    "has the key can still write that."
)


def _whose(
    signed: SignedStatement, certificate: Certificate | None, accepted: AttestationsAccepted
) -> tuple[str | None, str, tuple[str, ...]]:
    """Whose key has signed, by the policy, or None and why it does not say; and what that rests on."""
    from polyproof.publication import signatures

    statement, signature = signed.statement, signed.signature
    if is_ahead(statement.date):
        return None, f"it is dated {statement.date}, which is in the future", ()
    reasons = []
    for one in accepted.believed:
        if one.signer.key is not None and one.signer.key == signature.public_key:
            return one.signer.name, "", ()
        if certificate is None or one.signer.subject is None or not certificate.is_of(one.signer.subject):
            continue
        fault = _path_fault(signature.chain, one.roots, signatures.now())
        if not fault:
            return one.signer.name, "", (_REVOKED,)
        if not _path_fault(signature.chain, one.roots, signatures.parsed_time(statement.date)):
            if accepted.policy.expired:
                return one.signer.name, "", (_EXPIRED.format(statement.date), _REVOKED)
            fault += f", and was valid on {statement.date}, when the statement says it was made, which nothing shows"
        reasons.append(fault)
    return None, "; ".join(dict.fromkeys(reasons)) or _NOBODY, ()


def _path_fault(chain: Sequence[bytes], roots: Sequence[Any], when: datetime) -> str:
    from polyproof.publication import signatures

    try:
        return signatures.path_fault(chain, roots, when)
    except Exception:  # noqa: BLE001 - parts of hostile certificates raise whatever their parser does
        return "one of its certificates cannot be read"


def _parsed(time: str) -> datetime:
    return datetime.strptime(time, TIMESTAMP)


def _safe(text: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in text[:_LONGEST_REASON])


_LONGEST_REASON = 200


# In words

_QUOTATION_MARKS = dict.fromkeys(
    map(ord, '"\u201c\u201d\u201e\u201f\u2033\u2036\u275d\u275e\u301d\u301e\u301f\uff02'), "'"
)


def attestation_sentences(one: Attestation) -> Iterator[str]:
    """What is known about a statement, in whole sentences; what it says is not among them."""
    kind = KIND_NAMES[one.statement.kind]
    signer = unquoted(one.statement.signer)
    yield f"It calls itself {kind}, by “{signer}”, of {one.statement.date}: all of that is its own word."
    by = f"the key {one.key}" if one.algorithm == "ed25519" and one.certificate is None else _certified(one)
    if one.fault:
        yield f"NOT TO BE BELIEVED: {one.fault}."
    elif one.unchecked:
        yield f"It claims to be signed by {by}; NOT CHECKED here: {one.unchecked}."
    elif one.by is not None:
        yield f"Signed by {by}, which is that of {one.by}, as your policy has it."
    else:
        yield f"Signed by {by}. Whose it is, is not said here: {one.why}."
    yield from one.rests_on


def unquoted(text: str) -> str:
    """A text that cannot end the quotation that it stands in, and go on as a sentence of ours."""
    return text.translate(_QUOTATION_MARKS)


def _certified(one: Attestation) -> str:
    name = f", which calls itself “{unquoted(one.certificate)}”" if one.certificate else ""
    return f"the key of the certificate {one.key}{name}"
