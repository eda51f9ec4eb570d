"""BIP-322 beyond its vectors: other ways to satisfy a script, rules of the standard, and another implementation."""

from __future__ import annotations

import base64

import bip322 as other_implementation
import pytest
from attrs import evolve
from coincurve import PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from ownership import judged, spending, wallets
from polyproof.ownership import OwnershipClaim, OwnershipResult, Status

MESSAGE = "audit 2025-11"
KEY = PrivateKey(wallets.secret(1))
PUBLIC = KEY.public_key.format()
ORDER = wallets.ORDER


def judge(address: str, signature: str, message: str = MESSAGE) -> OwnershipResult:
    return judged.judge(OwnershipClaim("BTC", "BTC", address, message, [signature]))


def status(address: str, signature: str, message: str = MESSAGE) -> Status:
    return judge(address, signature, message).status


P2WPKH = wallets.segwit("bitcoin", 0, wallets.hash160(PUBLIC))
P2WPKH_OUTPUT = b"\x00\x14" + wallets.hash160(PUBLIC)
P2TR = wallets.segwit("bitcoin", 1, spending.taproot_key(KEY))
P2TR_OUTPUT = b"\x51\x20" + spending.taproot_key(KEY)
P2PKH = wallets.p2pkh_address("bitcoin", 1)
P2PKH_OUTPUT = b"\x76\xa9\x14" + wallets.hash160(PUBLIC) + b"\x88\xac"
SCRIPT = wallets.multisig_script(1)
P2WSH = wallets.segwit("bitcoin", 0, spending.sha256(SCRIPT))
P2WSH_OUTPUT = b"\x00\x20" + spending.sha256(SCRIPT)
KEYS = [PrivateKey(wallets.secret(1, part)) for part in range(3)]


def signed(output: bytes, solve: spending.Solve, full: bool = False, **fields: int) -> str:
    return spending.sign(MESSAGE.encode(), output, solve, full, **fields)


def witness(*items: bytes) -> spending.Solve:
    return lambda tx: spending.Solution(b"", list(items))


def test_a_witness_without_its_prefix_is_read_as_older_wallets_wrote_it() -> None:
    for address, output, solve in (
        (P2WPKH, P2WPKH_OUTPUT, spending.by_witness_key_hash(KEY)),
        (P2TR, P2TR_OUTPUT, spending.by_taproot(KEY)),
        (P2WSH, P2WSH_OUTPUT, spending.by_witness_script(SCRIPT, KEYS[:2])),
    ):
        assert status(address, signed(output, solve).removeprefix("smp")) is Status.PROVEN


@pytest.mark.parametrize("prefix", ["SMP", "smp ", "ful", "sml", "smpsmp", "\n"])
def test_another_prefix_is_refused(prefix: str) -> None:
    signature = signed(P2WPKH_OUTPUT, spending.by_witness_key_hash(KEY)).removeprefix("smp")
    assert status(P2WPKH, prefix + signature) is Status.FAILED


def test_a_proof_of_funds_is_unsupported() -> None:
    assert status(P2WPKH, "pofcHNidP8BAI8CAAAA") is Status.UNSUPPORTED


@pytest.mark.parametrize(
    ("version", "sequence", "lock_time"), [(0, 0, 0), (2, 2016, 2016), (0, 2**32 - 1, 1), (2, 0, 9)]
)
def test_a_full_signature_may_set_what_its_script_does_not_look_at(version: int, sequence: int, lock_time: int) -> None:
    fields = {"version": version, "sequence": sequence, "lock_time": lock_time}
    for address, output, solve in (
        (P2PKH, P2PKH_OUTPUT, spending.by_key_hash(KEY)),
        (P2WPKH, P2WPKH_OUTPUT, spending.by_witness_key_hash(KEY)),
        (P2TR, P2TR_OUTPUT, spending.by_taproot(KEY)),
    ):
        assert status(address, signed(output, solve, full=True, **fields)) is Status.PROVEN


@pytest.mark.parametrize("version", [1, 3, 2**32 - 1])
def test_another_version_is_refused(version: int) -> None:
    signature = signed(P2WPKH_OUTPUT, spending.by_witness_key_hash(KEY), full=True, version=version)
    assert status(P2WPKH, signature) is Status.FAILED


@pytest.mark.parametrize("place", range(0, 110, 3))
def test_a_changed_byte_of_the_transaction_is_noticed(place: int) -> None:
    for address, output, solve in (
        (P2WPKH, P2WPKH_OUTPUT, spending.by_witness_key_hash(KEY)),
        (P2PKH, P2PKH_OUTPUT, spending.by_key_hash(KEY)),
    ):
        data = bytearray(base64.b64decode(signed(output, solve, full=True)[3:]))
        data[place] ^= 1
        assert status(address, "ful" + base64.b64encode(data).decode()) is Status.FAILED


@pytest.mark.parametrize("kind", [0, 2, 3, 0x81, 0x82, 0x83, 0x41])
def test_a_signature_must_be_for_all_of_the_transaction(kind: int) -> None:
    # With the others a signature would not cover the outputs, and could have been made for something else.
    assert status(P2WPKH, signed(P2WPKH_OUTPUT, spending.by_witness_key_hash(KEY, kind=kind))) is Status.FAILED
    if kind:
        assert status(P2TR, signed(P2TR_OUTPUT, spending.by_taproot(KEY, kind))) is Status.FAILED


def test_taproot_may_say_all_in_a_byte_but_not_default() -> None:
    assert status(P2TR, signed(P2TR_OUTPUT, spending.by_taproot(KEY, 1))) is Status.PROVEN
    (default,) = spending.by_taproot(KEY)(
        spending.Spending(spending.to_spend(MESSAGE.encode(), P2TR_OUTPUT), P2TR_OUTPUT)
    ).witness
    assert status(P2TR, signed(P2TR_OUTPUT, witness(default))) is Status.PROVEN
    assert status(P2TR, signed(P2TR_OUTPUT, witness(default + b"\0"))) is Status.FAILED


def test_script_paths_and_annexes_are_unsupported() -> None:
    assert status(P2TR, signed(P2TR_OUTPUT, witness(b"\x51", b"\xc0" + PUBLIC[1:]))) is Status.UNSUPPORTED
    assert status(P2TR, signed(P2TR_OUTPUT, witness(bytes(64), b"\x50"))) is Status.UNSUPPORTED


def test_an_address_of_a_taproot_key_that_is_not_a_point_fails() -> None:
    address = wallets.segwit("bitcoin", 1, b"\xff" * 32)
    assert status(address, signed(b"\x51\x20" + b"\xff" * 32, witness(bytes(64)))) is Status.FAILED


def high_s(der: bytes) -> bytes:
    """The other spelling of an ECDSA signature."""
    size = der[3]
    r, s = der[4 : 4 + size], int.from_bytes(der[6 + size : -1])
    other = (ORDER - s).to_bytes(33).lstrip(b"\0")
    other = b"\0" + other if other[0] & 0x80 else other
    body = b"\x02" + bytes([len(r)]) + r + b"\x02" + bytes([len(other)]) + other
    return b"\x30" + bytes([len(body)]) + body + der[-1:]


def test_a_malleated_signature_is_refused() -> None:
    tx = spending.Spending(spending.to_spend(MESSAGE.encode(), P2WPKH_OUTPUT), P2WPKH_OUTPUT)
    signature, key = spending.by_witness_key_hash(KEY)(tx).witness
    assert status(P2WPKH, signed(P2WPKH_OUTPUT, witness(signature, key))) is Status.PROVEN
    assert status(P2WPKH, signed(P2WPKH_OUTPUT, witness(high_s(signature), key))) is Status.FAILED
    padded = b"\x30" + bytes([signature[1] + 1, 2, signature[3] + 1, 0]) + signature[4:]
    assert status(P2WPKH, signed(P2WPKH_OUTPUT, witness(padded, key))) is Status.FAILED
    for changed in (b"", signature[:-1], signature + b"\1", signature[:-2] + b"\1", b"\1"):
        assert status(P2WPKH, signed(P2WPKH_OUTPUT, witness(changed, key))) is Status.FAILED


def test_a_witness_key_is_compressed() -> None:
    key = KEY.public_key.format(compressed=False)
    output = b"\x00\x14" + wallets.hash160(key)
    code = b"\x76\xa9\x14" + wallets.hash160(key) + b"\x88\xac"
    signature = signed(output, lambda tx: spending.Solution(b"", [spending.ecdsa(KEY, tx.segwit(code)), key]))
    assert status(wallets.segwit("bitcoin", 0, output[2:]), signature) is Status.FAILED


def test_an_uncompressed_key_signs_for_its_own_p2pkh_address() -> None:
    key = KEY.public_key.format(compressed=False)
    output = b"\x76\xa9\x14" + wallets.hash160(key) + b"\x88\xac"
    signature = signed(
        output,
        lambda tx: spending.Solution(spending.push(spending.ecdsa(KEY, tx.legacy(output))) + spending.push(key)),
        full=True,
    )
    assert status(wallets.p2pkh_address("bitcoin", 1, compressed=False), signature) is Status.PROVEN


@pytest.mark.parametrize("extra", [b"", b"\1", PUBLIC])
def test_nothing_is_left_on_the_stack(extra: bytes) -> None:
    tx = spending.Spending(spending.to_spend(MESSAGE.encode(), P2WPKH_OUTPUT), P2WPKH_OUTPUT)
    items = spending.by_witness_key_hash(KEY)(tx).witness
    assert status(P2WPKH, signed(P2WPKH_OUTPUT, witness(extra, *items))) is Status.FAILED
    assert status(P2WPKH, signed(P2WPKH_OUTPUT, witness(*items, extra))) is Status.FAILED


def test_a_witness_address_takes_no_script_beside_the_witness() -> None:
    def solve(tx: spending.Spending) -> spending.Solution:
        return evolve(spending.by_witness_key_hash(KEY)(tx), script=b"\x01\x01")

    assert status(P2WPKH, signed(P2WPKH_OUTPUT, solve, full=True)) is Status.FAILED


def multisig(*keys: PrivateKey, first: bytes = b"") -> spending.Solve:
    return lambda tx: spending.Solution(b"", [first, *[spending.ecdsa(key, tx.segwit(SCRIPT)) for key in keys], SCRIPT])


def test_two_of_three_keys_sign_in_the_order_of_the_script() -> None:
    for pair in ((0, 1), (0, 2), (1, 2)):
        assert status(P2WSH, signed(P2WSH_OUTPUT, multisig(*[KEYS[k] for k in pair]))) is Status.PROVEN
    for keys in ((1, 0), (2, 1), (0, 0), (0,), (), (0, 1, 2)):
        assert status(P2WSH, signed(P2WSH_OUTPUT, multisig(*[KEYS[k] for k in keys]))) is Status.FAILED


def test_a_stranger_does_not_count_as_one_of_the_keys() -> None:
    stranger = PrivateKey(wallets.secret(2))
    for keys in ((KEYS[0], stranger), (stranger, KEYS[2]), (stranger, stranger)):
        assert status(P2WSH, signed(P2WSH_OUTPUT, multisig(*keys))) is Status.FAILED


def test_the_element_that_checkmultisig_takes_is_empty() -> None:
    # BIP-147
    assert status(P2WSH, signed(P2WSH_OUTPUT, multisig(*KEYS[:2], first=b"\0"))) is Status.FAILED


def test_a_script_of_another_kind_is_unsupported() -> None:
    script = b"\x51"
    output = b"\x00\x20" + spending.sha256(script)
    address = wallets.segwit("bitcoin", 0, spending.sha256(script))
    assert status(address, signed(output, witness(b"\1", script))) is Status.UNSUPPORTED


def test_a_script_that_anybody_can_satisfy_is_not_proven() -> None:
    for script in (b"\x51", b"\x00\x00\xae", b"\x51\xae", b"\x00\x51\xae", b"\x50\x50\xae"):
        output, address = b"\xa9\x14" + wallets.hash160(script) + b"\x87", wallets.p2sh("bitcoin", script)
        for pushed in (b"", b"\x00", b"\x00\x00"):
            solution = spending.Solution(pushed + spending.push(script))
            assert (
                status(address, signed(output, lambda tx, solution=solution: solution, full=True)) is not Status.PROVEN
            )


@pytest.mark.parametrize("way", ["BIP-322 simple P2WPKH", "BIP-322 simple P2TR", "BIP-322 simple P2SH-P2WPKH"])
@given(number=st.integers(0, 100), message=st.text(min_size=1, max_size=40), change=st.integers(0, 200))
@settings(max_examples=25)
def test_verdicts_are_those_of_another_implementation(way: str, number: int, message: str, change: int) -> None:
    claim = wallets.PROVEN[way](number, message)
    data = bytearray(base64.b64decode(claim.signatures[0][3:]))
    if change < len(data):
        data[change] ^= 1 << change % 8
    text = base64.b64encode(data).decode()
    try:
        other_implementation.verify_simple_encoded(claim.address, message, text)
        theirs = True
    except other_implementation.VerificationError:
        theirs = False
    assert (status(claim.address, "smp" + text, message) is Status.PROVEN) is theirs
