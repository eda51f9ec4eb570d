"""The forms of keys, addresses and signatures: what each must be, to the byte, with a checksum that is right.

A checksum is no obstacle to whoever forges: each text here has one that fits, so that what refuses it is the check of
its form alone.
"""

from __future__ import annotations

import base64
from functools import partial

import pytest
from attrs import evolve

from ownership import wallets
from ownership.judged import SCHEMES, judge, refusal
from ownership.ways import MESSAGE
from polyproof.ownership import AccountControl, OwnershipClaim, Status
from polyproof.toolkit import encodings
from polyproof.toolkit.encodings import BASE58_RIPPLE
from polyproof_ownership import eos, evm, signmessage
from polyproof_ownership.bitcoin import Output
from polyproof_ownership.keys import ORDER, Signature, public_key, recover
from polyproof_ownership.messages import variable_text

KEY = wallets.public(1)


# Messages


@pytest.mark.parametrize(
    ("size", "head"),
    [
        (0, "00"),
        (252, "fc"),
        (253, "fdfd00"),
        (65535, "fdffff"),
        (65536, "fe00000100"),
    ],
)
def test_a_length_is_a_variable_size_integer_of_bitcoin(size: int, head: str) -> None:
    # Source: Bitcoin's developer reference, "CompactSize unsigned integers"
    assert variable_text(b"x" * size) == bytes.fromhex(head) + b"x" * size


# Keys and signatures of secp256k1


@pytest.mark.parametrize(
    "data",
    [
        b"\x04" + KEY[1:],
        b"\x05" + KEY[1:],
        KEY + b"\0",
        b"\x02" + wallets.public(1, compressed=False)[1:],
        b"\x06" + wallets.public(1, compressed=False)[1:],
        b"\x07" + wallets.public(1, compressed=False)[1:],
        wallets.public(1, compressed=False) + b"\0",
        b"",
    ],
)
def test_a_key_has_one_of_two_forms_and_is_never_a_hybrid(data: bytes) -> None:
    assert refusal(public_key, data) == "is not a secp256k1 public key"


def test_s_is_in_the_lower_half_of_its_range() -> None:
    digest = bytes(31) + b"\1"
    r = wallets.PrivateKey(wallets.secret(1)).sign_recoverable(digest, hasher=None)[:32]
    for s in (1, ORDER // 2):
        recover(Signature(r + s.to_bytes(32), 0), digest)
    for s in (0, ORDER // 2 + 1, ORDER - 1, ORDER):
        assert "outside the lower half" in refusal(recover, Signature(r + s.to_bytes(32), 0), digest)
    assert int("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141", 16) == ORDER


def test_where_s_may_be_high_it_is_still_within_its_range() -> None:
    digest = bytes(31) + b"\1"
    r = wallets.PrivateKey(wallets.secret(1)).sign_recoverable(digest, hasher=None)[:32]
    recover(Signature(r + (ORDER - 1).to_bytes(32), 0), digest, high_s=True)
    for s in (0, ORDER):
        assert refusal(partial(recover, high_s=True), Signature(r + s.to_bytes(32), 0), digest)


# Bitcoin's signed messages


@pytest.mark.parametrize("size", [64, 66])
def test_a_signed_message_has_65_bytes(size: int) -> None:
    text = base64.b64encode(b"\x1f" + bytes(size - 1)).decode()
    assert refusal(signmessage.compact_signature, text) == f"is {size} bytes where 65 are expected"


@pytest.mark.parametrize("header", [0, 26, 43, 255])
def test_a_header_is_one_of_sixteen(header: int) -> None:
    text = base64.b64encode(bytes([header]) + bytes(64)).decode()
    assert refusal(signmessage.compact_signature, text) == f"starts with {header} where 27 to 42 is expected"


ANY = {Output.P2PKH, Output.P2WPKH, Output.P2SH, Output.P2WSH}


@pytest.mark.parametrize(
    ("headers", "compressed", "forms"),
    [
        ((27, 30), False, ANY - {Output.P2WPKH}),
        ((31, 34), True, ANY),
        ((35, 38), True, {Output.P2SH, Output.P2WSH}),
        ((39, 42), True, {Output.P2WPKH, Output.P2WSH}),
    ],
)
def test_a_header_says_the_form_of_the_key_and_of_the_address(
    headers: tuple[int, int], compressed: bool, forms: set[Output]
) -> None:
    for header in headers:
        parsed = signmessage.compact_signature(base64.b64encode(bytes([header]) + bytes(64)).decode())
        assert (parsed.compressed, set(parsed.meant_for)) == (compressed, forms)
        assert parsed.signature.recovery == (0 if header == headers[0] else 3)


def test_a_signed_message_has_no_more_text_than_its_bytes() -> None:
    assert refusal(signmessage.compact_signature, "A" * 89) == "is 89 characters long"


def bitcoin(form: str) -> OwnershipClaim:
    return wallets.PROVEN[f"bitcoin {form}"](1, MESSAGE)


@pytest.mark.parametrize(
    ("way", "form"),
    [
        ("P2PKH", "P2PKH"),
        ("P2WPKH, header of BIP-137", "P2WPKH"),
        ("P2SH-P2WPKH, header of BIP-137", "P2SH-P2WPKH"),
    ],
)
def test_the_form_of_a_keys_address_is_said(way: str, form: str) -> None:
    assert judge(bitcoin(way)).reason == f"signed by the key of this {form} address"


def test_a_key_that_is_given_is_that_of_the_address_in_a_form_that_fits() -> None:
    row = bitcoin("P2PKH")
    long = wallets.public(1, compressed=False)
    for given in (KEY, long, b"\x00\x14" + wallets.hash160(KEY), b"\x76\xa9\x14" + wallets.hash160(KEY) + b"\x88\xac"):
        assert judge(evolve(row, keys=[given.hex()])).status is Status.PROVEN
    for given in (wallets.public(2), long[:-1], KEY + b"\0", b"\0" * 34, b"\0" * 1650):
        result = judge(evolve(row, keys=["0x" + given.hex()]))
        reason = "validly signed, but the key or script given is not that of this address"
        assert (result.status, result.reason) == (Status.FAILED, reason)


def test_a_key_or_script_has_at_most_1650_bytes() -> None:
    result = judge(evolve(bitcoin("P2PKH"), keys=["00" * 1652]))
    assert (result.status, result.reason) == (Status.FAILED, "the key or script is 3,304 characters long")
    result = judge(evolve(bitcoin("P2PKH"), keys=["0x" + "0" * 3301]))
    assert (result.status, result.reason) == (Status.FAILED, "the key or script is 3,303 characters long")


def test_of_a_script_address_34_bytes_are_a_script_and_33_a_key() -> None:
    row = bitcoin("P2SH-P2WPKH, header of BIP-137")
    assert judge(evolve(row, keys=[KEY.hex()])).status is Status.PROVEN
    assert judge(evolve(row, keys=["00" * 34])).reason == "the script is not m, keys, n, CHECKMULTISIG"


def test_the_keys_of_an_address_of_a_script_are_in_the_script() -> None:
    result = judge(evolve(bitcoin("P2WSH"), keys=()))
    reason = "there is no script, and the address does not contain its keys"
    assert (result.status, result.reason) == (Status.FAILED, reason)


# EOS


@pytest.mark.parametrize("key", [KEY[:-1], KEY + b"\0", b"", b"\x04" + KEY[1:]])
def test_a_key_of_eos_is_a_compressed_key(key: bytes) -> None:
    for text in ("EOS" + wallets.eos_checked(key, b""), "PUB_K1_" + wallets.eos_checked(key, b"K1")):
        expected = f"is {len(key)} bytes where 33 are expected" if len(key) != 33 else "is not a secp256k1 public key"
        assert refusal(eos.eos_public_key, text) == (expected if key else "has a wrong checksum")


def test_a_key_of_eos_has_its_prefix_and_the_checksum_of_its_kind() -> None:
    plain, typed = wallets.eos_checked(KEY, b""), wallets.eos_checked(KEY, b"K1")
    assert eos.eos_public_key("EOS" + plain) == eos.eos_public_key("PUB_K1_" + typed) == KEY
    for text in ("EOS" + typed, "PUB_K1_" + plain):
        assert refusal(eos.eos_public_key, text) == "has a wrong checksum"
    for text in (plain, "eos" + plain, "PUB_R1_" + typed, "SOE" + plain):
        assert refusal(eos.eos_public_key, text) == "starts with neither EOS nor PUB_K1_"


def test_of_a_text_too_short_for_a_checksum_nothing_is_left() -> None:
    for data in (b"a", b"abcd", wallets.RIPEMD160.new(b"").digest()[:4]):
        assert refusal(eos.eos_public_key, "EOS" + encodings.base58_encode(data)) == "has a wrong checksum"


@pytest.mark.parametrize(
    "body", [b"\x1e" + bytes(64), b"\x23" + bytes(64), b"\x1f" + bytes(63), b"\x1f" + bytes(65), b"\x1f"]
)
def test_a_signature_of_eos_is_a_header_of_a_compressed_key_with_r_and_s(body: bytes) -> None:
    text = "SIG_K1_" + wallets.eos_checked(body, b"K1")
    assert refusal(eos.eos_signature, text) == "is not a recoverable signature of a compressed key"


def test_a_signature_of_eos_has_its_prefix() -> None:
    good = wallets.eos_checked(b"\x22" + bytes(64), b"K1")
    assert eos.eos_signature("SIG_K1_" + good) == Signature(bytes(64), 3)
    assert eos.eos_signature("SIG_K1_" + wallets.eos_checked(b"\x1f" + bytes(64), b"K1")).recovery == 0
    for text in (good, "SIG_R1_" + good, "sig_k1_" + good):
        assert refusal(eos.eos_signature, text) == "does not start with SIG_K1_"


def test_keys_of_eos_are_given_and_each_once() -> None:
    row = wallets.eos_two(1, MESSAGE)
    for given in ((), (row.keys[0], row.keys[0]), (*row.keys, row.keys[1])):
        result = judge(evolve(row, keys=given))
        assert (result.status, result.reason) == (Status.FAILED, "there is no public key, or one is given twice")


def test_two_signatures_of_eos_by_one_key_are_not_two() -> None:
    row = wallets.eos_two(1, MESSAGE)
    again = "SIG_K1_" + wallets.eos_checked(second_form(eos.eos_signature(row.signatures[0])), b"K1")
    # A signature in its high form is refused; another one by the same key has another nonce.
    assert judge(evolve(row, signatures=[row.signatures[0], again])).status is Status.FAILED
    digest = wallets.hashlib.sha256(wallets.envelope(MESSAGE.encode())).digest()
    other_text = "SIG_K1_" + wallets.eos_checked(wallets.second_compact(wallets.secret(1), digest), b"K1")
    assert other_text != row.signatures[0]
    result = judge(evolve(row, signatures=[row.signatures[0], other_text]))
    assert (result.status, result.reason) == (Status.FAILED, "two signatures are by one key")


def test_how_many_keys_of_eos_signed_is_said() -> None:
    one, two = judge(wallets.eos(1, MESSAGE)), judge(wallets.eos_two(1, MESSAGE))
    assert one.reason.startswith("validly signed by the key given;")
    assert two.reason.startswith("validly signed by all keys given;")


def second_form(signature: Signature) -> bytes:
    s = ORDER - int.from_bytes(signature.body[32:])
    return bytes([31 + (signature.recovery ^ 1)]) + signature.body[:32] + s.to_bytes(32)


# Filecoin, aelf, OKT and the XRP Ledger


def filecoin(protocol: bytes, payload: bytes, prefix: str) -> str:
    checksum = wallets.hashlib.blake2b(protocol + payload, digest_size=4).digest()
    return prefix + encodings.base32_lower(payload + checksum)


ROWS = {
    "filecoin": wallets.secp256k1("filecoin", wallets.filecoin_f1, wallets.exchange_keccak),
    "aelf": wallets.secp256k1("aelf", wallets.aelf, wallets.exchange_keccak),
    "okt": wallets.secp256k1("okt", wallets.okt_ex, wallets.exchange_keccak),
    "xrp": wallets.secp256k1("xrp", wallets.xrp, wallets.exchange_keccak),
}
TWENTY = wallets.hash160(KEY)
OKT = bytes.fromhex(wallets.evm_account(1)[2:])
LENGTHS = [0, 1, 19, 21]
NO_FILECOIN = "the address is {} bytes where 24 are expected"
NO_OKT = "the address is neither an ex1 nor a 0x address"
NO_AELF = "the address is not an address of aelf"
NO_XRP = "the address is not an account address"


@pytest.mark.parametrize(
    ("chain", "address", "reason"),
    [
        *(
            (
                "filecoin",
                filecoin(b"\1", (TWENTY + b"\0")[:size], "f1"),
                NO_FILECOIN.format(size + 4),
            )
            for size in LENGTHS
        ),
        ("filecoin", filecoin(b"\1", TWENTY, "f1")[:-1] + "a", "the address has a wrong checksum"),
        ("filecoin", filecoin(b"\2", TWENTY, "f1"), "the address has a wrong checksum"),
        ("filecoin", filecoin(b"\1", TWENTY, "f410f"), "the address has a wrong checksum"),
        ("aelf", encodings.base58_check_encode(bytes(31)), NO_AELF),
        ("aelf", encodings.base58_check_encode(bytes(33)), NO_AELF),
        *(
            (
                "okt",
                encodings.bech32_encode("ex", encodings.to_five_bits((OKT + b"\0")[:size])),
                NO_OKT,
            )
            for size in LENGTHS
        ),
        (
            "okt",
            encodings.bech32_encode("ey", encodings.to_five_bits(OKT)),
            NO_OKT,
        ),
        (
            "okt",
            encodings.bech32_encode("ex", encodings.to_five_bits(OKT), encodings.BECH32M),
            NO_OKT,
        ),
        *(
            (
                "xrp",
                encodings.base58_check_encode(b"\0" + (TWENTY + b"\0")[:size], BASE58_RIPPLE),
                NO_XRP,
            )
            for size in LENGTHS
        ),
        ("xrp", encodings.base58_check_encode(b"\1" + TWENTY, BASE58_RIPPLE), NO_XRP),
        (
            "xrp",
            encodings.base58_check_encode(b"\xff" + TWENTY, BASE58_RIPPLE),
            NO_XRP,
        ),
    ],
)
def test_an_address_has_its_prefix_and_length_and_not_a_fitting_checksum_alone(
    chain: str, address: str, reason: str
) -> None:
    result = judge(evolve(ROWS[chain](1, MESSAGE), address=address))
    assert (result.status, result.reason) == (Status.FAILED, reason)


@pytest.mark.parametrize("number", [0, 1, 2**64 - 1])
def test_an_actor_id_in_the_form_of_an_account_is_of_no_key(number: int) -> None:
    # Source: FIP-0048 and FEVM: ids are masked as 0xff, eleven zeros and eight bytes.
    account = b"\xff" + bytes(11) + number.to_bytes(8)
    for address in ("0x" + account.hex(), filecoin(b"\4\x0a", account, "f410f")):
        result = judge(evolve(ROWS["filecoin"](1, MESSAGE), address=address))
        reason = "the address is a masked actor id, which no key controls"
        assert (result.status, result.reason) == (Status.FAILED, reason)


@pytest.mark.parametrize("chain", ROWS)
def test_accounts_of_one_key_have_one_key_and_no_owners(chain: str) -> None:
    row = ROWS[chain](1, MESSAGE)
    owned = judge(evolve(row, owners=["a"]))
    assert owned.status is Status.UNSUPPORTED
    assert owned.reason == "accounts that others control are not supported on this chain"
    two = judge(evolve(row, keys=[KEY.hex(), wallets.public(2).hex()]))
    assert (two.status, two.reason) == (Status.FAILED, "there are 2 public keys where one is expected")


@pytest.mark.parametrize("chain", [chain for chain in ROWS if chain != "xrp"])
def test_a_key_given_that_signed_does_not_make_another_address_its_own(chain: str) -> None:
    theirs = ROWS[chain](2, MESSAGE)
    row = evolve(ROWS[chain](1, MESSAGE), address=theirs.address, keys=[KEY.hex()])
    result = judge(row)
    reason = "validly signed by the public key given, but this address is not derived from it"
    assert (result.status, result.reason) == (Status.FAILED, reason)


def test_a_key_is_sought_in_every_way_to_sign() -> None:
    # The key given is recovered under EIP-191 alone, which is not the first way that is tried.
    sign = wallets.secp256k1("okt", wallets.okt_ex, wallets.personal, give_key=True)
    assert judge(sign(1, MESSAGE)).status is Status.PROVEN


# Contracts and their owners


def test_nothing_is_signed_by_nobody() -> None:
    row = wallets.contract(1, MESSAGE)
    result = judge(evolve(row, control=AccountControl("block 1", ())))
    assert (result.status, result.reason) == (Status.FAILED, "the contract does not accept the signature (block 1)")


@pytest.mark.parametrize("threshold", [0, -1, 4])
def test_a_threshold_is_at_least_one_and_at_most_all(threshold: int) -> None:
    row = wallets.contract(1, MESSAGE)
    assert row.control is not None
    result = judge(evolve(row, control=evolve(row.control, threshold=threshold)))
    reason = f"getOwners at block 0xabc names 3 owners and a threshold of {threshold}"
    assert (result.status, result.reason) == (Status.FAILED, reason)


@pytest.mark.parametrize("threshold", [1, 3])
def test_one_owner_may_be_enough_and_all_may_be_needed(threshold: int) -> None:
    row = wallets.contract(1, MESSAGE)
    assert row.control is not None
    signed = [wallets.rsv(1, wallets.personal(MESSAGE.encode()), part) for part in range(threshold)]
    result = judge(evolve(row, signatures=signed, control=evolve(row.control, threshold=threshold)))
    assert result.status is Status.PROVEN


def test_who_signed_instead_is_named() -> None:
    row = wallets.PROVEN["EVM, EIP-191"](1, MESSAGE)
    result = judge(evolve(row, address=wallets.evm_account(2)))
    reason = f"the signature is by another key, or of another message (it would be by {wallets.evm_account(1)})"
    assert (result.status, result.reason) == (Status.FAILED, reason)


def test_an_address_in_one_letter_case_has_no_checksum_and_in_two_the_right_one() -> None:
    row = wallets.PROVEN["EVM, EIP-191"](1, MESSAGE)
    digits = row.address[2:]
    assert digits != digits.upper()
    for text in (digits.lower(), digits.upper(), evm.checksummed(bytes.fromhex(digits))[2:]):
        assert judge(evolve(row, address="0x" + text)).status is Status.PROVEN
    wrong = judge(evolve(row, address="0x" + evm.checksummed(bytes.fromhex(digits))[2:].swapcase()))
    assert wrong.reason == "the address has a wrong checksum in its letter case (EIP-55)"


def test_a_key_of_a_validator_is_no_account() -> None:
    scheme = next(scheme for scheme in SCHEMES if scheme.name == "evm-eoa")
    row = wallets.PROVEN["EVM, EIP-191"](1, MESSAGE)
    for prefix in ("", "0x"):
        served = [size for size in range(90, 101) if scheme.serves(evolve(row, address=prefix + "a" * size))]
        assert served == [size for size in range(90, 101) if size != 96]


def test_a_message_that_is_not_unicode_has_no_digest_to_ask_about() -> None:
    scheme = next(scheme for scheme in SCHEMES if scheme.name == "evm-eoa")
    row = wallets.PROVEN["EVM, EIP-191"](1, MESSAGE)
    assert len(scheme.digests(row)) == 3
    assert scheme.digests(evolve(row, message="m\ud800")) == ()


def test_an_account_without_owners_has_one_signature_by_its_key() -> None:
    row = wallets.PROVEN["EVM, EIP-191"](1, MESSAGE)
    assert judge(row).reason == "signed by the key of this address (EIP-191)"
    result = judge(evolve(row, signatures=[*row.signatures, "0x" + "11" * 65]))
    reason = "there are 2 signatures; an account has one key, and no owners are named"
    assert (result.status, result.reason) == (Status.FAILED, reason)


def test_a_permission_that_nobody_holds_accepts_no_signature() -> None:
    row = wallets.tron_permission(1, MESSAGE)
    result = judge(evolve(row, control=AccountControl("block 5", ())))
    assert (result.status, result.reason) == (Status.FAILED, "no signature can be accepted here")
