"""What is owed: from a snapshot of accounts to a published audit, its verification and each user's check.

Reading order: ``checking`` is what must hold before anything is proved; ``proving`` does three steps, ``planning``,
``segment_proving`` and ``assembling``, which may also run on different machines, and ``workspace`` is where they meet
and how the work survives a crash; ``verification`` opens and verifies what was published, ``acceptance`` is where the
verifier's policy is enforced; ``cutting`` makes what users receive, ``inclusion_store`` serves it, ``inclusion`` checks
it; ``manifest`` and ``artifacts`` are the files.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from polyproof.liabilities.acceptance import Judge
    from polyproof.liabilities.assembling import AuditProved, assemble
    from polyproof.liabilities.checking import SnapshotChecked, check
    from polyproof.liabilities.cutting import (
        InclusionsCut,
        InclusionsStored,
        cut_all_inclusions,
        cut_inclusion,
        store_inclusions,
        take_inclusion,
    )
    from polyproof.liabilities.inclusion import (
        InclusionsVerified,
        InclusionVerified,
        verify_inclusion,
        verify_inclusions,
    )
    from polyproof.liabilities.inclusion_store import InclusionStore
    from polyproof.liabilities.planning import Planned, plan
    from polyproof.liabilities.proving import prove
    from polyproof.liabilities.segment_proving import SegmentDone, prove_segment
    from polyproof.liabilities.verification import AuditVerified, PublishedAudit, open_audit, verify

_WHERE = {
    "acceptance": "Judge",
    "assembling": "AuditProved assemble",
    "checking": "SnapshotChecked check",
    "cutting": "InclusionsCut InclusionsStored cut_all_inclusions cut_inclusion store_inclusions take_inclusion",
    "inclusion": "InclusionVerified InclusionsVerified verify_inclusion verify_inclusions",
    "inclusion_store": "InclusionStore",
    "planning": "Planned plan",
    "proving": "prove",
    "segment_proving": "SegmentDone prove_segment",
    "verification": "AuditVerified PublishedAudit open_audit verify",
}

__all__ = [
    "AuditProved",
    "AuditVerified",
    "InclusionStore",
    "InclusionVerified",
    "InclusionsCut",
    "InclusionsStored",
    "InclusionsVerified",
    "Judge",
    "Planned",
    "PublishedAudit",
    "SegmentDone",
    "SnapshotChecked",
    "assemble",
    "check",
    "cut_all_inclusions",
    "cut_inclusion",
    "open_audit",
    "plan",
    "prove",
    "prove_segment",
    "store_inclusions",
    "take_inclusion",
    "verify",
    "verify_inclusion",
    "verify_inclusions",
]


def __getattr__(name: str) -> Any:
    # A verifier does not import what proves, nor what reads snapshots.
    for module, names in _WHERE.items():
        if name in names.split():
            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
