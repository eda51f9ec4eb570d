"""Vectors of figures: options, assets and a length of trace, and the bits that follow from them.

docs/reference/protocol.md, section 12, and docs/reference/merkle-sum-tree.md say how. Whoever writes a verifier
compares its own with these. ``python tools/vector_figures.py > specs/vectors/figures.json`` writes them.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

from polyproof.constraints import ConstraintsChoice
from polyproof.engine import Engine
from polyproof.errors import OptionsError
from polyproof.model.assets import Asset
from polyproof.model.net_equity import AssetTerms, Category, Position, Slice, positions_of
from polyproof.registry import default_registry
from polyproof.security import FigureName, SecurityReport, bits_text
from polyproof_stark.configuration import Configuration
from polyproof_stark.options import StarkOptions
from vector_systems import of_terms

__all__ = ["figures"]

TWO = (Asset("BTC", 8, 64), Asset("USDT", 6, 64))
MANY = tuple(Asset(f"A{number}", 8, 64) for number in range(22))
WIDE = (Asset("ETH", 18, 96), Asset("SHIB", 18, 128), Asset("ONE", 0, 1))
TERMS = (
    AssetTerms(
        Asset("BTC", 8, 64),
        1_192_755_200,
        1_179_648_000,
        (
            Category("loan", (Slice(Fraction(9, 10), 10**9), Slice(Fraction(1, 2)))),
            Category("vip", (Slice(Fraction(1)),)),
        ),
    ),
    AssetTerms(Asset("ETH", 18, 96), 3_621, 3_620, (Category("loan", (Slice(Fraction(3, 4)),)),)),
    AssetTerms(Asset("HT", 8, 40), 524_288, 1, ()),
)
DEBTS = tuple(positions_of(TERMS))
HASHES = ("blake3", "sha256", "keccak256", "poseidon", "poseidon2", "rescue-prime-optimized")

_OTHER_OPTIONS: tuple[dict[str, Any], ...] = (
    {},
    {"profile": "small"},
    {"hash": "blake3", "arity": 4},
    {"hash": "sha256", "extension": 5},
    {"extension": 2},
    {"extension": 4},
)


def _cases() -> Iterator[tuple[Sequence[Asset], int, dict[str, Any]]]:
    """Assets, log2 of the rows, and the options that are not the defaults."""
    for hash in HASHES:
        yield TWO, 12, {"hash": hash, "limb_bits": 16}
    for log_rows in (10, 11, 13, 16, 17, 18, 19, 20, 22, 24):
        yield MANY, log_rows, {"limb_bits": 16}
        yield MANY, log_rows, {"limb_bits": 16, "profile": "small"}
        yield TWO, log_rows, {"limb_bits": 8}
    for limb_bits in range(4, 25, 4):
        yield MANY, 20, {"limb_bits": limb_bits}
        yield WIDE, 12, {"limb_bits": limb_bits}
    for blowup in (2, 4, 8, 16):
        for arity in (2, 4, 8, 16):
            yield TWO, 14, {"limb_bits": 11, "blowup": blowup, "arity": arity}
        for extension in (2, 3):
            yield MANY, 18, {"limb_bits": 16, "blowup": blowup, "extension": extension}
    for queries, grinding in ((1, 0), (1, 32), (20, 16), (60, 0), (83, 20), (124, 16), (200, 0), (400, 20), (1024, 0)):
        for log_rows in (14, 20):
            yield TWO, log_rows, {"limb_bits": 16, "queries": queries, "grinding": grinding}
    for target in (1, 40, 60, 80, 96, 100, 101, 110, 120, 127, 128):
        for log_rows in (12, 20):
            yield MANY, log_rows, {"limb_bits": 16, "target_bits": target}
        yield DEBTS, 14, {"limb_bits": 13, "target_bits": target, "blowup": 8}
    for blinding in (182, 183, 200, 1000, 13000):
        yield TWO, 16, {"limb_bits": 16, "blinding": blinding}
    for log_rows, limb_bits in ((10, 8), (12, 13), (14, 16), (20, 16), (20, 22)):
        for options in _OTHER_OPTIONS[:3]:
            yield DEBTS, log_rows, {"limb_bits": limb_bits, **options}
    for log_rows, limb_bits in ((10, 8), (12, 6), (14, 5)):
        for options in ({}, *_OTHER_OPTIONS[1:2], *_OTHER_OPTIONS[3:]):
            yield TWO, log_rows, {"field": "babybear", "limb_bits": limb_bits, **options}
    for target in (90, 100, 120, 123, 124):
        yield TWO, 12, {"field": "babybear", "limb_bits": 6, "target_bits": target}


def figures() -> list[dict[str, Any]]:
    """One for each case: what a spec states, the numbers that follow, the figures as they are shown."""
    return [*(_of_stark(*case) for case in _cases()), *(_of_sum_tree(hash) for hash in (*HASHES, "poseidon2-babybear"))]


def _of_stark(assets: Sequence[Asset], log_rows: int, given: dict[str, Any]) -> dict[str, Any]:
    """One whose options do not fit has the numbers and figures null."""
    debts = isinstance(assets[0], Position)
    stated: dict[str, Any] = {"field": "goldilocks", "segment_rows": 1 << 24, **given}
    babybear = stated["field"] == "babybear"
    stated = {"extension": 6 if babybear else 3, "hash": "poseidon2-babybear" if babybear else "poseidon", **stated}
    options = StarkOptions(**stated, constraints=ConstraintsChoice("margin-accounts" if debts else "accounts"))
    configuration = Configuration(options, default_registry())
    case = {
        "backend": {
            "name": "stark",
            **{
                name: getattr(options, name)
                for name in (
                    "arity", "blinding", "blowup", "commitment", "extension", "field", "grinding", "hash", "limb_bits",
                    "profile", "queries", "segment_rows", "target_bits",
                )
            },
            "constraints": options.constraints.name,
        },
        "assets": [{"symbol": one.symbol, "decimals": one.decimals, "bits": one.bits} for one in assets],
        "terms": [of_terms(one) for one in TERMS] if debts else None,
        "log_rows": log_rows,
    }  # fmt: skip
    try:
        p = configuration.parameters(tuple(assets), log_rows)
    except OptionsError:
        return {**case, "numbers": None, "figures": None}
    field = configuration.field(Engine.PORTABLE)
    _, compiled = configuration._compiled(tuple(assets), p, field.modulus)
    (lookup,) = compiled.lookups
    helpers = len(compiled.argument_columns) - 1
    numbers = {
        "queries": p.queries,
        "grinding": p.grinding,
        "blinding": p.blinding,
        "arities": list(p.folding.arities),
        "witness_columns": len(compiled.witness_columns),
        "looked_up": len(lookup.values),
        "tables": lookup.tables.count,
        "group": compiled.group_size,
        "helpers": helpers,
        "parts": len(compiled.publics),
        "constraints": len(compiled.constraints),
        "chunks": compiled.chunks(p.rows, p.blinding),
    }
    return {**case, "numbers": numbers, "figures": _shown(configuration.security(tuple(assets), p))}


def _of_sum_tree(hash: str) -> dict[str, Any]:
    backend = default_registry().get("backend", "merkle-sum")
    report = backend(backend.Options(hash=hash), default_registry()).security(TWO)
    return {"backend": {"name": "merkle-sum", "hash": hash}, "figures": _shown(report)}


def _shown(report: SecurityReport) -> dict[str, str | None]:
    """Each figure with one decimal, rounded down; null where it is not given and nothing stands for it."""
    found = {name: report.figure(name) for name in FigureName}
    return {name.value: None if figure is None else bits_text(figure.bits) for name, figure in found.items()}


if __name__ == "__main__":
    sys.stdout.write("[\n" + ",\n".join(json.dumps(case) for case in figures()) + "\n]\n")
