"""The decoders: what they give is what was encoded, nothing has two spellings, and nothing else is let through."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from ownership import wallets
from polyproof.toolkit import encodings
from polyproof.toolkit.addresses import ton_address
from polyproof.toolkit.encodings import BASE58_BITCOIN, BASE58_RIPPLE, BECH32, BECH32M, Malformed


@given(st.binary(max_size=40), st.sampled_from([BASE58_BITCOIN, BASE58_RIPPLE]))
@example(b"", BASE58_BITCOIN)
@example(b"\0\0", BASE58_RIPPLE)
def test_base58_gives_back_what_was_encoded(data: bytes, alphabet: str) -> None:
    text = encodings.base58_encode(data, alphabet)
    if data:
        assert encodings.base58_decode(text, alphabet) == data
    assert encodings.base58_check_decode(encodings.base58_check_encode(data + b"x", alphabet), alphabet) == data + b"x"


@given(st.text(BASE58_BITCOIN, min_size=1, max_size=50))
def test_base58_has_one_spelling(text: str) -> None:
    assert encodings.base58_encode(encodings.base58_decode(text)) == text


# Source: draft-msporny-base58-03, §5
@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"Hello World!", "2NEpo7TZRRrLZSi2U"),
        (
            b"The quick brown fox jumps over the lazy dog.",
            "USm3fpXnKG5EUBx2ndxBDMPVciP5hGey2Jh4NDv6gmeo1LkMeiKrLJUUBk6Z",
        ),
        (bytes.fromhex("0000287fb4cd"), "11233QC4"),
    ],
)
def test_base58_is_that_of_the_draft(data: bytes, text: str) -> None:
    assert encodings.base58_encode(data) == text
    assert encodings.base58_decode(text) == data


@pytest.mark.parametrize("text", ["", "0", "O", "I", "l", " 1", "1 ", "1\n", "é", "1" * 129])
def test_what_is_not_base58_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        encodings.base58_decode(text)


@given(st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=10), st.binary(max_size=40), st.booleans())
def test_bech32_gives_back_what_was_encoded(prefix: str, data: bytes, modified: bool) -> None:
    constant = BECH32M if modified else BECH32
    text = encodings.bech32_encode(prefix, encodings.to_five_bits(data), constant)
    for spelled in (text, text.upper()):
        found, values, checksum = encodings.bech32_decode(spelled)
        assert (found, encodings.from_five_bits(values), checksum) == (prefix, data, constant)


@given(st.binary(min_size=20, max_size=20), st.data())
def test_up_to_four_wrong_characters_of_bech32_are_found(data: bytes, draw: st.DataObject) -> None:
    # BIP-173: any error of at most four characters is detected.
    text = encodings.bech32_encode("ex", encodings.to_five_bits(data))
    changed = list(text)
    for place in draw.draw(st.sets(st.integers(3, len(text) - 1), min_size=1, max_size=4)):
        changed[place] = draw.draw(st.sampled_from("qpzry9x8gf2tvdw0s3jn54khce6mua7l"))
    assume("".join(changed) != text)
    try:
        _, _, constant = encodings.bech32_decode("".join(changed))
    except Malformed:
        return
    assert constant == BECH32M


# BIP-173, test vectors
@pytest.mark.parametrize(
    "text",
    [
        "A12UEL5L",
        "a12uel5l",
        "11qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqc8247j",
        "?1ezyfcl",
    ],
)
def test_valid_bech32_is_read(text: str) -> None:
    assert encodings.bech32_decode(text)[2] == BECH32


@pytest.mark.parametrize(
    "text",
    [
        " 1nwldj5",
        "\x7f1axkwrx",
        "\x801eym55h",
        "pzry9x0s0muk",
        "1pzry9x0s0muk",
        "x1b4n0q5v",
        "li1dgmt3",
        "A1G7SGD8",
        "10a06t8",
        "1qzzfhee",
        "de1lg7wt\xff",
        "a12UEL5L",
        "",
        "1",
    ],
)
def test_what_is_not_bech32_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        encodings.bech32_decode(text)


@given(st.binary(max_size=40))
def test_base32_gives_back_what_was_encoded(data: bytes) -> None:
    assert encodings.base32_lower_decode(encodings.base32_lower(data)) == data


@given(st.text("abcdefgh234567", max_size=20))
def test_base32_has_one_spelling(text: str) -> None:
    with contextlib.suppress(Malformed):
        assert encodings.base32_lower(encodings.base32_lower_decode(text)) == text


@pytest.mark.parametrize("text", ["A", "a", "aa=", "a1", "ab\n", "é", "aaa", "ab" * 100])
def test_what_is_not_base32_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        encodings.base32_lower_decode(text)


@pytest.mark.parametrize(
    "text", ["A", "AA", "AAA", "AA=", "AB==", "AA==\n", "A A=", "AA===", "é", "AAAA====", "A_==", "A" * 16388]
)
def test_what_is_not_base64_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        encodings.base64_decode(text)


@pytest.mark.parametrize(
    "text", ["0", "0x0", "0X00", "x00", "00 ", " 00", "0_0", "0x0x00", "gg", "٠٠", "00\n", "0" * 20000]
)
def test_what_is_not_hexadecimal_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        encodings.hex_decode(text)


def test_hexadecimal_of_another_size_is_refused() -> None:
    assert encodings.hex_decode("0xAb", 1) == b"\xab"
    with pytest.raises(Malformed, match="is 1 byte where 2 are expected"):
        encodings.hex_decode("ab", 2)


@given(st.binary(min_size=32, max_size=32), st.sampled_from([0, -1]), st.sampled_from([0x11, 0x51]), st.booleans())
def test_ton_addresses_are_read(account: bytes, workchain: int, tag: int, url: bool) -> None:
    assert ton_address(wallets.friendly(account, tag, workchain, url)) == (workchain, account)


@pytest.mark.parametrize(
    "text",
    [
        wallets.friendly(bytes(32), tag=0x91),
        wallets.friendly(bytes(32), tag=0xD1),
        wallets.friendly(bytes(32), tag=0x00),
        wallets.friendly(bytes(32), workchain=1),
        "1:" + "00" * 32,
        "0:" + "00" * 31,
        "00:" + "00" * 32,
        "",
        "A" * 48,
        # The two alphabets of base64 in one address.
        wallets.friendly(b"\xfb\xff" * 16).replace("-", "+", 1),
    ],
)
def test_ton_addresses_of_the_test_network_and_worse_are_refused(text: str) -> None:
    with pytest.raises(Malformed):
        ton_address(text)
