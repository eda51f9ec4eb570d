"""polyproof: pluggable proof backends for proof of reserves.

What the commands do, as functions. A module is imported when one of its names is first used, so that
``import polyproof`` is quick and a verifier never loads the prover::

    import polyproof

    spec = polyproof.load_spec("spec.yaml")  # or a mapping, with accounts=DATAFRAME
    proved = polyproof.prove(spec, "audits/november")
    polyproof.verify(proved.public).totals
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from polyproof.version import INTERFACE_VERSION, __version__

if TYPE_CHECKING:
    from polyproof.api.comparing import compare
    from polyproof.api.proving import check, cut_all_inclusions, cut_inclusion, prove, store_inclusions, take_inclusion
    from polyproof.api.results import (
        Checked,
        Compared,
        Included,
        InclusionCut,
        InclusionsChecked,
        Proved,
        Reported,
        Verified,
        VerifiedHistory,
    )
    from polyproof.api.specs import load_policy, load_spec
    from polyproof.api.verifying import open_audit, report, verify, verify_history, verify_inclusion, verify_inclusions
    from polyproof.errors import (
        AccountsError,
        ArtifactError,
        ExecutionError,
        ExtraMissing,
        InputError,
        Location,
        OptionsError,
        PluginError,
        PluginFault,
        PolicyRejected,
        PolyproofError,
        Problem,
        ProofRejected,
        ReservesError,
        SpecError,
        UsageError,
    )
    from polyproof.liabilities import InclusionsCut, InclusionsStored, InclusionStore, PublishedAudit
    from polyproof.progress import Progress, Task
    from polyproof.registry import Registry, default_registry
    from polyproof.settings.policy import Policy
    from polyproof.settings.reserves import ReservesPolicy
    from polyproof.settings.spec import Spec

_WHERE = {
    "api.comparing": "compare",
    "api.proving": "check cut_all_inclusions cut_inclusion prove store_inclusions take_inclusion",
    "api.results": "Checked Compared Included InclusionCut InclusionsChecked Proved Reported Verified VerifiedHistory",
    "api.specs": "load_policy load_spec",
    "api.verifying": "open_audit report verify verify_history verify_inclusion verify_inclusions",
    "errors": "AccountsError ArtifactError ExecutionError ExtraMissing InputError Location OptionsError "
    "PluginError PluginFault PolicyRejected PolyproofError Problem ProofRejected ReservesError "
    "SpecError UsageError",
    "liabilities": "InclusionStore InclusionsCut InclusionsStored PublishedAudit",
    "progress": "Progress Task",
    "registry": "Registry default_registry",
    "settings.policy": "Policy",
    "settings.reserves": "ReservesPolicy",
    "settings.spec": "Spec",
}

__all__ = [
    "INTERFACE_VERSION",
    "AccountsError",
    "ArtifactError",
    "Checked",
    "Compared",
    "ExecutionError",
    "ExtraMissing",
    "Included",
    "InclusionCut",
    "InclusionStore",
    "InclusionsChecked",
    "InclusionsCut",
    "InclusionsStored",
    "InputError",
    "Location",
    "OptionsError",
    "PluginError",
    "PluginFault",
    "Policy",
    "PolicyRejected",
    "PolyproofError",
    "Problem",
    "Progress",
    "ProofRejected",
    "Proved",
    "PublishedAudit",
    "Registry",
    "Reported",
    "ReservesError",
    "ReservesPolicy",
    "Spec",
    "SpecError",
    "Task",
    "UsageError",
    "Verified",
    "VerifiedHistory",
    "__version__",
    "check",
    "compare",
    "cut_all_inclusions",
    "cut_inclusion",
    "default_registry",
    "load_policy",
    "load_spec",
    "open_audit",
    "prove",
    "report",
    "store_inclusions",
    "take_inclusion",
    "verify",
    "verify_history",
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
