"""Junk: whatever stands in a row, no scheme raises and nothing becomes proven that was not signed."""

from __future__ import annotations

import contextlib
import string

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from ownership.judged import SCHEMES, judge
from ownership.wallets import KEY_ONLY, PROVEN
from ownership.ways import WAYS
from polyproof.ownership import AccountControl, Kind, OwnershipClaim, Status
from polyproof.reserves.signatures import verify_ownership
from polyproof.toolkit.encodings import Malformed, base64_decode

CHAINS = sorted({chain for scheme in SCHEMES for chain in scheme.chains})
SIGNED = (Status.PROVEN, Status.KEY_ONLY, Status.UNBOUND)

HEX = "0123456789abcdefABCDEFx"
BASE = string.ascii_letters + string.digits + "+/=-_:."
anything = st.text(st.characters(), max_size=150)  # lone surrogates too
junk = st.one_of(
    anything,
    st.text(HEX, max_size=200),
    st.text(BASE, max_size=140),
    st.binary(max_size=120).map(bytes.hex),
    st.binary(min_size=65, max_size=65).map(lambda data: "0x" + data.hex()),
    st.binary(min_size=64, max_size=64).map(lambda data: "0x" + data.hex()),
    st.binary(min_size=96, max_size=96).map(bytes.hex),
    st.sampled_from(["", "0x", "null", "\\N", "0", "é" * 88, "A" * 88, "ful", "smp", "pof", "smpAA==", "x" * 20_000]),
)
junks = st.lists(junk, max_size=4)
controls = st.none() | st.builds(
    AccountControl, source=st.just("block 1"), owners=junks, threshold=st.integers(-1, 4), accepted=st.just(())
)
claims = st.builds(
    OwnershipClaim,
    asset=anything,
    chain=st.sampled_from(CHAINS) | junk,
    address=junk,
    message=anything,
    signatures=junks,
    keys=junks,
    owners=junks,
    kind=st.sampled_from([Kind.OWN, Kind.STAKED]),
    scheme=st.none() | st.sampled_from([scheme.name for scheme in SCHEMES]) | anything,
    control=controls,
)


@given(st.lists(claims, max_size=4))
@settings(max_examples=300)
def test_junk_never_raises_and_never_proves(rows: list[OwnershipClaim]) -> None:
    for result in verify_ownership(rows, SCHEMES):
        assert result.status in (Status.FAILED, Status.UNSUPPORTED)
        assert result.reason
        assert "could not" not in result.reason
    for scheme in SCHEMES:
        for result in scheme.verify(rows):
            assert result.status in (Status.FAILED, Status.UNSUPPORTED)
        for claim in rows:
            scheme.serves(claim)
            scheme.account(claim)
            scheme.digests(claim)


FIELDS = ["address", "message", "signatures", "keys", "owners", "control", "chain"]


@pytest.mark.parametrize("name", WAYS)
@given(data=st.data())
@settings(max_examples=15)
def test_a_good_row_with_junk_in_one_field_never_raises_and_proves_nothing_new(name: str, data: st.DataObject) -> None:
    good = WAYS[name](data.draw(st.integers(0, 20)), "audit 2025-11")
    field = data.draw(st.sampled_from(FIELDS))
    value = data.draw({"signatures": junks, "keys": junks, "owners": junks, "control": controls}.get(field, junk))
    claim = evolve(good, **{field: value})
    mine = judge(good)
    result = judge(claim)
    assert "could not" not in result.reason
    if result.status in SIGNED and field in ("address", "message", "signatures"):
        # Names of accounts are free; where the chain was asked it says who controls the address, whatever that is.
        free = field == "address" and (good.control is not None or name in KEY_ONLY)
        # On Aptos any address may have been rotated to this key.
        assert free or result.status is Status.UNBOUND or claim == good or result.address == mine.address


@pytest.mark.parametrize("name", WAYS)
@given(data=st.data())
@settings(max_examples=15)
def test_a_signature_with_changed_bytes_is_not_proven(name: str, data: st.DataObject) -> None:
    good = WAYS[name](1, "audit 2025-11")
    place = data.draw(st.integers(0, len(good.signatures) - 1))
    text = list(good.signatures[place])
    for _ in range(data.draw(st.integers(1, 4))):
        where = data.draw(st.integers(0, len(text) - 1))
        match data.draw(st.integers(0, 2)):
            case 0:
                text[where] = data.draw(st.sampled_from(BASE))
            case 1:
                text.insert(where, data.draw(st.sampled_from(BASE)))
            case _:
                del text[where]
        if not text:
            break
    signatures = [*good.signatures[:place], "".join(text), *good.signatures[place + 1 :]]
    result = judge(evolve(good, signatures=signatures))
    assert bare("".join(text)) == bare(good.signatures[place]) or result.status not in SIGNED


def bare(signature: str) -> object:
    """What of a signature is one: not 0x or smp, the form of address in a header, or the kind Polkadot puts before."""
    if signature.startswith("smp"):
        return signature.removeprefix("smp")
    if len(signature) == 88:
        with contextlib.suppress(Malformed):
            data = base64_decode(signature)
            return (data[0] - 27) % 4, data[1:]
    text = signature.removeprefix("0x")
    if set(text) <= set(HEX):
        text = text.lower()
    return text.removeprefix("00") if len(text) == 130 else text


@pytest.mark.parametrize("name", WAYS)
def test_over_long_fields_are_refused_quickly(name: str) -> None:
    good = WAYS[name](1, "m")
    long = "1" * 1_000_000
    changes = [
        {"address": long},
        {"message": long},
        {"signatures": [long]},
        {"signatures": [str(number) for number in range(10_000)]},
        {"keys": [long]},
        {"keys": [long] * 100},
        {"owners": [long]},
        {"owners": ["0x" + "00" * 20] * 10_000},
        {"control": AccountControl("block 1", [str(number) for number in range(1000)])},
    ]
    for change in changes:
        result = judge(evolve(good, **change))
        assert result.status not in SIGNED
        assert len(result.reason) < 500


def test_a_message_that_is_not_unicode_text_is_refused() -> None:
    for sign in WAYS.values():
        result = judge(evolve(sign(1, "m"), message="m\ud800"))
        assert result.status is Status.FAILED


def test_a_wallet_of_the_tests_is_not_another() -> None:
    # The tests above would show nothing if all wallets were one.
    for sign in PROVEN.values():
        assert sign(1, "m").signatures != sign(2, "m").signatures
        assert sign(1, "m").address != sign(2, "m").address
