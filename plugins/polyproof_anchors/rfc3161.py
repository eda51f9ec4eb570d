"""The anchor ``rfc3161``: a time-stamping authority signs the digest together with its own time (RFC 3161).

The evidence is its answer as it came, so that other programs read it too: ``openssl ts -verify -in FILE -data
publication.json -CAfile ROOT``. What is stamped is the publication record, so the imprint is the publication digest.

A token shows as much as its clock is worth. Anybody can run an authority under any name, so one whose certificate does
not lead to a root that the verifier named is a claim, whatever it calls itself. For one that does, everything must
hold: the signature, the certificate that it names, each link of the chain at the time of the token, the one purpose
that such a certificate may have, the imprint, and, where lists of revoked certificates are given, that none of the
chain is revoked as of then.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from attrs import frozen
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from rfc3161_client import (
    HashAlgorithm,
    TimeStampRequest,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from polyproof.anchor import MOST_EVIDENCE, Anchor, Shown, Subject, Time
from polyproof.config.options import option
from polyproof.errors import ExecutionError, InputError, Problem, ProofRejected
from polyproof.model.counts import counted
from polyproof.model.timestamps import FORMAT
from polyproof.toolkit.endpoint import EndpointOptions, open_endpoint
from polyproof.toolkit.http import Failed, HttpClient, MayPass, Response
from polyproof_anchors.tokens import has_fraction, names_certificate

__all__ = ["Rfc3161", "Rfc3161Options"]

_SHA256 = "2.16.840.1.101.3.4.2.1"
_MOST_FILE = 4 << 20
_LONGEST_CHAIN = 8
_MOST_CERTIFICATES = 32
_LONGEST_NAME = 100
_UNREADABLE = (ValueError, TypeError, LookupError, UnsupportedAlgorithm, x509.DuplicateExtension, x509.InvalidVersion)
"""What cryptography raises when a part of a certificate is read, for one that has no such part in a known form."""


@frozen(kw_only=True)
class Rfc3161Options(EndpointOptions):
    """Which authority stamps, and which ones are believed."""

    url: str | None = option(
        default=None, doc="URL of the time-stamping authority that stamps. Nobody is asked in order to check."
    )
    max_response_bytes: int = option(
        default=MOST_EVIDENCE, least=1024, most=MOST_EVIDENCE, doc="The largest answer that is read, in bytes."
    )
    roots: tuple[Path, ...] = option(
        default=(),
        items=(0, 64),
        doc="Files of root certificates (PEM) of the authorities that you believe, relative to this file.",
    )
    revoked: tuple[Path, ...] = option(
        default=(),
        items=(0, 64),
        doc="Files of revoked certificates (CRL, PEM), relative to this file. Nothing is fetched: without them, "
        "whether a certificate was revoked is not checked.",
    )


class Rfc3161(Anchor):
    """A time-stamping authority."""

    name = "rfc3161"
    suffix = "tsr"
    Options = Rfc3161Options
    options: Rfc3161Options

    def open(self, base: Path) -> None:
        """Read the files of certificates. Raises ``InputError`` for one that is none."""
        self._roots: list[x509.Certificate] = []
        for path in self.options.roots:
            found = _loaded(base / path, x509.load_pem_x509_certificates, "certificates")
            if not all(_issued(one, one) for one in found):
                raise InputError(
                    Problem(f"{base / path} has a certificate that is no root", hint="a root is signed by itself")
                )
            self._roots += found
        self._revoked = [
            _loaded(base / path, x509.load_pem_x509_crl, "revoked certificates") for path in self.options.revoked
        ]

    # Publishing

    def publish(self, subject: Subject) -> bytes:
        """One request with a fresh nonce. The answer must be about this digest and this nonce."""
        request = (
            TimestampRequestBuilder()
            .data(subject.record)
            .hash_algorithm(HashAlgorithm.SHA256)
            .nonce(nonce=True)
            .build()
        )
        client = _Client(open_endpoint(self.options), self.options)
        try:
            answer = client.post(request.as_bytes(), _body)
        except Failed as error:
            reason = str(error).replace("the node", "it")
            raise ExecutionError(f"the time-stamping authority gave no token: {reason}") from None
        finally:
            client.close()
        self._check_answer(subject, request, answer)
        return answer

    def _check_answer(self, subject: Subject, request: TimeStampRequest, answer: bytes) -> None:
        try:
            response = _decoded(answer)
            if response.tst_info.nonce != request.nonce:
                raise ProofRejected("anchor-evidence", "it has another nonce than the request: it may be an old one")
            self.check(subject, answer)
        except ProofRejected as error:
            raise ExecutionError(f"the time-stamping authority sent a token of no use: {error.reason}") from error

    # Checking

    def check(self, subject: Subject, evidence: bytes) -> Shown:
        """A token by an authority of ``roots`` must hold in every part; of any other, only what it says is told."""
        response = _decoded(evidence)
        try:
            return self._shown(subject, response)
        except _UNREADABLE as error:
            # Parts of certificates are parsed when they are asked for.
            raise ProofRejected("anchor-format", "a certificate in it cannot be read") from error

    def _shown(self, subject: Subject, response: TimeStampResponse) -> Shown:
        info = response.tst_info
        imprint = info.message_imprint
        if imprint.hash_algorithm.dotted_string != _SHA256 or imprint.message != subject.digest:
            raise ProofRejected("anchor-digest", f"it is for {imprint.message.hex()}, not {subject.digest.hex()}")
        latest, precise = _latest(response)
        certificates = _certificates(response)
        signer = _signer(response, certificates)
        clock = (
            f"the time-stamping authority {_shown_name(signer.subject)}" if signer else "an authority without a name"
        )
        chain = self._chain(signer, certificates) if signer else None
        if chain is None:
            why = "it is a clock that you do not trust, and anybody can choose such a name"
            return Shown(time=Time(latest=latest, clock=clock, checked=False, why=why), uniqueness=None)
        self._verify(response, subject.digest, chain)
        rests_on = ["The time is as true as the authority keeps its clock right and its key to itself."]
        if not self._check_revocations(chain, info.gen_time):
            rests_on.append(
                "Whether a certificate of the authority was revoked was not checked: of at least one you gave no list "
                "of its issuer that was made after the token."
            )
        if not precise:
            rests_on.append("How far its clock may be wrong, the authority does not say.")
        time = Time(latest=latest, clock=clock, checked=True)
        return Shown(time=time, uniqueness=None, rests_on=tuple(rests_on))

    def _chain(
        self, signer: x509.Certificate, certificates: Sequence[x509.Certificate]
    ) -> tuple[x509.Certificate, ...] | None:
        """From the signer to a root that the verifier named, each signed by the next; None if nothing leads there."""
        chain = [signer]
        while len(chain) <= _LONGEST_CHAIN:
            last = chain[-1]
            if last in self._roots:
                return tuple(chain)
            issuer = next(
                (one for one in (*self._roots, *certificates) if one not in chain and _issued(last, one)), None
            )
            if issuer is None:
                return None
            chain.append(issuer)
        return None

    def _verify(self, response: TimeStampResponse, digest: bytes, chain: Sequence[x509.Certificate]) -> None:
        try:
            VerifierBuilder(roots=[chain[-1]]).build().verify(response, digest)
        except (VerificationError, *_UNREADABLE) as error:
            found = re.search(r'data: "Verify error: ([ -~]{1,80})"', str(error))
            reason = found[1] if found else "its signature does not hold"
            if not found and "PKCS7" not in str(error):
                reason = str(error)[:160]
            raise ProofRejected("anchor-evidence", f"the token of {_shown_name(chain[0].subject)}: {reason}") from error
        try:
            named = names_certificate(response.time_stamp_token(), chain[0].public_bytes(Encoding.DER))
        except (ValueError, StopIteration, IndexError) as error:
            raise ProofRejected("anchor-format", "its signed attributes cannot be read") from error
        if not named:
            raise ProofRejected("anchor-evidence", "its signed attributes do not name the certificate of its signer")

    def _check_revocations(self, chain: Sequence[x509.Certificate], time: datetime) -> bool:
        """Whether all certificates but the root were looked up in a list of their issuer, made after the token.

        That an older list does not name a certificate says nothing of what was revoked between it and the token.

        Raises ``ProofRejected`` for one that was revoked by then, or at any time for a reason that makes all its
        signatures doubtful (RFC 3161, section 4).
        """
        looked_up = True
        for certificate, issuer in pairwise(chain):
            lists = [
                one
                for one in self._revoked
                if one.issuer == issuer.subject and one.is_signature_valid(issuer.public_key())
            ]
            looked_up = looked_up and any(one.last_update_utc >= time for one in lists)
            for one in lists:
                entry = one.get_revoked_certificate_by_serial_number(certificate.serial_number)
                if entry is not None and (entry.revocation_date_utc <= time or not _merely_retired(entry)):
                    name = _shown_name(certificate.subject)
                    raise ProofRejected(
                        "anchor-evidence",
                        f"the certificate of {name} was revoked, as of {entry.revocation_date_utc.strftime(FORMAT)}",
                    )
        return looked_up


class _Client(HttpClient):
    sends = "application/timestamp-query"
    accepts = "application/timestamp-reply"


def _body(response: Response) -> bytes:
    response.check()
    if not response.body:
        raise MayPass("its answer is empty")
    return response.body


def _loaded(path: Path, load: Any, what: str) -> Any:
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_FILE + 1)
        if len(data) > _MOST_FILE:
            raise ValueError
        return load(data)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise InputError(Problem(f"{path} has no {what}", hint="expected PEM: -----BEGIN …")) from error


def _decoded(data: bytes) -> TimeStampResponse:
    """A token in its answer. Raises ``ProofRejected``."""
    try:
        response = decode_timestamp_response(data)
        if response.status != 0:
            raise ProofRejected("anchor-format", f"the authority gave no token: its status is {response.status}")
        # Parsed when asked for, and ValueError if they are not there.
        _ = response.tst_info, response.signed_data
        return response
    except _UNREADABLE as error:
        raise ProofRejected("anchor-format", "not an answer of a time-stamping authority (RFC 3161)") from error


def _latest(response: TimeStampResponse) -> tuple[str, bool]:
    """The token's time and all that it says it may be wrong by, rounded up to the second; whether it says so."""
    info = response.tst_info
    try:
        time, accuracy = info.gen_time.astimezone(UTC), info.accuracy
        if has_fraction(response.time_stamp_token()):
            time += timedelta(seconds=1)
        if accuracy is not None:
            time += timedelta(
                seconds=accuracy.seconds or 0, milliseconds=accuracy.millis or 0, microseconds=accuracy.micros or 0
            )
        if time.microsecond:
            time = time.replace(microsecond=0) + timedelta(seconds=1)
        return time.strftime(FORMAT), accuracy is not None
    except (ValueError, OverflowError, LookupError) as error:
        raise ProofRejected("anchor-format", "its time is in no calendar") from error


def _certificates(response: TimeStampResponse) -> list[x509.Certificate]:
    """Those that came with a token, in an order that does not depend on this process."""
    found = sorted(response.signed_data.certificates)
    if len(found) > _MOST_CERTIFICATES:
        raise ProofRejected("anchor-format", f"it has {len(found)} certificates, more than {_MOST_CERTIFICATES}")
    return [x509.load_der_x509_certificate(bytes(one)) for one in found]


def _signer(response: TimeStampResponse, certificates: Sequence[x509.Certificate]) -> x509.Certificate | None:
    """The certificate of whoever signed a token; None if it is not in it."""
    infos = list(response.signed_data.signer_infos)
    if len(infos) != 1:
        raise ProofRejected("anchor-format", f"it has {counted(len(infos), 'signer')}, expected one")
    (info,) = infos
    named = info.issuer, info.serial_number
    return next((one for one in certificates if (one.issuer, one.serial_number) == named), None)


def _issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, *_UNREADABLE):
        return False
    return True


def _merely_retired(entry: x509.RevokedCertificate) -> bool:
    """Whether what it signed before it was revoked still counts: RFC 3161, section 4, lists the reasons."""
    try:
        reason = entry.extensions.get_extension_for_class(x509.CRLReason).value.reason
    except (x509.ExtensionNotFound, *_UNREADABLE):
        return False
    return reason in (
        x509.ReasonFlags.unspecified,
        x509.ReasonFlags.affiliation_changed,
        x509.ReasonFlags.superseded,
        x509.ReasonFlags.cessation_of_operation,
    )


def _shown_name(name: x509.Name) -> str:
    """A name as a certificate has it, on one line; whoever made the certificate chose it."""
    text = name.rfc4514_string()
    text = "".join(char if char.isprintable() else "?" for char in text)
    return repr(text if len(text) <= _LONGEST_NAME else f"{text[:_LONGEST_NAME]}…")
