"""Vectors of published audits: what a verifier of a whole audit, and a customer with an own file, must say of them."""

from __future__ import annotations

import hashlib
import json
import struct
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any
from unittest.mock import patch

import yaml
from attrs import field, frozen

import polyproof
from polyproof.backend import Claim
from polyproof.errors import InputError, ProofRejected
from polyproof.formats.strict_json import canonical_line
from polyproof.liabilities import PublishedAudit, planning, verify, verify_inclusion
from polyproof.liabilities.artifacts import InclusionFile
from polyproof.liabilities.typed_balances import make_claim
from polyproof.registry import default_registry
from polyproof.settings.policy import Policy, load_policy
from vector_files import Vector, applied, changed_from, distinct, missing, replaced_by, splices
from vector_forging import MANIFEST, RECORD, Files, bound_anew, changed, fitting, parsed, sealed
from vector_segments import Region, flipped, regions_of, tampered

__all__ = ["Audits", "audits", "of_audit", "policy_of", "prove_audit"]

OWN = "inclusion.polyproof"
"""What the customer's file is called in edits; it is no part of the public folder."""
CREATED, SNAPSHOT = "2025-11-01T06:00:00Z", "2025-10-31T00:00:00Z"
RELAXED: dict[str, Any] = {
    "min_soundness_bits": None,
    "min_soundness_2025_bits": None,
    "min_inclusion_bits": None,
    "min_inclusion_2025_bits": None,
}
"""What accepts proofs of a few queries. A policy that has no name is given by its keys, as a policy file has them."""
COUNTED_UNPROVEN: dict[str, Any] = {**RELAXED, "net_equity": {"require_covered": False}}
"""What accepts sum trees of accounts with debts."""


@frozen
class Audit:
    """A published audit, and the files of some customers."""

    name: str
    files: Files
    own: Mapping[str, bytes]
    """Inclusion files by the account."""
    claims: Mapping[str, Mapping[str, Any]]
    """What each of them types: ``user``, ``balances``, ``debts``."""
    policy: str | Mapping[str, Any]
    """Under which it verifies."""

    @property
    def digest(self) -> str:
        """The publication digest."""
        return hashlib.sha256(self.files[RECORD]).hexdigest()

    @property
    def manifest(self) -> dict[str, Any]:
        """The manifest's content."""
        return parsed(self.files[MANIFEST])

    def base(self) -> dict[str, Any]:
        """What the file says of it."""
        folder = f"audits/{self.name}"
        own = {user: {"file": f"{folder}/{user}.polyproof", **self.claims[user]} for user in self.own}
        return {"folder": f"{folder}/public", "files": sorted(self.files), "inclusions": own}

    def on_disk(self) -> Files:
        """The files by their path in the folder of vectors."""
        folder = f"audits/{self.name}"
        return {
            **{f"{folder}/public/{name}": data for name, data in self.files.items()},
            **{f"{folder}/{user}.polyproof": data for user, data in self.own.items()},
        }

    def vector(self, told: str, files: Files | None = None, **more: Any) -> Vector:
        """The whole audit, with other files."""
        edits = changed_from(self.files, files) if files is not None else []
        given = {"policy": self.policy, **more}
        return {"name": told, "base": self.name, **given, **({"edits": edits} if edits else {})}

    def own_vector(
        self, told: str, account: str, own: bytes | None = None, files: Files | None = None, **more: Any
    ) -> Vector:
        """A customer's check, with another file or other public files."""
        edits = changed_from(self.files, files) if files is not None else []
        edits += splices(OWN, self.own[account], own) if own is not None else []
        given = {"policy": self.policy, **more}
        return {"name": told, "base": self.name, "inclusion": account, **given, **({"edits": edits} if edits else {})}


@frozen
class Audits:
    """The bases, the vectors, and the files by their path in the folder."""

    bases: dict[str, Any]
    vectors: list[Vector]
    files: Files = field(factory=dict)


# Making them


def prove_audit(
    name: str,
    spec: Mapping[str, Any],
    header: str,
    accounts: Mapping[str, Sequence[str]],
    users: Sequence[str],
    policy: str | Mapping[str, Any],
    *,
    previous: str | None = None,
    created: str = CREATED,
    prices: str = "",
) -> Audit:
    """Prove a spec and cut the files of some users. ``header`` names the columns of ``accounts``."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        lines = [header, *(",".join((user, *amounts)) for user, amounts in accounts.items())]
        (folder / "accounts.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
        (folder / "prices.csv").write_text(prices, encoding="utf-8")
        full = {
            "polyproof": 1,
            "name": "vectors",
            "organisation": "Vectors Exchange",
            "snapshot": SNAPSHOT,
            "accounts": {"path": "accounts.csv"},
            **spec,
        }
        (folder / "spec.yaml").write_text(yaml.safe_dump(full, sort_keys=False), encoding="utf-8")
        with patch.object(planning, "_now", lambda: created):
            polyproof.prove(
                polyproof.load_spec(folder / "spec.yaml"),
                folder / "audit",
                audit_id=name,
                previous=previous,
                policy=policy_of(policy),
            )
        own = {}
        for number, user in enumerate(users):
            file = folder / f"{number}.polyproof"
            polyproof.cut_inclusion(folder / "audit", user, out=file)
            own[user] = file.read_bytes()
        files = {path.name: path.read_bytes() for path in sorted((folder / "audit" / "public").iterdir())}
    audited = {one["symbol"] for one in spec["assets"]}
    columns = [column for column in header.split(",")[1:] if column.partition(":")[0] in audited]
    claims = {user: _claim(user, columns, accounts[user][: len(columns)]) for user in users}
    return Audit(name, files, own, claims, policy)


def _claim(user: str, columns: Sequence[str], amounts: Sequence[str]) -> dict[str, Any]:
    """What a user types: equity and debts, and nothing of what is zero."""
    balances, debts = {}, {}
    for column, amount in zip(columns, amounts, strict=True):
        symbol, _, kind = column.partition(":")
        if Decimal(amount) and kind in ("", "equity"):
            balances[symbol] = amount
        elif Decimal(amount) and kind == "debt":
            debts[symbol] = amount
    return {"user": user, "balances": balances, "debts": debts}


# Verdicts


def policy_of(given: str | Mapping[str, Any]) -> Policy:
    """A policy by its name, or by its keys."""
    if given == "default":
        return Policy()
    if isinstance(given, str):
        return polyproof.load_policy(given)
    with tempfile.TemporaryDirectory() as temporary:
        path = Path(temporary) / "policy.yaml"
        path.write_text(yaml.safe_dump({"polyproof-policy": 2, **given}, sort_keys=False), encoding="utf-8")
        return load_policy(path, default_registry())


def of_audit(folder: Path, content: Mapping[str, Any], vector: Vector) -> dict[str, Any]:
    """The verdict on a vector: of a whole audit, or of one customer's check in it."""
    base = content["bases"][vector["base"]]
    own = base["inclusions"].get(vector.get("inclusion"))
    files = {name: (folder / base["folder"] / name).read_bytes() for name in base["files"]}
    if own is not None:
        files[OWN] = (folder / own["file"]).read_bytes()
    files = applied(folder, files, vector.get("edits", ()))
    with tempfile.TemporaryDirectory() as temporary:
        public = Path(temporary) / "public"
        public.mkdir()
        for name, data in files.items():
            place = Path(temporary) / OWN if name == OWN else public / name
            place.parent.mkdir(exist_ok=True)
            place.write_bytes(data)
        digest = bytes.fromhex(vector["digest"]) if vector.get("digest") else None
        policy = policy_of(vector["policy"])
        try:
            if own is None:
                return {
                    "verdict": "accepted",
                    "check": None,
                    "facts": _facts(verify(public, policy=policy, digest=digest)),
                }
            claim = {key: vector.get(key, own[key]) for key in ("user", "balances", "debts")}
            verify_inclusion(Path(temporary) / OWN, public, _claimed(claim), policy=policy, digest=digest)
        except ProofRejected as rejected:
            return {"verdict": "rejected", "check": rejected.check}
        except InputError:
            return {"verdict": "bad-input", "check": None}
    return {"verdict": "accepted", "check": None}


def _claimed(given: Mapping[str, Any]) -> Callable[[PublishedAudit], Claim]:
    def claim(audit: PublishedAudit) -> Claim:
        typed, owed = ([(symbol, text, None) for symbol, text in given[key].items()] for key in ("balances", "debts"))
        return make_claim(audit.spec.assets, given["user"], typed, owed)

    return claim


def _facts(found: Any) -> dict[str, Any]:
    """What every verifier establishes of an audit that it accepts."""
    figures = {str(name.value): round(figure.bits, 3) for name, figure in found.security.given.items()}
    return {
        "publication_digest": found.audit.digest.hex(),
        "totals": list(map(str, found.totals)),
        "figures": figures,
    }


# The audits

PLAIN = [{"symbol": "BTC", "decimals": 8}, {"symbol": "ETH", "decimals": 18, "bits": 96}]
ACCOUNTS = {
    "alice": ("0.25", "0"),
    "bob": ("1.5", "12.000000000000000001"),
    "carol": ("0", "0.5"),
    "dave": ("0.00000001", "0"),
    "müller@example.com": ("3", "4"),
    "frank": ("20999999.9769", "79228162514.264337593543950335"),
    "grace": ("0", "0"),
}
DECLARING = {
    "verifier": {"name": "polyproof 1", "url": "https://example.org/polyproof.whl", "sha256": "ab" * 32},
    "disclosures": {
        "entity": {"name": "Vectors Exchange Ltd", "jurisdiction": "Malta"},
        "out_of_scope": ["margin accounts"],
        "custodians": [{"name": "A custodian", "assets": ["BTC"]}],
        "encumbered": [{"asset": "BTC", "amount": "1.5", "reason": "pledged for a credit line"}],
        "own_issued": [],
    },
}
LENDING: dict[str, Any] = {
    "assets": [{"symbol": "BTC", "decimals": 8}, {"symbol": "USDT", "decimals": 6}],
    "rule": "net-equity",
    "prices": "prices.csv",
    "net_equity": {
        "collateral": [
            {"asset": "BTC", "category": "loan", "slices": [{"ratio": "0.9", "width": "10"}, {"ratio": "0.5"}]},
            {"asset": "USDT", "category": "loan", "slices": [{"ratio": "1"}]},
        ]
    },
}
PRICES = """\
asset,price,currency,source,time
BTC,90000,USD,one,2025-10-31T00:00:00Z
BTC,91000,USD,another,2025-10-31T00:00:00Z
USDT,1,USD,one,2025-10-31T00:00:00Z
"""
POSITIONS = "account,BTC:equity,BTC:debt,BTC:loan,USDT:equity,USDT:debt,USDT:loan"
LENT = {
    "alice": ("0.25", "0", "0", "100", "0", "0"),
    "bob": ("1.5", "0", "1", "0", "50000", "0"),
    "carol": ("0", "0.1", "0", "20000", "0", "10000"),
    "dave": ("3", "0", "0", "50000", "0", "0"),
}
WEAK: dict[str, Any] = {
    "hash": "blake3",
    "queries": 6,
    "grinding": 16,
    "extension": 2,
    "limb_bits": 8,
    "segment_rows": 1024,
}


def _sum_tree() -> Audit:
    spec = {"assets": PLAIN, "backend": {"name": "merkle-sum", "accounts_per_segment": 3}, **DECLARING}
    accounts = {user: (*amounts, "3.25") for user, amounts in ACCOUNTS.items()}
    spec["accounts"] = {"path": "accounts.csv", "leave_out": ["DOGE"]}
    return prove_audit("sum-tree", spec, "account,BTC,ETH,DOGE", accounts, ["alice", "frank"], "merkle-sum")


def _stark() -> Audit:
    """What the default policy accepts, as small as that is."""
    backend = {"name": "stark", "hash": "blake3", "profile": "small", "limb_bits": 8, "segment_rows": 1024}
    spec = {"assets": PLAIN[:1], "backend": backend}
    accounts = {user: amounts[:1] for user, amounts in ACCOUNTS.items()}
    return prove_audit("stark", spec, "account,BTC", accounts, ["alice"], "default")


def _margin() -> Audit:
    backend: dict[str, Any] = {"name": "stark", **WEAK}
    spec = {**LENDING, "backend": backend}
    return prove_audit("margin", spec, POSITIONS, LENT, ["alice", "carol"], RELAXED, prices=PRICES)


def _margin_sum_tree() -> Audit:
    spec = {**LENDING, "backend": {"name": "merkle-sum", "min_depth": 2}}
    return prove_audit(
        "margin-sum-tree", spec, POSITIONS, LENT, ["alice", "carol"], COUNTED_UNPROVEN, prices=PRICES
    )  # fmt: skip


def audits() -> Audits:
    """All of them, each with the verdict of Python."""
    bases: dict[str, Any] = {}
    files: Files = {}
    vectors: list[Vector] = []
    made = {audit.name: audit for audit in (_sum_tree(), _stark(), _margin(), _margin_sum_tree(), _grand_sum())}
    for audit in made.values():
        bases[audit.name] = audit.base()
        files |= audit.on_disk()
    tree, stark = made["sum-tree"], made["stark"]
    for source in (
        _honest(made.values()),
        _policies(tree, stark),
        _manifests(tree),
        _records(tree),
        _folders(tree, stark),
        _own_files(tree, stark),
        _claims(tree),
        _debts(made["margin"], made["margin-sum-tree"]),
        _proofs(stark, made["margin"]),
        _two_wrongs(tree, stark),
    ):
        vectors += source
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for name, data in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)
        judged = []
        for one in vectors:
            expected = one.pop("expected", None)
            found = of_audit(folder, {"bases": bases}, one)
            if expected is not None and (found["check"] or found["verdict"]) != expected:
                raise SystemExit(f"{one['base']}, {one['name']}: {found}, expected {expected}")
            judged.append({**one, **found})
    return Audits(bases, distinct(judged), files)


def _grand_sum() -> Audit:
    """One that a verifier without pairings says it cannot check."""
    insecure = {
        "backends": ["grand-sum"],
        "commitments": ["kzg"],
        "allow_trusted_setup": True,
        "allow_insecure_setup": True,
        "min_binding_bits": None,
        **RELAXED,
    }
    spec = {"assets": PLAIN[:1], "backend": {"name": "grand-sum", "hash": "blake3", "accounts_per_segment": 7}}
    accounts = {user: amounts[:1] for user, amounts in ACCOUNTS.items()}
    return prove_audit("grand-sum", spec, "account,BTC", accounts, ["alice"], insecure)


def _honest(made: Iterable[Audit]) -> Iterator[Vector]:
    for audit in made:
        needs: dict[str, Any] = {"needs": "pairings"} if audit.name == "grand-sum" else {}
        yield audit.vector("as published", expected="accepted", **needs)
        yield audit.vector("as published, with another digest", digest="11" * 32, expected="publication-digest")
        if not needs:
            yield audit.vector("as published, with its digest", digest=audit.digest, expected="accepted")
        for user in audit.own:
            yield audit.own_vector(f"{user}'s own file", user, digest=audit.digest, expected="accepted", **needs)


def _policies(tree: Audit, stark: Audit) -> Iterator[Vector]:
    for told, policy, expected in (
        ("the default policy", "default", "policy-soundness"),
        ("more bits of binding than the hash has", {**RELAXED, "min_binding_bits": 128.5}, "policy-binding"),
        ("as many bits of binding as the hash has", {**RELAXED, "min_binding_bits": 128}, "accepted"),
        ("a policy without the hash", {**RELAXED, "hashes": ["sha256"]}, "policy-hash"),
        ("a policy without the backend", {**RELAXED, "backends": ["stark"]}, "policy-backend"),
        ("a policy of one asset", {**RELAXED, "max_assets": 1}, "policy-assets"),
        ("a policy of two segments", {**RELAXED, "max_segments": 2}, "policy-segments"),
        ("a policy of short manifests", {**RELAXED, "max_manifest_bytes": 1024}, "policy-manifest-size"),
        ("a policy of short proofs", {**RELAXED, "max_proof_bytes": 100}, "policy-proof-size"),
        ("a policy that requires reserves", {**RELAXED, "reserves_required": True}, "policy-reserves-required"),
    ):
        yield tree.vector(told, policy=policy, expected=expected)
    for told, keys, expected in (
        ("103 bits of soundness", {"min_soundness_bits": 110}, "policy-soundness"),
        ("too few bits of inclusion", {"min_inclusion_bits": 80}, "policy-inclusion"),
        ("too few bits by theorems of 2025", {"min_soundness_2025_bits": 120}, "policy-soundness-2025"),
        ("too few bits of inclusion by theorems of 2025", {"min_inclusion_2025_bits": 120}, "policy-inclusion-2025"),
        ("a policy without the field", {"fields": ["babybear"]}, "policy-field"),
        ("a policy without the commitment", {"commitments": ["fri"]}, "policy-commitment"),
        ("a policy without the constraints", {"constraints": ["margin-accounts"]}, "policy-constraints"),
    ):
        yield stark.vector(told, policy=keys, expected=expected)
    yield stark.vector("the policy for sum trees", policy="merkle-sum", expected="policy-backend")
    yield stark.own_vector("a policy of short files", "alice", policy={"max_inclusion_bytes": 500})


# The manifest

ABSENT = object()
CHANGES: tuple[tuple[tuple[str | int, ...], tuple[Any, ...]], ...] = (
    (("format",), ("polyproof/manifest2", None)),
    (("version",), (1, 3, "2", True)),
    (("audit_id",), ("another", "", "a b", "-a", "a" * 129, None)),
    (("created",), ("2025-11-01T06:00:01Z", "2099-01-01T00:00:00Z", "2025-02-30T00:00:00Z", "2025-11-01T06:00:00", 1)),
    (("snapshot",), ("2025-10-31T00:00:01Z", "2025-11-01T06:00:01Z", "31 October 2025")),
    (("organisation",), ("Another Exchange", None, "Vectors\nExchange", "x" * 201, "x" * 1025, "", 5)),
    (("spec", "polyproof"), (2, "1")),
    (("spec", "assets", 0, "symbol"), ("XBT", "eth", "ETH", "B:C", "", "A" * 65)),
    (("spec", "assets", 0, "decimals"), (9, 37, -1, "8")),
    (("spec", "assets", 0, "bits"), (63, 0, 257)),
    (("spec", "assets", 0, "name"), ("Bitcoin",)),
    (("spec", "assets"), ([], PLAIN[:1], {})),
    (("spec", "rule"), ("net-equity", "none")),
    (("spec", "backend", "name"), ("stark", "nothing", "grand-sum")),
    (("spec", "backend", "hash"), ("sha256", "md5", None)),
    (("spec", "backend", "min_depth"), (1, 3, 33, -1, 0.5)),
    (("spec", "backend", "accounts_per_segment"), (1, 4, 0)),
    (("spec", "backend", "queries"), (5,)),
    (("spec", "net_equity"), ({"collateral": []},)),
    (("spec", "accounts"), ("accounts.csv",)),
    (("spec_digest",), ("00" * 32, "AB" * 32, "ab")),
    (("backend",), ("stark", "grand-sum", "nothing")),
    (("segments", 1, "index"), (0, 2, "1")),
    (("segments", 1, "file"), ("proof-0000.bin", "proof-1.bin", "../proof-0001.bin", "publication.json")),
    (("segments", 1, "bytes"), (1, -1, 1 << 63, 1 << 80)),
    (("segments", 1, "sha256"), ("11" * 32, "x")),
    (("segments", 1, "totals", 0), ("0", "00", "-1", "1.0", 1, "9" * 161)),
    (("segments", 1, "extra"), (1,)),
    (("segments",), ([], None)),
    (("totals", 0), ("1", "01", 5)),
    (("totals",), (["1"], [])),
    (("previous",), ("22" * 32, "22", "first")),
    (("verifier", "url"), ("http://example.org/a", "https://user@example.org/a", "javascript:alert(1)")),
    (("verifier", "name"), ("another", "")),
    (("verifier", "sha256"), ("cd" * 32,)),
    (("control",), (["1.25", "0.5"], ["20000000000", "0"], ["1"], ["1.0", "0"], ["-1", "0"])),
    (("left_out", 0, "asset"), ("SHIB", "btc", "BTC", "")),
    (("left_out", 0, "owed"), ("0", "01", "-1")),
    (("left_out", 0, "units"), ("base", "coins")),
    (("disclosures", "entity", "name"), ("Another Ltd",)),
    (("disclosures", "own_issued"), ([{"asset": "SOL"}], [{"asset": "ETH"}])),
    (("disclosures", "custodians", 0, "assets"), (["SOL"],)),
    (("disclosures", "encumbered", 0, "amount"), ("0.5", "0.000000001", "-1")),
    (("disclosures", "unknown"), (1,)),
    (("net_equity",), ({"margin_segments": 1, "positions": [], "prices": []},)),
    (("position_totals",), ([],)),
    (("extra",), (1,)),
)
"""What is put in the place of a value, or added: of other types and forms, and of the right form and untrue."""


def _changed_values(tree: Audit, changes: Iterable[tuple[tuple[str | int, ...], tuple[Any, ...]]]) -> Iterator[Vector]:
    """Values of the manifest changed one at a time: in the manifest alone, and in what is proved as well."""
    for path, values in changes:
        for value in values:
            other = changed(tree.manifest, path, value)
            told = f"{_path(path)} is {_short(value)}"
            yield tree.vector(told, sealed(tree.files, canonical_line(other)))
            forged = _forged(tree, other)
            if forged is not None and forged != tree.files:
                yield tree.vector(f"{told}, proved so", forged)


def _manifests(tree: Audit) -> Iterator[Vector]:
    """Every value of the manifest, changed; every key, missing; and other spellings of the same content."""
    manifest = tree.manifest
    yield from _changed_values(tree, CHANGES)
    for path in (*((key,) for key in manifest), *(("segments", 1, key) for key in manifest["segments"][1])):
        yield tree.vector(f"without {_path(path)}", sealed(tree.files, canonical_line(changed(manifest, path))))
    for key in ("assets", "rule", "backend", "polyproof"):
        yield tree.vector(f"without spec.{key}", _respecified(tree, changed(manifest, ("spec", key))))
    for key in manifest["spec"]["backend"]:
        path = ("spec", "backend", key)
        yield tree.vector(f"without {_path(path)}", _respecified(tree, changed(manifest, path)))
    segments = manifest["segments"]
    for told, of in (
        ("segments in another order", [segments[1], segments[0], *segments[2:]]),
        ("a segment twice", [*segments, segments[2]]),
        ("a segment too few", segments[:-1]),
    ):
        yield tree.vector(told, sealed(tree.files, canonical_line({**manifest, "segments": of})))
    data = tree.files[MANIFEST]
    for told, text in {
        "a space": data.replace(b'":', b'": ', 1),
        "no line end": data[:-1],
        "two line ends": data + b"\n",
        "a carriage return": data[:-1] + b"\r\n",
        "a byte order mark": b"\xef\xbb\xbf" + data,
        "keys in another order": data.replace(b'{"audit_id":"sum-tree",', b"{", 1)[:-2] + b',"audit_id":"sum-tree"}\n',
        "an escaped letter": data.replace(b"Vectors", b"\\u0056ectors", 1),
        "an escaped slash": data.replace(b"polyproof/manifest", b"polyproof\\/manifest", 1),
        "a key twice": data[:-2] + b',"version":2}\n',
        "a fraction": data.replace(b'"version":2', b'"version":2.0'),
        "an exponent": data.replace(b'"version":2', b'"version":2e0'),
        "a leading zero": data.replace(b'"version":2', b'"version":02'),
        "not a number": data.replace(b'"version":2', b'"version":NaN'),
        "not UTF-8": data.replace(b"Vectors Exchange", b"Vectors \xff", 1),
        "a lone surrogate": data.replace(b"Vectors Exchange", b"\\ud800", 1),
        "a zero byte": data.replace(b"Vectors Exchange", b"\0", 1),
        "a direction mark": data.replace(b"Vectors Exchange", "\u202eVectors".encode(), 1),
        "a list": b"[]\n",
        "nothing": b"",
        "cut in half": data[: len(data) // 2],
        "deep": b"[" * 500 + b"]" * 500 + b"\n",
    }.items():
        yield tree.vector(f"the manifest with {told}", sealed(tree.files, text))


def _path(path: Sequence[str | int]) -> str:
    return ".".join(map(str, path))


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else f"{text[:20]}… of {len(text)}"


def _respecified(tree: Audit, manifest: Mapping[str, Any]) -> Files:
    return fitting(tree.files, manifest)


def _forged(tree: Audit, manifest: Mapping[str, Any]) -> Files | None:
    """The same with proofs for it, where the change is in the header and there can be any."""
    if manifest["segments"] != tree.manifest["segments"] or manifest["totals"] != tree.manifest["totals"]:
        return None
    try:
        return bound_anew(tree.files, manifest)
    except (ProofRejected, InputError, LookupError, TypeError, ValueError, ArithmeticError, struct.error):
        return None


# The record, the folder, the customer's file


def _records(tree: Audit) -> Iterator[Vector]:
    record = parsed(tree.files[RECORD])
    reserves = {"reserves_digest": "11" * 32, "evidence_digest": "22" * 32}
    for told, other in {
        **{f"without {key}": changed(record, (key,)) for key in record},
        "of another format": {**record, "format": "polyproof/manifest"},
        "of another version": {**record, "version": 2},
        "of another audit": {**record, "audit_id": "another"},
        "of a malformed audit id": {**record, "audit_id": "../audit"},
        "of another manifest": {**record, "manifest_digest": "11" * 32},
        "of a manifest in capitals": {**record, "manifest_digest": record["manifest_digest"].upper()},
        "after another audit": {**record, "previous": "11" * 32},
        "of reserves without evidence": {**record, "reserves_digest": "11" * 32},
        "of reserves that are missing": {**record, **reserves},
        "of a correction": {**record, "corrects": {"publication_digest": "11" * 32, "reason": "A mistake."}},
        "of a correction without a reason": {**record, "corrects": {"publication_digest": "11" * 32}},
        "of a correction with a line end": {
            **record,
            "corrects": {"publication_digest": "11" * 32, "reason": "A\nmistake."},
        },
        "with another key": {**record, "extra": None},
    }.items():
        files = {**tree.files, RECORD: canonical_line(other)}
        yield tree.vector(f"a record {told}", files)
        if "reserves" in told or "correction" in told:
            yield tree.own_vector(f"a record {told}, for a customer", "alice", files=files)
    data = tree.files[RECORD]
    for told, text in {
        "with a space": data.replace(b":", b": ", 1),
        "without a line end": data[:-1],
        "that is a list": b"[]\n",
        "of nothing": b"",
        "that is not UTF-8": b'{"\xff":1}\n',
        "with a key twice": data[:-2] + b',"version":1}\n',
        "that is large": data[:-1] + b" " * (1 << 16) + b"\n",
    }.items():
        yield tree.vector(f"a record {told}", {**tree.files, RECORD: text})
    held = {"reserves.json": b"{}\n", "reserves-evidence.jsonl": b"\n"}
    named = sealed({**tree.files, **held, RECORD: canonical_line({**record, **reserves})}, tree.files[MANIFEST])
    yield tree.own_vector("a customer does not judge reserves", "alice", files=named, expected="accepted")
    without = {name: data for name, data in named.items() if name not in held}
    yield tree.own_vector("a customer needs no reserves", "alice", files=without, expected="accepted")
    other = {**named, "reserves.json": b"[]\n"}
    yield tree.own_vector(
        "reserves that are not those of the record", "alice", files=other, expected="publication-file"
    )
    beside = {**tree.files, **held}
    yield tree.own_vector("reserves that the record does not name", "alice", files=beside, expected="unlisted")


def _folders(tree: Audit, stark: Audit) -> Iterator[Vector]:
    for name in (RECORD, MANIFEST, "proof-0001.bin"):
        yield {**tree.vector(f"without {name}"), "edits": [missing(name)]}
    segment = InclusionFile.parse(tree.own["alice"], Policy()).segment
    for index in range(3):
        told = "the own proof" if index == segment else "the proof of others"
        yield {**tree.own_vector(f"without {told} {index}", "alice"), "edits": [missing(f"proof-{index:04d}.bin")]}
    for name, data in {
        "proof-0099.bin": b"",
        "proof-0003.bin": tree.files["proof-0000.bin"],
        "NOTES": b"",
        "Manifest.json": b"{}\n",
        "history.json": b"{}\n",
        "reserves.json": b"{}\n",
        "notes/manifest.json": b"{}\n",
        "notes/README": b"",
    }.items():
        yield tree.vector(f"with {name}", {**tree.files, name: data})
    proof = tree.files["proof-0001.bin"]
    for told, data in (
        ("changed", flipped(proof, 30)),
        ("shorter", proof[:-1]),
        ("longer", proof + b"\0"),
        ("empty", b""),
    ):
        yield tree.vector(f"a proof that is {told}", {**tree.files, "proof-0001.bin": data})
        other = {**tree.files, "proof-0001.bin": data}
        yield tree.vector(f"a proof that is {told} and named", fitting(other, tree.manifest))
    swapped = {**tree.files, "proof-0001.bin": tree.files["proof-0002.bin"]}
    yield tree.vector("a proof of another segment", fitting(swapped, tree.manifest))
    for name in (MANIFEST, "proof-0000.bin"):
        other_file = replaced_by(name, f"audits/{tree.name}/public/{name}")
        yield {**stark.vector(f"{name} of another audit"), "edits": [other_file]}
    record = replaced_by(RECORD, f"audits/{tree.name}/public/{RECORD}")
    yield {**stark.vector("the record of another audit"), "edits": [record]}


def _own_files(tree: Audit, stark: Audit) -> Iterator[Vector]:
    for audit in (tree, stark):
        data = audit.own["alice"]

        def read(audit: Audit = audit) -> None:
            InclusionFile.parse(audit.own["alice"], Policy())

        for told, after in tampered(data, _regions(read, data), bound=lambda region: None):
            if after != data:
                yield audit.own_vector(f"own file: {told}", "alice", after)
    inner = InclusionFile.parse(tree.own["alice"], Policy())
    for told, other in (
        ("another audit", InclusionFile("another", inner.manifest_digest, inner.segment, inner.inclusion)),
        ("another manifest", InclusionFile(inner.audit_id, bytes(32), inner.segment, inner.inclusion)),
        (
            "another segment",
            InclusionFile(inner.audit_id, inner.manifest_digest, (inner.segment + 1) % 3, inner.inclusion),
        ),
        ("no segment", InclusionFile(inner.audit_id, inner.manifest_digest, 3, inner.inclusion)),
        ("no payload", InclusionFile(inner.audit_id, inner.manifest_digest, inner.segment, b"")),
    ):
        yield tree.own_vector(f"an own file of {told}", "alice", other.to_bytes())
    yield tree.own_vector("the own file of another customer", "alice", tree.own["frank"], expected="inclusion-path")
    yield tree.own_vector("the own file of another audit", "alice", stark.own["alice"], expected="audit-id")


def _regions(read: Callable[[], object], data: bytes) -> list[Region]:
    return regions_of(read, data)


def _claims(tree: Audit) -> Iterator[Vector]:
    """Amounts as people type them: those that are what is owed, those that are not, and those that are no amounts."""
    for text in (
        "0.25", "0.250", "00.25", ".25", "+0.25", "0.25000000000", "0.2499999900001", "0.24999999", "0.2500000001",
        "0.25000001", "25", "0", "-0.25", "0,25", "2.5e-1", "1e400", "0x1", "¼", "٠.٢٥", "0.25 BTC", "",
        "1_0", "NaN", "Infinity", "184467440737.09551616", "99999999999999999999999999999999999999999999999999",
    ):  # fmt: skip
        yield tree.own_vector(f"alice types {text!r}", "alice", balances={"BTC": text})
    for told, balances in (
        ("what is zero as well", {"BTC": "0.25", "ETH": "0"}),
        ("small letters", {"btc": "0.25"}),
        ("both spellings", {"BTC": "0.25", "btc": "0.25"}),
        ("an asset that there is not", {"BTC": "0.25", "SOL": "1"}),
        ("an asset that was left out", {"BTC": "0.25", "DOGE": "3.25"}),
        ("another asset", {"ETH": "0.25"}),
        ("no asset", {"": "0.25"}),
    ):
        yield tree.own_vector(f"alice types {told}", "alice", balances=balances)
    for user in ("", "Alice", "alice ", "bob", "alíce"):
        yield tree.own_vector(f"alice's file for the user {user!r}", "alice", user=user)
    yield tree.own_vector("alice types a debt", "alice", debts={"BTC": "0.1"}, expected="segment-kind")
    yield tree.own_vector("alice types a debt of zero", "alice", debts={"BTC": "0"}, expected="accepted")
    yield tree.own_vector(
        "frank types a wei less", "frank", balances={"BTC": "20999999.9769", "ETH": "79228162514.264337593543950334"}
    )


def _two_wrongs(tree: Audit, stark: Audit) -> Iterator[Vector]:
    """Two things wrong at once, of which the reference says which is found first; and a claim of nothing."""
    short = {**stark.files, "proof-0000.bin": stark.files["proof-0000.bin"][:40]}
    for told, options, policy, expected in (
        ("an extension that the field has not", {"extension": 5}, "default", "public-spec"),
        ("target_bits beside queries", {"target_bits": 100, "queries": 60}, "default", "public-spec"),
        ("more blinding than leaves rows", {"blinding": 1023}, "default", "public-spec"),
        ("more blinding than a fifth of the rows", {"blinding": 300}, "default", "proof-size"),
        ("a hash that the policy does not allow", {}, {"hashes": ["poseidon"]}, "proof-size"),
    ):
        manifest = stark.manifest
        manifest["spec"]["backend"] |= options
        files = fitting(short, manifest)
        yield stark.vector(f"{told}, and a proof cut short", files, policy=policy, expected=expected)
    manifest = stark.manifest
    manifest["spec"]["backend"] |= {"blinding": 300}
    yield stark.vector(
        "options that do not fit, and a hash that the policy does not allow",
        fitting(stark.files, manifest),
        policy={"hashes": ["poseidon"]},
        expected="public-spec",
    )
    unstated = stark.manifest
    del unstated["spec"]["backend"]["arity"]
    files = fitting(short, unstated)
    yield stark.vector("an option left out, and a proof cut short", files, expected="public-spec")
    many = fitting(tree.files, changed(tree.manifest, ("created",)))
    yield tree.vector(
        "a key left out, and more segments than the policy allows",
        many,
        policy={**RELAXED, "max_segments": 2},
        expected="manifest-format",
    )
    renamed = changed(changed(tree.manifest, ("segments", 1, "file"), "proof-1.bin"), ("segments", 1, "sha256"))
    told = "a segment without a digest, and a proof of another name"
    yield tree.vector(told, sealed(tree.files, canonical_line(renamed)), expected="manifest-format")
    yield tree.own_vector("alice types nothing", "alice", balances={}, debts={}, expected="bad-input")


# Debts


def _debts(margin: Audit, tree: Audit) -> Iterator[Vector]:
    for audit in (margin, tree):
        own = audit.claims["carol"]
        for told, change in (
            ("a larger debt", {"debts": {"BTC": "0.10000001"}}),
            ("a smaller debt", {"debts": {"BTC": "0.09999999"}}),
            ("a debt with more decimals, rounded down", {"debts": {"BTC": "0.100000009"}}),
            ("no debt", {"debts": {}}),
            ("more equity", {"balances": {"USDT": "20000.000001"}}),
            ("less equity", {"balances": {"USDT": "19999.999999"}}),
            ("less equity than is pledged", {"balances": {"USDT": "9999"}}),
            ("less equity than covers the debt", {"balances": {"USDT": "20000"}, "debts": {"BTC": "0.2"}}),
            ("a debt in place of equity", {"balances": own["debts"], "debts": own["balances"]}),
        ):
            yield audit.own_vector(f"carol types {told}", "carol", **change)
        yield audit.own_vector("alice owes nothing and types a debt", "alice", debts={"BTC": "0.1"})
        yield audit.own_vector("carol's file for alice", "carol", **audit.claims["alice"])
        yield audit.own_vector("carol with alice's file", "carol", audit.own["alice"])
        yield from _pledges(audit)
    yield tree.vector("the policy for sum trees", policy="merkle-sum", expected="accepted")
    yield tree.vector("a policy by which debts must be covered", policy=RELAXED, expected="policy-debts-covered")
    yield margin.vector("the default policy", policy="default")
    issued = {**RELAXED, "net_equity": {"own_issued": ["USDT"]}}
    yield margin.vector("a policy that knows who issues a coin", policy=issued, expected="policy-own-issued")
    manifest = tree.manifest
    yield from _changed_values(tree, DEBT_CHANGES)
    # A price may be of the time at which proving began, where the policy does not mind.
    late = changed(manifest, ("net_equity", "prices", 1, "time"), CREATED)
    told, unminded = (
        f"net_equity.prices.1.time is {_short(CREATED)}",
        {"require_covered": False, "max_price_hours": None},
    )
    for more, files in (("", sealed(tree.files, canonical_line(late))), (", proved so", bound_anew(tree.files, late))):
        yield tree.vector(f"{told}{more}", files, policy={**RELAXED, "net_equity": unminded})
        yield tree.vector(f"{told}{more}, under a policy of the time of prices", files, expected="policy-price-times")
    for key in ("net_equity", "position_totals"):
        yield tree.vector(f"without {key}", sealed(tree.files, canonical_line(changed(manifest, (key,)))))
    for path, values in DEBT_CHANGES[:4]:
        other = changed(margin.manifest, path, values[0])
        yield margin.vector(f"{_path(path)} is {_short(values[0])}", sealed(margin.files, canonical_line(other)))


def _quote(**change: str) -> dict[str, str]:
    return {"asset": "BTC", "currency": "USD", "price": "91000", "source": "another", "time": SNAPSHOT, **change}


SLICES = ("spec", "net_equity", "collateral", 0, "slices")
DEBT_CHANGES: tuple[tuple[tuple[str | int, ...], tuple[Any, ...]], ...] = (
    (("net_equity", "prices", 1, "price"), ("95000", "0", "-1", "9e4", "091000", "1" * 60, "0.0000000000000000001")),
    (("net_equity", "margin_segments"), (0, 2, 3, -1)),
    (("net_equity", "positions", 1), ("BTC:loan", "BTC:other", "ETH:debt")),
    (("position_totals", 1), ("0", "9999999")),
    (("net_equity", "prices", 1, "time"), ("2025-11-01T06:00:01Z", "then")),
    (("net_equity", "prices", 1, "currency"), ("EUR", "usd")),
    (("net_equity", "prices", 1, "source"), ("another", "a third", "")),
    (("net_equity", "prices", 1, "asset"), ("ETH", "USDT")),
    (("net_equity", "prices"), ([], [_quote()])),
    (("net_equity", "underwater"), ({"accounts": 1, "equity": ["1", "0"], "debt": ["2", "0"]}, {"accounts": 0})),
    (("net_equity", "extra"), (1,)),
    ((*SLICES, 0, "ratio"), ("0.4", "1", "1.1", "-0.1", "0.90", "0")),
    ((*SLICES, 1, "ratio"), ("0.95", "0.9", "0")),
    ((*SLICES, 0, "width"), ("0", "-1", "0.000000001", "184467440737.09551616", None, "10.0")),
    ((*SLICES, 1, "width"), ("10",)),
    (SLICES, ([], [{"ratio": "0.5", "width": None}])),
    (("spec", "net_equity", "collateral", 0, "category"), ("equity", "debt", "margin", "")),
    (("spec", "net_equity", "collateral", 0, "asset"), ("ETH", "USDT")),
    (("spec", "net_equity", "collateral"), ([],)),
    (("spec", "net_equity", "own_issued"), (["USDT"], ["SOL"])),
    (("spec", "net_equity", "underwater"), ("leave-out", "ignore")),
    (("spec", "rule"), ("non-negative",)),
)


def _pledges(audit: Audit) -> Iterator[Vector]:
    """The container of an account's pledges."""
    outer = InclusionFile.parse(audit.own["carol"], Policy())
    inner = outer.inclusion

    def with_inner(data: bytes) -> bytes:
        return InclusionFile(outer.audit_id, outer.manifest_digest, outer.segment, data).to_bytes()

    def read() -> None:
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            for name, data in audit.files.items():
                (folder / name).write_bytes(data)
            (folder / OWN).write_bytes(audit.own["carol"])
            verify_inclusion(folder / OWN, folder, _claimed(audit.claims["carol"]), policy=policy_of(audit.policy))

    regions = _regions(read, inner)
    for told, after in tampered(inner, regions, bound=lambda region: None):
        if after != inner:
            yield audit.own_vector(f"carol's pledges: {told}", "carol", with_inner(after))


# Proofs


def _proofs(stark: Audit, margin: Audit) -> Iterator[Vector]:
    """Every part of the proofs, changed and named by the manifest and the record."""
    for audit, index, policy in ((stark, 0, stark.policy), (margin, 1, margin.policy)):
        name = f"proof-{index:04d}.bin"
        data = audit.files[name]

        def read(audit: Audit = audit) -> None:
            with tempfile.TemporaryDirectory() as temporary:
                for file, content in audit.files.items():
                    (Path(temporary) / file).write_bytes(content)
                verify(Path(temporary), policy=policy_of(audit.policy))

        regions = regions_of(read, data)
        changes = tampered(data, regions, bound=lambda region: None)
        for told, after in changes:
            if told.startswith("a late bit of"):
                other = fitting({**audit.files, name: after}, audit.manifest)
                yield audit.vector(f"the proof of segment {index}: {told}", other, policy=policy)
    for index, total in enumerate(margin.manifest["segments"][1]["totals"]):
        manifest = margin.manifest
        for by in (1, -1):
            lying = changed(manifest, ("segments", 1, "totals", index), str(int(total) + by))
            sums = [int(text) for text in lying["position_totals"]]
            sums[index] += by
            lying["position_totals"] = list(map(str, sums))
            # Of each asset there are equity, debt and one pledge, and its total is that of equity.
            if index % 3 == 0:
                own = lying["totals"]
                own[index // 3] = str(int(own[index // 3]) + by)
            position = manifest["net_equity"]["positions"][index]
            yield margin.vector(f"the total of {position} {by:+}", sealed(margin.files, canonical_line(lying)))
