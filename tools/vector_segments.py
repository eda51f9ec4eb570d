"""Vectors of one segment: a statement, a proof of it, and the proof of inclusion of an account.

What a file holds where is noted while the verifier reads it, so that every part of it is tampered with, whatever parts
a format has.
"""

from __future__ import annotations

import struct
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext, suppress
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

from attrs import evolve, frozen

import polyproof_stark.prover as stark_prover
from polyproof.backend import Backend, Claim, InclusionVerdict, Statement
from polyproof.config.reader import component_options
from polyproof.constraints import ConstraintsChoice
from polyproof.errors import ProofRejected
from polyproof.liabilities.acceptance import Judge
from polyproof.model.accounts import Accounts
from polyproof.model.assets import Asset
from polyproof.model.net_equity import EQUITY, AssetTerms, Category, Slice, positions_of
from polyproof.progress import Progress
from polyproof.registry import default_registry
from polyproof.settings.policy import UNRESTRICTED
from polyproof.settings.spec import BackendChoice, PublicSpec, create_backend, spec_from_public
from polyproof.toolkit.binary import Reader
from polyproof_stark.prover import Prover
from vector_cheats import CHAIN_CHEATS, CHEATS, MARGIN_CHEATS, NOBODY, FoldsAnotherCodeword, ShowsMoreThanIsCounted
from vector_files import Vector, applied, distinct, numbers, splices
from vector_forging import changed
from vector_systems import in_slices, of_terms

__all__ = ["Segments", "of_segment", "segments"]

POLICY = evolve(UNRESTRICTED, max_segments=1 << 48)
"""No policy: how many queries are enough is not what these vectors are about."""
PROOF, PAYLOAD = "proof.bin", "payload.bin"
ASSETS = (Asset("BTC", 8, 64), Asset("ETH", 18, 40))
ACCOUNTS = (
    ("alice", (25_000_000, 0)),
    ("bob", ((1 << 64) - 1, (1 << 40) - 1)),
    ("carol", (0, 7)),
    ("müller@example.com", (1, 1)),
    ("", (3, 5)),
)
"""Ids of one byte and more, none of them in a file. An empty one is no customer's, but a backend has no rule for it."""
SMALL: Mapping[str, Any] = {
    "queries": 6,
    "grinding": 16,
    "extension": 2,
    "limb_bits": 8,
    "arity": 4,
    "segment_rows": 1024,
}
"""The smallest traces, and three layers on them; so few queries that a proof proves next to nothing. With 16 bits of
grinding what is changed before the queries fails there and not by chance later."""

MARGIN = ConstraintsChoice("margin-accounts")
TERMS = (
    AssetTerms(Asset("BTC", 2, 16), 650, 640, (in_slices("loan", (95, 300), (60, None)),)),
    AssetTerms(Asset("USD", 0, 8), 10, 10, (in_slices("loan", (80, None)),)),
)
LENT = (
    ("alice", (0x7840, 0, 0, 5, 0, 0)),
    ("carol", (900, 0, 400, 0, 200, 0)),
    ("dave", (0, 3, 0, 255, 0, 250)),
    ("bob", ((1 << 16) - 1, 0, (1 << 16) - 1, 255, 255, 0)),
)
"""Positions of accounts with debts: those of BTC, then those of USD, of each equity, debt and pledge."""


@frozen
class Segments:
    """The bases, as the file has them, the vectors, and the binary files by their path in the folder."""

    bases: dict[str, Any]
    vectors: list[Vector]
    files: dict[str, bytes]


@frozen
class Made:
    """A segment that was proved."""

    name: str
    choice: BackendChoice
    statement: Statement
    totals: tuple[int, ...]
    proof: bytes
    accounts: tuple[tuple[str, tuple[int, ...]], ...]
    payloads: Mapping[str, bytes]
    terms: tuple[AssetTerms, ...] | None = None
    """Where accounts may have debts: assets of the statement are then positions."""

    @property
    def stated(self) -> dict[str, Any]:
        """The statement, as the file has it."""
        return _stated(self.statement, self.choice, self.terms)

    def base(self) -> dict[str, Any]:
        """What the file says of it."""
        return {
            "statement": self.stated,
            "totals": list(map(str, self.totals)),
            "proof": f"segments/{self.name}/{PROOF}",
            "inclusions": {
                f"account {number}": {
                    "user": user,
                    "balances": list(map(str, dict(self.accounts)[user])),
                    "payload": f"segments/{self.name}/account-{number}.bin",
                }
                for number, user in enumerate(self.payloads)
            },
        }

    def files(self) -> dict[str, bytes]:
        """The files that the base names."""
        found = {f"segments/{self.name}/{PROOF}": self.proof}
        for number, payload in enumerate(self.payloads.values()):
            found[f"segments/{self.name}/account-{number}.bin"] = payload
        return found


def _stated(statement: Statement, choice: BackendChoice, terms: Sequence[AssetTerms] | None = None) -> dict[str, Any]:
    assets = [{"symbol": one.symbol, "decimals": one.decimals, "bits": one.bits} for one in statement.assets]
    stated = {
        "context": statement.context.hex(),
        "audit_id": statement.audit_id,
        "segment": str(statement.segment),
        "segments": str(statement.segments),
        "assets": assets,
        "backend": choice.plain(published=True),
    }
    return stated if terms is None else {**stated, "terms": [of_terms(one) for one in terms]}


def prove(
    name: str,
    backend: str,
    options: Mapping[str, Any],
    *,
    assets: Sequence[Asset] = ASSETS,
    accounts: Sequence[tuple[str, tuple[int, ...]]] = ACCOUNTS,
    users: Sequence[str] = ("alice", "müller@example.com"),
    prover: type[Prover] = Prover,
    audit_id: str = "vectors-2025-10-31",
    segment: tuple[int, int] = (0, 1),
    terms: tuple[AssetTerms, ...] | None = None,
) -> Made:
    """Prove accounts, and cut the payloads of some users. With ``terms`` balances are those of positions."""
    registry = default_registry()
    if terms is not None:
        assets, options = positions_of(terms), {**options, "constraints": MARGIN}
    lies = getattr(prover, "lies", nullcontext)
    made: Backend = registry.create(
        "backend", backend, component_options(registry, "backend", backend)(**options), registry
    )
    settled = made.settle(
        component_options(registry, "backend", backend)(**options), tuple(assets), len(accounts)
    ).options
    made = registry.create("backend", backend, settled, registry)
    statement = Statement(audit_id, bytes(range(32)), tuple(assets), *segment)
    with tempfile.TemporaryDirectory() as folder, patch.object(stark_prover, "Prover", prover):
        state = Path(folder)
        with lies():
            proved = made.prove(
                statement, Accounts.of(tuple(assets), list(accounts)), bytes(range(32)), state, Progress()
            )
        payloads = {user: made.open_inclusion(statement, proved.proof, state, user) for user in users}
    cut = {user: payload for user, payload in payloads.items() if payload is not None}
    choice = BackendChoice(backend, settled)
    return Made(name, choice, statement, proved.totals, proved.proof, tuple(accounts), cut, terms)


# Verdicts


def of_segment(folder: Path, content: Mapping[str, Any], vector: Vector) -> dict[str, Any]:
    """The verdict on a vector, by the backend as core asks it."""
    base = content["bases"][vector["base"]]
    stated = {**base["statement"], **vector.get("statement", {})}
    own = base["inclusions"].get(vector.get("inclusion"))
    files = {PROOF: (folder / base["proof"]).read_bytes()}
    if own is not None:
        files[PAYLOAD] = (folder / own["payload"]).read_bytes()
    files = applied(folder, files, vector.get("edits", ()))
    totals = numbers(vector.get("totals", base["totals"]))
    try:
        if own is None:
            _judge(_key(stated)).verify(_statement(_key(stated)), totals, files[PROOF])
        else:
            check = _checker(_key(stated), totals, files[PROOF])
            check(
                Claim(vector.get("user", own["user"]), numbers(vector.get("balances", own["balances"]))), files[PAYLOAD]
            )
    except ProofRejected as rejected:
        return {"verdict": "rejected", "check": rejected.check}
    return {"verdict": "accepted", "check": None}


def _key(value: Any) -> Any:
    """A JSON value as one that can be a key."""
    if isinstance(value, dict):
        return tuple((key, _key(item)) for key, item in value.items())
    return tuple(map(_key, value)) if isinstance(value, list) else value


Stated = tuple[tuple[str, Any], ...]


@lru_cache(maxsize=4)
def _spec(stated: Stated) -> PublicSpec:
    """The spec of assets without debts; of a segment with debts it is read for the options of the backend."""
    given = dict(stated)
    terms, backend = _terms(given), dict(given["backend"])
    assets = [dict(one) for one in given["assets"]]
    if terms is not None:
        assets = [{"symbol": one.asset.symbol, "decimals": 0, "bits": one.asset.bits} for one in terms]
        assert backend["constraints"] == MARGIN.name, "what else is of accounts with debts"
        backend["constraints"] = "accounts"
    public = {"polyproof": 1, "assets": assets, "rule": "non-negative", "backend": backend}
    return spec_from_public(public, default_registry())


def _terms(given: Mapping[str, Any]) -> tuple[AssetTerms, ...] | None:
    """The terms that are stated. What of ratios and prices matters to a proof are their products."""
    if given.get("terms") is None:
        return None
    found = []
    for one in map(dict, given["terms"]):
        price = int(one["price_up"])
        categories = []
        for category in map(dict, one["categories"]):
            slices = [(dict(part)["coefficient"], dict(part)["width"]) for part in category["slices"]]
            made = [Slice(Fraction(int(q), price), None if width is None else int(width)) for q, width in slices]
            categories.append(Category(category["name"], tuple(made)))
        decimals = next(
            dict(asset)["decimals"] for asset in given["assets"] if dict(asset)["symbol"] == f"{one['symbol']}:{EQUITY}"
        )
        found.append(AssetTerms(Asset(one["symbol"], decimals, one["bits"]), price, price, tuple(categories)))
    return tuple(found)


def _judge(stated: Stated) -> Judge:
    spec, registry = _spec(stated), default_registry()
    if _terms(dict(stated)) is None:
        return Judge(create_backend(spec, registry), spec.backend.options, POLICY)
    options = evolve(spec.backend.options, constraints=MARGIN)
    return Judge(BackendChoice(spec.backend.name, options).create(registry), options, POLICY)


def _statement(stated: Stated) -> Statement:
    given, context = dict(stated), bytes.fromhex(dict(stated)["context"])
    segment, segments = int(given["segment"]), int(given["segments"])
    terms = _terms(given)
    assets = tuple(_spec(stated).assets) if terms is None else positions_of(terms)
    return Statement(given["audit_id"], context, assets, segment, segments)


@lru_cache(maxsize=2)
def _checker(stated: Stated, totals: tuple[int, ...], proof: bytes) -> Callable[[Claim, bytes], InclusionVerdict]:
    """What checks claims on a segment, whose proof is verified once if the backend can."""
    return _judge(stated).inclusion_verifier(_statement(stated), totals, proof)


# What is where in a file


@frozen
class Region:
    """A part of a file, as its reader names it."""

    item: str
    start: int
    size: int


def regions_of(read: Callable[[], object], data: bytes) -> list[Region]:
    """The parts of a file, in order, found while ``read`` has it read."""
    found: list[Region] = []
    honest = Reader._take

    def take(self: Reader, count: int, item: str) -> bytes:
        if self._data == data:
            found.append(Region(item, self._position, count))
        return honest(self, count, item)

    with patch.object(Reader, "_take", take):
        read()
    return list({region.start: region for region in found if region.size}.values())


def flipped(data: bytes, at: int) -> bytes:
    """With the lowest bit of a byte changed: a word stays below every bound, or the place is a count."""
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def swapped(data: bytes, first: int, second: int, size: int) -> bytes:
    """With two pieces of the same size in each other's place."""
    one, other = data[first : first + size], data[second : second + size]
    middle = data[first + size : second]
    return data[:first] + other + middle + one + data[second + size :]


def tampered(
    data: bytes, regions: Sequence[Region], *, bound: Callable[[Region], tuple[int, int] | None]
) -> Iterator[tuple[str, bytes]]:
    """Every part changed at its beginning and end, what is not canonical, each part missing, and bytes too many.

    ``bound`` says of a part made of words which is the first number that none may be, and how many bytes a word has.
    """
    for region in regions:
        yield f"the first bit of {region.item} changed", flipped(data, region.start)
        if region.size > 8:
            yield f"a late bit of {region.item} changed", flipped(data, region.start + region.size - 8)
        if (limit := bound(region)) is not None:
            first, size = limit
            word = first.to_bytes(size, "little")
            yield f"{region.item} not canonical", data[: region.start] + word + data[region.start + size :]
        if region.item.startswith(("number of", "cosets of")):
            for told, by in (("one more", 1), ("one less", -1)):
                count = int.from_bytes(data[region.start : region.start + 8], "little") + by
                yield f"{region.item}: {told}", _put(data, region.start, count)
            yield f"{region.item}: far too many", _put(data, region.start, 1 << 63)
        if region.size >= 64 and _holds_digests(region):
            yield f"two digests of {region.item} swapped", swapped(data, region.start, region.start + 32, 32)
        if region.start:
            yield f"cut before {region.item}", data[: region.start]
    yield "one byte less", data[:-1]
    yield "one byte more", data + b"\0"
    yield "nothing", b""


def _holds_digests(region: Region) -> bool:
    named = region.item.startswith(("inclusion path", "pair path", "path of")) or "siblings" in region.item
    return named and not region.item.startswith("number")


def _put(data: bytes, at: int, value: int) -> bytes:
    return data[:at] + value.to_bytes(8, "little") + data[at + 8 :]


# The vectors


def segments(check: Callable[[Path, Mapping[str, Any], Vector], dict[str, Any]] = of_segment) -> Segments:
    """All of them, each with the verdict of the verifier in Python."""
    bases: dict[str, Any] = {}
    files: dict[str, bytes] = {}
    vectors: list[Vector] = []
    for made, own in _all():
        bases[made.name], files = made.base(), {**files, **made.files()}
        vectors += [{"base": made.name, **one} for one in own]
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for name, data in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)
        content = {"bases": bases}
        judged = []
        for one in vectors:
            expected = one.pop("expected", None)
            verdict = check(folder, content, one)
            if expected is not None and verdict["check"] not in expected:
                raise SystemExit(f"{one['base']}, {one['name']}: {verdict}, expected {expected}")
            judged.append({**one, **verdict})
    return Segments(bases, distinct(judged), files)


def _all() -> Iterator[tuple[Made, list[Vector]]]:
    registry = default_registry()
    for field in registry.names("field"):
        for hash in registry.names("hash"):
            bound = registry.get("hash", hash).word_bound
            modulus = registry.create("field", field).modulus
            if modulus > bound:
                continue
            main = (field, hash) == ("goldilocks", "blake3")
            extension = 2 if field == "goldilocks" else 4
            options = {**SMALL, "field": field, "hash": hash, "extension": extension}
            made = prove(f"stark-{field}-{hash}", "stark", options, segment=(2, 5) if main else (0, 1))
            yield made, list(_proof_vectors(made, bound, modulus, all_of_them=main))
    for name, options in {
        "stark-profile-small": {"profile": "small", "queries": 6, "hash": "blake3", "segment_rows": 1024},
        "stark-wide-tables": {**SMALL, "hash": "blake3", "limb_bits": 12, "blowup": 8, "arity": 16, "extension": 3},
        "stark-narrow-limbs": {**SMALL, "hash": "blake3", "limb_bits": 4, "arity": 2, "blowup": 4, "grinding": 0},
    }.items():
        wide = (Asset("A", 0, 128), Asset("B", 30, 1), Asset("C", 6, 65))
        accounts = (("alice", ((1 << 128) - 1, 1, 12)), ("bob", (5, 0, (1 << 65) - 1)))
        made = prove(name, "stark", options, assets=wide, accounts=accounts, users=("bob",))
        own = list(_proof_vectors(made, 1 << 64, 1 << 64, all_of_them=False))
        yield made, [*own, *(_other_queries(made) if made.choice.options.grinding == 0 else ())]
    for hash in registry.names("hash"):
        bound = registry.get("hash", hash).word_bound
        main = hash == "blake3"
        options = {"hash": hash, "min_depth": 3}
        made = prove(f"merkle-sum-{hash}", "merkle-sum", options, segment=(2, 5) if main else (0, 1))
        yield made, list(_proof_vectors(made, bound, bound, all_of_them=main))
    for number, (cheat, expected) in enumerate(CHEATS.items(), 1):
        made = prove(f"cheat-{number}", "stark", {**SMALL, "hash": "blake3"}, prover=cheat, users=())
        yield made, [{"name": _told(cheat), "expected": expected}, *_two_wrongs(made, cheat)]
    for number, (cheat, found_by) in enumerate(CHAIN_CHEATS.items(), 1):
        made = prove(f"chain-cheat-{number}", "stark", {**SMALL, "hash": "blake3"}, prover=cheat, users=("alice",))
        claim = dict(made.accounts)["alice"]
        shown = (claim[0] + (cheat is ShowsMoreThanIsCounted), *claim[1:])
        yield (
            made,
            [
                {"name": f"{_told(cheat)}: the proof of the sums", "expected": (None,)},
                {
                    "name": _told(cheat),
                    "inclusion": "account 0",
                    "balances": _texts(*shown),
                    "expected": (found_by,),
                },
                *_two_wrongs(made, cheat),
            ],
        )
    yield from _margin()


def _two_wrongs(made: Made, cheat: type[Prover]) -> Iterator[Vector]:
    """A cheat that changes a later layer as well: all roots are looked at before what layers must contain."""
    if cheat is FoldsAnotherCodeword:
        after = flipped(made.proof, _start(made, PROOF, "layer 1"))
        yield {
            "name": f"{_told(cheat)}, and a coset of layer 1 changed",
            "edits": splices(PROOF, made.proof, after),
            "expected": ("merkle-root",),
        }
    if cheat is ShowsMoreThanIsCounted:
        (user, payload), (claim, *others) = next(iter(made.payloads.items())), made.accounts[0][1]
        after = flipped(payload, _start(made, PAYLOAD, "chain layer 1", user))
        yield {
            "name": f"{_told(cheat)}, and a coset of chain layer 1 changed",
            "inclusion": "account 0",
            "balances": _texts(claim + 1, *others),
            "edits": splices(PAYLOAD, payload, after),
            "expected": ("merkle-root",),
        }


def _start(made: Made, file: str, item: str, user: str | None = None) -> int:
    """Where a part of a file begins, the proof being one that may be rejected once it is read."""
    data = made.proof if user is None else made.payloads[user]

    def read() -> None:
        _checker.cache_clear()
        with suppress(ProofRejected):
            check = _checker(_key(made.stated), made.totals, made.proof)
            if user is not None:
                check(Claim(user, dict(made.accounts)[user]), data)

    return next(region.start for region in regions_of(read, data) if region.item == item)


def _other_queries(made: Made) -> Iterator[Vector]:
    """Nonces that are as good, of a proof without grinding, under which other queries are drawn.

    Numbers of cosets are looked at before numbers of siblings, and both before roots.
    """
    at, stated = _start(made, PROOF, "grinding nonce"), _key(made.stated)
    wanted = ["coset-count", "merkle-siblings"]
    for nonce in range(1, 5000):
        after = _put(made.proof, at, nonce)
        try:
            _judge(stated).verify(made.statement, made.totals, after)
        except ProofRejected as rejected:
            if rejected.check in wanted:
                wanted.remove(rejected.check)
                edits = splices(PROOF, made.proof, after)
                yield {"name": f"another nonce: {rejected.check}", "edits": edits, "expected": (str(rejected.check),)}
        if not wanted:
            return


def _margin() -> Iterator[tuple[Made, list[Vector]]]:
    """A segment of accounts with debts, and organisations that lie about such accounts."""
    options = {**SMALL, "hash": "blake3"}
    made = prove("margin", "stark", options, accounts=LENT, users=("carol", "dave"), segment=(1, 3), terms=TERMS)
    yield made, [*_proof_vectors(made, 1 << 64, GOLDILOCKS, all_of_them=True), *_of_debts(made)]
    for number, (cheat, (positions, found_by)) in enumerate(MARGIN_CHEATS.items(), 1):
        accounts = (*LENT, (NOBODY, positions))
        made = prove(f"margin-cheat-{number}", "stark", options, accounts=accounts, users=(), prover=cheat, terms=TERMS)
        yield made, [{"name": _told(cheat), "expected": (found_by,)}]
    cheat, found_by = ShowsMoreThanIsCounted, CHAIN_CHEATS[ShowsMoreThanIsCounted]
    made = prove("margin-chain-cheat", "stark", options, accounts=LENT, users=("alice",), prover=cheat, terms=TERMS)
    shown = {"inclusion": "account 0", "balances": _texts(LENT[0][1][0] + 1, *LENT[0][1][1:])}
    yield (
        made,
        [
            {"name": f"{_told(cheat)}: the proof of the sums", "expected": (None,)},
            {"name": _told(cheat), **shown, "expected": (found_by,)},
        ],
    )


def _of_debts(made: Made) -> Iterator[Vector]:
    """Claims of borrowers, and the proof under other terms."""
    (carol, owned), of = LENT[1], {"inclusion": "account 0"}
    for told, change in (
        ("less debt", {4: -1}),
        ("more debt", {4: 1}),
        ("more pledged", {2: 1}),
        ("less pledged", {2: -1}),
        ("less equity than is pledged", {0: -501}),
        ("debts that are not covered", {1: 340}),
        ("a pledge of more bits than the asset has", {5: 256}),
    ):
        yield {"name": told, **of, "balances": _texts(*(n + change.get(k, 0) for k, n in enumerate(owned)))}
    payload = made.payloads[carol]
    uncovered = _texts(owned[0], 340, *owned[2:])
    yield {
        "name": "debts that are not covered, and a byte more",
        **of,
        "balances": uncovered,
        "edits": splices(PAYLOAD, payload, payload + b"\0"),
        "expected": ("trailing-bytes",),
    }
    yield {
        "name": "debts that are not covered, and a row of carries",
        **of,
        "balances": uncovered,
        "edits": splices(PAYLOAD, payload, _put(payload, 12, 1023)),
        "expected": ("balance-covered",),
    }
    terms = made.stated["terms"]
    for told, path, value in (
        ("a price up one more", (0, "price_up"), "651"),
        ("a price up one less", (1, "price_up"), "9"),
        ("a coefficient one less", (0, "categories", 0, "slices", 0, "coefficient"), "607"),
        ("the coefficient of an open slice one less", (1, "categories", 0, "slices", 0, "coefficient"), "7"),
        ("no haircut of a slice", (0, "categories", 0, "slices", 1, "coefficient"), "0"),
        ("a wider slice", (0, "categories", 0, "slices", 0, "width"), "301"),
        ("a narrower slice", (0, "categories", 0, "slices", 0, "width"), "299"),
        ("a slice too few", (0, "categories", 0, "slices"), terms[0]["categories"][0]["slices"][1:]),
    ):
        yield {"name": told, "statement": {"terms": changed({"": terms}, ("", *path), value)[""]}}
    told = "another name of a pledge"
    assets = made.stated["assets"]
    renamed = changed({"": terms}, ("", 1, "categories", 0, "name"), "vip")[""]
    yield {
        "name": told,
        "statement": {"terms": renamed, "assets": [*assets[:5], {**assets[5], "symbol": "USD:vip"}]},
    }


GOLDILOCKS = 2**64 - 2**32 + 1


def _told(cheat: type) -> str:
    """The first line of its docstring says what it does."""
    return (cheat.__doc__ or "").strip().partition("\n")[0].rstrip(".")


def _proof_vectors(made: Made, hash_bound: int, modulus: int, *, all_of_them: bool) -> Iterator[Vector]:
    """A proof and its payloads as they are, and with what can be done to them."""
    yield {"name": "as proved", "expected": (None,)}
    for number in range(len(made.payloads)):
        yield {"name": f"account {number} as cut", "inclusion": f"account {number}", "expected": (None,)}
    yield from _claims(made, all_of_them)
    if all_of_them:
        yield from _statements(made)
    stated = _key(made.stated)
    user = next(iter(made.payloads))
    claim = Claim(user, dict(made.accounts)[user])
    payload = made.payloads[user]

    def read() -> None:
        _checker.cache_clear()
        _checker(stated, made.totals, made.proof)(claim, payload)

    element = modulus if made.choice.name == "stark" else None
    for file, data, of in ((PROOF, made.proof, {}), (PAYLOAD, payload, {"inclusion": "account 0"})):
        regions = regions_of(read, data)
        changes = list(tampered(data, regions, bound=lambda region: _bound(region, hash_bound, element)))
        if made.choice.name == "stark":
            changes += _exchanged(made, file, data, {region.item: region for region in regions})
        if not all_of_them:
            changes = _some(changes)
        for told, after in changes:
            # With another nonce that is good as well other queries are drawn: what then fails first is chance.
            if after != data and not (told.endswith("grinding nonce changed") and made.choice.options.grinding == 0):
                yield {"name": told, **of, "edits": splices(file, data, after)}


def _exchanged(made: Made, file: str, data: bytes, regions: Mapping[str, Region]) -> Iterator[tuple[str, bytes]]:
    """Rows and cosets in each other's place, and rows that are no account's."""
    options, (log_rows,) = made.choice.options, struct.unpack_from("<Q", made.proof, 12)
    if file == PAYLOAD:
        rows, row = 1 << log_rows, regions["row"].start
        active = rows - (options.blinding or 2 * options.numbers.queries + 2 * options.extension)
        for told, number in (
            ("the last account's", active - 2),
            ("that of the carries", active - 1),
            ("the first of blinding", active),
            ("the last", rows - 1),
            ("the first that there is not", rows),
            ("far beyond", 1 << 63),
        ):
            yield f"a row that is {told}", _put(data, row, number)
        carries = _put(data, row, active - 1)
        yield "a row that is that of the carries, and a byte more", carries + b"\0"
        half = regions["pair coset"].size // 2
        yield (
            "halves of the pair coset swapped",
            swapped(data, regions["pair coset"].start, regions["pair coset"].start + half, half),
        )
        return
    for item in ("trace rows", "argument rows", "quotient rows"):
        size = regions[item].size // options.numbers.queries
        yield f"two of {item} swapped", swapped(data, regions[item].start, regions[item].start + size, size)
    size = 2 * regions["trace and inclusion root"].size // 4
    yield "trace and inclusion root swapped", swapped(data, 20, 20 + size, size)
    layer = regions["layer 0"]
    (count,) = struct.unpack_from("<Q", data, regions["cosets of layer 0"].start)
    size = layer.size // count
    yield "two cosets of layer 0 swapped", swapped(data, layer.start, layer.start + size, size)


ELEMENTS = ("openings", "rows", "final polynomial", "mask", "coset", "layer")
DIGESTS = ("root", "sibling", "path", "digest")
NUMBERS = ("number", "cosets", "length", "total", "the sum")


def _bound(region: Region, hash_bound: int, modulus: int | None) -> tuple[int, int] | None:
    """Below what the words of this part must be, and their size; None if they have none, or any number will do."""
    if region.item.startswith(NUMBERS):
        return None
    limit: int | None = None
    if any(word in region.item for word in DIGESTS):
        limit = hash_bound
    elif any(word in region.item for word in ELEMENTS):
        limit = modulus
    if limit is None or limit == 1 << 64:
        return None
    return limit, 4 if limit < 1 << 32 else 8


def _some(changes: Sequence[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
    """A few of them: what other hashes and fields make a difference to."""
    kept = [one for one in changes if one[0].endswith("not canonical")][:3]
    wanted = (
        *(f"a late bit of {item}" for item in ("openings", "trace rows", "quotient siblings", "layer 0", "root")),
        *(f"a late bit of {item}" for item in ("mask", "inclusion path", "pair coset", "digest of the sibling")),
        "the first bit of nonce",
        "the first bit of grinding nonce",
    )
    return [*kept, *(one for one in changes if one[0].startswith(wanted))]


def _claims(made: Made, all_of_them: bool) -> Iterator[Vector]:
    """What a user may claim who is not owed it."""
    users = list(made.payloads)
    for number, user in enumerate(users[:1]):
        balances, of = dict(made.accounts)[user], {"inclusion": f"account {number}"}
        yield {"name": "a unit more", **of, "balances": _texts(balances[0] + 1, *balances[1:])}
        yield {"name": "a unit less", **of, "balances": _texts(balances[0] - 1, *balances[1:])}
        yield {"name": "another user", **of, "user": f"{user} "}
        if not all_of_them:
            return
        yield {"name": "nothing owed", **of, "balances": _texts(*[0] * len(balances))}
        yield {"name": "a balance below zero", **of, "balances": _texts(-1, *balances[1:])}
        yield {
            "name": "a balance of more bits than the asset has",
            **of,
            "balances": _texts(balances[0] + (1 << made.statement.assets[0].bits), *balances[1:]),
        }
        yield {"name": "a balance too few", **of, "balances": _texts(*balances[:-1])}
        yield {"name": "a balance too many", **of, "balances": _texts(*balances, 0)}
        yield {"name": "balances in another order", **of, "balances": _texts(*reversed(balances))}
        yield {"name": "no user id", **of, "user": ""}
        yield {"name": "an id in capitals", **of, "user": user.upper()}
        other = splices(PAYLOAD, made.payloads[user], made.payloads[users[1]])
        yield {"name": "the payload of another account", **of, "edits": other}


def _texts(*values: int) -> list[str]:
    return list(map(str, values))


def _statements(made: Made) -> Iterator[Vector]:
    """A proof that is said to be of something else."""
    stated = made.stated
    assets, backend = stated["assets"], stated["backend"]
    changes: dict[str, dict[str, Any]] = {
        "another context": {"context": bytes(32).hex()},
        "another audit id": {"audit_id": f"{stated['audit_id']}x"},
        "another segment": {"segment": "1"},
        "another number of segments": {"segments": "6"},
        "another hash": {"backend": {**backend, "hash": "sha256"}},
    }
    if made.terms is None:
        changes |= {
            "an asset renamed": {"assets": [{**assets[0], "symbol": "XBT"}, assets[1]]},
            "assets in another order": {"assets": assets[::-1]},
            "an asset of more bits": {"assets": [assets[0], {**assets[1], "bits": 41}]},
        }
    counted = made.choice.name == "stark"
    if counted and made.terms is None:
        changes["an asset too few"] = {"assets": assets[:1]}
    if counted:
        for key, value in (
            ("queries", 5), ("queries", 7), ("grinding", 15), ("grinding", 17), ("blowup", 2), ("blowup", 8),
            ("arity", 2), ("extension", 3), ("limb_bits", 7), ("limb_bits", 16), ("blinding", 17),
            ("segment_rows", 2048), ("field", "babybear"), ("profile", "small"),
        ):  # fmt: skip
            changes[f"{key} {value}"] = {"backend": {**backend, key: value}}
    else:
        changes["a deeper tree"] = {"backend": {**backend, "min_depth": 4}}
        changes["fewer accounts in a segment"] = {"backend": {**backend, "min_depth": 0, "accounts_per_segment": 4}}
    for told, change in changes.items():
        yield {"name": told, "statement": change}
    totals = made.totals
    for told, stated_totals in (
        ("a total one less", (totals[0] - 1, *totals[1:])),
        ("a total one more", (*totals[:-1], totals[-1] + 1)),
        ("a total below zero", (-1, *totals[1:])),
        ("a total that no accounts have", (1 << 80, *totals[1:])),
        ("a total and the modulus", (totals[0] + (1 << 64) - (1 << 32) + 1, *totals[1:])),
        ("a total too few", totals[:-1]),
        ("a total too many", (*totals, 0)),
        ("no accounts", (0,) * len(totals)),
    ):
        yield {"name": told, "totals": _texts(*stated_totals)}
