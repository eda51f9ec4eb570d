"""What a verifier accepts, and whom they ask: from their policy, their nodes and their secrets, each file read once."""

from __future__ import annotations

from pathlib import Path
from typing import TypedDict

from polyproof.balances import BalanceProvider
from polyproof.errors import UsageError
from polyproof.extras import require_extras
from polyproof.publication.anchors import AnchorsAccepted, open_anchors
from polyproof.publication.attestations import AttestationsAccepted, open_attestations
from polyproof.registry import Registry
from polyproof.settings.bundled import find_policy
from polyproof.settings.policy import Policy, load_whole_policy
from polyproof.settings.reserves import ReservesPolicy
from polyproof.toolkit.secrets import NO_SECRETS, load_secrets

__all__ = ["Accepted", "load_accepted"]


class Accepted(TypedDict):
    """Arguments that ``verify_one``, ``verify_history`` and ``report_on`` have in common."""

    policy: Policy
    reserves_policy: ReservesPolicy | None
    providers: list[BalanceProvider]
    anchors: AnchorsAccepted | None
    attestations: AttestationsAccepted | None
    registry: Registry


def load_accepted(policy: str | None, nodes: Path | None, secrets: Path | None, registry: Registry) -> Accepted:
    """All of it, with everybody who is named ready to be asked; nothing is sent.

    ``policy`` is a file, or the name of a policy that comes with polyproof; without one it is the default. ``nodes``
    are the verifier's own, ``secrets`` for them and for whom the policy believes. Raises ``SpecError`` for a file that
    is not what it should be, ``InputError`` for secrets that are missing, ``UsageError`` for secrets that nobody needs,
    ``ExtraMissing`` for nodes without the extra ``reserves``.
    """
    file = find_policy(policy) if policy is not None else None
    accepted, counted, evidence, signers = Policy(), None, None, None
    if file is not None:
        accepted, counted, evidence, signers = load_whole_policy(file, registry)
    if secrets is not None and nodes is None and not (evidence is not None and evidence.believe):
        raise UsageError("--secrets is for the nodes that --nodes and the policy name, and they name none")
    if nodes is not None:
        require_extras("reserves", purpose="asking nodes")
    lent = load_secrets(secrets, registry) if secrets is not None else NO_SECRETS
    providers: list[BalanceProvider] = []
    if nodes is not None:
        from polyproof.reserves.run import open_chosen
        from polyproof.settings.nodes import load_nodes

        providers = open_chosen(load_nodes(nodes, registry), nodes.parent, lent, registry)
    anchors = None
    if file is not None and evidence is not None:
        anchors = open_anchors(evidence, file.parent, lent, registry)
    attestations = None
    if file is not None and signers is not None:
        attestations = open_attestations(signers, file.parent)
    return {
        "policy": accepted,
        "reserves_policy": counted,
        "providers": providers,
        "anchors": anchors,
        "attestations": attestations,
        "registry": registry,
    }
