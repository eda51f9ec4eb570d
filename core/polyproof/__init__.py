"""polyproof: pluggable proof backends for proof of reserves.

What a notebook needs is here. A module is imported when one of its names is first used, so that ``import polyproof``
is quick and a verifier never loads the prover::

    from pathlib import Path

    import polyproof

    spec = polyproof.load_spec(Path("spec.yaml"))
    proved = polyproof.prove(spec, Path("audits/november"))
    polyproof.verify(proved.directory / "public").totals
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from polyproof.version import INTERFACE_VERSION, __version__

if TYPE_CHECKING:
    from polyproof.backend import Claim
    from polyproof.errors import InputError, PluginError, PolicyRejected, PolyproofError, ProofRejected
    from polyproof.liabilities import (
        AuditProved,
        AuditVerified,
        InclusionsCut,
        InclusionsStored,
        InclusionStore,
        InclusionsVerified,
        InclusionVerified,
        PublishedAudit,
        SnapshotChecked,
        check,
        cut_all_inclusions,
        cut_inclusion,
        open_audit,
        prove,
        store_inclusions,
        take_inclusion,
        verify,
        verify_inclusion,
        verify_inclusions,
    )
    from polyproof.registry import Registry, default_registry
    from polyproof.settings.policy import Policy, load_policy
    from polyproof.settings.spec import Spec, load_spec

_WHERE = {
    "backend": "Claim",
    "errors": "InputError PluginError PolicyRejected PolyproofError ProofRejected",
    "liabilities": "AuditProved AuditVerified InclusionStore InclusionVerified InclusionsCut InclusionsStored "
    "InclusionsVerified PublishedAudit SnapshotChecked check cut_all_inclusions cut_inclusion open_audit prove "
    "store_inclusions take_inclusion verify verify_inclusion verify_inclusions",
    "registry": "Registry default_registry",
    "settings.policy": "Policy load_policy",
    "settings.spec": "Spec load_spec",
}

__all__ = [
    "INTERFACE_VERSION",
    "AuditProved",
    "AuditVerified",
    "Claim",
    "InclusionStore",
    "InclusionVerified",
    "InclusionsCut",
    "InclusionsStored",
    "InclusionsVerified",
    "InputError",
    "PluginError",
    "Policy",
    "PolicyRejected",
    "PolyproofError",
    "ProofRejected",
    "PublishedAudit",
    "Registry",
    "SnapshotChecked",
    "Spec",
    "__version__",
    "check",
    "cut_all_inclusions",
    "cut_inclusion",
    "default_registry",
    "load_policy",
    "load_spec",
    "open_audit",
    "prove",
    "store_inclusions",
    "take_inclusion",
    "verify",
    "verify_inclusion",
    "verify_inclusions",
]


def __getattr__(name: str) -> Any:
    for module, names in _WHERE.items():
        if name in names.split():
            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*globals(), *__all__]
