"""Faults of plugins are called that, with kind, name, plugin and origin, and never polyproof's or the input's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
import pytest

from polyproof.commitment import VectorOpening
from polyproof.engine import Engine
from polyproof.errors import PluginFault
from polyproof.hash import Hash
from polyproof.hookspecs import Component
from polyproof.registry import Registry, default_registry
from polyproof.transcript import Transcript
from references.hashlib_hash import HashlibHash
from registry.offered import offering

ROWS = np.arange(3000 * 4, dtype=np.uint64).reshape(-1, 4)


def registry_with(cls: type[Any], kind: str = "hash") -> Registry:
    """A registry whose only component is of this class; its plugin is ``plugin0`` of ``dist0 (module0)``."""
    cls.__module__, cls.__qualname__ = __name__, f"made_{cls.__name__}"
    globals()[cls.__qualname__] = cls
    return offering(Component(kind, cls.name, "A faulty one", f"{__name__}:{cls.__qualname__}"))


def fault(call: Callable[[], Any]) -> str:
    with pytest.raises(PluginFault) as caught:
        call()
    assert caught.value.exit_status == 3
    message = str(caught.value)
    assert "plugin0 of dist0 (module0)" in message or "dist0 (module0)" in message
    assert "'faulty'" in message
    return message


class Faulty(HashlibHash):
    name = "faulty"


def hash_fault(cls: type[Hash], **stated: Any) -> str:
    for attribute, value in stated.items():
        setattr(cls, attribute, value)
    registry = registry_with(cls)
    return fault(lambda: registry.create("hash", "faulty").hash_rows(ROWS, "test"))


# Hashes


@pytest.mark.parametrize("bits", [4000, 129, 0, -1, 128.0, True, None, "128"])
def test_a_hash_cannot_claim_more_than_half_the_bits_of_its_digest(bits: object) -> None:
    class Boasting(Faulty):
        collision_bits: ClassVar[Any] = bits

    registry = registry_with(Boasting)
    assert f"collision_bits is {bits!r}" in fault(lambda: registry.get("hash", "faulty"))


@pytest.mark.parametrize("bound", [2**65, 2**23, 2.0**60, None])
def test_a_hash_cannot_state_an_impossible_bound_of_its_words(bound: object) -> None:
    class Unbounded(Faulty):
        word_bound: ClassVar[Any] = bound

    registry = registry_with(Unbounded)
    assert "word_bound is" in fault(lambda: registry.get("hash", "faulty"))


@pytest.mark.parametrize("words", [0, 5, 8, 4.0, None])
def test_the_words_of_a_digest_are_four_or_of_narrow_words_eight(words: object) -> None:
    class Sized(Faulty):
        digest_words: ClassVar[Any] = words

    registry = registry_with(Sized)
    assert "digest_words is" in fault(lambda: registry.get("hash", "faulty"))


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda digests: digests.astype(np.float64), "digests of type float64, expected uint64"),
        (lambda digests: digests.astype(np.int64), "digests of type int64"),
        (lambda digests: digests.tolist(), "digests of type list"),
        (lambda digests: None, "digests of type NoneType"),
        (lambda digests: digests[:, :3], "digests of shape (257, 3)"),
        (lambda digests: digests[:-1], "digests of shape (256, 4)"),
        (lambda digests: np.zeros_like(digests), "have the same digest"),
    ],
)
def test_digests_of_another_type_or_shape_are_refused(answer: Callable[[Any], Any], words: str) -> None:
    class Mistyped(Faulty):
        def hash_rows(self, rows: Any, domain: str) -> Any:
            return answer(super().hash_rows(rows, domain))

    assert words in hash_fault(Mistyped)


@pytest.mark.parametrize("limit", [20, 256, 1024, 2048])
def test_a_hash_that_is_wrong_in_large_batches_is_found_out(limit: int) -> None:
    class Batched(Faulty):
        def hash_rows(self, rows: Any, domain: str) -> Any:
            return super().hash_rows(rows, domain) ^ np.uint64(len(rows) > limit)

    assert "one digest in the batch and another alone" in hash_fault(Batched)


def test_so_is_one_that_compresses_large_batches_wrongly() -> None:
    class Batched(Faulty):
        def compress(self, left: Any, right: Any, domain: str) -> Any:
            return super().compress(left, right, domain) ^ np.uint64(len(left) > 1024)

    made = registry_with(Batched).create("hash", "faulty")
    assert "in the batch and another alone" in fault(lambda: made.compress(ROWS, ROWS, "test"))


def test_a_hash_whose_compress_is_another_function_is_refused() -> None:
    class Twisted(Faulty):
        def compress(self, left: Any, right: Any, domain: str) -> Any:
            return super().compress(right, left, domain)

    assert "compress differs from hash_rows" in hash_fault(Twisted)


def test_a_hash_that_confuses_matrices_is_refused() -> None:
    class Confused(Faulty):
        def hash_matrices(self, matrices: Any) -> Any:
            return super().hash_matrices([(rows, matrices[0][1]) for rows, _ in matrices])

    assert "hash_matrices differs from hash_rows of each matrix" in hash_fault(Confused)


@pytest.mark.parametrize("ignored", ["domain", "length"])
def test_a_hash_that_ignores_domain_or_length_is_refused(ignored: str) -> None:
    class Ignoring(Faulty):
        def hash_rows(self, rows: Any, domain: str) -> Any:
            if ignored == "length":
                rows = np.pad(rows, ((0, 0), (0, 16 - rows.shape[1] % 16)))
            return super().hash_rows(rows, "any" if ignored == "domain" else domain)

        def compress(self, left: Any, right: Any, domain: str) -> Any:
            return self.hash_rows(np.concatenate((left, right), axis=1), domain)

    assert "different rows, lengths or domains have the same digest" in hash_fault(Ignoring)


def test_a_hash_whose_engines_differ_is_refused() -> None:
    class Torn(Faulty):
        def hash_rows(self, rows: Any, domain: str) -> Any:
            return super().hash_rows(rows, domain + ("/c" if self.engine is Engine.COMPILED else ""))

    registry = registry_with(Torn)
    registry.create("hash", "faulty")
    assert "two engines" in fault(lambda: registry.create("hash", "faulty", engine=Engine.COMPILED))


@pytest.mark.parametrize("kind", [ZeroDivisionError, OSError, ImportError, AssertionError])
def test_a_hash_that_raises_is_named_with_its_error(kind: type[Exception]) -> None:
    class Raising(Faulty):
        def hash_rows(self, rows: Any, domain: str) -> Any:
            raise kind("boom")

    class Unmade(Faulty):
        def __init__(self, engine: Engine = Engine.PORTABLE) -> None:
            raise kind("boom")

    for cls in (Raising, Unmade):
        assert f"failed: {kind.__name__}: boom" in hash_fault(cls)


def test_a_constructor_of_other_arguments_is_the_plugins_fault() -> None:
    class Other(Faulty):
        def __init__(self) -> None:
            super().__init__()

    registry = registry_with(Other)
    assert "TypeError" in fault(lambda: registry.create("hash", "faulty", engine=Engine.COMPILED))


def test_built_in_components_pass() -> None:
    registry = default_registry()
    for kind in ("hash", "field"):
        for name in registry.names(kind):
            assert registry.create(kind, name).name == name
    assert registry.create("commitment", "merkle", registry.create("hash", "sha256"), leaf_domain="leaf")


# Fields

GOLDILOCKS = default_registry().get("field", "goldilocks")


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("modulus", 2**64 - 2**32 + 3),
        ("modulus", 2**61),
        ("modulus", 1),
        ("modulus", float(97)),
        ("modulus", 2**255 - 19),
        ("generator", 1),
        ("generator", 4),
        ("generator", 0),
        ("two_adicity", 31),
        ("two_adicity", 33),
        ("two_adicity", "32"),
        ("element_bytes", 4),
        ("element_bytes", 9),
        ("extension_degrees", [2, 3]),
        ("extension_degrees", (1,)),
        ("default_extension", 4),
        ("default_extension", None),
        ("default_hash", None),
    ],
)
def test_a_field_cannot_state_what_is_not_so(attribute: str, value: object) -> None:
    stated = type("Stated", (GOLDILOCKS,), {"name": "faulty", attribute: value})
    assert f"{attribute} is {value!r}" in fault(lambda: registry_with(stated, "field").get("field", "faulty"))


OPERATIONS = ("add", "subtract", "multiply", "inverse", "sum", "cumulative_sum", "powers")
TRANSFORMS = ("forward", "inverse_transform", "extend", "coset_lde", "decode")


@pytest.mark.parametrize("method", [*OPERATIONS, *TRANSFORMS])
def test_a_field_that_computes_wrongly_is_refused(method: str) -> None:
    def wrong(self: Any, *args: Any, **kwargs: Any) -> Any:
        found = np.array(getattr(GOLDILOCKS, method)(self, *args, **kwargs))
        found.reshape(-1)[-1] ^= np.uint64(1)
        return found

    cls = type("Wrong", (GOLDILOCKS,), {"name": "faulty", method: wrong})
    message = fault(lambda: registry_with(cls, "field").create("field", "faulty"))
    assert f"{method} returned a wrong result" in message or "failed" in message


def test_a_field_that_does_not_write_where_it_is_told_is_refused() -> None:
    def elsewhere(self: Any, values: Any, blowup: int, shift: int | None = None, out: Any = None) -> Any:
        return GOLDILOCKS.coset_lde(self, values, blowup, shift)

    def nowhere(self: Any, values: Any, blowup: int, shift: int | None = None) -> Any:
        return GOLDILOCKS.coset_lde(self, values, blowup, shift)

    for method, reason in ((elsewhere, "with out, returned a wrong result"), (nowhere, "unexpected keyword argument")):
        cls = type("Elsewhere", (GOLDILOCKS,), {"name": "faulty", "coset_lde": method})
        assert reason in fault(lambda cls=cls: registry_with(cls, "field").create("field", "faulty"))


@pytest.mark.parametrize("method", ["add", "forward", "powers"])
def test_a_field_that_computes_in_floats_is_refused(method: str) -> None:
    def floats(self: Any, *args: Any, **kwargs: Any) -> Any:
        return getattr(GOLDILOCKS, method)(self, *args, **kwargs).astype(np.float64)

    cls = type("Floats", (GOLDILOCKS,), {"name": "faulty", method: floats})
    message = fault(lambda: registry_with(cls, "field").create("field", "faulty"))
    assert f"{method} returned float64, expected uint64" in message


def test_a_field_whose_extension_is_another_is_refused() -> None:
    class Other(GOLDILOCKS):  # type: ignore[misc, valid-type]
        name = "faulty"

        def extension(self, degree: int) -> Any:
            made = super().extension(degree)
            made.nonresidue = 8  # a cube and, in this field, a square
            return made

    assert "is no field" in fault(lambda: registry_with(Other, "field").create("field", "faulty"))


# Vector commitments

MERKLE = default_registry().get("commitment", "merkle")


@pytest.mark.parametrize(
    ("method", "lie", "words"),
    [
        ("verify", lambda found: None, "accepts an opening of another root, row or place"),
        ("open", lambda found: [], "open returned list"),
        ("commit", lambda found: None, "its root is not uint64 words of a digest"),
        ("open", lambda found: VectorOpening(found.siblings[::-1]), "rejects an opening that it made"),
        ("hash_leaves_together", lambda found: found[:1], "hash_leaves_together differs from hash_leaves"),
        ("hash_leaves_together", lambda found: [found[0], found[0]], "hash_leaves_together differs from hash_leaves"),
    ],
)
def test_a_vector_commitment_that_accepts_or_returns_anything_is_refused(
    method: str, lie: Callable[[Any], Any], words: str
) -> None:
    def lying(self: Any, *args: Any) -> Any:
        if method == "verify":
            return None
        return lie(getattr(MERKLE, method)(self, *args))

    cls = type("Lying", (MERKLE,), {"name": "faulty", method: lying})
    hash = default_registry().create("hash", "sha256")
    registry = registry_with(cls, "commitment")
    assert words in fault(lambda: registry.create("commitment", "faulty", hash, leaf_domain="leaf"))


# Polynomial commitments

FRI = default_registry().get("commitment", "fri")


@pytest.mark.parametrize(
    ("methods", "words"),
    [
        ({"commit": lambda self, values: None}, "has no commitment"),
        ({"commit": lambda self, values: 1 // 0}, "failed: ZeroDivisionError"),
        ({"commit": lambda self, values: FRI.commit(self, values * 0 + np.uint64(7))}, "the same commitment"),
        ({"commit": lambda self, values: FRI.commit(self, np.resize(values, (64, 2)))}, "of another length"),
        ({"size": property(lambda self: 63, lambda self, value: None)}, "its size is 63"),
        ({"value_field": property(lambda self: 3, lambda self, value: None)}, "its value_field is 3"),
        ({"root_of_unity": property(lambda self: 1, lambda self, value: None)}, "is not of order 64"),
        ({"write_commitment": lambda self, one: one.tolist()}, "write_commitment returned list"),
        ({"read_commitment": lambda self, data, columns: np.arange(4, dtype=np.uint64)}, "written and read is another"),
    ],
)
def test_a_polynomial_commitment_that_commits_to_something_else_is_refused(methods: dict[str, Any], words: str) -> None:
    cls = type("Lying", (FRI,), {"name": "faulty", **methods})
    installed = default_registry()
    hash, field = installed.create("hash", "sha256"), installed.create("field", "goldilocks")
    tree = installed.create("commitment", "merkle", hash, leaf_domain="leaf")
    registry = registry_with(cls, "commitment")
    message = fault(lambda: registry.create("commitment", "faulty", field, hash, tree, size=64, queries=20))
    assert words in message


# Transcripts


@pytest.mark.parametrize("bound", [0, -1])
def test_a_bound_that_nothing_is_below_is_an_error_and_not_an_endless_draw(bound: int) -> None:
    transcript = Transcript(HashlibHash(), "test")
    with pytest.raises(ValueError, match="there is no integer"):
        transcript.draw_integers("challenge", 1, bound)
    assert transcript.draw_integers("challenge", 1, 2**64)[0] < 2**64


def test_what_changes_its_input_is_refused() -> None:
    """Everybody else goes on with what they gave it."""

    class Clearing(Faulty):
        def hash_rows(self, rows: Any, domain: str) -> Any:
            digests = super().hash_rows(rows, domain)
            rows[:] = 0
            return digests

    def clearing(self: Any, first: Any, second: Any) -> Any:
        found = GOLDILOCKS.add(self, first, second)
        second[:] = 0
        return found

    def committing(self: Any, rows: Any) -> Any:
        state = MERKLE.commit(self, rows)
        rows[:] = 0
        return state

    assert "it changes the rows that it is given" in hash_fault(Clearing)
    field = registry_with(type("Clearing", (GOLDILOCKS,), {"name": "faulty", "add": clearing}), "field")
    message = fault(lambda: field.create("field", "faulty"))
    assert "it changes the elements that it is given" in message or "subtract returned a wrong result" in message
    scheme = registry_with(type("Clearing", (MERKLE,), {"name": "faulty", "commit": committing}), "commitment")
    hash = default_registry().create("hash", "sha256")
    assert "changes the rows" in fault(lambda: scheme.create("commitment", "faulty", hash, leaf_domain="leaf"))
