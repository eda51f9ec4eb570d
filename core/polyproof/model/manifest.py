"""The manifest as a value: what an audit publishes beside its proofs, and its canonical form.

A manifest can be written in exactly one way: JSON with sorted keys, no spaces, UTF-8, a newline at the end. Its
digest is the SHA-256 of those bytes, so ``sha256sum manifest.json`` prints it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from attrs import frozen

from polyproof.config.options import option, plain, printable
from polyproof.errors import ProofRejected
from polyproof.formats.strict_json import canonical_line
from polyproof.model.counts import counted
from polyproof.model.disclosures import Disclosures, stated
from polyproof.model.left_out import LeftOut
from polyproof.model.names import DIGEST, Pattern
from polyproof.model.net_equity_facts import NetEquityFacts, equity_places

__all__ = ["FORMAT", "LONGEST_ORGANISATION", "VERSION", "Manifest", "Segment", "Verifier", "proof_file"]

FORMAT = "polyproof/manifest"
VERSION = 2

LONGEST_ORGANISATION = 200
"""The most characters of an organisation's name, which stands in a line of every challenge."""

_ADDRESS: Pattern = (
    r"https://[a-z0-9.-]{1,253}(:[0-9]{1,5})?(/[!#-%'-;=?-[\]-_a-z{}|~]{0,500})?",
    "an address that begins with https:// and a host in lower case, without a user name before it (@), and goes on in "
    "printable ASCII without spaces, quotation marks, backslashes, < > and &",
)
"""People look at the host: nothing that only looks like one may stand there, like a user name or foreign letters."""


@frozen(kw_only=True)
class Verifier:
    """The program that an organisation names for checking its audits. It is the organisation's word, no more."""

    name: str = option(check=printable(100), doc="What it is called, with its version: polyproof 0.1.0.")
    url: str = option(pattern=_ADDRESS, doc="Where anybody can get it; https.")
    sha256: str = option(pattern=DIGEST, doc="SHA-256 of the file at that address.")


@frozen
class Segment:
    """One segment as published: its proof file and its totals."""

    index: int
    size: int
    """Bytes of the proof file."""
    sha256: bytes
    totals: tuple[int, ...]
    """Base units, one for each asset in order; in a segment of accounts with debts, for each position."""

    @property
    def file(self) -> str:
        """Name of the proof file, beside the manifest."""
        return proof_file(self.index)

    def check_size(self, size: int) -> None:
        """Reject a proof file of another size."""
        if size != self.size:
            raise ProofRejected("proof-size", f"{counted(size, 'byte')}, the manifest says {self.size}")


@frozen
class Manifest:
    """Everything public that binds the segments of an audit together."""

    audit_id: str
    created: str
    """When its proof was started: UTC, ``2025-01-31T23:59:59Z``."""
    snapshot: str
    """The time that the balances were taken at, before ``created``: UTC, as the spec states it."""
    organisation: str | None
    spec: Mapping[str, Any]
    """``Spec.public()``: what the proof is about, without paths or connections."""
    spec_digest: bytes
    backend: str
    segments: tuple[Segment, ...]
    previous: bytes | None = None
    """Publication digest of the audit before this one: the SHA-256 of its publication record."""
    verifier: Verifier | None = None
    """Where the organisation says that readers get a verifier; None if it names none."""
    control: tuple[str, ...] | None = None
    """The sums that a query of the organisation's own gave, as it says: exact decimals of coins, one for each asset.

    Nobody else can check them. None if it states none."""
    left_out: tuple[LeftOut, ...] = ()
    """Assets that the organisation's accounts have and the audit does not, as it says, in the order of their names."""
    disclosures: Disclosures | None = None
    """What the organisation declares about itself and the audit: its word. None if it declares nothing."""
    net_equity: NetEquityFacts | None = None
    """What an audit of accounts with debts has besides; None for any other."""

    @property
    def totals(self) -> tuple[int, ...]:
        """The published totals: the integer sums of the segments' totals, one for each asset in order.

        Where accounts have debts these are the gross totals, of equity: what is owed if nobody's debt is deducted.
        """
        if self.net_equity is not None:
            sums = self.position_totals
            return tuple(sums[place] for place in equity_places(self.net_equity.positions))
        return tuple(sum(column) for column in zip(*(segment.totals for segment in self.segments), strict=True))

    @property
    def position_totals(self) -> tuple[int, ...]:
        """The same of every position: equity, debt and pledges. Empty unless accounts have debts."""
        if self.net_equity is None:
            return ()
        return self.net_equity.position_totals([segment.totals for segment in self.segments])

    @property
    def header(self) -> dict[str, Any]:
        """What is fixed before proving starts: everything but the segments and the totals."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "audit_id": self.audit_id,
            "created": self.created,
            "snapshot": self.snapshot,
            "organisation": self.organisation,
            "spec": self.spec,
            "spec_digest": self.spec_digest.hex(),
            "backend": self.backend,
            "previous": self.previous.hex() if self.previous is not None else None,
            **({"verifier": plain(self.verifier)} if self.verifier else {}),
            **({"control": list(self.control)} if self.control is not None else {}),
            **({"left_out": [plain(one) for one in self.left_out]} if self.left_out else {}),
            **({"disclosures": stated(self.disclosures)} if self.disclosures is not None else {}),
            **({"net_equity": self.net_equity.plain()} if self.net_equity is not None else {}),
        }

    @property
    def context(self) -> bytes:
        """SHA-256 of the header, which every segment's proof is bound to, so that none of it can be changed later."""
        return hashlib.sha256(b"polyproof/audit-context/1\n" + canonical_line(self.header)).digest()

    def to_bytes(self) -> bytes:
        """The file."""
        segments = [
            {
                "index": segment.index,
                "file": segment.file,
                "bytes": segment.size,
                "sha256": segment.sha256.hex(),
                "totals": [str(total) for total in segment.totals],
            }
            for segment in self.segments
        ]
        totals = {"totals": [str(total) for total in self.totals]}
        if self.net_equity is not None:
            totals["position_totals"] = [str(total) for total in self.position_totals]
        return canonical_line({**self.header, "segments": segments, **totals})

    @property
    def digest(self) -> bytes:
        """SHA-256 of the file: what the publication record and every inclusion file name."""
        return hashlib.sha256(self.to_bytes()).digest()


def proof_file(index: int) -> str:
    """Name of a segment's proof file."""
    return f"proof-{index:04d}.bin"
