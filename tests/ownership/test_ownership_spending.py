"""What spends an output in BIP-322, to the byte: pushes, kinds of signatures, and what lies beside a script."""

from __future__ import annotations

import pytest
from attrs import evolve

from ownership import spending, wallets
from ownership.judged import SCHEMES
from ownership.spending import Solution, push, sha256
from ownership.victim import (
    ANOTHER_KEY,
    OWN,
    P2PKH,
    P2SH_P2WPKH,
    P2SH_P2WSH,
    P2TR,
    P2WPKH,
    VICTIM,
    VICTIMS_KEY,
    VICTIMS_SCRIPT,
    judge,
    key_hash,
    key_hash_code,
    nested_key,
    nested_script,
    pay_to_script,
    witness_key_hash,
    witness_script,
)
from polyproof.ownership import Status

NOT_TWO = "the signature is not a signature and a key, as this address requires"
NOT_MINIMAL = "the signature has a push that is not minimal"
MORE = "the signature does more than push"
WITHIN = "the signature ends within a push"
NOT_SIGNED = "the signature is by another key, or of another message"


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        # Minimal pushes are read, and are then not what the address requires.
        (b"", NOT_TWO),
        (b"\x00", NOT_TWO),
        (b"\x4b" + bytes(75), NOT_TWO),
        (b"\x4c\x4c" + bytes(76), NOT_TWO),
        (b"\x4c\xff" + bytes(255), NOT_TWO),
        (b"\x4d\x00\x01" + bytes(256), NOT_TWO),
        (b"\x4c\x4b" + bytes(75), NOT_MINIMAL),
        (b"\x4c\x00", NOT_MINIMAL),
        (b"\x4d\xff\x00" + bytes(255), NOT_MINIMAL),
        (b"\x4e\x00\x01\x00\x00" + bytes(256), MORE),
        (b"\x4f", MORE),
        (b"\x51", MORE),
        (b"\x60", MORE),
        (b"\xae", MORE),
        (b"\x05abcd", WITHIN),
        (b"\x4c", NOT_MINIMAL),
        (b"\x4c\x4c" + bytes(75), WITHIN),
        (b"\x4d\x00\x01" + bytes(255), WITHIN),
    ],
)
def test_a_script_beside_no_witness_consists_of_minimal_pushes(script: bytes, reason: str) -> None:
    result = judge(P2PKH, lambda tx: Solution(script))
    assert (result.status, result.reason) == (Status.FAILED, reason)


@pytest.mark.parametrize("kind", [0, 2, 3, 0x81])
def test_a_signature_is_for_all_of_the_transaction(kind: int) -> None:
    # Made over the digest for SIGHASH_ALL, and only labelled as another kind.
    code = key_hash_code(VICTIMS_KEY)
    result = judge(
        P2WPKH, lambda tx: Solution(b"", [spending.ecdsa(VICTIM, tx.segwit(code))[:-1] + bytes([kind]), VICTIMS_KEY])
    )
    assert (result.status, result.reason) == (Status.FAILED, NOT_SIGNED)


def test_no_signature_is_none() -> None:
    assert judge(P2WPKH, lambda tx: Solution(b"", [b"", VICTIMS_KEY])).reason == NOT_SIGNED
    assert judge(P2PKH, lambda tx: Solution(b"\x00" + push(VICTIMS_KEY))).reason == NOT_SIGNED
    assert judge(P2PKH, lambda tx: Solution(push(spending.ecdsa(VICTIM, tx.legacy(tx.output))))).reason == NOT_TWO


@pytest.mark.parametrize("key", [VICTIMS_KEY[:-1], VICTIMS_KEY + b"\0", VICTIM.public_key.format(False), b""])
def test_a_witness_key_is_compressed(key: bytes) -> None:
    result = judge(
        P2WPKH, lambda tx: Solution(b"", [spending.ecdsa(VICTIM, tx.segwit(key_hash_code(VICTIMS_KEY))), key])
    )
    reason = "the signature is not a signature and a compressed key, as this address requires"
    assert (result.status, result.reason) == (Status.FAILED, reason)


def test_a_chain_that_is_not_bitcoins_kin_is_not_served() -> None:
    scheme = next(scheme for scheme in SCHEMES if scheme.name == "bip322")
    row = wallets.PROVEN["BIP-322 simple P2WPKH"](1, "m")
    assert scheme.serves(row)
    assert not scheme.serves(evolve(row, chain="ethereum"))


# A witness alone, from which the redeem script is derived


def test_a_witness_alone_proves_a_nested_address() -> None:
    assert judge(P2SH_P2WPKH, witness_key_hash(VICTIM, VICTIMS_KEY), full=False).status is Status.PROVEN
    assert judge(P2SH_P2WSH, witness_script(VICTIMS_SCRIPT, OWN), full=False).status is Status.PROVEN


def test_a_witness_of_two_elements_holds_a_key_only_if_the_second_has_its_length() -> None:
    for script, status, reason in (
        (VICTIMS_SCRIPT, Status.FAILED, "0 signatures are given where 2 are expected"),
        (b"\x51", Status.UNSUPPORTED, "the address has a script that is not m of n keys"),
    ):
        target = pay_to_script(nested_script(script))
        result = judge(target, lambda tx, s=script: Solution(b"", [b"", s]), full=False)
        assert (result.status, result.reason) == (status, reason)


def test_a_witness_of_three_elements_holds_a_script() -> None:
    result = judge(P2SH_P2WSH, lambda tx: Solution(b"", [b"", VICTIMS_KEY, VICTIMS_SCRIPT]), full=False)
    assert (result.status, result.reason) == (Status.FAILED, "1 signature is given where 2 are expected")


@pytest.mark.parametrize(
    "redeem",
    [
        b"\x00\x14" + bytes(19),
        b"\x00\x14" + bytes(21),
        b"\x00\x20" + bytes(31),
        b"\x00\x20" + bytes(33),
        b"\x51\x20" + sha256(VICTIMS_SCRIPT),
        b"\x51\x14" + bytes(20),
        VICTIMS_SCRIPT,
    ],
)
def test_a_witness_lies_only_beside_a_witness_program(redeem: bytes) -> None:
    target = pay_to_script(redeem)
    for solve in (witness_key_hash(VICTIM, VICTIMS_KEY, redeem), witness_script(VICTIMS_SCRIPT, OWN, redeem)):
        result = judge(target, solve)
        reason = "the signature has a witness that its redeem script does not allow"
        assert (result.status, result.reason) == (Status.FAILED, reason)


def test_a_nested_program_is_that_of_the_key_that_signs() -> None:
    result = judge(
        P2SH_P2WPKH, witness_key_hash(wallets.PrivateKey(wallets.secret(3)), VICTIMS_KEY, nested_key(VICTIMS_KEY))
    )
    assert (result.status, result.reason) == (Status.FAILED, ANOTHER_KEY)


# Taproot


@pytest.mark.parametrize("size", [0, 63, 66, 67])
def test_a_taproot_signature_has_64_bytes_or_65(size: int) -> None:
    def solve(tx: spending.Spending) -> Solution:
        (good,) = spending.by_taproot(VICTIM, 1)(tx).witness
        return Solution(b"", [(good + b"\x01\x01")[:size]])

    result = judge(P2TR, solve)
    reason = f"the signature is {size} bytes where 64 or 65 are expected"
    assert (result.status, result.reason) == (Status.FAILED, reason)


def test_a_taproot_signature_is_the_only_element_of_its_witness() -> None:
    (result, more) = (
        judge(P2TR, lambda tx: Solution(b"")),
        judge(P2TR, lambda tx: Solution(b"", [*spending.by_taproot(VICTIM)(tx).witness, b"\x50"])),
    )
    reason = "the signature has no witness, which this address requires"
    assert (result.status, result.reason) == (Status.FAILED, reason)
    assert more.status is Status.UNSUPPORTED
    assert more.reason == "Taproot script paths and annexes are not supported"


def test_key_hashes_prove_as_well() -> None:
    assert judge(P2PKH, key_hash(VICTIM)).status is Status.PROVEN
