"""Measures components through their interfaces alone, so that every registered one can be measured.

Each operation is run once to warm up (and to compile, where there is something to compile) and then several times;
the medians are reported beside the first, in seconds that passed and in seconds of CPU. The second kind counts the work
of all threads and is the steadier one on a machine that others use. Inputs are random and the same for every component
of a kind.
"""

from __future__ import annotations

import math
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from attrs import frozen

from polyproof.backend import Backend, Claim, Statement
from polyproof.cli.bench.results import Measurement, NotMeasured
from polyproof.cli.security_view import figures_line
from polyproof.commitment import VectorCommitment
from polyproof.config.reader import component_options
from polyproof.engine import Engine
from polyproof.errors import PolyproofError
from polyproof.field import Field
from polyproof.hash import Hash
from polyproof.model.accounts import Accounts, Identifiers
from polyproof.model.assets import Asset
from polyproof.model.counts import counted
from polyproof.plugin_faults import RAISED, reason_of
from polyproof.progress import Progress
from polyproof.registry import Registry
from polyproof.settings.settled import capacity_of

__all__ = ["MEASURED_KINDS", "Load", "measure"]

MEASURED_KINDS = ("field", "hash", "commitment", "backend")

_TRANSFORM_COLUMNS = 8
_ASSETS = 22
_OPENINGS = 64
_PORTABLE_SHARE = 16
"""The portable engines are for verifiers, whose batches are small: they get a workload smaller by this factor."""
_LEAST_SECONDS = 0.001
"""What takes less is repeated within a run until it takes this long, so that neither clock is too coarse for it."""


@frozen
class Load:
    """How much each operation has to do, and how often."""

    rows: int
    columns: int
    """Words in a row that is hashed."""
    runs: int
    """Runs after the first, at least one."""


def measure(
    registry: Registry, kinds: tuple[str, ...], names: tuple[str, ...], load: Load, progress: Progress
) -> Iterator[Measurement | NotMeasured]:
    """Measure every registered component of the given kinds; ``names`` selects among them, empty means all."""
    chosen = [(kind, name) for kind in kinds for name in registry.names(kind) if not names or name in names]
    measures = {"field": _fields, "hash": _hashes, "commitment": _commitments, "backend": _backends}
    with progress.task("measure", len(chosen)) as task:
        for kind, name in chosen:
            try:
                for engine, operation, items, unit, run, *note in measures[kind](registry, name, load):
                    seconds = (*_seconds(run, load.runs), load.runs)
                    yield Measurement(kind, name, engine, operation, items, unit, *seconds, "".join(note) or None)
            except RAISED as error:
                yield NotMeasured(kind, name, reason_of(error))
            task.advance()


_Run = tuple[str, str, int, str, Callable[[], Any]] | tuple[str, str, int, str, Callable[[], Any], str]
"""Engine, operation, items, unit, what to time, and a note on it."""


def _seconds(run: Callable[[], Any], runs: int) -> tuple[float, float, float]:
    """Seconds of the first run, then the medians of ``runs`` more: seconds that passed, seconds of CPU."""

    def timed(repeats: int) -> tuple[float, float]:
        start, cpu = time.perf_counter(), time.process_time()
        for _ in range(repeats):
            run()
        return (time.perf_counter() - start) / repeats, (time.process_time() - cpu) / repeats

    first, _ = timed(1)
    counted = [timed(1)]
    repeats = math.ceil(_LEAST_SECONDS / max(counted[0][0], 1e-7))
    if repeats > 1:
        counted = []
    counted += [timed(repeats) for _ in range(runs - len(counted))]
    passed, worked = zip(*counted, strict=True)
    return first, statistics.median(passed), statistics.median(worked)


def _random(shape: tuple[int, ...], bound: int) -> np.ndarray[Any, np.dtype[np.uint64]]:
    return np.random.default_rng(1).integers(0, bound - 1, shape, np.uint64, endpoint=True)


def _engines(rows: int) -> Iterator[tuple[Engine, int]]:
    yield Engine.COMPILED, rows
    yield Engine.PORTABLE, max(rows // _PORTABLE_SHARE, 16)


def _fields(registry: Registry, name: str, load: Load) -> Iterator[_Run]:
    for engine, count in _engines(load.rows):
        field: Field = registry.create("field", name, engine=engine)
        a, b = (_random((count,), field.modulus) for _ in range(2))
        a[a == 0] = 1
        matrix = _random((count, _TRANSFORM_COLUMNS), field.modulus)
        yield engine.value, "add", count, "element", partial(field.add, a, b)
        yield engine.value, "multiply", count, "element", partial(field.multiply, a, b)
        yield engine.value, "inverse", count, "element", partial(field.inverse, a)
        yield engine.value, "forward transform", matrix.size, "element", partial(field.forward, matrix)
        yield engine.value, "inverse transform", matrix.size, "element", partial(field.inverse_transform, matrix)
        yield engine.value, "low-degree extension ×4", matrix.size, "element", partial(field.coset_lde, matrix, 4)
        for degree in field.extension_degrees:
            x, y = (_random((count, degree), field.modulus) for _ in range(2))
            multiply = partial(field.extension(degree).multiply, x, y)
            yield engine.value, f"multiply, degree {degree}", count, "element", multiply


def _hashes(registry: Registry, name: str, load: Load) -> Iterator[_Run]:
    for engine, count in _engines(load.rows):
        chosen: Hash = registry.create("hash", name, engine=engine)
        matrix = _random((count, load.columns), chosen.word_bound)
        left, right = (_random((count, chosen.digest_words), chosen.word_bound) for _ in range(2))
        messages = [os.urandom(32) for _ in range(count)]
        of_rows, of_one = (partial(chosen.hash_rows, rows, "bench") for rows in (matrix, matrix[:1]))
        yield engine.value, f"rows of {counted(load.columns, 'word')}", count, "digest", of_rows
        yield engine.value, f"one row of {counted(load.columns, 'word')}", 1, "digest", of_one
        yield engine.value, "pairs of digests", count, "digest", partial(chosen.compress, left, right, "bench")
        yield engine.value, "messages of 32 bytes", count, "digest", partial(chosen.hash_messages, messages, "bench")


def _commitments(registry: Registry, name: str, load: Load) -> Iterator[_Run]:
    scheme: Any = registry.get("commitment", name)
    if not issubclass(scheme, VectorCommitment):
        raise PolyproofError("polynomial commitments are measured within the backend that uses them")
    rows = 1 << (load.rows - 1).bit_length()
    for hash_name in registry.names("hash"):
        prover: VectorCommitment = scheme(registry.create("hash", hash_name, engine=Engine.COMPILED))
        verifier: VectorCommitment = scheme(registry.create("hash", hash_name, engine=Engine.PORTABLE))
        matrix = _random((rows, load.columns), registry.get("hash", hash_name).word_bound)
        yield "compiled", f"commit, {hash_name}", rows, "row", partial(prover.commit, matrix)
        state = prover.commit(matrix)
        indices = list(range(0, rows, max(rows // _OPENINGS, 1)))
        check = partial(
            verifier.verify,
            state.root,
            rows,
            indices,
            verifier.hash_leaves(matrix[indices]),
            prover.open(state, indices),
        )
        yield "portable", f"verify {counted(len(indices), 'opening')}, {hash_name}", len(indices), "row", check


def _backends(registry: Registry, name: str, load: Load) -> Iterator[_Run]:
    options = component_options(registry, "backend", name)()
    backend: Backend = registry.create("backend", name, options, registry)
    assets = tuple(Asset(f"A{k}", 8) for k in range(_ASSETS))
    count = min(load.rows, capacity_of(backend, assets))
    backend = registry.create("backend", name, backend.settle(options, assets, count).options, registry)
    accounts = Accounts(
        assets, Identifiers.of(f"user-{row}" for row in range(count)), _random((count, len(assets)), 1 << 48)
    )
    statement = Statement("bench", bytes(32), assets, 0, 1)
    key = os.urandom(32)
    with tempfile.TemporaryDirectory(prefix="polyproof-bench-") as temporary:
        attempts = iter(range(1 << 30))

        def prove() -> Any:
            state = Path(temporary, str(next(attempts)))
            state.mkdir(mode=0o700)
            return state, backend.prove(statement, accounts, key, state, Progress())

        yield "compiled", f"prove × {counted(len(assets), 'asset')}", count, "account", prove
        state, proved = prove()
        check = partial(backend.verify, statement, proved.totals, proved.proof)
        # Speed says nothing without what it buys: two settings are compared at the bits that they give.
        figures = figures_line(backend.security_of(statement, proved.proof))
        yield "portable", "verify", 1, "proof", check, f"{counted(len(proved.proof), 'byte')}; {figures}"
        user = accounts.ids[count // 2]
        cut = partial(backend.open_inclusion, statement, proved.proof, state, user)
        inclusion = cut()
        if inclusion is None:
            raise PolyproofError("it does not find an account that it proved")
        yield "portable", "open inclusion", 1, "file", cut, counted(len(inclusion), "byte")
        claim = Claim(user, accounts.balances(count // 2))
        check_claim = partial(backend.verify_inclusion, statement, proved.totals, proved.proof, claim, inclusion)
        yield "portable", "verify inclusion", 1, "claim", check_claim
