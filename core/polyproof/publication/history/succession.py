"""What may follow what: a history is of one organisation, and audits a time twice only to correct itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from polyproof.liabilities.record import Correction, PublicationRecord
from polyproof.model.manifest import Manifest

__all__ = ["Chained", "organisation_problem", "snapshot_problem"]


class Chained(Protocol):
    """An audit of a history, verified or only opened."""

    @property
    def record(self) -> PublicationRecord:
        """Its publication record."""
        ...

    @property
    def manifest(self) -> Manifest:
        """Its manifest."""
        ...

    @property
    def digest(self) -> bytes:
        """Its publication digest."""
        ...


def organisation_problem(before: Sequence[Chained], organisation: str | None) -> str | None:
    """Why an audit of this organisation cannot follow those before it; None if it can.

    Anybody can copy what another organisation published and go on from there: it would then show that one's past as
    its own.
    """
    if not before or before[-1].manifest.organisation == organisation:
        return None
    last = before[-1].manifest
    return (
        f"is of {_organisation(organisation)}, and audit {last.audit_id} before it of "
        f"{_organisation(last.organisation)}: a history is of one organisation"
    )


def _organisation(name: str | None) -> str:
    return "an organisation without a name" if name is None else repr(name)


def snapshot_problem(before: Sequence[Chained], snapshot: str, corrects: Correction | None) -> str | None:
    """Why an audit of this snapshot cannot follow those before it; None if it can.

    A snapshot is audited once, unless a later audit says that it corrects an earlier one; then which, and why, is in
    its record. An audit that corrects none is of a later time than all before it.
    """
    if corrects is None:
        for one in before:
            if one.manifest.snapshot >= snapshot:
                return (
                    f"is of {snapshot}, and audit {one.manifest.audit_id} before it of {one.manifest.snapshot}: "
                    "only a correction may be of the same time or an earlier one"
                )
        return None
    target = next((one for one in before if one.digest.hex() == corrects.publication_digest), None)
    if target is None:
        return f"is said to correct {corrects.publication_digest}, which is no audit before it"
    for one in before:
        if one.record.corrects and one.record.corrects.publication_digest == corrects.publication_digest:
            return f"is said to correct {target.manifest.audit_id}, as is {one.manifest.audit_id} before it"
        if one.manifest.snapshot == snapshot != target.manifest.snapshot:
            return f"is said to correct {target.manifest.audit_id}, but is of the snapshot of {one.manifest.audit_id}"
    return None
