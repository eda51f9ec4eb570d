"""A stranger's BIP-322 signature: valid, over the very transaction that spends the victim's output, by another key.

The transaction to spend commits to the victim's address, so that what fails is the check that the key or script is the
address's, and nothing before it. To swap an address after signing would not show that: the digest would differ.
"""

from __future__ import annotations

import base64

import pytest
from attrs import evolve
from coincurve import PrivateKey

from ownership import judged, spending, wallets
from ownership.spending import Solution, Solve, push, sha256
from ownership.victim import (
    ANOTHER_KEY,
    MESSAGE,
    OWN,
    P2PKH,
    P2SH,
    P2SH_P2WPKH,
    P2SH_P2WSH,
    P2TR,
    P2WPKH,
    P2WSH,
    VICTIM,
    VICTIMS_KEY,
    VICTIMS_SCRIPT,
    judge,
    key_hash,
    nested_key,
    nested_script,
    pay_to_script,
    witness_key_hash,
    witness_script,
)
from ownership.wallets import hash160
from polyproof.model.counts import counted
from polyproof.ownership import Status

STRANGER = PrivateKey(wallets.secret(2))
STRANGERS_KEY, STRANGERS_SCRIPT = STRANGER.public_key.format(), wallets.multisig_script(2)
STRANGERS = [PrivateKey(wallets.secret(2, part)) for part in range(2)]

ANOTHER_SCRIPT = "the script is not that of this address"
ANOTHER_REDEEM = "the key or script is not that of this address"

OWNERS = [
    (P2PKH, key_hash(VICTIM)),
    (P2WPKH, witness_key_hash(VICTIM, VICTIMS_KEY)),
    (P2WSH, witness_script(VICTIMS_SCRIPT, OWN)),
    (P2SH, spending.by_script(VICTIMS_SCRIPT, OWN)),
    (P2SH_P2WPKH, witness_key_hash(VICTIM, VICTIMS_KEY, nested_key(VICTIMS_KEY))),
    (P2SH_P2WSH, witness_script(VICTIMS_SCRIPT, OWN, nested_script(VICTIMS_SCRIPT))),
    (P2TR, spending.by_taproot(VICTIM)),
]


def test_the_owner_proves_each_form_of_address() -> None:
    for target, solve in OWNERS:
        assert judge(target, solve).status is Status.PROVEN


STRANGERS_WAYS = {
    "P2PKH": (P2PKH, key_hash(STRANGER), ANOTHER_KEY),
    "P2WPKH": (P2WPKH, witness_key_hash(STRANGER, VICTIMS_KEY), ANOTHER_KEY),
    "P2WPKH, signed for the stranger's program": (P2WPKH, witness_key_hash(STRANGER, STRANGERS_KEY), ANOTHER_KEY),
    "P2WSH": (P2WSH, witness_script(STRANGERS_SCRIPT, STRANGERS), ANOTHER_SCRIPT),
    "P2SH": (P2SH, spending.by_script(STRANGERS_SCRIPT, STRANGERS), ANOTHER_REDEEM),
    "P2SH by the stranger's nested key": (
        P2SH,
        witness_key_hash(STRANGER, STRANGERS_KEY, nested_key(STRANGERS_KEY)),
        ANOTHER_REDEEM,
    ),
    "P2SH-P2WPKH": (
        P2SH_P2WPKH,
        witness_key_hash(STRANGER, STRANGERS_KEY, nested_key(STRANGERS_KEY)),
        ANOTHER_REDEEM,
    ),
    "P2SH-P2WPKH with the victim's program": (
        P2SH_P2WPKH,
        witness_key_hash(STRANGER, VICTIMS_KEY, nested_key(VICTIMS_KEY)),
        ANOTHER_KEY,
    ),
    "P2SH-P2WPKH by the stranger's script": (
        P2SH_P2WPKH,
        spending.by_script(STRANGERS_SCRIPT, STRANGERS),
        ANOTHER_REDEEM,
    ),
    "P2SH-P2WSH": (
        P2SH_P2WSH,
        witness_script(STRANGERS_SCRIPT, STRANGERS, nested_script(STRANGERS_SCRIPT)),
        ANOTHER_REDEEM,
    ),
    "P2SH-P2WSH with the victim's program": (
        P2SH_P2WSH,
        witness_script(STRANGERS_SCRIPT, STRANGERS, nested_script(VICTIMS_SCRIPT)),
        ANOTHER_SCRIPT,
    ),
    "P2TR": (P2TR, spending.by_taproot(STRANGER), "the signature is by another key, or of another message"),
}


@pytest.mark.parametrize(("target", "solve", "reason"), STRANGERS_WAYS.values(), ids=list(STRANGERS_WAYS))
def test_a_strangers_key_or_script_proves_nobodys_address(target: tuple[str, bytes], solve: Solve, reason: str) -> None:
    result = judge(target, solve)
    assert (result.status, result.reason) == (Status.FAILED, reason)


@pytest.mark.parametrize(
    "name", [name for name in STRANGERS_WAYS if name.startswith(("P2W", "P2SH-P2W", "P2TR")) and "script" not in name]
)
def test_nor_does_a_witness_alone(name: str) -> None:
    target, solve, reason = STRANGERS_WAYS[name]
    result = judge(target, lambda tx: evolve(solve(tx), script=b""), full=False)
    # The redeem script is derived from the witness where none is given.
    expected = ANOTHER_REDEEM if name.startswith("P2SH") else reason
    assert (result.status, result.reason) == (Status.FAILED, expected)


# What is missing, beside, or not as it must be


def test_a_witness_that_holds_only_the_script_is_no_signature() -> None:
    for target, redeem in ((P2WSH, b""), (P2SH_P2WSH, push(nested_script(VICTIMS_SCRIPT)))):
        result = judge(target, lambda tx, redeem=redeem: Solution(redeem, [VICTIMS_SCRIPT]))
        assert (result.status, result.reason) == (
            Status.FAILED,
            "the signature does not start with the empty element that CHECKMULTISIG takes",
        )
    result = judge(P2SH, lambda tx: Solution(push(VICTIMS_SCRIPT)))
    assert (result.status, "empty element" in result.reason) == (Status.FAILED, True)


def test_no_signature_beside_the_script_is_not_enough_of_them() -> None:
    for count in (0, 1, 3):
        keys = [PrivateKey(wallets.secret(1, part)) for part in range(count)]
        for target, solve in (
            (P2WSH, witness_script(VICTIMS_SCRIPT, keys)),
            (P2SH, spending.by_script(VICTIMS_SCRIPT, keys)),
        ):
            result = judge(target, solve)
            assert (result.status, result.reason) == (
                Status.FAILED,
                f"{counted(count, 'signature')} {'is' if count == 1 else 'are'} given where 2 are expected",
            )


@pytest.mark.parametrize("extra", [[b""], [b"\1"], [VICTIMS_KEY]], ids=["empty", "one byte", "the key"])
def test_a_p2pkh_proof_has_no_witness_beside_it(extra: list[bytes]) -> None:
    result = judge(P2PKH, lambda tx: evolve(key_hash(VICTIM)(tx), witness=extra))
    assert (result.status, result.reason) == (
        Status.FAILED,
        "the signature is not a signature and a key, as this address requires",
    )


def test_a_p2pkh_proof_is_a_signature_and_a_key_and_nothing_else() -> None:
    for before, after in ((push(b"\1"), b""), (b"", push(VICTIMS_KEY))):
        result = judge(P2PKH, lambda tx, b=before, a=after: Solution(b + key_hash(VICTIM)(tx).script + a))
        assert (result.status, result.reason) == (
            Status.FAILED,
            "the signature is not a signature and a key, as this address requires",
        )


def test_a_witness_script_with_a_key_that_is_not_compressed_is_refused() -> None:
    # A witness with such a key cannot be spent (BIP-143, "Restrictions on public key type").
    whole = VICTIM.public_key.format(compressed=False)
    for key, size in ((whole, b"\x41"), (VICTIMS_KEY, b"\x21")):
        script = b"\x51" + size + key + b"\x51\xae"
        for target, redeem in (
            ((wallets.segwit("bitcoin", 0, sha256(script)), nested_script(script)), b""),
            (pay_to_script(nested_script(script)), nested_script(script)),
        ):
            result = judge(target, witness_script(script, [VICTIM], redeem))
            if key is VICTIMS_KEY:
                assert result.status is Status.PROVEN
            else:
                assert (result.status, result.reason) == (
                    Status.FAILED,
                    "the script has a key that is not compressed",
                )


def test_nothing_is_pushed_beside_a_redeem_script() -> None:
    for target, solve in OWNERS[4:6]:
        for extra in (b"\x00", push(b"\1"), push(VICTIMS_KEY)):
            result = judge(target, lambda tx, e=extra, s=solve: evolve(s(tx), script=e + s(tx).script))
            assert (result.status, result.reason) == (
                Status.FAILED,
                "the signature has more than the redeem script beside the witness",
            )
    result = judge(P2SH, lambda tx: Solution(b"\x00" + spending.by_script(VICTIMS_SCRIPT, OWN)(tx).script))
    assert (result.status, result.reason) == (Status.FAILED, "3 signatures are given where 2 are expected")


ENDS_AS_ONE_CHECKMULTISIG = PrivateKey((4852).to_bytes(32))
"""A key whose x ends in 51 ae, the bytes of "1 CHECKMULTISIG"; found by trying secrets from 1 on."""


def test_a_key_does_not_overlap_the_end_of_its_script() -> None:
    key = ENDS_AS_ONE_CHECKMULTISIG.public_key.format()
    assert key[-2:] == b"\x51\xae"
    # On a chain this script pushes 1 and a key and checks nothing, so anybody can spend it.
    script = b"\x51\x21" + key
    reason = "the script holds something other than keys"
    for target, solve in (
        ((wallets.segwit("bitcoin", 0, sha256(script)), nested_script(script)), spending.by_witness_script),
        (pay_to_script(script), spending.by_script),
    ):
        result = judge(target, solve(script, [ENDS_AS_ONE_CHECKMULTISIG]))
        assert (result.status, result.reason) == (Status.FAILED, reason)
    digest = wallets.bitcoin_digest("bitcoin", MESSAGE)
    signed = ENDS_AS_ONE_CHECKMULTISIG.sign_recoverable(digest, hasher=None)
    text = base64.b64encode(bytes([31 + signed[64]]) + signed[:64]).decode()
    claim = wallets.claim("bitcoin", wallets.p2sh("bitcoin", script), MESSAGE, text, keys=(script.hex(),))
    old = judged.judge(claim)
    assert (old.scheme, old.status, old.reason) == ("bitcoin-signmessage", Status.FAILED, reason)


@pytest.mark.parametrize("header", [27, 31, 35])
def test_an_uncompressed_key_does_not_sign_for_a_nested_witness_address(header: int) -> None:
    # Such a program can be written down, but no witness spends it, so its coins are nobody's.
    digest = wallets.bitcoin_digest("bitcoin", MESSAGE)
    for compressed in (False, True):
        redeem = nested_key(wallets.public(1, compressed=compressed))
        claim = wallets.claim(
            "bitcoin", wallets.p2sh("bitcoin", redeem), MESSAGE, wallets.compact(1, digest, header=header)
        )
        result = judged.judge(claim)
        assert result.scheme == "bitcoin-signmessage"
        if compressed and header > 27:
            assert result.status is Status.PROVEN
        else:
            assert result.status is Status.FAILED
            assert result.reason == "the signature is by another key, or of another message"


# Checks behind which something else would fail too, without saying what is wrong


def reason_of(target: tuple[str, bytes], *witness: bytes, script: bytes = b"") -> str:
    result = judge(target, lambda tx: Solution(script, list(witness)))
    assert result.status is Status.FAILED
    return result.reason


def test_what_a_witness_lacks_is_said() -> None:
    assert "has no witness, which this address requires" in reason_of(P2WSH)
    assert "has neither script nor witness" in reason_of(P2SH)
    assert "is not a signature and a compressed key" in reason_of(P2WPKH, b"\1", b"\2", VICTIMS_KEY)
    assert "is not a signature and a compressed key" in reason_of(P2WPKH, VICTIMS_KEY)
    assert "is 63 bytes where 64 or 65 are expected" in reason_of(P2TR, bytes(63))
    assert "by another key, or of another message" in reason_of(P2WPKH, b"", VICTIMS_KEY)


def test_a_script_signature_is_of_minimal_pushes_alone() -> None:
    key = VICTIM.public_key.format()
    for change, reason in (
        (lambda signature: b"\x4c" + bytes([len(signature)]) + signature, "a push that is not minimal"),
        (lambda signature: b"\x4d" + len(signature).to_bytes(2, "little") + signature, "a push that is not minimal"),
        (lambda signature: b"\x4e" + len(signature).to_bytes(4, "little") + signature, "does more than push"),
        (lambda signature: push(signature) + b"\x61", "does more than push"),
        (lambda signature: push(signature) + b"\x51", "does more than push"),
    ):
        result = judge(
            P2PKH, lambda tx, c=change: Solution(c(spending.ecdsa(VICTIM, tx.legacy(tx.output))) + push(key))
        )
        assert result.status is Status.FAILED
        assert reason in result.reason


def test_another_script_behind_p2sh_is_unsupported() -> None:
    script = b"\x21" + VICTIMS_KEY + b"\xac"
    target = pay_to_script(script)
    result = judge(target, lambda tx: Solution(push(spending.ecdsa(VICTIM, tx.legacy(script))) + push(script)))
    assert (result.status, result.reason) == (
        Status.UNSUPPORTED,
        "the address has a script that is not m of n keys",
    )


def test_a_redeem_script_that_only_looks_like_a_witness_program_takes_no_witness() -> None:
    # Version 1 with 20 bytes is no program of anybody's: whoever finds its coins may spend them (BIP-141).
    redeem = b"\x51\x14" + hash160(VICTIMS_KEY)
    result = judge(pay_to_script(redeem), witness_key_hash(VICTIM, VICTIMS_KEY, redeem))
    assert (result.status, "a witness that its redeem script does not allow" in result.reason) == (Status.FAILED, True)


@pytest.mark.parametrize("count", [1, 3, 16])
def test_a_script_has_as_many_keys_as_it_says(count: int) -> None:
    keys = [wallets.public(1, part) for part in range(2)]
    script = b"\x51" + b"".join(b"\x21" + key for key in keys) + bytes([0x50 + count, 0xAE])
    for target, solve in (
        ((wallets.segwit("bitcoin", 0, sha256(script)), nested_script(script)), spending.by_witness_script),
        (pay_to_script(script), spending.by_script),
    ):
        result = judge(target, solve(script, OWN[:1]))
        assert (result.status, result.reason) == (Status.FAILED, f"the script has 2 keys, and says 1 of {count}")


@pytest.mark.parametrize("chain", ["dogecoin", "dash"])
def test_where_there_are_no_witnesses_nothing_is_proven_of_a_witness_program_behind_p2sh(chain: str) -> None:
    """Such an output is spent by showing its script, which anybody may; a signature for it shows nothing."""
    ways = {
        "a signed message by its key": (wallets.nested(chain, 31), "a P2SH address is never that of a key"),
        "the same, with the header of BIP-137": (wallets.nested(chain, 35), "a P2SH address is never that of a key"),
        "signed messages by its keys": (wallets.multisig(chain, "p2sh-p2wsh"), ANOTHER_SCRIPT),
        "BIP-322 by its key": (wallets.bip322(chain, "p2sh-p2wpkh", full=True), "has a witness, which transactions of"),
        "the witness alone": (wallets.bip322(chain, "p2sh-p2wpkh", full=False), "has a witness, which transactions of"),
    }
    for way, (sign, reason) in ways.items():
        result = judged.judge(sign(1, MESSAGE))
        assert result.status is Status.FAILED, way
        assert reason in result.reason, way
