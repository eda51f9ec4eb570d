"""The exchange's side: check a snapshot, prove it, cut what each user receives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyproof.api.arguments import PathLike, checked_spec, digest_of, optional_path, path_of, policy_of, user_of
from polyproof.api.following import ProgressLike, following
from polyproof.api.results import Checked, InclusionCut, Proved

if TYPE_CHECKING:
    from polyproof.liabilities import InclusionsCut, InclusionsStored
    from polyproof.registry import Registry
    from polyproof.settings.policy import Policy
    from polyproof.settings.spec import Spec

__all__ = ["check", "cut_all_inclusions", "cut_inclusion", "prove", "store_inclusions", "take_inclusion"]


def check(
    spec: Spec,
    *,
    policy: Policy | PathLike | None = None,
    progress: ProgressLike = None,
    registry: Registry | None = None,
) -> Checked:
    """Read and validate the accounts of a spec, and prove nothing: what ``polyproof check`` does.

    ``policy`` is what verifiers are expected to accept: a ``Policy``, a file, or the name of one that comes with
    polyproof; by default the default one.

    Raises ``AccountsError`` with every problem of the accounts, each at its file and row, ``OptionsError`` for a
    backend that cannot serve these assets or whose proofs verifiers with this policy would refuse, ``ExtraMissing``
    without the extra ``prove``.
    """
    from polyproof.liabilities import checking

    accepted = policy_of(policy, registry)
    with following(progress) as told:
        return Checked(checking.check(checked_spec(spec), policy=accepted, registry=registry, progress=told))


def prove(
    spec: Spec,
    out: PathLike | None = None,
    *,
    audit_id: str | None = None,
    previous: str | bytes | None = None,
    policy: Policy | PathLike | None = None,
    progress: ProgressLike = None,
    registry: Registry | None = None,
) -> Proved:
    """Prove what a spec's accounts add up to, and write the audit: what ``polyproof prove`` does.

    ``out`` is a directory that is new or empty; by default NAME-DATE in the spec's output directory. It appears
    complete or not at all; after a crash the same call continues. ``previous`` is the publication digest of the audit
    before this one, ``policy`` as for ``check``.

    Raises what ``check`` raises, ``InputError`` for an id or a time that no audit may have, ``ArtifactError`` for a
    directory that holds something, ``ExecutionError`` for work that could not be carried out where it was sent.
    """
    from polyproof.liabilities import proving

    accepted = policy_of(policy, registry)
    directory = optional_path(out, "out") or checked_spec(spec).new_directory()
    with following(progress) as told:
        found = proving.prove(
            checked_spec(spec),
            directory,
            audit_id=audit_id,
            previous=digest_of(previous),
            policy=accepted,
            registry=registry,
            progress=told,
        )
    return Proved(spec, found, directory)


def cut_inclusion(
    directory: PathLike,
    user_id: str,
    *,
    out: PathLike | None = None,
    identity: PathLike | None = None,
    registry: Registry | None = None,
) -> InclusionCut:
    """Cut one user's inclusion file from the private half of an audit: what ``polyproof inclusion --user`` does.

    Without ``out``, a new file, it goes to ``private/inclusion`` under a name that reveals nothing. It is for that user
    alone. A private half that is encrypted needs ``out``, and ``identity``, an identity file of age's. Raises
    ``InputError`` for an id that is not among the accounts, ``ArtifactError`` for an audit without its private half, or
    one that the identity cannot read.
    """
    from polyproof.liabilities import cutting

    file, size = cutting.cut_inclusion(
        path_of(directory, "directory"),
        user_of(user_id),
        out=optional_path(out, "out"),
        identity=optional_path(identity, "identity"),
        registry=registry,
    )
    return InclusionCut(file, size)


def take_inclusion(
    store: PathLike, user_id: str, *, out: PathLike | None = None, identity: PathLike | None = None
) -> InclusionCut:
    """Take one user's inclusion file from a store that ``store_inclusions`` wrote, which needs no private half.

    Without ``out``, a new file, it goes to ``inclusion`` beside the store. Raises ``InputError`` for an id that is not
    among the accounts, ``ArtifactError`` for a store that is missing or damaged, or encrypted for others than
    ``identity``, an identity file of age's. A service keeps an ``InclusionStore`` open instead.
    """
    from polyproof.liabilities import cutting

    file, size = cutting.take_inclusion(
        path_of(store, "the store"),
        user_of(user_id),
        out=optional_path(out, "out"),
        identity=optional_path(identity, "identity"),
    )
    return InclusionCut(file, size)


def store_inclusions(
    directory: PathLike,
    *,
    out: PathLike | None = None,
    identity: PathLike | None = None,
    progress: ProgressLike = None,
    registry: Registry | None = None,
) -> InclusionsStored:
    """Cut every user's inclusion file into one store: what ``polyproof inclusion --all`` does.

    It is ``private/inclusion.store`` or a new file ``out``, owner-only, written whole or not at all; encrypted, without
    ``out``, if the private half is, which ``identity`` then reads. Raises ``ArtifactError`` for an audit without its
    private half, or one that the identity cannot read.
    """
    from polyproof.liabilities import cutting

    where, store, reads = (
        path_of(directory, "directory"),
        optional_path(out, "out"),
        optional_path(identity, "identity"),
    )
    with following(progress) as told:
        return cutting.store_inclusions(where, out=store, identity=reads, registry=registry, progress=told)


def cut_all_inclusions(
    directory: PathLike,
    *,
    out: PathLike | None = None,
    progress: ProgressLike = None,
    registry: Registry | None = None,
) -> InclusionsCut:
    """Cut a file for every user: what ``polyproof inclusion --all --files`` does.

    They go to ``private/inclusion`` or a new directory ``out``, under names that reveal nothing; the owner-only
    ``private/inclusion.csv`` says which is whose. Raises ``ArtifactError`` for an audit without its private half.
    """
    from polyproof.liabilities import cutting

    where, folder = path_of(directory, "directory"), optional_path(out, "out")
    with following(progress) as told:
        return cutting.cut_all_inclusions(where, out=folder, registry=registry, progress=told)
