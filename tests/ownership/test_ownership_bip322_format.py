"""The format of BIP-322 signatures, byte for byte: one form of each, nothing beside it, nothing after it."""

from __future__ import annotations

import base64

import pytest

from ownership import wallets
from ownership.judged import refusal
from polyproof.ownership import OwnershipClaim
from polyproof_ownership.bip322_format import Proof, is_bip322, read_proof

SPENT = bytes(range(32))
ONE = b"\x01\x01a"
"""A witness of one element, ``a``."""


def text(data: bytes, prefix: str = "smp") -> str:
    return prefix + base64.b64encode(data).decode()


def transaction(**parts: bytes) -> str:
    """A whole transaction with a witness; each part can be replaced."""
    form = {
        "version": bytes(4),
        "mark": b"\x00\x01",
        "inputs": b"\x01",
        "previous": SPENT,
        "index": bytes(4),
        "script": b"\x00",
        "sequence": bytes(4),
        "outputs": b"\x01",
        "value": bytes(8),
        "output": b"\x01\x6a",
        "witness": ONE,
        "lock": bytes(4),
        "rest": b"",
    }
    return text(b"".join((form | parts).values()), "ful")


# Witnesses


def test_a_witness_is_its_elements() -> None:
    assert read_proof(text(ONE), SPENT) == Proof((b"a",))
    assert read_proof(text(ONE, ""), SPENT) == Proof((b"a",))
    assert read_proof(text(b"\x02\x00\x02ab"), SPENT) == Proof((b"", b"ab"))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "ends too early"),
        (b"\x01", "ends too early"),
        (b"\x01\x02a", "ends too early"),
        (b"\x02\x01a", "ends too early"),
        (b"\x01\xfd\x00", "ends too early"),
        (b"\x00", "has an empty witness"),
        (ONE + b"\x00", "has bytes after its end"),
        (ONE + ONE, "has bytes after its end"),
    ],
)
def test_a_witness_is_whole_and_nothing_follows_it(data: bytes, reason: str) -> None:
    assert refusal(read_proof, text(data), SPENT) == reason


def test_a_witness_has_at_most_a_hundred_elements() -> None:
    assert len(read_proof(text(bytes([100]) + b"\x01a" * 100), SPENT).witness) == 100
    assert refusal(read_proof, text(bytes([101]) + b"\x01a" * 101), SPENT) == "has a witness of 101 elements"


@pytest.mark.parametrize("size", [0xFD, 12_000])
def test_a_long_element_follows_its_length_in_two_bytes(size: int) -> None:
    data = b"\x01\xfd" + size.to_bytes(2, "little") + bytes(size)
    assert read_proof(text(data), SPENT) == Proof((bytes(size),))
    assert refusal(read_proof, text(data[:-1]), SPENT) == "ends too early"


@pytest.mark.parametrize("size", [0, 1, 0xFC])
def test_a_length_has_no_longer_form(size: int) -> None:
    data = b"\x01\xfd" + size.to_bytes(2, "little") + bytes(size)
    assert refusal(read_proof, text(data), SPENT) == "has a number that is not in its shortest form"


@pytest.mark.parametrize("head", [b"\xfe\x01\0\0\0", b"\xfe\0\0\1\0", b"\xff\x01" + bytes(7), b"\xff" * 9])
def test_a_length_beyond_that_of_any_signature_is_refused(head: bytes) -> None:
    assert refusal(read_proof, text(b"\x01" + head + bytes(300)), SPENT) == "has a number beyond its own length"


# Whole transactions


def test_a_transaction_is_its_input_and_what_else_is_signed() -> None:
    assert read_proof(transaction(), SPENT) == Proof((b"a",))
    parts = {"version": b"\x02\0\0\0", "script": b"\x01s", "sequence": b"\1\0\0\0", "lock": b"\0\1\0\0"}
    assert read_proof(transaction(**parts), SPENT) == Proof((b"a",), b"s", 2, 1, 256)
    assert read_proof(transaction(mark=b"", witness=b"", script=b"\x01s"), SPENT) == Proof((), b"s")


OTHER = "spends a transaction other than that of this message and address"
OUTPUTS = "has outputs other than one of nothing to OP_RETURN"


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ({"version": b"\x01\0\0\0"}, "has the version 1 where 0 or 2 is expected"),
        ({"version": b"\x03\0\0\0"}, "has the version 3 where 0 or 2 is expected"),
        ({"mark": b"\x00\x00"}, "is not a transaction"),
        ({"mark": b"\x00\x02"}, "is not a transaction"),
        ({"inputs": b"\x00"}, "has 0 inputs where one is expected"),
        ({"inputs": b"\x02"}, "has 2 inputs where one is expected"),
        ({"mark": b"", "inputs": b"\x02"}, "has 2 inputs where one is expected"),
        ({"previous": SPENT[::-1]}, OTHER),
        ({"index": b"\x01\0\0\0"}, OTHER),
        ({"index": b"\xff\xff\xff\xff"}, OTHER),
        ({"outputs": b"\x00"}, OUTPUTS),
        ({"outputs": b"\x02"}, OUTPUTS),
        ({"value": b"\x01" + bytes(7)}, OUTPUTS),
        ({"output": b"\x01\x51"}, OUTPUTS),
        ({"output": b"\x00"}, OUTPUTS),
        ({"output": b"\x02\x6a\x00"}, OUTPUTS),
        ({"witness": b"\x00"}, "has an empty witness"),
        ({"rest": b"\x00"}, "has bytes after its end"),
        ({"lock": bytes(3)}, "ends too early"),
    ],
)
def test_a_transaction_has_one_input_and_one_output_and_no_more(parts: dict[str, bytes], reason: str) -> None:
    assert refusal(read_proof, transaction(**parts), SPENT) == reason


# Which signatures are in this format


def claim(*signatures: str, address: str = "bc1qxyz") -> OwnershipClaim:
    return OwnershipClaim("BTC", "bitcoin", address, "m", signatures)


def bare(size: int, first: int) -> str:
    """Base64 of so many bytes, that would be a signed message if they are 65 and the first is a header."""
    return base64.b64encode(bytes([first]) + bytes(size - 1)).decode()


WITNESS_OF_65 = base64.b64encode(b"\x01\x3f" + bytes(63)).decode()
"""A witness that has the length of a signed message, but not its header."""


def test_a_prefix_or_a_bare_witness_is_this_format() -> None:
    for prefix in ("smp", "ful", "pof"):
        assert is_bip322(claim(prefix + "junk"))
    assert is_bip322(claim(text(ONE, "")))
    for size in (64, 66):
        witness = b"\x01" + bytes([size - 2]) + bytes(size - 2)
        assert is_bip322(claim(base64.b64encode(witness).decode()))


def test_65_bytes_are_a_signed_message_where_an_address_is_no_taproot() -> None:
    for signature in (bare(65, 27), bare(65, 42), WITNESS_OF_65):
        assert not is_bip322(claim(signature))
    assert not is_bip322(claim("junk"))


@pytest.mark.parametrize("address", ["bc1pxyz", "BC1PXYZ", "ltc1pxyz"])
def test_for_a_taproot_address_only_a_signed_message_is_not_this_format(address: str) -> None:
    for header in (27, 31, 42):
        assert not is_bip322(claim(bare(65, header), address=address))
    for signature in (bare(65, 26), bare(65, 43), bare(64, 31), bare(66, 31), "junk", WITNESS_OF_65):
        assert is_bip322(claim(signature, address=address))
    assert not is_bip322(claim("junk", bare(65, 31), address=address))


def test_the_witness_of_a_taproot_key_is_no_signed_message() -> None:
    for size in (64, 65):
        witness = b"\x01" + bytes([size]) + wallets.secret(1)[:1] * size
        assert is_bip322(claim(base64.b64encode(witness).decode(), address="bc1pxyz"))
