"""Addresses and scripts of Bitcoin and its kin, to the byte: each stands for one output, or is refused by name."""

from __future__ import annotations

import pytest

from ownership import wallets
from ownership.judged import refusal
from ownership.wallets import hash160
from polyproof.model.counts import counted
from polyproof.toolkit import encodings
from polyproof.toolkit.encodings import BECH32, BECH32M
from polyproof_ownership.bitcoin import (
    NETWORKS,
    Destination,
    Multisig,
    Output,
    parse_multisig,
    read_address,
    script_hash,
)

TWENTY, THIRTY_TWO = bytes(range(20)), bytes(range(32))
FIRST, SECOND, LONG = wallets.public(1), wallets.public(2), wallets.public(1, compressed=False)


def base58(version: int, program: bytes) -> str:
    return encodings.base58_check_encode(bytes([version]) + program)


def segwit(prefix: str, version: int, program: bytes) -> str:
    values = [version, *encodings.to_five_bits(program)]
    return encodings.bech32_encode(prefix, values, BECH32M if version else BECH32)


def no_address(text: str, chain: str) -> str:
    return refusal(read_address, text, NETWORKS[chain])


# Source: chainparams.cpp of Bitcoin Core, Litecoin Core, Dogecoin Core and Dash Core
VERSIONS = {"bitcoin": (0, 5), "litecoin": (48, 50), "dogecoin": (30, 22), "dash": (76, 16)}


@pytest.mark.parametrize("chain", VERSIONS)
def test_a_version_byte_says_the_form_of_the_output(chain: str) -> None:
    key, script = VERSIONS[chain]
    for version, form in ((key, Output.P2PKH), (script, Output.P2SH)):
        text = base58(version, TWENTY)
        assert read_address(text, NETWORKS[chain]) == (text, Destination(form, TWENTY))
    known = {key, script} | ({5} if chain == "litecoin" else set())
    for version in set(range(256)) - known:
        assert (
            no_address(base58(version, TWENTY), chain) == f"has the version {version}, which belongs to another chain"
        )


def test_litecoins_first_version_of_scripts_is_spelled_with_the_present_one() -> None:
    found = read_address(base58(5, TWENTY), NETWORKS["litecoin"])
    assert found == (base58(50, TWENTY), Destination(Output.P2SH, TWENTY))


@pytest.mark.parametrize("chain", VERSIONS)
@pytest.mark.parametrize("size", [0, 19, 21, 32])
def test_a_version_byte_is_followed_by_twenty(chain: str, size: int) -> None:
    for version in VERSIONS[chain]:
        assert (
            no_address(base58(version, bytes(size)), chain)
            == f"holds {counted(size + 1, 'byte')} where 21 are expected"
        )


@pytest.mark.parametrize(("chain", "prefix"), [("bitcoin", "bc"), ("litecoin", "ltc")])
def test_a_witness_program_says_the_form_by_version_and_length(chain: str, prefix: str) -> None:
    for version, program, form in (
        (0, TWENTY, Output.P2WPKH),
        (0, THIRTY_TWO, Output.P2WSH),
        (1, THIRTY_TWO, Output.P2TR),
    ):
        text = segwit(prefix, version, program)
        for spelling in (text, text.upper()):
            assert read_address(spelling, NETWORKS[chain]) == (text, Destination(form, program))
    for version, size in ((1, 31), (1, 33), (1, 20), (2, 32), (16, 32)):
        text = segwit(prefix, version, bytes(size))
        assert no_address(text, chain) == f"has the witness version {version}, which nothing can sign for yet"
    for size in (19, 21, 31, 33):
        assert no_address(segwit(prefix, 0, bytes(size)), chain)


@pytest.mark.parametrize("chain", ["dogecoin", "dash"])
def test_where_there_is_no_segregated_witness_there_are_no_such_addresses(chain: str) -> None:
    for prefix in ("bc", "ltc", "doge", "dash"):
        assert no_address(segwit(prefix, 0, TWENTY), chain)


def test_an_output_script_is_that_of_its_form() -> None:
    # Source: Bitcoin Core, src/script/solver.cpp
    scripts = {
        Output.P2PKH: b"\x76\xa9\x14" + TWENTY + b"\x88\xac",
        Output.P2SH: b"\xa9\x14" + TWENTY + b"\x87",
        Output.P2WPKH: b"\x00\x14" + TWENTY,
        Output.P2WSH: b"\x00\x20" + THIRTY_TWO,
        Output.P2TR: b"\x51\x20" + THIRTY_TWO,
    }
    for form, script in scripts.items():
        program = THIRTY_TWO if len(script) == 34 else TWENTY
        assert Destination(form, program).script() == script


# Scripts of m of n


def push(key: bytes) -> bytes:
    return bytes([len(key)]) + key


def script(*keys: bytes, needed: int = 0x51, count: int | None = None, end: int = 0xAE) -> bytes:
    said = 0x50 + len(keys) if count is None else count
    return bytes([needed]) + b"".join(map(push, keys)) + bytes([said, end])


SIXTEEN = tuple(wallets.public(1, part) for part in range(16))


def test_a_script_of_m_of_n_is_read() -> None:
    assert parse_multisig(script(FIRST)) == Multisig(1, (FIRST,))
    assert parse_multisig(script(FIRST, SECOND, needed=0x52)) == Multisig(2, (FIRST, SECOND))
    assert parse_multisig(script(LONG, SECOND)) == Multisig(1, (LONG, SECOND))
    assert parse_multisig(script(*SIXTEEN, needed=0x60)) == Multisig(16, SIXTEEN)


FORM = "is not m, keys, n, CHECKMULTISIG"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", FORM),
        (b"\xae", FORM),
        (b"\x51\xae", FORM),
        (script(FIRST, end=0xAD), FORM),
        (script(FIRST, end=0xAF), FORM),
        (script(FIRST, needed=0x50), FORM),
        (script(FIRST, needed=0x61), FORM),
        (script(FIRST, needed=0x00), FORM),
        (script(FIRST, count=0x50), FORM),
        (script(*SIXTEEN, wallets.public(1, 16), count=0x61), FORM),
        (b"\x51\x51\xae", "has 0 keys, and says 1 of 1"),
        (script(FIRST, count=0x52), "has 1 key, and says 1 of 2"),
        (script(FIRST, SECOND, count=0x51), "has 2 keys, and says 1 of 1"),
        (script(FIRST, needed=0x52), "has 1 key, and says 2 of 1"),
        (script(FIRST, FIRST), "has the same key twice"),
        (script(FIRST, LONG), "has the same key twice"),
        (script(FIRST + b"\0"), "holds something other than keys"),
        (script(FIRST[:-1]), "holds something other than keys"),
        (script(LONG[:-1]), "holds something other than keys"),
        (script(b""), "holds something other than keys"),
        (b"\x51" + push(FIRST)[:-1] + b"\x51\xae", "holds something other than keys"),
        (script(b"\x05" + FIRST[1:]), "is not a secp256k1 public key"),
    ],
)
def test_any_other_script_is_refused(data: bytes, reason: str) -> None:
    assert refusal(parse_multisig, data) == reason


def nested(data: bytes) -> bytes:
    return hash160(b"\x00\x20" + wallets.hashlib.sha256(data).digest())


def test_a_script_gives_the_address_of_its_hash_and_no_other() -> None:
    data, bitcoin, dash = script(FIRST), NETWORKS["bitcoin"], NETWORKS["dash"]
    digest = wallets.hashlib.sha256(data).digest()
    forms = {
        "P2SH": Destination(Output.P2SH, hash160(data)),
        "P2WSH": Destination(Output.P2WSH, digest),
        "P2SH-P2WSH": Destination(Output.P2SH, nested(data)),
    }
    for form, destination in forms.items():
        assert script_hash(destination, data, bitcoin) == form
        assert script_hash(destination, script(SECOND), bitcoin) == ""
    for form in (Output.P2PKH, Output.P2WPKH, Output.P2TR):
        for program in (hash160(data), digest, nested(data)):
            assert script_hash(Destination(form, program), data, bitcoin) == ""
    # Without segregated witness, anybody may spend an output whose script is a witness program.
    assert script_hash(forms["P2SH-P2WSH"], data, dash) == ""
    assert script_hash(forms["P2SH"], data, dash) == "P2SH"


def test_a_redeem_script_has_at_most_520_bytes() -> None:
    # Source: MAX_SCRIPT_ELEMENT_SIZE of Bitcoin Core, src/script/script.h
    for size, form in ((520, "P2SH"), (521, "")):
        data = bytes(size)
        assert script_hash(Destination(Output.P2SH, hash160(data)), data, NETWORKS["bitcoin"]) == form
