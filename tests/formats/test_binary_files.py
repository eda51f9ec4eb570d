"""Binary files: bytes that do not fit are refused, each by the name of what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from polyproof.engine import Engine
from polyproof.errors import ProofRejected
from polyproof.registry import default_registry
from polyproof.toolkit.binary import Reader, Writer
from references.hashlib_hash import HashlibHash

MAGIC = b"PPTESTS\0"


def reader_of(write: Callable[[Writer], object], version: int = 1, cut: int = 0, more: bytes = b"") -> Reader:
    writer = Writer(MAGIC, version)
    write(writer)
    data = writer.getvalue()
    return Reader(data[: len(data) - cut] + more, MAGIC, 1, "file of the tests")


def nothing(_: Writer) -> None:
    """A file of magic and version alone."""


@pytest.mark.parametrize(
    ("read", "check"),
    [
        (lambda: Reader(b"PPOTHER\0" + bytes(4), MAGIC, 1, "file"), "magic"),
        (lambda: Reader(MAGIC[:7], MAGIC, 1, "file"), "truncated"),
        (lambda: Reader(MAGIC + bytes(3), MAGIC, 1, "file"), "truncated"),
        (lambda: reader_of(nothing, version=2), "version"),
        (lambda: reader_of(nothing, version=0), "version"),
        (lambda: reader_of(lambda to: to.integer(5), cut=1).integer("number"), "truncated"),
        (lambda: reader_of(lambda to: to.blob(b"abc"), cut=1).blob("bytes", 9), "truncated"),
        (lambda: reader_of(nothing, more=b"\0").finish(), "trailing-bytes"),
        (lambda: reader_of(lambda to: to.integer(5)).integer("number", 6, 9), "range"),
        (lambda: reader_of(lambda to: to.integer(5)).integer("number", 0, 4), "range"),
        (lambda: reader_of(lambda to: to.blob(b"abc")).blob("bytes", 2), "range"),
        (lambda: reader_of(lambda to: to.integer(2**64 - 1)).blob("bytes", 2**40), "range"),
        (lambda: reader_of(lambda to: to.blob(b"\x05\0")).big_integer("number", 9), "canonical"),
        (lambda: reader_of(lambda to: to.blob(b"\0")).big_integer("number", 9), "canonical"),
        (lambda: reader_of(lambda to: to.blob(b"\xff")).text("text", 9), "utf-8"),
        (lambda: reader_of(lambda to: to.blob(b"\xed\xa0\x80")).text("text", 9), "utf-8"),
    ],
)
def test_bytes_that_do_not_fit_are_refused_by_name(read: Callable[[], object], check: str) -> None:
    with pytest.raises(ProofRejected) as caught:
        read()
    assert caught.value.check == check


def test_limits_of_numbers_and_lengths_belong_to_them() -> None:
    assert reader_of(lambda to: to.integer(5)).integer("number", 5, 5) == 5
    assert reader_of(lambda to: to.blob(b"abc")).blob("bytes", 3) == b"abc"
    assert reader_of(lambda to: to.big_integer(0)).big_integer("number", 0) == 0
    reader = reader_of(lambda to: to.big_integer(256))
    assert reader.big_integer("number", 2) == 256
    reader.finish()


def test_what_is_written_is_read_again_item_by_item() -> None:
    field = default_registry().create("field", "goldilocks", Engine.PORTABLE)
    extension = field.extension(3)
    digests = np.arange(8, dtype=np.uint64).reshape(2, 4)
    matrix, extended = np.arange(6, dtype=np.uint64).reshape(2, 3), np.arange(12, dtype=np.uint64).reshape(2, 2, 3)

    def write(to: Writer) -> None:
        to.integer(2**64 - 1)
        to.integer(0)
        to.big_integer(2**64)
        to.text("zażółć")
        to.raw(b"raw")
        to.digests(HashlibHash(), digests)
        to.elements(field, matrix)
        to.elements(extension, extended)

    reader = reader_of(write)
    assert (reader.integer("largest"), reader.integer("least")) == (2**64 - 1, 0)
    assert reader.big_integer("number", 9) == 2**64
    assert reader.text("text", 10) == "zażółć"
    assert reader.raw("bytes", 3) == b"raw"
    assert np.array_equal(reader.digests("digests", HashlibHash(), 2), digests)
    assert np.array_equal(reader.elements("matrix", field, (2, 3)), matrix)
    assert np.array_equal(reader.elements("extended", extension, (2, 2)), extended)
    reader.finish()


@pytest.mark.parametrize("size", [0, 31, 33, 63, 65, 96])
def test_digests_of_another_length_are_refused(size: int) -> None:
    with pytest.raises(ProofRejected) as caught:
        HashlibHash().decode_digests(bytes(size), 2)
    assert caught.value.check == "digest-length"


def test_digests_of_the_right_length_are_read() -> None:
    assert np.array_equal(HashlibHash().decode_digests(bytes(64), 2), np.zeros((2, 4), np.uint64))


@pytest.mark.parametrize("magic", [b"", b"SEVEN77", b"NINE99999"])
def test_a_magic_string_has_eight_bytes(magic: bytes) -> None:
    with pytest.raises(ValueError, match="eight"):
        Writer(magic, 1)
