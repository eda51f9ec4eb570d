"""What is owed: from a snapshot of accounts to a published audit, its verification and each user's check.

Reading order: ``checking`` is what must hold before anything is proved, ``proving`` the steps, ``workspace`` how the
work survives a crash; ``verification`` opens and verifies what was published, ``acceptance`` is where the verifier's
policy is enforced, ``inclusion`` what users receive and check; ``manifest`` and ``artifacts`` are the files.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from polyproof.liabilities.acceptance import Judge
    from polyproof.liabilities.checking import SnapshotChecked, check
    from polyproof.liabilities.inclusion import (
        InclusionsCut,
        InclusionVerified,
        cut_all_inclusions,
        cut_inclusion,
        verify_inclusion,
    )
    from polyproof.liabilities.proving import AuditProved, prove
    from polyproof.liabilities.verification import AuditVerified, PublishedAudit, open_audit, verify

_WHERE = {
    "acceptance": "Judge",
    "checking": "SnapshotChecked check",
    "inclusion": "InclusionVerified InclusionsCut cut_all_inclusions cut_inclusion verify_inclusion",
    "proving": "AuditProved prove",
    "verification": "AuditVerified PublishedAudit open_audit verify",
}

__all__ = [
    "AuditProved",
    "AuditVerified",
    "InclusionVerified",
    "InclusionsCut",
    "Judge",
    "PublishedAudit",
    "SnapshotChecked",
    "check",
    "cut_all_inclusions",
    "cut_inclusion",
    "open_audit",
    "prove",
    "verify",
    "verify_inclusion",
]


def __getattr__(name: str) -> Any:
    # A verifier does not import what proves, nor what reads snapshots.
    for module, names in _WHERE.items():
        if name in names.split():
            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
