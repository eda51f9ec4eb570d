"""Every way to sign, with wallets of the tests' own: what it proves, and everything a cheat may change."""

from __future__ import annotations

import base64

import pytest
from attrs import evolve

from ownership import wallets
from ownership.judged import SCHEMES, holds, judge
from ownership.wallets import KEY_ONLY, ORDER, PROVEN, Claim
from ownership.ways import MESSAGE, every_way
from polyproof.ownership import Status
from polyproof.toolkit import encodings


@pytest.mark.parametrize("sign", PROVEN.values(), ids=list(PROVEN))
@pytest.mark.parametrize("message", [MESSAGE, "é", "a line\nand another", "x" * 300, "x" * 1000])
def test_a_wallets_own_signature_proves_its_address(sign: Claim, message: str) -> None:
    result = judge(sign(1, message))
    assert result.status is Status.PROVEN, result.reason
    assert result.scheme
    assert result.chain
    assert result.address


@pytest.mark.parametrize("sign", KEY_ONLY.values(), ids=list(KEY_ONLY))
def test_a_key_behind_a_name_is_key_only(sign: Claim) -> None:
    assert judge(sign(1, MESSAGE)).status is Status.KEY_ONLY


@every_way
def test_exactly_one_scheme_serves_each_way(sign: Claim) -> None:
    assert len([scheme for scheme in SCHEMES if scheme.serves(sign(2, MESSAGE))]) == 1


@every_way
def test_another_message_is_not_proven(sign: Claim) -> None:
    claim = sign(1, MESSAGE)
    for message in (MESSAGE + " ", MESSAGE[:-1], claim.message.swapcase(), claim.message + "\0", ""):
        assert judge(evolve(claim, message=message)).status is Status.FAILED


@every_way
def test_another_wallets_address_is_not_proven(sign: Claim) -> None:
    claim, other = sign(1, MESSAGE), sign(2, MESSAGE)
    if claim.address == other.address:  # EOS: the name is the same, the key is not
        swapped = evolve(claim, keys=other.keys)
    else:
        swapped = evolve(claim, address=other.address, control=other.control)
    assert not holds(swapped)


@every_way
def test_another_wallets_signature_does_not_prove_an_address(sign: Claim) -> None:
    claim, other = sign(1, MESSAGE), sign(2, MESSAGE)
    assert judge(evolve(claim, signatures=other.signatures)).status is Status.FAILED


@every_way
def test_another_wallets_key_or_script_does_not_prove_an_address(sign: Claim) -> None:
    claim, other = sign(1, MESSAGE), sign(2, MESSAGE)
    if claim.keys:
        assert judge(evolve(claim, keys=other.keys)).status is Status.FAILED
        both = evolve(claim, keys=other.keys, signatures=other.signatures)
        assert judge(both).status is not Status.PROVEN


@every_way
def test_no_signature_is_not_proven(sign: Claim) -> None:
    assert judge(evolve(sign(1, MESSAGE), signatures=())).status is Status.FAILED


@every_way
def test_one_signature_given_twice_is_not_proven(sign: Claim) -> None:
    claim = sign(1, MESSAGE)
    first = claim.signatures[0]
    twice = judge(evolve(claim, signatures=[first, first]))
    assert twice.status is Status.FAILED
    assert "one signature is given twice" in twice.reason
    assert judge(evolve(claim, signatures=[*claim.signatures, first])).status is Status.FAILED
    if first.startswith("0x"):
        shouted = "0x" + first[2:].upper()
        assert judge(evolve(claim, signatures=[first, shouted])).status is Status.FAILED
        assert judge(evolve(claim, signatures=[first, first[2:]])).status is Status.FAILED


@every_way
def test_a_further_signature_by_a_stranger_is_not_passed_over(sign: Claim) -> None:
    claim, stranger = sign(1, MESSAGE), sign(2, MESSAGE)
    assert judge(evolve(claim, signatures=[*claim.signatures, stranger.signatures[0]])).status is Status.FAILED


@every_way
def test_a_declared_custodian_is_custodial_whatever_is_signed(sign: Claim) -> None:
    result = judge(wallets.custodial(sign(1, MESSAGE)))
    assert result.status is Status.CUSTODIAL
    assert result.address == judge(sign(1, MESSAGE)).address


@every_way
def test_another_chain_is_not_proven(sign: Claim) -> None:
    claim = sign(1, MESSAGE)
    mine = judge(claim)
    # On every chain like Ethereum one key has one address, and it is its: that is not a mistake.
    alike = {name for names in LIKE for name in names if mine.chain in names} | {mine.chain}
    if "BIP-322" in mine.reason and claim.address.startswith("3"):
        alike.add("litecoin")  # It had Bitcoin's P2SH addresses, and this signature does not say its chain.
    chains = {name for scheme in SCHEMES for name in scheme.chains} - alike - {"eos", "wax"}
    for chain in [*sorted(chains), "BCH", "bitcoin-testnet", "", "x" * 500, "ethereum\n", "é"]:
        assert not holds(evolve(claim, chain=chain)), chain


EVM = next(scheme.chains for scheme in SCHEMES if scheme.name == "evm-eoa")
LIKE = [EVM | {"filecoin", "okt"}, {"polkadot", "polkadot-asset-hub"}, {"kusama", "kusama-asset-hub"}, {"eos", "wax"}]


# Malleability: s becomes n − s, and the recovery id flips with it. Anybody can do that to any signature.


def flip_hex(signature: str, keep_v: bool = False) -> str:
    data = bytes.fromhex(signature[2:])
    s = (ORDER - int.from_bytes(data[32:64])).to_bytes(32)
    v = data[64] if keep_v else (data[64] ^ 1 if data[64] < 2 else 55 - data[64])
    return "0x" + (data[:32] + s + bytes([v])).hex()


def flip_base64(signature: str, keep_v: bool = False) -> str:
    data = base64.b64decode(signature)
    s = (ORDER - int.from_bytes(data[33:])).to_bytes(32)
    return base64.b64encode(bytes([data[0] if keep_v else (data[0] - 27 ^ 1) + 27]) + data[1:33] + s).decode()


ECDSA = {
    name: sign
    for name, sign in PROVEN.items()
    if judge(sign(1, MESSAGE)).scheme in ("bitcoin-signmessage", "evm-eoa", "tron", "secp256k1-account")
}


LOW_S_ONLY = {name: sign for name, sign in ECDSA.items() if sign(1, MESSAGE).signatures[0].startswith("0x")}
EITHER_S = {name: sign for name, sign in ECDSA.items() if name not in LOW_S_ONLY}
"""Signed messages of Bitcoin and the chains like it, which Bitcoin Core verifies with high s too."""


@pytest.mark.parametrize("sign", EITHER_S.values(), ids=list(EITHER_S))
def test_a_signed_message_with_high_s_is_by_the_same_key(sign: Claim) -> None:
    claim = sign(1, MESSAGE)
    other = evolve(claim, signatures=[flip_base64(text) for text in claim.signatures])
    assert other.signatures != claim.signatures
    assert judge(other) == judge(claim)
    assert judge(other).status is Status.PROVEN
    assert judge(evolve(other, message=MESSAGE + ".")).status is Status.FAILED
    wrong_point = evolve(claim, signatures=[flip_base64(text, keep_v=True) for text in claim.signatures])
    assert judge(wrong_point).status is Status.FAILED


@pytest.mark.parametrize("sign", EITHER_S.values(), ids=list(EITHER_S))
def test_both_forms_of_a_signature_do_not_count_as_two(sign: Claim) -> None:
    claim = sign(1, MESSAGE)
    first = claim.signatures[0]
    result = judge(evolve(claim, signatures=[first, flip_base64(first)]))
    assert result.status is Status.FAILED
    assert ("by one key" if claim.keys else "where one is expected") in result.reason


@pytest.mark.parametrize("s", [0, ORDER, ORDER + 1, 2**256 - 1])
@pytest.mark.parametrize("sign", EITHER_S.values(), ids=list(EITHER_S))
def test_s_is_within_its_range(sign: Claim, s: int) -> None:
    claim = sign(1, MESSAGE)
    data = base64.b64decode(claim.signatures[0])
    for header in range(27, 43):
        text = base64.b64encode(bytes([header]) + data[1:33] + s.to_bytes(32)).decode()
        assert judge(evolve(claim, signatures=[text, *claim.signatures[1:]])).status is Status.FAILED


@pytest.mark.parametrize("sign", LOW_S_ONLY.values(), ids=list(LOW_S_ONLY))
@pytest.mark.parametrize("keep_v", [False, True], ids=["v flipped too", "v kept"])
def test_a_malleated_signature_is_refused(sign: Claim, keep_v: bool) -> None:
    claim = sign(1, MESSAGE)
    malleated = evolve(claim, signatures=[flip_hex(text, keep_v) for text in claim.signatures])
    result = judge(malleated)
    assert result.status is Status.FAILED
    assert "lower half" in result.reason
    if len(claim.signatures) == 1:
        both = evolve(claim, signatures=[claim.signatures[0], malleated.signatures[0]])
        assert judge(both).status is Status.FAILED


@pytest.mark.parametrize("sign", ECDSA.values(), ids=list(ECDSA))
def test_a_flipped_recovery_id_is_refused(sign: Claim) -> None:
    claim = sign(1, MESSAGE)
    *others, last = claim.signatures
    if last.startswith("0x"):
        data = bytes.fromhex(last[2:])
        ids = [v for v in range(256) if v % 27 != data[64] % 27 or v > 28]
        changed = ["0x" + (data[:64] + bytes([v])).hex() for v in ids]
    else:
        data = base64.b64decode(last)
        # Headers of one key for other forms of address are other matters.
        ids = [header for header in range(256) if not 27 <= header <= 42 or (header - data[0]) % 4]
        changed = [base64.b64encode(bytes([header]) + data[1:]).decode() for header in ids]
    assert not any(holds(evolve(claim, signatures=[*others, text])) for text in changed)


# m of n

SCRIPTS = {
    name: sign for name, sign in PROVEN.items() if sign(1, MESSAGE).keys and len(sign(1, MESSAGE).signatures) == 2
}


@pytest.mark.parametrize("sign", SCRIPTS.values(), ids=list(SCRIPTS))
def test_fewer_signatures_than_the_script_needs_are_refused(sign: Claim) -> None:
    claim = sign(1, MESSAGE)
    for signature in claim.signatures:
        result = judge(evolve(claim, signatures=[signature]))
        assert result.status is Status.FAILED
        assert "1 of the 2" in result.reason


def test_two_signatures_by_one_key_do_not_count_as_two() -> None:
    # Different nonces give one key as many signatures of one message as it likes.
    claim = wallets.multisig("bitcoin", "p2wsh")(1, MESSAGE)
    digest = wallets.bitcoin_digest("bitcoin", MESSAGE)
    again = wallets.second_signature(wallets.secret(1, 1), digest)
    assert again != claim.signatures[0]
    assert judge(evolve(claim, signatures=[claim.signatures[1], again])).status is Status.PROVEN
    result = judge(evolve(claim, signatures=[claim.signatures[0], again]))
    assert result.status is Status.FAILED
    assert "by one key" in result.reason


def test_a_key_that_stands_twice_in_a_script_is_refused() -> None:
    key = b"\x21" + wallets.public(1)
    script = b"\x52" + key + key + b"\x52\xae"
    signed = wallets.compact(1, wallets.bitcoin_digest("bitcoin", MESSAGE))
    again = wallets.second_signature(wallets.secret(1), wallets.bitcoin_digest("bitcoin", MESSAGE))
    claim = wallets.claim("bitcoin", wallets.p2sh("bitcoin", script), MESSAGE, signed, again, keys=(script.hex(),))
    assert judge(claim).status is Status.FAILED


def test_one_key_compressed_and_not_in_a_script_does_not_count_as_two() -> None:
    script = b"\x52\x21" + wallets.public(1) + b"\x41" + wallets.public(1, compressed=False) + b"\x52\xae"
    digest = wallets.bitcoin_digest("bitcoin", MESSAGE)
    signed = [wallets.compact(1, digest, header=31), wallets.compact(1, digest, header=27)]
    claim = wallets.claim("bitcoin", wallets.p2sh("bitcoin", script), MESSAGE, *signed, keys=(script.hex(),))
    assert judge(claim).status is Status.FAILED


@pytest.mark.parametrize(
    "change",
    [
        lambda script: b"\x00" + script[1:],
        lambda script: b"\x51" + script[1:],
        lambda script: b"\x54" + script[1:],
        lambda script: script[:-2] + b"\x52\xae",
        lambda script: script[:-2] + b"\x54\xae",
        lambda script: script[:-1] + b"\xaf",
        lambda script: script[:-1],
        lambda script: script + b"\xae",
        lambda script: b"\x61" + script,
        lambda script: script[:1] + b"\x20" + script[2:],
        lambda script: script[:2] + b"\x05" + script[3:],
        lambda script: script[:1] + b"\x4c" + script[1:],
        lambda script: b"",
        lambda script: b"\xae",
        lambda script: b"\x52\x52\xae",
        lambda script: b"\x51" * 600,
    ],
)
def test_a_script_that_is_not_exactly_m_of_n_is_refused(change: wallets.Callable[[bytes], bytes]) -> None:
    # The address is that of the changed script, so that nothing but the script's form can be wrong.
    script = change(wallets.multisig_script(1))
    signed = [wallets.compact(1, wallets.bitcoin_digest("bitcoin", MESSAGE), part) for part in range(3)]
    address = wallets.segwit("bitcoin", 0, encodings.hashlib.sha256(script).digest())
    for count in (1, 2, 3):
        claim = wallets.claim("bitcoin", address, MESSAGE, *signed[:count], keys=(script.hex(),))
        lower_threshold = script[:1] == b"\x51" and script[-1:] == b"\xae" and len(script) < 600
        assert judge(claim).status is (Status.PROVEN if lower_threshold else Status.FAILED)


def test_all_keys_may_sign_where_fewer_are_needed() -> None:
    claim = wallets.multisig("bitcoin", "p2wsh")(1, MESSAGE)
    signed = [wallets.compact(1, wallets.bitcoin_digest("bitcoin", MESSAGE), part) for part in range(3)]
    assert judge(evolve(claim, signatures=signed)).status is Status.PROVEN
