"""What is owed: from a snapshot of accounts to a published audit, its verification and each user's check.

Reading order: ``checking`` is what must hold before anything is proved, ``proving`` the steps, ``workspace`` how the
work survives a crash; ``verification`` opens and verifies what was published, ``acceptance`` is where the verifier's
policy is enforced; ``cutting`` makes what users receive, ``inclusion_store`` serves it, ``inclusion`` checks it;
``manifest`` and ``artifacts`` are the files.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from polyproof.liabilities.acceptance import Judge
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
    from polyproof.liabilities.proving import AuditProved, prove
    from polyproof.liabilities.verification import AuditVerified, PublishedAudit, open_audit, verify

_WHERE = {
    "acceptance": "Judge",
    "checking": "SnapshotChecked check",
    "cutting": "InclusionsCut InclusionsStored cut_all_inclusions cut_inclusion store_inclusions take_inclusion",
    "inclusion": "InclusionVerified InclusionsVerified verify_inclusion verify_inclusions",
    "inclusion_store": "InclusionStore",
    "proving": "AuditProved prove",
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
    "PublishedAudit",
    "SnapshotChecked",
    "check",
    "cut_all_inclusions",
    "cut_inclusion",
    "open_audit",
    "prove",
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
