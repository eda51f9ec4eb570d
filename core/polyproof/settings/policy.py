"""The policy file: what a verifier accepts, in a YAML file of the verifier's own.

::

    polyproof-policy: 2
    min_soundness_bits: 110
    hashes: [poseidon, blake3]
    reserves: {least_ratio: "1.05", count: [signed]}

Keys left out keep the defaults of ``Policy``; ``reserves``, which says which holdings count and how
much is enough, is a ``polyproof.reserves.ReservesPolicy``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from attrs import evolve, frozen

from polyproof.config.options import option, options_of
from polyproof.config.reader import Choice, OptionsReader
from polyproof.config.tree import Mapping, Scalar, load_yaml
from polyproof.errors import PolicyRejected
from polyproof.model.counts import counted
from polyproof.model.names import DIGEST
from polyproof.registry import Registry, default_registry
from polyproof.security import Assumptions, FigureName, SecurityReport, bits_text
from polyproof.settings.anchors import AnchorsPolicy
from polyproof.settings.attestations import AttestationsPolicy
from polyproof.settings.net_equity_policy import NetEquityPolicy
from polyproof.settings.policy_checks import PolicyCheck
from polyproof.settings.prices import load_prices
from polyproof.settings.reserves import ReservesPolicy

__all__ = [
    "FORMAT",
    "UNRESTRICTED",
    "Policy",
    "PolicyCheck",
    "components_of",
    "load_policy",
    "load_whole_policy",
    "with_prices",
]

FORMAT = 2
"""Version of the policy format: the value of the key ``polyproof-policy``."""

_HEADER = "polyproof-policy"
_RESERVES, _ANCHORS, _ATTESTATIONS = "reserves", "anchors", "attestations"


_REPLACED = {"min_proven_bits": ", ".join(name.policy_key for name in FigureName)}
"""Keys of format 1 that are gone, and those in their place."""


def _bits(default: float, doc: str) -> Any:
    """An option: the fewest bits of a figure."""
    return option(default=default, least=0.0, most=256.0, doc=doc)


@frozen
class Policy:
    """What a verifier accepts, kept apart from the spec: the prover has no say in it.

    Each method compares one thing with its limit and raises ``PolicyRejected``. They are called by the readers of an
    audit's files, and by ``polyproof.liabilities.acceptance`` around every backend; backends never see a policy.
    """

    min_binding_bits: float | None = _bits(
        100.0,
        "The fewest bits of binding: published data cannot be opened to two contents. null: not required. By "
        "default beyond the reach of anybody's computers.",
    )
    min_soundness_bits: float | None = _bits(
        100.0,
        "The fewest bits of soundness by long-proven bounds: sums and non-negativity hold for all accounts. null: "
        "not required. By default as for binding.",
    )
    min_soundness_2025_bits: float | None = _bits(
        100.0,
        "The fewest bits of soundness for those who also accept the theorems of 2025. null: not required.",
    )
    min_inclusion_bits: float | None = _bits(
        60.0,
        "The fewest bits of inclusion by long-proven bounds: a user's own account is among those proven. null: not "
        "required. By default below the others, since the STARK's default options give 75 bits: to cheat one user "
        "costs that much at least, and 100 only by theorems of 2025.",
    )
    min_inclusion_2025_bits: float | None = _bits(
        100.0,
        "The fewest bits of inclusion for those who also accept the theorems of 2025. null: not required. By "
        "default as for soundness.",
    )
    min_estimated_bits: float | None = option(
        default=None,
        least=0.0,
        most=256.0,
        doc="The fewest bits by estimate: what the cheapest known way costs to solve a problem of which nobody has "
        "proven how hard it is. null: not required, since most proofs rest on no such problem.",
    )
    allow_trusted_setup: bool = option(
        default=False,
        doc="Whether a proof may rest on a trusted set-up. By default not: whoever kept its secret could forge.",
    )
    trusted_setups: tuple[str, ...] | None = option(
        default=None,
        pattern=DIGEST,
        doc="The set-ups that a proof may rest on, by digest; null allows every one where `allow_trusted_setup` does. "
        "Without a list, an exchange may name a set-up of its own, whose secret it kept.",
    )
    allow_insecure_setup: bool = option(
        default=False,
        doc="Whether a proof may rest on a set-up for development, whose secret everybody knows: it proves nothing.",
    )
    backends: tuple[str, ...] | None = option(
        default=("merkle-sum", "stark"),
        kind="backend",
        doc="Backends that may have made a proof; null allows every registered one.",
    )
    constraints: tuple[str, ...] | None = option(
        default=("accounts", "margin-accounts"),
        kind="constraints",
        doc="Constraint systems that a proof may be of: they decide what is proven. null allows every registered one.",
    )
    commitments: tuple[str, ...] | None = option(
        default=("fri", "merkle"),
        kind="commitment",
        doc="Commitments a proof may use, to vectors or polynomials; null allows every registered one.",
    )
    hashes: tuple[str, ...] | None = option(
        default=(
            "blake3",
            "keccak256",
            "poseidon",
            "poseidon2",
            "poseidon2-babybear",
            "rescue-prime-optimized",
            "sha256",
        ),
        kind="hash",
        doc="Hashes a proof may use; null allows every registered one.",
    )
    fields: tuple[str, ...] | None = option(
        default=("babybear", "goldilocks"),
        kind="field",
        doc="Fields a proof may use; null allows every registered one.",
    )
    max_proof_bytes: int = option(default=64 << 20, least=1, doc="The largest proof file of a segment, in bytes.")
    max_inclusion_bytes: int = option(default=1 << 20, least=1, doc="The largest inclusion file, in bytes.")
    max_manifest_bytes: int = option(default=16 << 20, least=1, doc="The largest manifest, in bytes.")
    max_assets: int = option(
        default=1024, least=1, doc="The most assets of an audit; with many, a verifier works before it reads a proof."
    )
    max_segments: int = option(default=4096, least=1, doc="The most segments of an audit.")
    reserves_required: bool = option(
        default=False, doc="Whether an audit of liabilities alone, without reserves, is refused."
    )
    net_equity: NetEquityPolicy = option(
        default=NetEquityPolicy(), doc="What is accepted where accounts have debts, which their collateral is to cover."
    )

    def check_backend(self, name: str) -> None:
        """Refuse a backend, before any code of its plugin is imported."""
        for refusal in self._names_refused(PolicyCheck.BACKEND, "backend", (name,), self.backends):
            raise refusal

    def check_options(self, backend: str, options: Any) -> None:
        """Refuse a backend because of a component that its options name, at any depth."""
        for refusal in self.options_refused(backend, options):
            raise refusal

    def options_refused(self, backend: str, options: Any) -> Iterator[PolicyRejected]:
        """Every refusal of a backend because of a component that its options name, at any depth.

        Components are found by the ``kind`` that an option is declared with. Nearly every proof rests on a hash: a
        backend that declares none cannot be judged, and is refused where hashes are restricted. A backend that declares
        no field, such as a Merkle sum tree, is taken to use none.
        """
        named: dict[str, list[str]] = {"backend": [backend]}
        for kind, name in components_of(options):
            named.setdefault(kind, []).append(name)
        for check, kind, allowed in (
            (PolicyCheck.BACKEND, "backend", self.backends),
            (PolicyCheck.CONSTRAINTS, "constraints", self.constraints),
            (PolicyCheck.COMMITMENT, "commitment", self.commitments),
            (PolicyCheck.HASH, "hash", self.hashes),
            (PolicyCheck.FIELD, "field", self.fields),
        ):
            yield from self._names_refused(check, kind, named.get(kind, ()), allowed)
        if self.hashes is not None and "hash" not in named:
            yield PolicyRejected(
                PolicyCheck.HASH,
                f"the policy allows hashes {_listed(self.hashes)}, and backend {backend!r} does not declare which hash "
                "it uses: it has no option of kind hash",
            )

    def minimum(self, name: FigureName) -> float | None:
        """The fewest bits of a figure; None if it is not required."""
        least: float | None = getattr(self, name.policy_key)
        return least

    def check_security(self, report: SecurityReport) -> None:
        """Refuse a proof for its security account."""
        for refusal in self.security_refused(report):
            raise refusal

    def security_refused(self, report: SecurityReport) -> Iterator[PolicyRejected]:
        """Every refusal of a proof for one of its figures, which are all judged wherever a proof is: by ``verify`` too,
        because nobody relies on totals alone.

        A required figure that the backend does not give is refused, and so is, whatever the policy, a figure that is
        infinite or has a term that is not a number.
        """
        unsound = [
            (name, figure.bits)
            for name, figure in report.given.items()
            if not math.isfinite(figure.bits) or any(math.isnan(term.bits) for term in figure.terms)
        ]
        for name, bits in unsound:
            yield PolicyRejected(PolicyCheck.of(name), f"{name.label}: its bits, {bits}, are not a number of bits")
        if unsound:
            return  # bits of such a report are compared with nothing
        for name in FigureName:
            check, least, given = PolicyCheck.of(name), self.minimum(name), report.figure(name)
            if least is None:
                continue
            if given is None:
                absence = report.absence(name)
                follows = f": {absence}" if absence else ""
                yield PolicyRejected(
                    check,
                    f"it gives no {name.label}{follows}; the policy requires {least:g} bits ({name.policy_key})",
                )
            elif not given.bits >= least:
                yield PolicyRejected(
                    check,
                    f"{name.label}: {bits_text(given.bits)} bits ({given.decides.name}), the policy requires "
                    f"{least:g} ({name.policy_key})",
                )
        yield from self._setup_refusals(report.assumptions)

    def _setup_refusals(self, stated: Assumptions) -> Iterator[PolicyRejected]:
        """Refuse a set-up: any, one that is not listed, or one whose secret is known."""
        if not (stated.trusted_setup or stated.setup or stated.insecure_setup):
            return
        key = None
        if not self.allow_trusted_setup:
            key = "allow_trusted_setup"
        elif stated.insecure_setup and not self.allow_insecure_setup:
            key = "allow_insecure_setup"
        elif not stated.insecure_setup and self.trusted_setups is not None and stated.setup not in self.trusted_setups:
            key = "trusted_setups"
        if key is not None:
            kind = "an insecure" if stated.insecure_setup else "a trusted"
            yield PolicyRejected(
                PolicyCheck.SETUP,
                f"it rests on {kind} set-up ({stated.trusted_setup}), which the policy does not allow ({key})",
            )

    def check_assets(self, count: int) -> None:
        """Refuse an audit for its number of assets, before anything is made for each of them."""
        if count > self.max_assets:
            raise PolicyRejected(PolicyCheck.ASSETS, f"{counted(count, 'asset')}, the policy allows {self.max_assets}")

    def check_segments(self, count: int) -> None:
        """Refuse an audit for its number of segments."""
        if count > self.max_segments:
            raise PolicyRejected(
                PolicyCheck.SEGMENTS, f"{counted(count, 'segment')}, the policy allows {self.max_segments}"
            )

    def check_reserves(self, published: bool) -> None:
        """Refuse an audit of liabilities alone, if reserves are required."""
        if self.reserves_required and not published:
            raise PolicyRejected(
                PolicyCheck.RESERVES_REQUIRED, "no reserves are published with it, and the policy requires them"
            )

    def check_manifest_size(self, size: int) -> None:
        """Refuse a manifest of this many bytes, if it is too large."""
        self._check_size(PolicyCheck.MANIFEST_SIZE, "the manifest", size, self.max_manifest_bytes)

    def check_proof_size(self, size: int) -> None:
        """Refuse a segment's proof of this many bytes, if it is too large."""
        self._check_size(PolicyCheck.PROOF_SIZE, "the proof", size, self.max_proof_bytes)

    def check_inclusion_size(self, size: int) -> None:
        """Refuse an inclusion file, or the proof in it, of this many bytes, if it is too large."""
        self._check_size(PolicyCheck.INCLUSION_SIZE, "the inclusion file", size, self.max_inclusion_bytes)

    def _check_size(self, check: PolicyCheck, what: str, size: int, most: int) -> None:
        if size > most:
            raise PolicyRejected(check, f"{what} has {size} bytes, the policy allows {most}")

    def _names_refused(
        self, check: PolicyCheck, kind: str, names: Sequence[str], allowed: tuple[str, ...] | None
    ) -> Iterator[PolicyRejected]:
        for name in names:
            if allowed is not None and name not in allowed:
                yield PolicyRejected(check, f"{kind} {name!r} is not one that the policy allows: {_listed(allowed)}")


UNRESTRICTED = Policy(
    min_binding_bits=None,
    min_soundness_bits=None,
    min_soundness_2025_bits=None,
    min_inclusion_bits=None,
    min_inclusion_2025_bits=None,
    min_estimated_bits=None,
    allow_trusted_setup=True,
    allow_insecure_setup=True,
    backends=None,
    constraints=None,
    commitments=None,
    hashes=None,
    fields=None,
    net_equity=NetEquityPolicy(
        require_covered=False, allow_own_issued=None, allow_negative_net=None, max_price_hours=None
    ),
)
"""Sizes alone: the policy under which an exchange opens its own audits. No verifier should have it."""


def _listed(allowed: Sequence[str]) -> str:
    return ", ".join(allowed) or "none"


def components_of(options: Any) -> Iterator[tuple[str, str]]:
    """Kind and name of every component that options name."""
    for declared in options_of(type(options)):
        value = getattr(options, declared.name)
        for item in value if declared.many and value is not None else (value,):
            if isinstance(item, Choice):
                yield item.kind, item.name
                yield from components_of(item.options)
            elif declared.nested and item is not None:
                yield from components_of(item)
            elif declared.kind is not None and item is not None:
                yield declared.kind, item


def load_policy(path: Path, registry: Registry | None = None) -> Policy:
    """Read a policy file. Raises ``SpecError`` with every problem, each at its file, line and column."""
    return load_whole_policy(path, registry)[0]


def load_whole_policy(
    path: Path, registry: Registry | None = None
) -> tuple[Policy, ReservesPolicy | None, AnchorsPolicy | None, AttestationsPolicy | None]:
    """A policy file: what it says about proofs, reserves, evidence and statements beside an audit.

    Raises as ``load_policy`` does.
    """
    node = load_yaml(path)
    reader = OptionsReader(registry or default_registry())
    if isinstance(node, Mapping):
        _report_replaced(node, reader)
    reader.header(node, _HEADER, FORMAT)
    policy = reader.build(node, Policy, besides=(_HEADER, _RESERVES, _ANCHORS, _ATTESTATIONS, *_REPLACED))
    if policy is not None and policy.net_equity.prices is not None:
        policy = evolve(policy, net_equity=with_prices(policy.net_equity, path.parent / policy.net_equity.prices))
    given = node.get(_RESERVES) if isinstance(node, Mapping) else None
    reserves = reader.build(given, ReservesPolicy) if given is not None else None
    given = node.get(_ANCHORS) if isinstance(node, Mapping) else None
    anchors = reader.build(given, AnchorsPolicy) if given is not None else None
    given = node.get(_ATTESTATIONS) if isinstance(node, Mapping) else None
    attestations = reader.build(given, AttestationsPolicy) if given is not None else None
    reader.finish()
    assert policy is not None, "an incomplete policy has a problem"
    return policy, reserves, anchors, attestations


def with_prices(net_equity: NetEquityPolicy, file: Path, tolerance: str | None = None) -> NetEquityPolicy:
    """With the prices of a file, and a tolerance. Raises as ``load_prices`` does."""
    return evolve(net_equity, prices=file, quotes=load_prices(file), tolerance=tolerance or net_equity.tolerance)


def _report_replaced(node: Mapping, reader: OptionsReader) -> None:
    """Say of every key of format 1 that is gone what took its place: bits of different kinds had one name there."""
    for old, new in _REPLACED.items():
        if (value := node.get(old)) is not None:
            reader.report(f"{old} is a key of format 1", value.location, f"format {FORMAT} has instead {new}")
    stated = node.get(_HEADER)
    if isinstance(stated, Scalar) and stated.value == 1 and stated.value is not True:
        reader.report(
            f"{_HEADER} is 1", stated.location, f"this polyproof reads version {FORMAT}: docs/reference/spec.md"
        )
        reader.finish()
