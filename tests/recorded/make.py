"""Make a record of the polyproof that is installed: small public audits, and its verdicts on them and on edits of them.

    python tests/recorded/make.py tests/recorded/NAME

Everything comes from commands of polyproof. A record is made once, with the version or
format whose name it has, and never again: what it is for is that later versions must agree with it.
"""

from __future__ import annotations

import csv
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

from coincurve import PrivateKey
from Crypto.Hash import keccak
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from nacl.signing import SigningKey
from verdicts import judged, run_here

SMALL = "limb_bits: 8, segment_rows: 2048"
HASHES = ("blake3", "sha256", "keccak256", "poseidon", "poseidon2", "rescue-prime-optimized")
"""Of Goldilocks; over BabyBear there is the one that goes with it."""
AUDITS = {
    "merkle-sum": "merkle-sum",
    "merkle-sum-keccak256": "{name: merkle-sum, hash: keccak256, min_depth: 6, accounts_per_segment: 30}",
    "merkle-sum-declared": "merkle-sum",
    "grand-sum": "{name: grand-sum, hash: blake3, accounts_per_segment: 60}",
    **{f"stark-{hash}": f"{{name: stark, hash: {hash}, {SMALL}}}" for hash in HASHES},
    "stark-babybear": f"{{name: stark, field: babybear, {SMALL}}}",
}
EVERY_CHANGE = ("stark-blake3", "merkle-sum")
"""Audits on which every change is tried; on the others the one or two that a hash must notice."""
ACCOUNTS = {"merkle-sum-keccak256": 50}
DECLARING = "merkle-sum-declared"
"""The audit that declares, leaves an asset out, and has an auditor's statement beside it."""

SPEC = """\
polyproof: 1
name: {name}
organisation: Recorded Exchange
snapshot: 2025-10-31T00:00:00Z
assets:
  - {{symbol: BTC, decimals: 8}}
  - {{symbol: ETH, decimals: 18, bits: 96}}
backend: {backend}
accounts: {{path: accounts.csv}}
"""

DISCLOSURES = """\
disclosures:
  entity: {name: Recorded Exchange Ltd, jurisdiction: Malta}
  out_of_scope: [margin accounts]
  encumbered:
    - {asset: BTC, amount: "1.5", reason: pledged for a credit line}
  own_issued: []
"""
LEFT_OUT = ("DOGE", "3.25")
"""An asset that is left out, and what each account has of it."""
AUDITOR = "Recorded Audit LLP"
STATEMENT = "The totals agree with the ledger that we were shown."

MARGIN = "stark-margin"
"""The audit of accounts with debts."""
LENDING = """\
polyproof: 1
name: {name}
organisation: Recorded Exchange
snapshot: 2025-10-31T00:00:00Z
assets:
  - {{symbol: BTC, decimals: 8}}
  - {{symbol: USDT, decimals: 6}}
rule: net-equity
prices: prices.csv
net_equity:
  collateral:
    - {{asset: BTC, category: loan, slices: [{{ratio: "0.9", width: "10"}}, {{ratio: "0.5"}}]}}
    - {{asset: USDT, category: loan, slices: [{{ratio: "1"}}]}}
backend: {{name: stark, hash: blake3, {options}}}
accounts: {{path: accounts.csv}}
"""
PRICES = """\
asset,price,currency,source,time
BTC,90000,USD,one,2025-10-31T00:00:00Z
BTC,91000,USD,another,2025-10-31T00:00:00Z
USDT,1,USD,one,2025-10-31T00:00:00Z
"""
LENT = """\
account,BTC:equity,BTC:debt,BTC:loan,USDT:equity,USDT:debt,USDT:loan
alice,0.25,0,0,100,0,0
bob,1.5,0,1,0,50000,0
carol,0,0.1,0,20000,0,10000
dave,3,0,0,50000,0,0
"""

MONTH = """\
polyproof: 1
name: history
organisation: Recorded Exchange
snapshot: {snapshot}
assets:
  - {{symbol: ETH, decimals: 9}}
  - {{symbol: SOL, decimals: 9}}
backend: {backend}
accounts: {{path: accounts.csv}}
output: {{directory: .}}
reserves:
  sources: [{{name: native, path: wallets.jsonl}}]
  pins:
    - {{chain: ethereum, height: {height}, block: "0x{block}"}}
  balances: [{{name: replay, path: balances.jsonl}}]
  policy: {{balances: declared, messages: [challenge, constant]}}
"""
MONTHS = (
    # snapshot, block of Ethereum, backend, held of ETH and SOL, signed for this audit
    ("2025-10-31T00:00:00Z", 23_700_000, f"{{name: stark, hash: blake3, {SMALL}}}", ("12.5", "300.25"), True),
    ("2025-11-30T00:00:00Z", 23_900_000, "merkle-sum", ("10.75", "300.25"), False),
)
OWED = {"alice": ("10.000000001", "0"), "bob": ("0.5", "299.999999999")}

BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
SEED = sha256(b"wallet of a recorded exchange").digest()


DECLARED = "reserves: {balances: declared, messages: [challenge, constant]}\n"
ACCEPTED = f"polyproof-policy: 2\nmin_soundness_bits: null\nmin_soundness_2025_bits: null\n{DECLARED}"
INSECURE = """\
polyproof-policy: 2
backends: [grand-sum]
commitments: [kzg]
allow_trusted_setup: true
allow_insecure_setup: true
min_binding_bits: null
min_soundness_bits: null
min_soundness_2025_bits: null
min_inclusion_bits: null
min_inclusion_2025_bits: null
"""
"""What accepts the grand sum, whose set-up here is the one for development."""


def done(arguments: list[str], directory: Path, *, status: int = 0) -> dict[str, Any]:
    """What a command found that must end with ``status``. What it proves is for verifiers who accept sum trees."""
    if arguments[0] in ("prove", "audit"):
        insecure = "grand-sum" in (directory / "spec.yaml").read_text()
        (directory / "accepted.yaml").write_text(INSECURE if insecure else ACCEPTED)
        arguments = [*arguments, "--policy", "accepted.yaml"]
    ended, output = run_here([*arguments, "--json"], directory)
    if ended != status:
        raise SystemExit(f"polyproof {' '.join(arguments)} ended with {ended}: {output}")
    found: dict[str, Any] = json.loads(output)["result"]
    return found


# Audits of liabilities


def make_audit(name: str, backend: str, record: Path, work: Path) -> Iterator[dict[str, Any]]:
    """Prove, publish and cut one user's file; the cases of it."""
    folder = work / name
    folder.mkdir()
    spec = SPEC.format(name=name, backend=backend)
    (folder / "spec.yaml").write_text(spec)
    count = str(ACCOUNTS.get(name, 60))
    done(["sample", "--spec", "spec.yaml", "--accounts", count, "--out", "accounts.csv"], folder)
    if name == DECLARING:
        declare(folder, spec)
    proved = done(["prove", "spec.yaml", "--out", "audit"], folder)
    with (folder / "accounts.csv").open() as file:
        rows = list(csv.DictReader(file))
    user = next(row for row in rows if Decimal(row["BTC"]) and Decimal(row["ETH"]))
    done(["inclusion", "audit", "--user", user["account"], "--out", "inclusion.polyproof"], folder)
    if name == DECLARING:
        attest(folder)
    (record / name).mkdir()
    shutil.copytree(folder / "audit" / "public", record / name / "public")
    shutil.copy(folder / "inclusion.polyproof", record / name)
    balances = {symbol: user[symbol] for symbol in ("BTC", "ETH")}
    yield from audit_cases(name, record, proved["publication_digest"], user["account"], balances)
    if name == DECLARING:
        yield from declared_cases(name, record)


def declare(folder: Path, spec: str) -> None:
    """Have a spec declare, and leave out an asset that its accounts now have."""
    symbol, held = LEFT_OUT
    header, *rows = (folder / "accounts.csv").read_text().splitlines()
    lines = [f"{header},{symbol}", *(f"{row},{held}" for row in rows)]
    (folder / "accounts.csv").write_text("\n".join(lines) + "\n")
    accounts = "accounts: {path: accounts.csv"
    assert accounts in spec
    (folder / "spec.yaml").write_text(spec.replace(accounts, f"{accounts}, leave_out: [{symbol}]") + DISCLOSURES)


def attest(folder: Path) -> None:
    """Have the auditor sign a statement about an audit."""
    pem = Ed25519PrivateKey.from_private_bytes(SEED).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "auditor.pem").write_bytes(pem)
    (folder / "statement.txt").write_text(STATEMENT)
    done(["attest", "audit", "--statement", "statement.txt", "--signer", AUDITOR, "--key", "auditor.pem"], folder)


def auditor_key() -> str:
    """The public key of the auditor."""
    return bytes(SigningKey(SEED).verify_key).hex()


def declared_cases(name: str, record: Path) -> Iterator[dict[str, Any]]:
    """What is declared, left out and stated about an audit, as it was published and changed."""
    verify = ["verify", f"{name}/public"]
    attested = [*verify, "--policy", "attested.yaml"]
    manifest, publication = f"{name}/public/manifest.json", f"{name}/public/publication.json"
    statements = f"{name}/public/attestation.json"
    left_out = (Decimal(LEFT_OUT[1]) * ACCOUNTS.get(name, 60)).normalize()

    yield case(f"{name} verifies where its auditor's statement is required", attested)
    edit = replace(statements, STATEMENT, STATEMENT.replace("agree", "disagree"))
    yield case(f"{name} is rejected with the required statement changed", attested, edit)
    yield case(f"{name} verifies with its statement changed where none is required", verify, edit)
    yield case(f"{name} is rejected without the required statement", attested, {"kind": "remove", "file": statements})
    for told, old, new in (
        ("its entity changed", "Recorded Exchange Ltd", "Recorded Exchange Inc"),
        ("a product no longer out of scope", '"margin accounts"', ""),
        ("less encumbered", '"amount":"1.5"', '"amount":"0.5"'),
        ("less left out", f'"{left_out:f}"', f'"{left_out - 1:f}"'),
    ):
        yield case(f"{name} is rejected with {told}", verify, replace(manifest, old, new, rehash=publication))


def audit_cases(name: str, record: Path, digest: str, user: str, balances: dict[str, str]) -> Iterator[dict[str, Any]]:
    """An audit as it was published, and with every kind of change."""
    insecure = ["--policy", "insecure.yaml"] if name == "grand-sum" else []
    verify = ["verify", f"{name}/public", *insecure]
    proof, own = f"{name}/public/proof-0000.bin", f"{name}/inclusion.polyproof"
    manifest, publication = f"{name}/public/manifest.json", f"{name}/public/publication.json"
    bound = (manifest, publication)
    size = (record / proof).stat().st_size

    def typed(who: str, held: dict[str, str]) -> list[str]:
        given = [part for symbol, amount in held.items() for part in ("--balance", f"{symbol}={amount}")]
        return ["verify-inclusion", own, "--audit", f"{name}/public", "--user", who, *given, *insecure]

    yield case(f"{name} verifies", verify)
    yield case(f"{name} is rejected with its middle byte changed", verify, flip(proof, size // 2, *bound))
    yield case(f"{name} includes its user", typed(user, balances))
    more = {**balances, "BTC": str(Decimal(balances["BTC"]) + Decimal("0.00000001"))}
    yield case(f"{name} does not include a user with another balance", typed(user, more))
    if insecure:
        yield case(f"{name} is rejected by the default policy", verify[:2])
    if name not in EVERY_CHANGE:
        return
    yield case(f"{name} verifies with its digest", [*verify, "--digest", digest])
    yield case(f"{name} is rejected under another digest", [*verify, "--digest", "00" * 32])
    yield case(f"{name} is rejected by a stricter policy", [*verify, "--policy", "strict.yaml"])
    for offset in (0, 40, size // 4, 3 * size // 4, size - 1):
        edit = flip(proof, offset, *bound)
        yield case(f"{name} is rejected with byte {offset} of its proof changed", verify, edit)
    yield case(f"{name} is rejected with another proof than its manifest has", verify, flip(proof, 40))
    yield case(f"{name} is rejected with its proof cut short", verify, {"kind": "cut", "file": proof})
    yield case(f"{name} is rejected with a byte after its proof", verify, {"kind": "add", "file": proof})
    missing = {"kind": "remove", "file": proof}
    yield case(f"{name} is refused without its proof", verify, missing)

    text = (record / manifest).read_text()
    # The audit's own totals stand last in the file; with one segment, the segment's are the same.
    totals = text[text.rindex('"totals":[') : text.rindex(',"version"')]
    raised = totals.replace('["', '["1', 1)
    edit = replace(manifest, f"{totals},", f"{raised},", rehash=publication)
    yield case(f"{name} is rejected with its sum raised", verify, edit)
    if text.count(totals) == 2:
        edit = replace(manifest, totals, raised, 2, rehash=publication)
        yield case(f"{name} is rejected with its sum and its segment's raised", verify, edit)
    edit = replace(manifest, '"Recorded Exchange"', '"Another Exchange"', rehash=publication)
    yield case(f"{name} is rejected in another's name", verify, edit)
    edit = replace(manifest, '"2025-10-31T00:00:00Z"', '"2025-09-30T00:00:00Z"', rehash=publication)
    yield case(f"{name} is rejected with another snapshot", verify, edit)
    edit = replace(manifest, '"Recorded Exchange"', '"Another Exchange"')
    yield case(f"{name} is rejected with a manifest that its record does not name", verify, edit)
    yield case(f"{name} is rejected without its record", verify, {"kind": "remove", "file": publication})
    edit = {"kind": "new", "file": f"{name}/public/proof-0099.bin"}
    yield case(f"{name} is rejected with a proof that nothing names", verify, edit)
    edit = {"kind": "new", "file": f"{name}/public/NOTES"}
    yield case(f"{name} verifies beside a file that is no part of it", verify, edit)

    yield case(f"{name} does not include a user with a balance left out", typed(user, {"BTC": balances["BTC"]}))
    yield case(f"{name} does not include another user", typed(f"{user}x", balances))
    yield case(
        f"{name} does not include its user by a stricter policy", [*typed(user, balances), "--policy", "strict.yaml"]
    )
    size = (record / own).stat().st_size
    for offset in (0, size // 2, size - 1):
        told = f"{name} does not include its user with byte {offset} of the file changed"
        yield case(told, typed(user, balances), flip(own, offset))
    other = "merkle-sum" if name != "merkle-sum" else "stark-blake3"
    edit = {"kind": "copy", "file": own, "source": f"{other}/inclusion.polyproof"}
    yield case(f"{name} does not include its user by the file of {other}", typed(user, balances), edit)


def flip(file: str, offset: int, *rehash: str) -> dict[str, Any]:
    """The edit that changes the lowest bit of a byte, and then the digests in these files."""
    return {"kind": "flip", "file": file, "offset": offset, "rehash": list(rehash)}


def replace(file: str, old: str, new: str, count: int = 1, *, rehash: str | None = None) -> dict[str, Any]:
    """The edit that puts a text in place of another, which is there so many times, and then its digest in a file."""
    edit = {"kind": "replace", "file": file, "old": old, "new": new, "count": count}
    return {**edit, "rehash": [rehash]} if rehash else edit


def case(name: str, arguments: list[str], edit: dict[str, Any] | None = None) -> dict[str, Any]:
    """One case, its verdict not yet asked."""
    return {"name": name, "arguments": arguments, "edit": edit}


def make_margin(record: Path, work: Path) -> Iterator[dict[str, Any]]:
    """An audit of accounts with debts: prove, publish, and cut the file of a user who owes."""
    folder = work / MARGIN
    folder.mkdir()
    (folder / "spec.yaml").write_text(LENDING.format(name=MARGIN, options=SMALL))
    (folder / "prices.csv").write_text(PRICES)
    (folder / "accounts.csv").write_text(LENT)
    done(["prove", "spec.yaml", "--out", "audit"], folder)
    (record / MARGIN).mkdir()
    shutil.copytree(folder / "audit" / "public", record / MARGIN / "public")
    for user in ("alice", "carol"):
        done(["inclusion", "audit", "--user", user, "--out", f"{user}.polyproof"], folder)
        shutil.copy(folder / f"{user}.polyproof", record / MARGIN)
    (record / "prices.csv").write_text(PRICES)
    (record / "prices.yaml").write_text("polyproof-policy: 2\nnet_equity: {prices: prices.csv, own_issued: [USDT]}\n")
    yield from margin_cases()


def margin_cases() -> Iterator[dict[str, Any]]:
    """The same as it was published, and changed."""
    name, verify = MARGIN, ["verify", f"{MARGIN}/public"]
    manifest, publication = f"{name}/public/manifest.json", f"{name}/public/publication.json"

    def typed(user: str, *amounts: str) -> list[str]:
        return ["verify-inclusion", f"{name}/{user}.polyproof", "--audit", f"{name}/public", "--user", user, *amounts]

    carol, owing = ("--balance", "USDT=20000"), ("--debt", "BTC=0.1")
    yield case(f"{name} verifies", verify)
    yield case(f"{name} verifies by prices of one's own", [*verify, "--prices", "prices.csv", "--tolerance", "2%"])
    yield case(f"{name} is refused where its collateral is its own coin", [*verify, "--policy", "prices.yaml"])
    for index in (0, 1):
        told = f"{name} is rejected with a byte of the proof of segment {index} changed"
        yield case(told, verify, flip(f"{name}/public/proof-000{index}.bin", 40_000, manifest, publication))
    for told, old, new in (
        ("a better price of collateral", '"price":"90000"', '"price":"99000"'),
        ("a price of zero", '"price":"1"', '"price":"0"'),
        ("a source of prices changed", '"source":"another"', '"source":"anything"'),
        ("debts as accounts without", '"margin_segments":1', '"margin_segments":0'),
        ("a position renamed", '"BTC:loan"', '"BTC:debt"'),
    ):
        yield case(f"{name} is rejected with {told}", verify, replace(manifest, old, new, rehash=publication))
    yield case(f"{name} includes a user who owes", typed("carol", *carol, *owing))
    yield case(
        f"{name} includes a user who owes nothing", typed("alice", "--balance", "BTC=0.25", "--balance", "USDT=100")
    )
    yield case(f"{name} does not include a user who owes less", typed("carol", *carol, "--debt", "BTC=0.09"))
    yield case(f"{name} does not include a user who has more", typed("carol", "--balance", "USDT=20001", *owing))
    yield case(f"{name} has no debt of a user who owes nothing", typed("alice", "--balance", "BTC=0.25", *owing))
    edit = flip(f"{name}/carol.polyproof", 200)
    yield case(f"{name} does not include its user by a changed file", typed("carol", *carol, *owing), edit)


# A published history with reserves


def make_history(record: Path, work: Path) -> Iterator[dict[str, Any]]:
    """Two months, published: the first signed for this audit where a block is pinned, the second at an unknown time."""
    folder = work / "history"
    folder.mkdir()
    lines = [f"{user},{eth},{sol}" for user, (eth, sol) in OWED.items()]
    (folder / "accounts.csv").write_text("\n".join(["account,ETH,SOL", *lines]) + "\n")
    digests = []
    for number, (snapshot, height, backend, held, challenged) in enumerate(MONTHS, 1):
        block = sha256(str(height).encode()).hexdigest()
        spec = MONTH.format(backend=backend, snapshot=snapshot, height=height, block=block)
        (folder / "spec.yaml").write_text(spec)
        (folder / "balances.jsonl").write_text(answers(height, block, held[0]))
        out, audit_id = f"month-{number}", f"history-{number}"
        previous = ["--previous", f"published/audits/history-{number - 1}"] if number > 1 else []
        wallets(folder, held, {})
        done(["prove", "spec.yaml", "--out", out, "--audit-id", audit_id, *previous], folder)
        if challenged:
            # Of Solana no block is pinned, so its wallet signs a text that could be of any time.
            asked = ["challenge", "spec.yaml", "--audit", out, "--chain", "ethereum", "--address", evm_address()]
            messages = {"ethereum": done(asked, folder)["message"]}
            wallets(folder, held, messages)
        ended = done(["audit", "spec.yaml", "--proved", out, "--yes"], folder)
        digests.append(ended["publication_digest"])
        done(["inclusion", out, "--user", "bob", "--out", f"bob-{number}.polyproof"], folder)
    published = record / "history"
    # The report is written anew from what verifies; it is not part of what is judged.
    (published / "audits").mkdir(parents=True)
    shutil.copy(folder / "published" / "history.json", published)
    for number in range(1, len(MONTHS) + 1):
        shutil.copytree(folder / f"published/audits/history-{number}", published / f"audits/history-{number}")
        shutil.copy(folder / f"bob-{number}.polyproof", record)
    yield from history_cases(record, digests)


def history_cases(record: Path, digests: list[str]) -> Iterator[dict[str, Any]]:
    """The history as it was published, and with every kind of change."""
    verify, index = ["verify", "history", "--policy", "declared.yaml"], "history/history.json"
    yield case("history verifies", verify)
    yield case("history verifies with its first digest", [*verify, "--digest", digests[0]])
    yield case("history verifies with its last digest", [*verify, "--digest", digests[1]])
    yield case("history is rejected under another digest", [*verify, "--digest", "11" * 32])
    yield case(
        "history is rejected by a policy that requires coverage", ["verify", "history", "--policy", "covered.yaml"]
    )
    for number in (1, 2):
        folder = f"history/audits/history-{number}"
        yield case(f"month {number} verifies alone", ["verify", folder, "--policy", "declared.yaml"])
        balances = ["--balance", f"ETH={OWED['bob'][0]}", "--balance", f"SOL={OWED['bob'][1]}"]
        included = ["verify-inclusion", f"bob-{number}.polyproof", "--audit", folder, "--user", "bob"]
        yield case(f"month {number} includes its user", [*included, *balances])
        yield case(f"month {number} does not include its user with less", [*included, *balances[:2]])
        bound = (f"{folder}/publication.json", index)
        published = (record / folder / "reserves.json").read_text()
        # A digit stays a digit when its lowest bit changes.
        edit = flip(f"{folder}/reserves.json", published.index('"counted":"') + len('"counted":"'), *bound)
        yield case(f"history is rejected with the reserves of month {number} changed", verify, edit)
        evidence = (record / folder / "reserves-evidence.jsonl").read_text()
        at = evidence.index('"signatures":["') + len('"signatures":["') + 6
        edit = flip(f"{folder}/reserves-evidence.jsonl", len(evidence[:at].encode()), f"{folder}/reserves.json", *bound)
        yield case(f"history is rejected with a signature of month {number} changed", verify, edit)
        edit = {"kind": "cut", "file": f"{folder}/proof-0000.bin"}
        yield case(f"history is rejected with the proof of month {number} cut short", verify, edit)
        edit = {"kind": "remove", "file": f"{folder}/publication.json"}
        yield case(f"history is rejected without month {number}", verify, edit)
        edit = {"kind": "remove", "file": f"{folder}/manifest.json"}
        yield case(f"history is rejected without the manifest of month {number}", verify, edit)
        edit = {"kind": "remove", "file": f"{folder}/reserves.json"}
        yield case(f"history is rejected without the reserves of month {number}", verify, edit)
    edit = {
        "kind": "copy",
        "file": "history/audits/history-2/manifest.json",
        "source": "history/audits/history-1/manifest.json",
    }
    yield case("history is rejected with a month in place of another", verify, edit)


def answers(height: int, block: str, held: str) -> str:
    """What a node said of the wallet, in the format of ``polyproof reserves --record``."""
    record = {
        "address": evm_address(),
        "asset": "ETH",
        "block": f"0x{block}",
        "chain": "ethereum",
        "held": held,
        "height": height,
        "token": "",
    }
    lines = [json.dumps(one, sort_keys=True, separators=(",", ":")) for one in ({"polyproof-balances": 1}, record)]
    return "\n".join(lines) + "\n"


def wallets(folder: Path, held: tuple[str, str], messages: dict[str, str]) -> None:
    """The reserve file: one wallet on each chain, signing its challenge, or a text that could be of any time."""
    lines: list[dict[str, Any]] = [{"polyproof-holdings": 1}]
    for asset, chain, amount, address, sign in (
        ("ETH", "ethereum", held[0], evm_address(), evm_sign),
        ("SOL", "solana", held[1], solana_address(), solana_sign),
    ):
        message = messages.get(chain, "I am a recorded address")
        row = {"asset": asset, "chain": chain, "address": address, "amount": amount, "message": message}
        lines.append({**row, "signatures": [sign(message)]})
    (folder / "wallets.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def keccak256(data: bytes) -> bytes:
    """Keccak-256 as Ethereum has it."""
    return keccak.new(digest_bits=256, data=data).digest()


def evm_address() -> str:
    """An address of Ethereum."""
    return "0x" + keccak256(PrivateKey(SEED).public_key.format(compressed=False)[1:])[12:].hex()


def evm_sign(message: str) -> str:
    """EIP-191."""
    text = message.encode()
    digest = keccak256(b"\x19Ethereum Signed Message:\n%d%s" % (len(text), text))
    signed = PrivateKey(SEED).sign_recoverable(digest, hasher=None)
    return "0x" + (signed[:64] + bytes([signed[64] + 27])).hex()


def solana_address() -> str:
    """A public key of Ed25519 in Base58."""
    return base58(SigningKey(SEED).verify_key.encode())


def solana_sign(message: str) -> str:
    """Ed25519 of the text itself."""
    return base58(SigningKey(SEED).sign(message.encode()).signature)


def base58(data: bytes) -> str:
    """Base58, without a checksum."""
    value, text = int.from_bytes(data), ""
    while value:
        value, digit = divmod(value, 58)
        text = BASE58[digit] + text
    return BASE58[0] * (len(data) - len(data.lstrip(b"\0"))) + text


def main() -> None:
    """Make the record."""
    record = Path(sys.argv[1])
    record.mkdir()
    (record / "insecure.yaml").write_text(INSECURE)
    (record / "strict.yaml").write_text("polyproof-policy: 2\nmin_binding_bits: 200\n")
    (record / "declared.yaml").write_text(f"polyproof-policy: 2\n{DECLARED}")
    (record / "covered.yaml").write_text(f"polyproof-policy: 2\n{DECLARED}".replace("{", '{least_ratio: "1.2", '))
    believed = f"attestations: {{believe: [{{name: {AUDITOR}, key: {auditor_key()}}}], require: [{AUDITOR}]}}\n"
    (record / "attested.yaml").write_text(f"polyproof-policy: 2\n{believed}")
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        cases = [found for name, backend in AUDITS.items() for found in make_audit(name, backend, record, work)]
        cases += make_margin(record, work)
        cases += make_history(record, work)
        for number, one in enumerate(cases):
            one["verdict"] = judged(run_here, record, work / f"case-{number}", one)
            shutil.rmtree(work / f"case-{number}")
    made_by = done(["version"], Path.cwd())
    expected = {"made_by": {key: made_by[key] for key in sorted(made_by)}, "cases": cases}
    (record / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")
    for one in cases:
        verdict = one["verdict"]
        print(verdict["status"], verdict.get("check") or verdict.get("type") or "", "-", one["name"])


if __name__ == "__main__":
    main()
