"""What a verifier's policy can refuse, by the name that each refusal has wherever it is raised."""

from __future__ import annotations

from polyproof.checks import CheckName
from polyproof.security import FigureName

__all__ = ["PolicyCheck"]


class PolicyCheck(CheckName):
    """What a policy can refuse, by the name that each refusal has wherever it is raised."""

    BACKEND = "policy-backend", "the audit was proved by a backend that the policy does not allow"
    CONSTRAINTS = "policy-constraints", "the backend's options name a constraint system that the policy does not allow"
    COMMITMENT = "policy-commitment", "the backend's options name a commitment that the policy does not allow"
    HASH = "policy-hash", "the backend's options name a hash that the policy does not allow, or name none"
    FIELD = "policy-field", "the backend's options name a field that the policy does not allow"
    BINDING = "policy-binding", "a proof's binding has fewer bits than the policy requires, or none"
    SOUNDNESS = "policy-soundness", "a proof's soundness has fewer bits than the policy requires, or none"
    SOUNDNESS_2025 = "policy-soundness-2025", "the same, for soundness by theorems of 2025"
    INCLUSION = "policy-inclusion", "inclusion has fewer bits than the policy requires, or none"
    INCLUSION_2025 = "policy-inclusion-2025", "the same, for inclusion by theorems of 2025"
    ESTIMATED = "policy-estimated", "a proof has fewer bits by estimate than the policy requires, or none"
    SETUP = "policy-setup", "a proof rests on a set-up that the policy does not allow"
    ASSETS = "policy-assets", "the audit has more assets than the policy allows"
    SEGMENTS = "policy-segments", "the audit has more segments than the policy allows"
    MANIFEST_SIZE = "policy-manifest-size", "the manifest is larger than the policy allows"
    PROOF_SIZE = "policy-proof-size", "a segment's proof is larger than the policy allows"
    INCLUSION_SIZE = "policy-inclusion-size", "the inclusion file is larger than the policy allows"
    RESERVES = "policy-reserves", "holdings do not cover what is owed as the policy requires"
    RESERVES_REQUIRED = "policy-reserves-required", "the audit has no reserves, and the policy requires them"
    ANCHORS = "policy-anchors", "evidence about the audit that the policy requires is missing or could not be checked"
    ATTESTATIONS = "policy-attestations", "a statement that the policy requires is missing or could not be checked"
    DEBTS_COVERED = "policy-debts-covered", "that debts are covered is not proven, and the policy requires it"
    OWN_ISSUED = "policy-own-issued", "debts are covered by coins that the organisation issues itself"
    PRICES = "policy-prices", "prices are more favourable than those of the policy tolerate, or are not in it"
    PRICE_TIMES = "policy-price-times", "a price is of a time too far from that of the balances for the policy"
    HAIRCUTS = "policy-haircuts", "collateral counts for more than the policy allows"
    NET = "policy-net", "of an asset more is lent than all accounts have"
    UNIQUE = "policy-unique", "nothing that was checked shows the audit to be the only record of its place"

    @classmethod
    def of(cls, figure: FigureName) -> PolicyCheck:
        """The refusal for too few bits of a figure."""
        return cls[figure.name]
