"""Accounts that others control: unbound until the chain is asked, and then as the chain says."""

from __future__ import annotations

import pytest
from attrs import evolve

from ownership import wallets
from ownership.judged import judge
from polyproof.ownership import AccountControl, OwnershipClaim, OwnershipResult, Status

MESSAGE = "audit 2025-11"
DATA = MESSAGE.encode()
SAFE = "0x" + "5a" * 20
OWNERS = tuple(wallets.evm_account(1, part) for part in range(3))
SIGNED = tuple(wallets.rsv(1, wallets.personal(DATA), part) for part in range(3))
STRANGER = wallets.rsv(2, wallets.personal(DATA))


def safe(
    signatures: tuple[str, ...], declared: tuple[str, ...] = (), control: AccountControl | None = None
) -> OwnershipResult:
    row = OwnershipClaim("ETH", "ETH", SAFE, MESSAGE, signatures, owners=declared, control=control)
    return judge(row)


def looked_up(owners: tuple[str, ...] = OWNERS, threshold: int = 2, accepted: tuple[bytes, ...] = ()) -> AccountControl:
    return AccountControl("getOwners at block 0xabc", owners, threshold, accepted)


# Without asking the chain


def test_a_contract_whose_owners_were_not_looked_up_is_unbound_however_many_sign() -> None:
    for count in (1, 2, 3):
        result = safe(SIGNED[:count], OWNERS)
        assert result.status is Status.UNBOUND
        assert "not looked up" in result.reason


def test_declared_owners_do_not_prove_another_contract_either() -> None:
    # Anybody can declare himself the owner of anything.
    assert safe((STRANGER,), (wallets.evm_account(2),)).status is Status.UNBOUND


def test_signatures_by_others_than_the_declared_owners_fail() -> None:
    assert safe((STRANGER,), OWNERS).status is Status.FAILED
    assert safe((SIGNED[0], STRANGER), OWNERS).status is Status.FAILED
    assert safe(SIGNED[:2], OWNERS[:1]).status is Status.FAILED


def test_two_signatures_by_one_declared_owner_fail() -> None:
    again = wallets.rsv(1, wallets.personal_hashed(DATA), 0)
    assert safe((SIGNED[0], again), OWNERS).status is Status.FAILED


def test_signatures_for_a_contract_without_owners_fail() -> None:
    assert safe(SIGNED[:1]).status is Status.FAILED
    assert safe(SIGNED[:2]).status is Status.FAILED


@pytest.mark.parametrize("owner", ["", "0x", OWNERS[0][:-1], OWNERS[0] + "0", "null", "0X" + OWNERS[0][2:]])
def test_an_owner_that_does_not_decode_fails(owner: str) -> None:
    assert safe(SIGNED[:1], (OWNERS[0], owner)).status is Status.FAILED
    assert safe(SIGNED[:2], OWNERS, looked_up((*OWNERS, owner))).status is Status.FAILED


def test_an_account_that_declares_itself_its_owner_needs_no_look_up() -> None:
    row = OwnershipClaim("ETH", "ETH", OWNERS[0], MESSAGE, SIGNED[:1], owners=OWNERS[:1])
    assert judge(row).status is Status.PROVEN


# With what the chain says


def test_as_many_owners_as_the_contract_needs_prove_it() -> None:
    assert safe(SIGNED[:2], (), looked_up()).status is Status.PROVEN
    assert safe(SIGNED, (), looked_up()).status is Status.PROVEN
    assert safe(SIGNED[1:], OWNERS, looked_up()).status is Status.PROVEN


def test_fewer_owners_than_the_contract_needs_do_not() -> None:
    result = safe(SIGNED[:1], OWNERS, looked_up())
    assert result.status is Status.FAILED
    assert "1 of the 2" in result.reason
    assert safe(SIGNED[:2], OWNERS, looked_up(threshold=3)).status is Status.FAILED
    assert safe((), OWNERS, looked_up()).status is Status.FAILED


def test_owners_that_the_chain_does_not_name_do_not_count() -> None:
    result = safe(SIGNED[:2], OWNERS, looked_up((wallets.evm_account(5), wallets.evm_account(6)), 1))
    assert result.status is Status.FAILED


def test_the_chain_decides_even_against_the_key_of_the_address() -> None:
    row = OwnershipClaim("ETH", "ETH", OWNERS[0], MESSAGE, SIGNED[:1], control=looked_up(OWNERS[1:], 1))
    assert judge(row).status is Status.FAILED


@pytest.mark.parametrize("threshold", [0, -1, 4, 10**9])
def test_a_threshold_that_no_contract_has_proves_nothing(threshold: int) -> None:
    assert safe(SIGNED, OWNERS, looked_up(threshold=threshold)).status is Status.FAILED


def test_one_owner_named_twice_by_the_chain_counts_once() -> None:
    twice = (OWNERS[0], OWNERS[0].upper().replace("X", "x"))
    assert safe(SIGNED[:1], (), looked_up(twice, 2)).status is Status.FAILED


def test_a_look_up_without_owners_proves_nothing() -> None:
    assert safe(SIGNED[:1], OWNERS, looked_up(())).status is Status.FAILED


def test_a_contract_that_accepts_this_messages_digest_is_proven() -> None:
    for digest in (wallets.personal(DATA), wallets.personal_hashed(DATA)):
        assert safe(("0x" + "00" * 130,), (), looked_up((), 1, (digest,))).status is Status.PROVEN


def test_a_contract_that_accepts_a_digest_is_not_proven_without_a_signature_that_it_was_asked_about() -> None:
    for digest in (wallets.personal(DATA), wallets.personal_hashed(DATA)):
        assert safe((), (), looked_up((), 1, (digest,))).status is Status.FAILED


def test_a_contract_that_accepts_another_digest_is_not_proven() -> None:
    for digest in (wallets.personal(b"another"), b"", bytes(32), DATA):
        assert safe(("0x" + "00" * 130,), (), looked_up((), 1, (digest,))).status is Status.FAILED


# Tron


def test_a_tron_permission_decides_over_the_key_of_the_address() -> None:
    row = wallets.tron(wallets.personal)(1, MESSAGE)
    assert judge(row).status is Status.PROVEN
    other = AccountControl("block 5", (wallets.tron_account(2),))
    assert judge(evolve(row, control=other)).status is Status.FAILED


@pytest.mark.parametrize("signed", [(), (0,), (0, 0)])
def test_fewer_holders_of_a_tron_permission_than_needed_do_not_prove(signed: tuple[int, ...]) -> None:
    row = wallets.tron_permission(1, MESSAGE)
    assert judge(evolve(row, signatures=[row.signatures[k] for k in signed])).status is Status.FAILED


# Aptos


def rotated(**changes: object) -> OwnershipResult:
    return judge(evolve(wallets.aptos_rotated(1, MESSAGE), **changes))


def test_a_rotated_aptos_account_is_unbound_until_looked_up() -> None:
    assert rotated().status is Status.PROVEN
    assert rotated(control=None).status is Status.UNBOUND
    assert rotated(control=None, owners=()).status is Status.UNBOUND


def test_an_aptos_key_that_is_not_the_declared_one_fails() -> None:
    assert rotated(control=None, owners=("0x" + "11" * 32,)).status is Status.FAILED
    assert rotated(control=None, owners=("zz",)).status is Status.FAILED


def test_an_aptos_account_that_was_rotated_to_another_key_fails() -> None:
    other = AccountControl("version 9", ("0x" + "11" * 32,))
    assert rotated(control=other).status is Status.FAILED
    assert rotated(control=AccountControl("version 9")).status is Status.FAILED
    # Its own first key does not help once the chain says that it was rotated away, or the row itself does.
    mine = wallets.PROVEN["Aptos, exchange's header"](1, MESSAGE)
    assert judge(mine).status is Status.PROVEN
    assert judge(evolve(mine, control=other)).status is Status.FAILED
    assert judge(evolve(mine, owners=("0x" + "11" * 32,))).status is Status.FAILED


# TON


def test_a_ton_contract_of_another_kind_is_unbound_until_looked_up() -> None:
    key, _ = wallets.ed25519(1)
    odd = wallets.exchange_ed25519("TON", lambda key: wallets.friendly(wallets.ton_v3r2(key, subwallet=7)))(1, MESSAGE)
    assert judge(odd).status is Status.UNBOUND
    assert judge(evolve(odd, message="another")).status is Status.FAILED
    assert judge(evolve(odd, control=AccountControl("seqno 3", (key.hex(),)))).status is Status.PROVEN
    other, _ = wallets.ed25519(2)
    assert judge(evolve(odd, control=AccountControl("seqno 3", (other.hex(),)))).status is Status.FAILED
    usual = wallets.PROVEN["TON v3r2"](1, MESSAGE)
    assert judge(evolve(usual, control=AccountControl("seqno 3", (other.hex(),)))).status is Status.FAILED


def test_a_ton_wallet_is_of_its_workchain() -> None:
    key, _ = wallets.ed25519(1)
    for workchain, derived in ((0, -1), (-1, 0)):
        address = wallets.friendly(wallets.ton_v3r2(key, derived), workchain=workchain)
        assert judge(evolve(wallets.PROVEN["TON v3r2"](1, MESSAGE), address=address)).status is Status.UNBOUND


# XRP and EOS


def test_an_xrp_account_signed_by_a_key_that_may_be_its_regular_key_is_unbound() -> None:
    row = wallets.PROVEN["XRP with its key"](1, MESSAGE)
    assert judge(evolve(row, address=wallets.xrp(2))).status is Status.UNBOUND
    assert judge(evolve(row, address=wallets.xrp(2), keys=())).status is Status.FAILED


def test_an_eos_account_is_proven_once_its_keys_were_looked_up() -> None:
    row = wallets.eos_two(1, MESSAGE)
    keys = (*row.keys, wallets.eos_key(9))
    assert judge(evolve(row, control=AccountControl("get_account at block 4", keys, 2))).status is Status.PROVEN
    assert judge(evolve(row, control=AccountControl("get_account at block 4", keys, 3))).status is Status.FAILED
    assert judge(evolve(row, control=AccountControl("get_account at block 4", keys[2:], 1))).status is Status.FAILED


@pytest.mark.parametrize(
    "name",
    ["bitcoin P2WSH", "BIP-322 simple P2TR", "Solana, as wallets sign", "Polkadot", "Cardano, base", "aelf", "XRP"],
)
def test_what_a_chain_says_is_not_passed_over_where_it_is_not_understood(name: str) -> None:
    row = wallets.PROVEN[name](1, MESSAGE)
    assert judge(row).status is Status.PROVEN
    assert judge(evolve(row, control=AccountControl("block 3", ("somebody",)))).status is Status.UNSUPPORTED
