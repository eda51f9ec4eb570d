"""An exchange whose spec names a component of every kind, sound ones by one plugin, and that plugin with one fault.

``world`` makes its audit while all are sound. ``installed`` gives the same components with one method of one of them
replaced; ``COMMANDS`` are what an exchange, a verifier and a user then type.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from attrs import evolve, frozen

import polyproof.registry as registry_module
from ownership import wallets
from polyproof.anchor import Anchor, Shown, Subject, Time
from polyproof.balances import Answer, BalanceProvider
from polyproof.cli import run
from polyproof.config.options import NoOptions
from polyproof.errors import InputError, ProofRejected
from polyproof.executor import Executor, Work
from polyproof.hookspecs import Component
from polyproof.ledger import Account, LedgerFormat
from polyproof.ownership import OwnershipClaim, OwnershipResult, OwnershipScheme, Status
from polyproof.registry import Registry
from registry.offered import plugin
from reserves.exchange import HEADER_11, HEADER_12, okx_csv, pin_text, wallet

SPEC = """\
polyproof: 1
name: example
organisation: Example Exchange
snapshot: 2025-11-30T00:00:00Z
assets: [{{symbol: ETH, decimals: 9}}]
backend: {backend}
accounts: {{path: accounts.toy, format: {ledger}}}
executor: {executor}
anchors: [{{name: {anchor}}}]
reserves:
  sources: [{{name: {source}, path: wallets.csv, scheme: {ownership}}}]
  balances: [{{name: {balances}}}]
  policy: {{messages: [challenge, constant], balances: declared}}
  pins:
"""
STARK = (
    "{{name: stark, hash: {hash}, field: {field}, commitment: {commitment}, constraints: {constraints}, "
    "segment_rows: 1024, limb_bits: 8, queries: 6, grinding: 1, extension: 2, blinding: 16}}"
)
NAMES = {
    "hash": "sha256",
    "field": "goldilocks",
    "commitment": "merkle",
    "constraints": "accounts",
    "backend": "merkle-sum",
    "ledger": "faulty",
    "source": "okx-csv",
    "ownership": "faulty",
    "balances": "faulty",
    "executor": "local",
    "anchor": "faulty",
}
"""What the spec names of each kind, where that is not under test; ``faulty`` where no built-in one works alone."""
POLICY = """\
polyproof-policy: 2
min_binding_bits: null
min_soundness_bits: null
min_soundness_2025_bits: null
min_inclusion_bits: null
min_inclusion_2025_bits: null
backends: null
constraints: null
commitments: null
hashes: null
fields: null
reserves: {messages: [challenge, constant], balances: declared}
"""

# Sound components


class Ledger(LedgerFormat):
    suffixes = (".toy",)
    base_units = False

    def read(self, file: Path) -> Iterator[Any]:
        for row, line in enumerate(file.read_text().splitlines(), 1):
            name, amount = line.split()
            yield Account(row, name, {"ETH": amount})


class Believing(OwnershipScheme):
    chains = frozenset({"ethereum"})

    def serves(self, claim: OwnershipClaim) -> bool:
        return claim.scheme == "faulty"

    def verify(self, rows: Sequence[OwnershipClaim]) -> list[OwnershipResult]:
        proven = OwnershipResult(Status.PROVEN, "it says so", "faulty", "ethereum", wallets.evm_account(1))
        return [evolve(proven, address=claim.address.lower()) for claim in rows]

    def account(self, claim: OwnershipClaim) -> tuple[str, str]:
        return "ethereum", claim.address.lower()


class Knowing(BalanceProvider):
    @frozen(kw_only=True)
    class Options:
        pass

    def serves(self, question: Any) -> bool:
        return True

    def balances(self, questions: Sequence[Any], pin: Any, progress: Any) -> list[Answer]:
        return [Answer(2 * 10**36, "it says so") for _ in questions]


class Working(Executor):
    Options = NoOptions

    def run(self, work: Work, indices: Sequence[int]) -> Iterator[int]:
        for index in indices:
            work(index)
            yield index


class Noting(Anchor):
    suffix = "txt"
    Options = NoOptions

    def publish(self, subject: Subject) -> bytes:
        return subject.digest.hex().encode() + f" {datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}".encode()

    def check(self, subject: Subject, evidence: bytes) -> Shown:
        digest, _, time = evidence.decode().partition(" ")
        if digest != subject.digest.hex():
            raise ProofRejected("anchor-subject", "it is about another")
        return Shown(time=Time(latest=time, clock="a notary", checked=False, why="nobody was named"), uniqueness=None)


def sound(kind: str) -> type[Any]:
    """The class that the sound plugin offers of a kind."""
    own: dict[str, type[Any]] = {
        "ledger": Ledger,
        "ownership": Believing,
        "balances": Knowing,
        "executor": Working,
        "anchor": Noting,
    }
    if kind in own:
        return own[kind]
    built_in = default_class(kind)
    stated = {"establishes": built_in.establishes} if kind == "constraints" else {}
    return type("Sound", (built_in,), stated)


def default_class(kind: str) -> type[Any]:
    """A class that comes with polyproof."""
    return _built_in().get(kind, NAMES[kind])


@functools.cache
def _built_in() -> Registry:
    registry = Registry()
    registry.discover()
    return registry


ORIGIN = "elm-dist (elm_module)"


def installed(kind: str, changes: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Registry:
    """The installed plugins and one that offers a component ``faulty`` of each kind, of which one is changed."""
    offered = []
    for each in dict.fromkeys((kind, *(kind for kind, name in NAMES.items() if name == "faulty"))):
        cls = type("Made", (sound(each),), {"name": "faulty", **(changes if each == kind else {})})
        if each == "constraints" and "establishes" not in changes:
            cls.establishes = sound(each).establishes
        cls.__module__, cls.__qualname__ = __name__, f"made_{each}"
        globals()[cls.__qualname__] = cls
        offered.append(Component(each, "faulty", "A faulty one", f"{__name__}:{cls.__qualname__}"))
    return offering(offered, monkeypatch)


def offering(components: list[Component], monkeypatch: pytest.MonkeyPatch) -> Registry:
    """The installed plugins and one that offers these."""
    registry = Registry()
    registry.discover()
    registry.register(plugin(lambda: components), "elms", "1.0", ORIGIN)
    monkeypatch.setattr(registry_module, "_default", registry)
    return registry


# The world


def world(folder: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The spec that names ``faulty`` of this kind, and an audit of it, published, with an inclusion file of alice."""
    installed(kind, {}, monkeypatch)
    names = {**NAMES, kind: "faulty"}
    stark = kind in ("hash", "field", "commitment", "constraints")
    backend = STARK.format(**names) if stark else f"{{name: {names['backend']}, hash: sha256}}"
    text = SPEC.format(**{**names, "backend": backend}) + pin_text()
    (folder / "spec.yaml").write_text(text)
    (folder / "published.yaml").write_text(f"{text}output: {{directory: published}}\n")
    (folder / "policy.yaml").write_text(POLICY)
    (folder / "accounts.toy").write_text("alice 0.25\nbob 1\n")
    # The second is with a custodian: no signature of it is checked, and its scheme is asked for its address alone.
    signed, kept = (",".join(wallet("EVM, EIP-191", number, "2").cells()) for number in (1, 2))
    rows = (signed.replace(",", ",Non Staking,", 1), kept.replace(",", ",Custodial,", 1))
    (folder / "wallets.csv").write_text("\n".join((okx_csv([]).replace(HEADER_11, HEADER_12).strip("\n"), *rows, "")))
    spec, policy = str(folder / "spec.yaml"), ("--policy", str(folder / "policy.yaml"), "--quiet")
    published = str(folder / "published.yaml")
    for words in (
        ("prove", spec, "--out", str(folder / "audit"), *policy),
        ("audit", published, "--yes", *policy),
        ("inclusion", str(folder / "audit"), "--user", "alice", "--out", str(folder / "alice.polyproof"), "--quiet"),
    ):
        assert run(list(words)) == 0, words
    return folder


def commands(folder: Path) -> dict[str, tuple[object, ...]]:
    """What is typed, by the name of the command."""
    spec, audit, policy = folder / "spec.yaml", folder / "audit", ("--policy", folder / "policy.yaml")
    published = folder / "published/published"
    typed = ("--user", "alice", "--balance", "ETH=0.25")
    return {
        "check": ("check", spec, *policy),
        "plan": ("plan", spec, "--out", folder / "planned", *policy),
        "prove": ("prove", spec, "--out", folder / "proved", *policy),
        "audit": ("audit", spec, "--out", folder / "audited", "--yes", *policy),
        "verify": ("verify", audit / "public", *policy),
        "verify published": ("verify", published, *policy),
        "inclusion": ("inclusion", audit, "--user", "alice", "--out", folder / "again.polyproof"),
        "inclusion --all": ("inclusion", audit, "--all", "--out", folder / "all"),
        "verify-inclusion": ("verify-inclusion", folder / "alice.polyproof", "--audit", audit, *typed, *policy),
        "challenge": ("challenge", spec, "--audit", audit, "--out", folder / "to-sign.jsonl"),
        "reserves": ("reserves", spec, "--audit", audit, *policy),
        "report": ("report", audit / "public", "--out", folder / "site", *policy),
        "anchor": ("anchor", audit / "public", "--spec", spec),
        "explain spec": ("explain", spec),
        "explain audit": ("explain", audit / "public"),
        "plugins": ("plugins",),
        "schema": ("schema",),
    }


# Faults


def raising(error: BaseException) -> Callable[..., Any]:
    def method(self: object, *args: object, **options: object) -> Any:
        raise error.with_traceback(None)

    return method


def returning(value: object) -> Callable[..., Any]:
    return lambda self, *args, **options: value


def recursing(self: object, *args: object, **options: object) -> Any:
    return recursing(self, *args, **options)


class Unshowable(Exception):
    """An error that cannot be told."""

    def __str__(self) -> str:
        raise ValueError("no words")


RAISED = {
    "ZeroDivisionError": raising(ZeroDivisionError("boom")),
    "InputError": raising(InputError("boom")),
    "ProofRejected": raising(ProofRejected("boom", "boom")),
    "OSError": raising(OSError(28, "boom")),
    "exits": raising(SystemExit(0)),
    "exits with words": lambda self, *args, **options: sys.exit("all is well"),
    "recurses": recursing,
    "without words": raising(Unshowable()),
}
RETURNED = {
    "None": returning(None),
    "nan": returning(float("nan")),
    "text": returning("text"),
    "7": returning(7),
    "list": returning([]),
    "floats": returning(np.full((4, 4), np.nan)),
    "int32": returning(np.zeros((1, 1), np.int32)),
}
METHODS = {
    "hash": "__init__ hash_rows hash_matrices compress",
    "field": "__init__ add subtract multiply inverse sum powers forward inverse_transform extend encode decode "
    "extension",
    "commitment": "__init__ commit hash_leaves open dump load verify opening_size",
    "constraints": "__init__ constraints trace account_row publics_of_totals refused",
    "backend": "__init__ properties check capacity settle security security_of prove verify open_inclusion open_all "
    "verify_inclusion inclusion_verifier least_proof_size least_state_size refused",
    "ledger": "__init__ read",
    "source": "__init__ read",
    "ownership": "__init__ serves verify account",
    "balances": "__init__ open serves balances",
    "executor": "__init__ run",
    "anchor": "__init__ open publish check",
}
"""What is replaced, by kind."""
ALLOWED = {
    ("ledger", "read", "list"),
    ("source", "read", "list"),
    ("field", "decode", "ProofRejected"),
    ("balances", "open", "InputError"),
    ("anchor", "open", "InputError"),
    *(
        (kind, method, "OSError")
        for kind in ("ledger", "source", "balances", "backend", "executor", "anchor")
        for method in METHODS[kind].split()
    ),
}
"""What is no fault: files without accounts or holdings, and what the system says to those who work with it."""
