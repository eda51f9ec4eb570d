"""What the registry checks of a component, so that one that is wrong is named before anything rests on it.

Three kinds of check, each where it is cheap. What a class *states* about itself (a modulus, bits of collision
resistance) is checked whenever the class is asked for. What it *computes* is tried out once a process, on a few rows
and elements, against plain integers or against itself. And every batch of digests is looked at when it *arrives*: its
type, its shape, and, if it is large, two of its rows again, alone. The conformance suites of ``polyproof.testing`` test
far more; this is for components that nobody ran them on.
"""

from __future__ import annotations

import random
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from attrs import asdict

from polyproof.backend import Backend, BackendProperties
from polyproof.commitment import PolynomialCommitment, ValueField, VectorCommitment, VectorOpening
from polyproof.config.options import shown
from polyproof.engine import Engine
from polyproof.errors import FieldError, PluginFault, PolyproofError, ProofRejected
from polyproof.field import Elements, Extension, Field
from polyproof.hash import DIGEST_BYTES, Hash, Words
from polyproof.plugin_faults import asking, blame, fault

__all__ = ["check_properties", "check_stated", "guarded", "try_out"]

_BATCH = 257
"""Rows of a smoke test, and the number from which rows of a real batch are hashed again."""
_DOMAIN = "first-use"
_SMALL = 1 << 12
"""Values of a column up to which a polynomial commitment is tried: a larger one would cost as much as its use."""
_guards: dict[type[Any], type[Any]] = {}
_tried: set[tuple[Any, ...]] = set()


# What a class states


def check_stated(kind: str, cls: type[Any]) -> None:
    """Raise ``PluginFault`` for a class that states what cannot be so, or states it in a type that nobody can read."""
    match kind:
        case "hash":
            _check_hash(cls)
        case "field":
            _check_field(cls)
        case "backend":
            stated = getattr(cls, "properties", None)
            # Stated by the class, or by each instance where they depend on its options.
            _require(cls, isinstance(stated, (BackendProperties, property)), f"properties is {shown(stated)}")
        case "ownership":
            _check_texts(cls, "chains", (frozenset, set, tuple))
        case "ledger":
            _check_texts(cls, "suffixes", (tuple,))
            _require(cls, type(cls.base_units) is bool, f"base_units is {shown(cls.base_units)}, expected a bool")
        case "source":
            _check_source(cls)
        case "anchor":
            suffix = getattr(cls, "suffix", None)
            sound = isinstance(suffix, str) and re.fullmatch(r"[a-z0-9]{1,8}", suffix) is not None
            _require(cls, sound, f"suffix is {shown(suffix)}, expected 1 to 8 lower-case letters and digits")


def check_properties(backend: Backend) -> None:
    """Raise ``PluginFault`` unless what a backend with these options says that it proves is of the stated types."""
    with asking(backend, "while stating what it proves"):
        stated = backend.properties
    _require(backend, isinstance(stated, BackendProperties), f"properties is {shown(stated)}")
    for name, value in asdict(stated, recurse=False).items():
        if name in ("non_negativity", "inexact_totals", "hides_balances"):
            sound, kind = isinstance(value, str), "a text"
        elif name == "hides_sums":
            sound, kind = value is None or type(value) is bool, "a bool or None"
        elif name in ("proves", "hides", "leaks", "remaining_trust"):
            sound, kind = isinstance(value, tuple) and all(isinstance(item, str) for item in value), "a tuple of texts"
        else:
            sound, kind = type(value) is bool, "a bool"
        _require(backend, sound, f"{name} of its properties is {shown(value)}, expected {kind}")


def _check_texts(cls: type[Any], attribute: str, kinds: Any) -> None:
    found: Any = getattr(cls, attribute, None)
    sound = isinstance(found, kinds) and all(isinstance(item, str) for item in found)
    _require(cls, sound, f"{attribute} is {shown(found)}, expected a {kinds[0].__name__} of texts")


def _check_source(cls: type[Any]) -> None:
    # Loaded, since the class derives from it; imported here it would close a circle through the registry.
    interface = sys.modules["polyproof.source"]
    options = getattr(cls, "Options", None)
    files = isinstance(options, type) and issubclass(options, interface.FileOptions)
    _require(cls, files, "its Options do not derive from polyproof.source:FileOptions")
    coins = isinstance(cls.coins, Sequence) and all(isinstance(coin, interface.Coin) for coin in cls.coins)
    _require(cls, coins, "coins is not a sequence of Coin")
    networks = isinstance(cls.networks, Mapping) and all(isinstance(name, str) for name in cls.networks.values())
    _require(cls, networks, "networks is not a mapping of texts to texts")


def _check_hash(cls: type[Hash]) -> None:
    bound, bits = getattr(cls, "word_bound", None), getattr(cls, "collision_bits", None)
    if type(bound) is not int or not 2**24 <= bound <= 2**64:
        raise fault(cls, f"word_bound is {bound!r}, expected an integer from 2^24 to 2^64")
    words = getattr(cls, "digest_words", None)
    if words not in (4, 8) or type(words) is not int or (bound - 1).bit_length() > 8 * DIGEST_BYTES // words:
        raise fault(cls, f"digest_words is {words!r}, expected 4, or 8 for words below 2^32: a digest is 32 bytes")
    # By the birthday bound: a digest of b bits collides after about 2^(b/2) attempts, whatever the hash.
    most = words * (bound - 1).bit_length() // 2
    if type(bits) is not int or not 0 < bits <= most:
        raise fault(
            cls, f"collision_bits is {bits!r}, and a digest of {2 * most} bits has from 1 to {most}: half of them"
        )


def _check_field(cls: type[Field]) -> None:
    p = getattr(cls, "modulus", None)
    if type(p) is not int or not 2 < p < 2**64 or not _is_prime(p):
        raise fault(cls, f"modulus is {p!r}, expected a prime below 2^64")
    g, s = getattr(cls, "generator", None), getattr(cls, "two_adicity", None)
    if type(s) is not int or s < 1 or (p - 1) % (1 << s) or (p - 1 >> s) % 2 == 0:
        raise fault(cls, f"two_adicity is {s!r}, expected the largest s for which 2^s divides p − 1")
    if type(g) is not int or not 0 < g < p or pow(g, (p - 1) // 2, p) == 1:
        raise fault(cls, f"generator is {g!r}, which generates at most half of the multiplicative group")
    size, degrees = getattr(cls, "element_bytes", None), getattr(cls, "extension_degrees", None)
    if type(size) is not int or not p.bit_length() <= 8 * size <= 64:
        raise fault(cls, f"element_bytes is {size!r}, and an element has {p.bit_length()} bits")
    if not isinstance(degrees, tuple) or not all(type(degree) is int and degree > 1 for degree in degrees):
        raise fault(cls, f"extension_degrees is {degrees!r}, expected a tuple of integers from 2 on")
    usual, hash = getattr(cls, "default_extension", None), getattr(cls, "default_hash", None)
    if usual not in degrees:
        raise fault(cls, f"default_extension is {usual!r}, expected one of extension_degrees, {degrees}")
    if not isinstance(hash, str) or not hash:
        raise fault(cls, f"default_hash is {hash!r}, expected the name of a hash")


def _is_prime(n: int) -> bool:
    """Miller and Rabin's test, which is exact below 3.3·10^24 with these bases (Sorenson and Webster 2015)."""
    bases = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41)
    if n < 2 or any(n % base == 0 for base in bases):
        return n in bases
    odd, twos = n - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for base in bases:
        power = pow(base, odd, n)
        if power in (1, n - 1):
            continue
        for _ in range(twos - 1):
            power = power * power % n
            if power == n - 1:
                break
        else:
            return False
    return True


# What arrives


def guarded(cls: type[Any]) -> type[Any]:
    """The class to make a component of: that of a hash checks each batch of digests, others are as they are."""
    if issubclass(cls, Hash):
        return _guards.get(cls) or _guards.setdefault(cls, _guard(cls))
    return cls


def _guard(cls: type[Any]) -> type[Any]:
    class Guarded(cls):  # type: ignore[misc]
        def hash_rows(self, rows: Words, domain: str) -> Words:
            hash = super().hash_rows
            return _arrived(self, _asked(self, hash, rows, domain), len(rows), lambda at: hash(rows[at], domain))

        def hash_matrices(self, matrices: Sequence[tuple[Words, str]]) -> list[Words]:
            found, hash = _asked(self, super().hash_matrices, matrices), super().hash_rows
            if not isinstance(found, list) or len(found) != len(matrices):
                raise fault(cls, f"it returned no list of the digests of {len(matrices)} matrices")
            pairs = zip(found, matrices, strict=True)
            return [_arrived(self, digests, len(one[0]), partial(_part, hash, *one)) for digests, one in pairs]

        def compress(self, left: Words, right: Words, domain: str) -> Words:
            hash = super().compress
            found = _asked(self, hash, left, right, domain)
            return _arrived(self, found, len(left), lambda at: hash(left[at], right[at], domain))

    for attribute in ("__name__", "__qualname__", "__module__", "__doc__"):
        setattr(Guarded, attribute, getattr(cls, attribute))
    return Guarded


def _asked(hash: Hash, call: Callable[..., Any], *arguments: Any) -> Any:
    """What a hash returns. What it raises is no bad input, no proof that does not verify, and no end of the process."""
    try:
        return call(*arguments)
    except (PolyproofError, SystemExit) as error:
        raise blame(error, of=hash) or error from error


def _part(hash: Callable[[Words, str], Any], rows: Words, domain: str, at: slice) -> Any:
    return hash(rows[at], domain)


def _arrived(hash: Hash, digests: Any, count: int, again: Callable[[slice], Any]) -> Words:
    """The digests, if they are ``count`` of them. Raises ``PluginFault``."""
    if not isinstance(digests, np.ndarray) or digests.dtype != np.uint64:
        kind = digests.dtype if isinstance(digests, np.ndarray) else type(digests).__name__
        raise fault(hash, f"it returned digests of type {kind}, expected uint64")
    if digests.shape != (count, hash.digest_words):
        raise fault(hash, f"it returned digests of shape {digests.shape}, expected {(count, hash.digest_words)}")
    if hash.word_bound < 2**64 and bool((digests >= np.uint64(hash.word_bound)).any()):
        raise fault(hash, f"it returned a word that is not below its word_bound, {hash.word_bound}")
    if count > _BATCH:
        for row in (random.randrange(count), count - 1):
            if not np.array_equal(again(slice(row, row + 1)), digests[row : row + 1]):
                raise fault(hash, f"row {row} of {count} has one digest in the batch and another alone")
    return digests


# What is computed


def try_out(component: Any) -> None:
    """Try a component that has just been made, once a process for its class and engine. Raises ``PluginFault``."""
    trial: Callable[[Any], None]
    if isinstance(component, Hash):
        trial = _try_hash
    elif isinstance(component, Field):
        trial = _try_field
    elif isinstance(component, VectorCommitment):
        trial = _try_vector_commitment
    elif isinstance(component, PolynomialCommitment):
        trial = _try_polynomial_commitment
    else:
        return
    key = (type(component), getattr(component, "engine", None))
    if key in _tried:
        return
    try:
        trial(component)
    except PluginFault:
        raise
    except Exception as error:
        found = blame(error, of=component)
        if found is None:
            raise
        raise found from error
    _tried.add(key)


def _require(component: object, holds: bool, how: str) -> None:
    if not holds:
        raise fault(component, how)


def _try_hash(hash: Hash) -> None:
    half = hash.digest_words
    rows = np.random.default_rng(1).integers(0, hash.word_bound - 1, (_BATCH, 2 * half), np.uint64)
    given = rows.copy()
    digests = hash.hash_rows(rows, _DOMAIN)
    _require(hash, np.array_equal(rows, given), "it changes the rows that it is given")
    alone = (0, 1, 100, _BATCH - 1)
    for row in alone:
        same = np.array_equal(hash.hash_rows(rows[row : row + 1], _DOMAIN)[0], digests[row])
        _require(hash, same, f"row {row} of {_BATCH} has one digest in the batch and another alone")
    pairs = hash.compress(rows[:5, :half], rows[:5, half:], _DOMAIN)
    _require(hash, np.array_equal(pairs, digests[:5]), "compress differs from hash_rows of the words of both")
    apart = [(rows[:40], _DOMAIN), (rows[:50, :3], f"{_DOMAIN}/2"), (rows[40:60], _DOMAIN)]
    together, each = hash.hash_matrices(apart), (digests[:40], hash.hash_rows(*apart[1]), digests[40:60])
    same = all(np.array_equal(found, expected) for found, expected in zip(together, each, strict=True))
    _require(hash, same, "hash_matrices differs from hash_rows of each matrix")
    others = [
        hash.hash_rows(rows[:1], f"{_DOMAIN}/2"),
        hash.hash_rows(rows[:1, :-1], _DOMAIN),
        hash.hash_rows(np.pad(rows[:1], ((0, 0), (0, 1))), _DOMAIN),
    ]
    different = {digest.tobytes() for digest in np.concatenate((digests, *others))}
    _require(hash, len(different) == _BATCH + len(others), "different rows, lengths or domains have the same digest")
    if hash.engine is Engine.COMPILED:
        portable = type(hash)(Engine.PORTABLE).hash_rows(rows[:5], _DOMAIN)
        _require(hash, np.array_equal(portable, digests[:5]), "its two engines compute different digests")


def _try_field(field: Field) -> None:
    p = field.modulus
    a = [0, 1, p - 1, p // 2, *(pow(field.generator, k, p) for k in range(3, _BATCH))]
    b = a[::-1]
    x, y = np.array(a, np.uint64), np.array(b, np.uint64)
    _same(field, "add", field.add(x, y), [(i + j) % p for i, j in zip(a, b, strict=True)])
    _same(field, "subtract", field.subtract(x, y), [(i - j) % p for i, j in zip(a, b, strict=True)])
    _same(field, "multiply", field.multiply(x, y), [i * j % p for i, j in zip(a, b, strict=True)])
    _same(field, "inverse", field.inverse(x[1:]), [pow(i, -1, p) for i in a[1:]])
    _same(field, "sum", field.sum(x), sum(a) % p)
    _same(field, "cumulative_sum", field.cumulative_sum(x)[-1], sum(a) % p)
    _same(field, "powers", field.powers(a[5], 9), [pow(a[5], k, p) for k in range(9)])
    _same(field, "decode", field.decode(field.encode(x), x.shape), a)
    _same(
        field,
        "encode",
        np.frombuffer(field.encode(x[2]), np.uint8),
        list((p - 1).to_bytes(field.element_bytes, "little")),
    )
    _require(field, x.tolist() == a and y.tolist() == b, "it changes the elements that it is given")
    _try_transforms(field, a)
    for degree in field.extension_degrees:
        _try_extension(field, field.extension(degree), a)


def _try_transforms(field: Field, values: list[int]) -> None:
    p, n = field.modulus, 8
    columns = [values[4 + n * k : 4 + n * (k + 1)] for k in range(3)]
    coefficients = np.array(columns, np.uint64).T.copy()

    def evaluated(size: int, shift: int) -> list[list[int]]:
        root = pow(field.generator, (p - 1) // size, p)
        points = [shift * pow(root, k, p) % p for k in range(size)]
        return [[sum(c * pow(point, k, p) for k, c in enumerate(column)) % p for column in columns] for point in points]

    shift = field.generator
    _same(field, "forward", field.forward(coefficients, shift), evaluated(n, shift))
    _same(field, "inverse_transform", field.inverse_transform(field.forward(coefficients)), coefficients.tolist())
    _same(field, "extend", field.extend(coefficients, 4 * n, shift), evaluated(4 * n, shift))
    on_h, extended = field.forward(coefficients), evaluated(4 * n, shift)
    _same(field, "coset_lde", field.coset_lde(on_h, 4), extended)
    out = np.zeros((4 * n, len(columns)), np.uint64)
    field.coset_lde(on_h, 4, out=out)
    _same(field, "coset_lde, with out,", out, extended)


def _try_extension(field: Field, extension: Extension, values: list[int]) -> None:
    p, e, w = field.modulus, extension.degree, extension.nonresidue
    # x^e − w is irreducible exactly if w is no q-th power for any prime q that divides e, and p ≡ 1 (mod 4) if 4
    # divides e (Lidl and Niederreiter, Finite Fields, theorem 3.75).
    primes = [q for q in range(2, e + 1) if e % q == 0 and _is_prime(q)]
    sound = all((p - 1) % q == 0 and pow(w, (p - 1) // q, p) != 1 for q in primes) and (e % 4 or p % 4 == 1)
    _require(field, bool(sound), f"its extension of degree {e} is no field: x^{e} − {w} can be factored")
    u, v = values[4 : 4 + e], values[40 : 40 + e]
    product = [0] * e
    for i in range(e):
        for j in range(e):
            product[(i + j) % e] = (product[(i + j) % e] + u[i] * v[j] * (w if i + j >= e else 1)) % p
    x, y = np.array(u, np.uint64), np.array(v, np.uint64)
    name = f"in the extension of degree {e}, "
    _same(field, f"{name}multiply", extension.multiply(x, y), product)
    _same(field, f"{name}inverse", extension.multiply(extension.inverse(x), x), [1] + [0] * (e - 1))
    _require(field, not extension.in_base(x), f"{name}in_base takes an element for one of the base field")
    _require(field, extension.in_base(extension.embed(x[0])), f"{name}in_base misses an element of the base field")


def _same(component: object, what: str, found: npt.ArrayLike, expected: Any) -> None:
    array = np.asarray(found)
    _require(component, array.dtype.kind == "u", f"{what} returned {array.dtype}, expected uint64")
    _require(component, array.tolist() == expected, f"{what} returned a wrong result")


def _try_vector_commitment(scheme: VectorCommitment) -> None:
    _require(scheme, isinstance(getattr(scheme, "hash", None), Hash), "it has no hash, the one that it was made with")
    rows: Elements = np.arange(24, dtype=np.uint64).reshape(8, 3)
    state = scheme.commit(rows)
    _require(scheme, rows.reshape(-1).tolist() == list(range(24)), "it changes the rows that it is given")
    root = np.asarray(getattr(state, "root", None))
    _require(scheme, root.shape in ((4,), (8,)) and root.dtype == np.uint64, "its root is not uint64 words of a digest")
    indices, leaves = [1, 6], scheme.hash_leaves(rows[[1, 6]])
    apart: list[tuple[VectorCommitment, Words]] = [(scheme, rows[[1, 6]]), (scheme, rows[:, :2].copy())]
    together = scheme.hash_leaves_together(apart)
    same = len(together) == len(apart) and all(
        np.array_equal(found, scheme.hash_leaves(own)) for found, (_, own) in zip(together, apart, strict=True)
    )
    _require(scheme, same, "hash_leaves_together differs from hash_leaves of each matrix")
    opening = scheme.open(state, indices)
    _require(scheme, isinstance(opening, VectorOpening), f"open returned {type(opening).__name__}")
    try:
        scheme.verify(root, len(rows), indices, leaves, opening)
    except ProofRejected as error:
        raise fault(scheme, f"it rejects an opening that it made: {error}") from error
    for lie in (
        (root ^ np.uint64(1), indices, leaves),
        (root, indices, scheme.hash_leaves(rows[[1, 5]])),
        (root, [1, 5], leaves),
    ):
        try:
            scheme.verify(lie[0], len(rows), lie[1], lie[2], opening)
        except (ProofRejected, FieldError):
            continue
        raise fault(scheme, "it accepts an opening of another root, row or place")


def _try_polynomial_commitment(scheme: PolynomialCommitment) -> None:
    # Openings are not tried: their transcript is over a hash that only the caller knows.
    size, field, omega = (getattr(scheme, name, None) for name in ("size", "value_field", "root_of_unity"))
    power = type(size) is int and size > 0 and size & (size - 1) == 0
    _require(scheme, power, f"its size is {shown(size)}, expected a power of two")
    _require(scheme, isinstance(field, ValueField), f"its value_field is {shown(field)}")
    p = scheme.value_field.modulus
    order = (
        type(omega) is int and pow(omega, scheme.size, p) == 1 and (size == 1 or pow(omega, scheme.size // 2, p) != 1)
    )
    _require(scheme, order, f"its root_of_unity is {shown(omega)}, which is not of order {size}")
    if scheme.size > _SMALL or p >= 1 << 64:  # elements beyond a word take a thousand times as long
        return
    columns = scheme.value_field.array([[2 * k, 2 * k + 1] for k in range(scheme.size)])
    written = []
    for values in (columns, columns[::-1].copy(), columns[:, :1].copy()):
        state = scheme.commit(values)
        _require(scheme, hasattr(state, "commitment"), "the state that it returns has no commitment")
        data = scheme.write_commitment(state.commitment)
        _require(scheme, isinstance(data, bytes), f"write_commitment returned {type(data).__name__}, expected bytes")
        again = scheme.write_commitment(scheme.read_commitment(data, values.shape[1]))
        _require(scheme, again == data, "a commitment that was written and read is another")
        written.append(data)
    _require(scheme, len(set(written)) == len(written), "different columns have the same commitment")
    try:
        scheme.commit(columns[1:])
    except ValueError:
        return
    raise fault(scheme, "it commits to a column of another length than its size")
