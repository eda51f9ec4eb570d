"""What is refused before any signature is looked at: each limit holds exactly, and each reason names what is wrong."""

from __future__ import annotations

import pytest
from attrs import evolve

from ownership import wallets
from ownership.judged import SCHEMES, judge
from polyproof.ownership import AccountControl, Kind, OwnershipClaim, OwnershipResult, Status
from polyproof.toolkit.encodings import Malformed, base58_check_decode, base58_check_encode
from polyproof_ownership.rows import Account, RowScheme, unsupported

GOOD = wallets.PROVEN["EVM, EIP-191"](1, "m")


class Everything(RowScheme[str]):
    """Finds every claim proven that reaches it, and quotes the message; knows no address with a question mark."""

    name = "everything"
    chains = frozenset({"ethereum"})

    def read(self, chain: str, address: str) -> Account[str]:
        if "?" in address:
            raise Malformed("has a question mark")
        if "!" in address:
            raise unsupported("addresses that shout are not supported")
        return Account(f"{address}, spelt well", address)

    def judge(self, claim: OwnershipClaim, chain: str, account: Account[str]) -> OwnershipResult:
        return OwnershipResult(Status.PROVEN, claim.message)


SCHEME = Everything()


def found(**changes: object) -> OwnershipResult:
    claim = OwnershipClaim("ETH", "ethereum", "a", "m", ["s"])
    (result,) = SCHEME.verify([evolve(claim, **changes)])
    return result


@pytest.mark.parametrize(("name", "longest"), [("asset", 200), ("address", 300), ("message", 65536)])
def test_a_text_may_have_its_longest_length_and_no_more(name: str, longest: int) -> None:
    assert found(**{name: "x" * longest}).status is Status.PROVEN
    result = found(**{name: "x" * (longest + 1)})
    reason = f"the {name} is {longest + 1:,} characters long; {longest:,} are allowed"
    assert (result.status, result.reason) == (Status.FAILED, reason)


@pytest.mark.parametrize(("name", "longest"), [("signatures", 16384), ("keys", 4096), ("owners", 300)])
def test_each_of_many_texts_may_have_its_longest_length_and_no_more(name: str, longest: int) -> None:
    assert found(**{name: ["x", "y" * longest]}).status is Status.PROVEN
    result = found(**{name: ["x", "y" * (longest + 1)]})
    reason = f"one of the {name} is longer than the {longest} characters allowed"
    assert (result.status, result.reason) == (Status.FAILED, reason)


@pytest.mark.parametrize("name", ["signatures", "keys", "owners"])
def test_a_row_has_at_most_32_signatures_keys_or_owners(name: str) -> None:
    assert found(**{name: [str(number) for number in range(32)]}).status is Status.PROVEN
    result = found(**{name: [str(number) for number in range(33)]})
    assert (result.status, result.reason) == (Status.FAILED, f"there are 33 {name}; 32 are allowed")


def test_a_reason_has_at_most_500_characters() -> None:
    assert found(message="x" * 499 + "yz").reason == "x" * 499 + "y"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"signatures": []}, "there is no signature"),
        ({"message": ""}, "there is no message"),
        ({"message": "m\ud800"}, "the message is not Unicode text"),
        ({"signatures": ["0xAB", "ab"]}, "one signature is given twice"),
        ({"signatures": ["a", "b", "a"]}, "one signature is given twice"),
        ({"address": "?"}, "the address has a question mark"),
    ],
)
def test_a_row_that_nothing_can_prove_says_why(changes: dict[str, object], reason: str) -> None:
    result = found(**changes)
    assert (result.status, result.reason) == (Status.FAILED, reason)


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda scheme: scheme.name)
def test_a_scheme_judges_no_chain_that_it_does_not_serve(scheme: RowScheme[object]) -> None:
    if not isinstance(scheme, RowScheme):
        pytest.skip("judges batches, and has tests of its own")
    chain = "no such chain, with a name of more than forty characters"
    (result,) = scheme.verify([evolve(GOOD, chain=chain)])
    reason = f"{scheme.name} does not serve the chain 'no such chain, with a name of more than '"
    assert (result.status, result.reason, result.chain) == (Status.UNSUPPORTED, reason, "")
    assert scheme.account(evolve(GOOD, chain=chain)) == ("", "")


def test_an_account_is_its_chain_and_one_spelling() -> None:
    claim = OwnershipClaim("ETH", "Ethereum", "a", "m", ["s"])
    assert SCHEME.account(claim) == ("ethereum", "a, spelt well")
    for address in ("?", "!", "x" * 301):
        assert SCHEME.account(evolve(claim, address=address)) == ("ethereum", "")


@pytest.mark.parametrize("changes", [{}, {"address": "?"}, {"signatures": []}, {"message": "x" * 70_000}])
def test_a_declared_custodian_is_custodial_and_nothing_is_checked(changes: dict[str, object]) -> None:
    result = found(kind=Kind.CUSTODIAL, **changes)
    assert result.status is Status.CUSTODIAL
    assert result.reason == "declared to be held by a custodian; no signature is checked"


def test_an_account_of_one_key_has_one_signature() -> None:
    row = wallets.tron(wallets.personal)(1, "m")
    result = judge(evolve(row, signatures=[*row.signatures, "0x" + "11" * 65]))
    assert (result.status, result.reason) == (Status.FAILED, "there are 2 signatures where one is expected")


def test_what_the_chain_says_is_not_passed_over_where_it_cannot_be_used() -> None:
    result = found(control=AccountControl("block 1", ["a"]))
    assert result.status is Status.UNSUPPORTED
    assert result.reason == "what the chain says about who controls an address of this kind is not supported"


@pytest.mark.parametrize(
    "payload", [b"\0" + bytes(20), b"\xa0" + bytes(20), b"\x41" + bytes(19), b"\x41" + bytes(21), b"\x41"]
)
def test_an_address_of_tron_has_its_version_and_length(payload: bytes) -> None:
    # The checksum is right: Bitcoin's addresses have the same one, and a key may have both.
    row = wallets.tron(wallets.personal)(1, "m")
    payload = payload[:1] + (base58_check_decode(row.address)[1:] + b"\0")[: len(payload) - 1]
    result = judge(evolve(row, address=base58_check_encode(payload)))
    assert (result.status, result.reason) == (Status.FAILED, "the address is not one of Tron's main network")
