"""Validators: their key alone binds nothing to the stake; the withdrawal key or account does, once looked up."""

from __future__ import annotations

import hashlib
from functools import cache

import pytest
from attrs import evolve
from py_arkworks_bls12381 import G1Point, G2Point
from py_ecc.bls import G2ProofOfPossession as bls
from py_ecc.optimized_bls12_381 import field_modulus

from ownership import judged, wallets
from ownership.judged import SCHEMES
from polyproof.ownership import AccountControl, OwnershipClaim, OwnershipResult, Status
from polyproof.reserves.signatures import verify_ownership
from polyproof.toolkit.encodings import Malformed
from polyproof_ownership import validators

MESSAGE = "audit 2025-11"


def secret(number: int) -> int:
    return int.from_bytes(wallets.secret(number)[:31])


@cache
def key(number: int) -> bytes:
    return bls.SkToPk(secret(number))


@cache
def sign(number: int, message: str = MESSAGE, hashed: bool = True) -> str:
    digest = (wallets.personal_hashed if hashed else wallets.personal)(message.encode())
    return "0x" + bls.Sign(secret(number), digest).hex()


def row(number: int = 1, *signatures: str, **more: object) -> OwnershipClaim:
    return OwnershipClaim("ETH", "ETH", "0x" + key(number).hex(), MESSAGE, signatures, **more)  # type: ignore[arg-type]


def judge(claim: OwnershipClaim) -> OwnershipResult:
    result = judged.judge(claim)
    assert result.scheme == "eth-validator-bls"
    return result


ACCOUNT = wallets.evm_account(1)
BY_ACCOUNT = wallets.rsv(1, wallets.personal(MESSAGE.encode()))
OF_ACCOUNT = "0x01" + "00" * 11 + ACCOUNT[2:]
OF_KEY = "0x00" + hashlib.sha256(key(2)).hexdigest()[2:]


def credentials(text: str) -> AccountControl:
    return AccountControl("validators at slot 7", (text,))


@pytest.mark.parametrize("hashed", [True, False])
def test_the_validators_own_signature_is_valid_and_unbound(hashed: bool) -> None:
    result = judge(row(1, sign(1, hashed=hashed)))
    assert result.status is Status.UNBOUND
    assert "not looked up" in result.reason


def test_a_bls_signature_by_another_key_or_of_another_message_fails() -> None:
    assert judge(row(1, sign(2))).status is Status.FAILED
    assert judge(row(1, sign(1, "another"))).status is Status.FAILED
    assert judge(row(1, sign(2), keys=(key(2).hex(),))).status is Status.FAILED


def test_the_bare_message_is_not_what_is_signed() -> None:
    # 32 bytes signed bare may be the root of an attestation.
    bare = "x" * 32
    signed = "0x" + bls.Sign(secret(1), bare.encode()).hex()
    assert judge(evolve(row(1, signed), message=bare)).status is Status.FAILED


def test_the_declared_withdrawal_account_is_unbound() -> None:
    assert judge(row(1, BY_ACCOUNT, owners=(ACCOUNT,))).status is Status.UNBOUND
    assert judge(row(1, sign(1), BY_ACCOUNT, owners=(ACCOUNT,))).status is Status.UNBOUND
    assert judge(row(1, BY_ACCOUNT)).status is Status.FAILED
    assert judge(row(1, BY_ACCOUNT, owners=(wallets.evm_account(2),))).status is Status.FAILED


@pytest.mark.parametrize("text", [ACCOUNT, OF_ACCOUNT, "0x02" + OF_ACCOUNT[4:]])
def test_the_account_of_the_withdrawal_credentials_proves_the_validator(text: str) -> None:
    assert judge(row(1, BY_ACCOUNT, control=credentials(text))).status is Status.PROVEN
    assert judge(row(1, sign(1), BY_ACCOUNT, control=credentials(text))).status is Status.PROVEN


def test_the_key_of_the_withdrawal_credentials_proves_the_validator() -> None:
    assert judge(row(1, sign(2), keys=(key(2).hex(),), control=credentials(OF_KEY))).status is Status.PROVEN


def test_the_order_of_signatures_does_not_matter() -> None:
    both = (sign(1), BY_ACCOUNT)
    for signatures in (both, both[::-1]):
        assert judge(row(1, *signatures, control=credentials(OF_ACCOUNT))).status is Status.PROVEN


def test_the_withdrawal_key_alone_given_without_a_signature_of_its_own_proves_nothing() -> None:
    # The declared account signs validly, but the stake goes to the key, which anybody can name.
    named = row(1, BY_ACCOUNT, owners=(ACCOUNT,), keys=(key(2).hex(),), control=credentials(OF_KEY))
    assert judge(named).status is Status.FAILED


@pytest.mark.parametrize("others", [(key(2), key(3)), (key(2), key(2)), (key(2), key(3), key(4))])
def test_more_than_one_key_is_refused(others: tuple[bytes, ...]) -> None:
    result = judge(row(1, sign(2), keys=tuple(one.hex() for one in others), control=credentials(OF_KEY)))
    assert result.status is Status.FAILED
    assert "more than one" in result.reason


def test_a_key_that_does_not_decode_is_named_in_the_reason() -> None:
    result = judge(row(1, sign(1), keys=("ab" * 48,), control=credentials(OF_KEY)))
    assert result.status is Status.FAILED
    assert result.reason == "the key is not a BLS public key"


def test_withdrawal_credentials_of_somebody_else_prove_nothing() -> None:
    assert judge(row(1, sign(1), control=credentials(OF_ACCOUNT))).status is Status.FAILED
    assert judge(row(1, sign(1), control=credentials(OF_KEY))).status is Status.FAILED
    assert judge(row(1, sign(3), keys=(key(3).hex(),), control=credentials(OF_KEY))).status is Status.FAILED
    other = credentials(wallets.evm_account(2))
    assert judge(row(1, BY_ACCOUNT, control=other)).status is Status.FAILED
    assert judge(row(1, BY_ACCOUNT, owners=(ACCOUNT,), control=other)).status is Status.FAILED
    assert judge(row(1, control=credentials(OF_ACCOUNT))).status is Status.FAILED


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0x",
        ACCOUNT[2:],
        OF_ACCOUNT[:-2],
        "0x03" + OF_ACCOUNT[4:],
        *(OF_ACCOUNT[:place] + "1" + OF_ACCOUNT[place + 1 :] for place in range(4, 26)),
    ],
)
def test_what_are_not_withdrawal_credentials_prove_nothing(text: str) -> None:
    assert judge(row(1, BY_ACCOUNT, control=credentials(text))).status is Status.FAILED


def test_a_signature_beside_the_one_that_counts_must_be_valid_too() -> None:
    control = credentials(OF_ACCOUNT)
    assert judge(row(1, sign(2), BY_ACCOUNT, control=control)).status is Status.FAILED
    assert judge(row(1, BY_ACCOUNT, wallets.rsv(2, wallets.personal(b"x")), control=control)).status is Status.FAILED
    assert judge(row(1, sign(1), sign(1, hashed=False), BY_ACCOUNT, control=control)).status is Status.FAILED
    assert judge(row(1, BY_ACCOUNT, BY_ACCOUNT, control=control)).status is Status.FAILED


# Which rows


def test_only_rows_of_ethereum_with_an_address_of_48_bytes_are_validators() -> None:
    scheme, address = validators.EthereumValidator(), key(1).hex()
    of_chain = {chain: evolve(row(1), chain=chain) for chain in ("ETH", "ethereum", "polygon", "arbitrum", "solana")}
    assert [chain for chain, claim in of_chain.items() if scheme.serves(claim)] == ["ETH", "ethereum"]
    for text in (address, "0x" + address):
        assert scheme.serves(evolve(row(1), address=text))
    for text in ("", ACCOUNT, address[:-1], address[:-2], address + "0", "0x" + address + "00"):
        assert not scheme.serves(evolve(row(1), address=text))


# A batch


def test_in_a_batch_every_row_stands_for_itself() -> None:
    rows = [row(number, sign(number, hashed=number % 3 != 0)) for number in range(1, 7)]
    rows[2] = row(3, sign(4))
    rows[4] = evolve(rows[4], message="another")
    statuses = [result.status for result in verify_ownership(rows, SCHEMES)]
    good = Status.UNBOUND
    assert statuses == [good, good, Status.FAILED, good, Status.FAILED, good]


def cancelling(messages: tuple[str, str]) -> list[OwnershipClaim]:
    """Two rows whose signatures are both wrong: a point was added to one and taken from the other."""
    first, second = (
        validators.bls_signature(bytes.fromhex(sign(number, message)[2:]))
        for number, message in zip((1, 2), messages, strict=True)
    )
    shift = G2Point.hash_to_curve(b"shift", b"tests")
    points = zip((1, 2), (first + shift, second - shift), messages, strict=True)
    return [
        evolve(row(number, "0x" + point.to_compressed_bytes().hex()), message=text) for number, point, text in points
    ]


@pytest.mark.parametrize("messages", [(MESSAGE, MESSAGE), (MESSAGE, "another")])
def test_errors_that_cancel_each_other_in_a_sum_do_not_pass_a_batch(messages: tuple[str, str]) -> None:
    results = verify_ownership(cancelling(messages), SCHEMES)
    assert [result.status for result in results] == [Status.FAILED, Status.FAILED]


def test_errors_cancel_each_other_where_all_weights_are_equal(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the test before shows what random weights are for."""
    monkeypatch.setattr(validators.secrets, "randbits", lambda bits: 6)
    results = verify_ownership(cancelling((MESSAGE, MESSAGE)), SCHEMES)
    assert [result.status for result in results] == [Status.UNBOUND, Status.UNBOUND]


def test_no_weight_is_zero_whatever_was_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    # A weight of zero would leave its equation out of the sum.
    monkeypatch.setattr(validators.secrets, "randbits", lambda bits: 0)
    assert judge(row(1, sign(2))).status is Status.FAILED


def test_weights_are_drawn_anew_for_each_equation(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(validators.secrets, "randbits", lambda bits: asked.append(bits) or len(asked))
    rows = [row(number, sign(number)) for number in range(1, 5)]
    assert all(result.status is Status.UNBOUND for result in verify_ownership(rows, SCHEMES))
    assert len(asked) >= 4
    assert set(asked) == {128}


def test_a_row_with_more_signatures_than_allowed_is_not_looked_at() -> None:
    # Each would cost a pairing: the bound comes before any work.
    many = [sign(1), *(f"0x{number:0192x}" for number in range(32))]
    assert validators.signatures_that_hold([row(1, *many[:32])]) == {("0x" + key(1).hex(), sign(1), MESSAGE)}
    assert validators.signatures_that_hold([row(1, *many)]) == frozenset()


# Keys and signatures that are none


def off_subgroup(size: int) -> bytes:
    """A point of the curve that is not in the subgroup: nearly every one is."""
    for x in range(1, 200):
        data = bytes([0x80]) + bytes(size - 2) + bytes([x])
        point = G1Point if size == 48 else G2Point
        try:
            found = point.from_compressed_bytes_unchecked(data)
        except ValueError:
            continue
        if not found.is_in_subgroup():
            return data
    raise AssertionError


def other_forms(generator: G1Point | G2Point) -> list[bytes]:
    """Other spellings of points of the subgroup: a coordinate plus the field's modulus, flags that do not fit."""
    forms: list[bytes] = []
    point = generator
    halves = len(generator.to_compressed_bytes()) // 48
    wanted = set(range(halves))
    for _ in range(200):
        data = point.to_compressed_bytes()
        for half in sorted(wanted):
            part = data[48 * half : 48 * half + 48]
            flags = part[0] & 0xE0 if half == 0 else 0
            value = int.from_bytes(bytes([part[0] ^ flags]) + part[1:]) + field_modulus
            if value < 1 << 381:
                other = (value | flags << 376).to_bytes(48)
                forms.append(data[: 48 * half] + other + data[48 * half + 48 :])
                wanted.remove(half)
        point = point + generator
    assert not wanted
    data = generator.to_compressed_bytes()
    flagged = [bytes([data[0] ^ flag]) + data[1:] for flag in (0x80, 0x40, 0xC0)]
    flagged += [data[:48] + bytes([data[48] | flag]) + data[49:] for flag in (0x80, 0x40, 0x20) if halves == 2]
    return forms + flagged + [b"\xe0" + bytes(len(data) - 1)]


NOT_KEYS = [
    b"",
    bytes(48),
    b"\xc0" + bytes(47),
    b"\xc0" + bytes(46) + b"\1",
    b"\xff" * 48,
    b"\xab" * 48,
    bytes(47),
    (field_modulus + 3 | 1 << 383).to_bytes(48),
    off_subgroup(48),
    *other_forms(G1Point()),
]


@pytest.mark.parametrize("data", NOT_KEYS, ids=[f"{place}-{data.hex()[:12]}" for place, data in enumerate(NOT_KEYS)])
def test_what_is_not_a_key_does_not_decode(data: bytes) -> None:
    with pytest.raises(Malformed):
        validators.bls_key(data.hex())
    claim = evolve(row(1, BY_ACCOUNT, control=credentials(ACCOUNT)), address="0x" + data.hex().ljust(96, "0"))
    assert judge(claim).status is Status.FAILED


NOT_SIGNATURES = [bytes(96), b"\xc0" + bytes(95), b"\xff" * 96, off_subgroup(96), *other_forms(G2Point())]


@pytest.mark.parametrize(
    "data", NOT_SIGNATURES, ids=[data.hex()[:12] + str(place) for place, data in enumerate(NOT_SIGNATURES)]
)
def test_what_is_not_a_signature_does_not_decode(data: bytes) -> None:
    with pytest.raises(Malformed):
        validators.bls_signature(data)
    assert judge(row(1, data.hex())).status is Status.FAILED


def test_the_signature_and_key_at_infinity_do_not_verify_everything() -> None:
    infinite = "0x" + (b"\xc0" + bytes(95)).hex()
    assert judge(row(1, infinite)).status is Status.FAILED
    assert judge(row(1, infinite, keys=("c0" + "00" * 47,), control=credentials(OF_KEY))).status is Status.FAILED


# Beside the reference


@pytest.mark.parametrize("signer", [1, 2])
@pytest.mark.parametrize("message", [MESSAGE, "another"])
def test_signatures_verify_as_by_the_reference(signer: int, message: str) -> None:
    digest = wallets.personal_hashed(MESSAGE.encode())
    signature = bytes.fromhex(sign(signer, message)[2:])
    found = judge(row(1, "0x" + signature.hex())).status is Status.UNBOUND
    assert found is bls.Verify(key(1), digest, signature)


def test_the_identity_of_a_public_key_is_refused_as_by_the_reference() -> None:
    for data in NOT_KEYS:
        assert not bls.KeyValidate(data)
