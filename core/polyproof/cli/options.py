"""Options that several commands share."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from polyproof.errors import PolyproofError, Problem, UsageError

if TYPE_CHECKING:
    from polyproof.cli.console import Console
    from polyproof.publication.history.succession import Chained
    from polyproof.registry import Registry
    from polyproof.settings.policy import Policy
    from polyproof.settings.reserves import ReservesPolicy
    from polyproof.settings.spec import Spec

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object for machines.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")]
SpecArgument = Annotated[
    str, typer.Argument(metavar="SPEC", help="A spec (YAML), or the name of one that comes with polyproof.")
]
AuditArgument = Annotated[Path, typer.Argument(metavar="DIR", help="Directory of an audit.")]
PublishedArgument = Annotated[
    Path, typer.Argument(metavar="DIR", help="An audit, its public half alone, or a whole history of audits.")
]
PolicyOption = Annotated[
    str | None,
    typer.Option(
        "--policy",
        metavar="POLICY",
        help="Your own policy (YAML), or the name of one that comes with polyproof: what you accept as proof.",
    ),
]
AllowWeak = Annotated[
    bool, typer.Option("--allow-weak", help="Prove even what verifiers would refuse for its strength or components.")
]
SecretsOption = Annotated[
    Path | None,
    typer.Option(
        "--secrets", metavar="FILE", help="Your URLs and credentials of servers, by the names that the spec uses."
    ),
]
ExecutorOption = Annotated[
    str | None,
    typer.Option(
        "--executor",
        metavar="EXECUTOR",
        help="Where segments are proved, in place of the spec's: a name, or '{name: local, workers: 4}'.",
    ),
]
NodesOption = Annotated[
    Path | None,
    typer.Option(
        "--nodes", metavar="FILE", help="Your own nodes (YAML): what they say of holdings counts, and not what is said."
    ),
]
PrivateArgument = Annotated[
    Path, typer.Argument(metavar="DIR", help="An audit with its private half, or a directory of such audits.")
]
KeepOption = Annotated[
    int | None,
    typer.Option("--keep", metavar="DAYS", min=0, help="How long private halves are kept, in days from the snapshot."),
]
IdentityOption = Annotated[
    Path | None,
    typer.Option(
        "--identity",
        metavar="FILE",
        envvar="POLYPROOF_IDENTITY",
        show_envvar=False,
        help="Identity file of age that can read what is encrypted. Default: the file that POLYPROOF_IDENTITY names.",
    ),
]
NewAudit = Annotated[
    Path | None,
    typer.Option(
        "--out",
        "-o",
        metavar="DIR",
        help="New directory for the audit. Default: NAME-DATE in the spec's output directory.",
    ),
]
WorkArgument = Annotated[Path, typer.Argument(metavar="DIR", help="Work directory that `polyproof plan` made.")]
PreviousOption = Annotated[
    Path | None,
    typer.Option("--previous", metavar="DIR", help="The audit before this one; of the published folder, its newest."),
]
AuditId = Annotated[
    str | None, typer.Option("--audit-id", metavar="ID", help="Id for the audit. Default: NAME-DATE-RANDOM.")
]
DigestOption = Annotated[
    str | None,
    typer.Option(
        "--digest",
        metavar="HEX",
        help="The publication digest (SHA-256 of publication.json) as you know it from elsewhere; another is rejected.",
    ),
]

PricesOption = Annotated[
    Path | None,
    typer.Option(
        "--prices",
        metavar="FILE",
        help="Your own prices (CSV or JSON): an audit in which accounts have debts may not be made with better ones.",
    ),
]
ToleranceOption = Annotated[
    str | None,
    typer.Option("--tolerance", metavar="PERCENT", help="By how much it may all the same.  [default: 2%]"),
]


def usable_registry(console: Console) -> Registry:
    """All installed plugins; those that cannot be used are reported once, on stderr."""
    from polyproof.registry import default_registry

    registry = default_registry()
    console.warn(f"plugin {item.plugin!r} of {item.origin} is skipped: {item.reason}" for item in registry.skipped)
    return registry


def load_spec_argument(
    argument: str, registry: Registry, secrets: Path | None = None, executor: str | None = None
) -> Spec:
    """The spec that a command-line argument names, the secrets lent to it, and where else its segments are proved."""
    from attrs import evolve

    from polyproof.settings.bundled import find_spec
    from polyproof.settings.spec import load_spec

    spec = load_spec(find_spec(argument), registry)
    if executor is not None:
        from polyproof.settings.executors import parse_executor

        spec = evolve(spec, executor=parse_executor(executor, registry))
    if secrets is None:
        return spec
    from polyproof.toolkit.secrets import load_secrets

    return evolve(spec, secrets=load_secrets(secrets, registry))


def load_previous(directory: Path | None, spec: Spec, console: Console, registry: Registry) -> bytes | None:
    """The publication digest of the audit that the next one is chained to, of a history its newest; None for none.

    Warns where that is not the newest of those published from the spec's output directory, or another organisation's.
    """
    from polyproof.liabilities.artifacts import HISTORY
    from polyproof.publication.chain import PUBLISHED
    from polyproof.publication.history import organisation_problem, read_history

    before = _previous(directory, registry) if directory is not None else None
    if before is not None and (problem := organisation_problem((before,), spec.organisation)) is not None:
        console.warn([f"this audit {problem}"])
    found = before.digest if before is not None else None
    published = spec.output_directory / PUBLISHED
    # What is wrong with a history is told by the commands that are about it.
    with suppress(PolyproofError):
        for newest in read_history(published).audits[-1:] if (published / HISTORY).is_file() else ():
            if found is None or found.hex() != newest.publication_digest:
                console.warn(
                    [
                        f"{newest.audit_id} is the newest audit in {published}, and this one does not follow it: "
                        f"to be published there it has to be made with --previous {published}"
                    ]
                )
    return found


def _previous(directory: Path, registry: Registry) -> Chained:
    from polyproof.liabilities import open_audit
    from polyproof.liabilities.folder import is_history
    from polyproof.publication.history import check_chain
    from polyproof.settings.policy import UNRESTRICTED

    if not directory.exists():
        raise UsageError(
            Problem(
                f"--previous {directory} does not exist",
                hint="the published folder will do, or a copy of it: its newest audit is the one before this",
            )
        )
    if is_history(directory):
        return check_chain(directory, UNRESTRICTED)[-1]
    return open_audit(directory, policy=UNRESTRICTED, registry=registry)


def load_policy_option(name: str | None, registry: Registry) -> Policy:
    """The verifier's policy: a file, one that comes with polyproof, or the defaults."""
    from polyproof.settings.bundled import find_policy
    from polyproof.settings.policy import Policy, load_policy

    return load_policy(find_policy(name), registry) if name is not None else Policy()


def with_own_prices(policy: Policy, prices: Path | None, tolerance: str | None) -> Policy:
    """The policy with the prices that a command line names, in place of its own. Raises ``UsageError``."""
    from attrs import evolve

    from polyproof.model.names import matches
    from polyproof.settings.net_equity_policy import PERCENT
    from polyproof.settings.policy import with_prices

    if tolerance is not None and not matches(PERCENT, tolerance):
        raise UsageError(f"--tolerance is {tolerance!r}: expected {PERCENT[1]}")
    if tolerance is not None and prices is None and not policy.net_equity.quotes:
        raise UsageError("--tolerance is for prices of your own: --prices FILE")
    if prices is not None:
        return evolve(policy, net_equity=with_prices(policy.net_equity, prices, tolerance))
    return policy if tolerance is None else evolve(policy, net_equity=evolve(policy.net_equity, tolerance=tolerance))


def load_provers_policy(name: str | None, registry: Registry, *, allow_weak: bool) -> Policy:
    """The policy that what is proved is to satisfy: the verifiers', or with ``--allow-weak`` none but sizes."""
    from polyproof.settings.policy import UNRESTRICTED

    if allow_weak and name is not None:
        raise UsageError("--allow-weak ignores what verifiers accept, which --policy states: give one of them")
    return UNRESTRICTED if allow_weak else load_policy_option(name, registry)


def load_policies_option(name: str | None, registry: Registry) -> tuple[Policy, ReservesPolicy | None]:
    """The same, and what it says about reserves; None if it says nothing."""
    from polyproof.settings.bundled import find_policy
    from polyproof.settings.policy import Policy, load_whole_policy

    return load_whole_policy(find_policy(name), registry)[:2] if name is not None else (Policy(), None)


def parse_digest(text: str | None) -> bytes | None:
    """A SHA-256 in hexadecimal."""
    if text is None:
        return None
    try:
        digest = bytes.fromhex(text)
    except ValueError:
        digest = b""
    if len(digest) != 32:
        raise UsageError(f"--digest {text!r} is not a SHA-256: expected 64 hexadecimal digits")
    return digest
