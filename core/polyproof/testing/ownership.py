"""Conformance suite for ``OwnershipScheme``: what proves an address, and everything else, which must not.

A plugin author inherits it and supplies the scheme, and how a wallet signs::

    class TestMyScheme(OwnershipSuite):
        @pytest.fixture
        def scheme(self):
            return MyScheme()

        @pytest.fixture
        def sign(self):
            def sign(wallet, message):  # from a number and a text to the signed claim of that wallet
                ...
                return OwnershipClaim("COIN", "my-chain", address, message, [signature])

            return sign

Each number stands for a different wallet: with another address or, where addresses do not come from keys, other keys. A
scheme with several ways to sign parametrises the fixture ``sign``. Published test vectors are for the author to add.
"""

# ruff: noqa: D102 - the name of a test is its claim
from __future__ import annotations

import pickle
import random
import re
import time
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import pytest

from polyproof.model.names import NAME, matches
from polyproof.ownership import AccountControl, Kind, OwnershipClaim, OwnershipResult, OwnershipScheme, Status
from polyproof.testing.junk_claims import JUNK, LONG, SEQUENCES, altered, with_junk

__all__ = ["OwnershipSuite", "Sign"]

Sign = Callable[[int, str], OwnershipClaim]
"""From the number of a wallet and a message to its signed claim to its own address."""

SIGNED = (Status.PROVEN, Status.KEY_ONLY, Status.UNBOUND)
"""The statuses that mean that the signatures are valid."""

_MESSAGE = "audit 2025-11, wallets of the exchange"
_MESSAGES = (_MESSAGE, "é 测试", "a line\nand another", "x" * 300, "x" * 1000)
_CHARACTERS = ("1", "7", "A", "e", "z")
"""Each is in the alphabet of hexadecimal, base58, bech32 or base64."""


def _judged(scheme: OwnershipScheme, claim: OwnershipClaim) -> OwnershipResult:
    (result,) = scheme.verify([claim])
    return result


def _status(scheme: OwnershipScheme, claim: OwnershipClaim) -> Status:
    return _judged(scheme, claim).status


def _places(text: str, most: int = 64) -> Sequence[int]:
    """Every position in a short text; in a longer one those at both ends and some in between."""
    if len(text) <= most:
        return range(len(text))
    middle = random.Random(len(text)).sample(range(8, len(text) - 8), most - 16)
    return [*range(8), *sorted(middle), *range(len(text) - 8, len(text))]


def _is_another(changed: str, text: str) -> bool:
    """Whether two texts mean different things; in hexadecimal the case of letters has no meaning."""
    if re.fullmatch("(0x)?[0-9a-fA-F]+", text):
        return changed.lower() != text.lower()
    return changed != text


class OwnershipSuite:
    """What every ``polyproof.ownership.OwnershipScheme`` promises."""

    status: ClassVar[Status] = Status.PROVEN
    """The status of the claims that ``sign`` makes: ``KEY_ONLY`` where addresses are names, ``UNBOUND`` where a chain
    must be asked. For claims with a ``control`` the chain has been asked already."""

    @pytest.fixture
    def scheme(self) -> OwnershipScheme:
        """The scheme under test; override it."""
        raise NotImplementedError("override the fixture `scheme`: your OwnershipScheme")

    @pytest.fixture
    def sign(self) -> Sign:
        """How a wallet signs; override it."""
        raise NotImplementedError("override the fixture `sign`: a function from number and message to a claim")

    # Valid signatures are recognised

    def test_scheme_states_its_name_and_chains_and_needs_no_arguments(self, scheme: OwnershipScheme) -> None:
        assert isinstance(scheme, OwnershipScheme)
        assert type(scheme)().name == scheme.name
        assert matches(NAME, scheme.name)
        assert isinstance(scheme.chains, frozenset)
        assert scheme.chains
        assert all(matches(NAME, chain) for chain in scheme.chains)

    @pytest.mark.parametrize("message", _MESSAGES, ids=range(len(_MESSAGES)))
    def test_a_wallets_own_signature_is_recognised(self, scheme: OwnershipScheme, sign: Sign, message: str) -> None:
        claim = sign(1, message)
        result = _judged(scheme, claim)
        assert result.status is self.status, result.reason
        assert result.scheme == scheme.name
        assert result.chain in ("", *scheme.chains)

    def test_every_number_is_a_wallet_of_its_own(self, sign: Sign) -> None:
        """Otherwise the tests below would show nothing."""
        one, two = sign(1, _MESSAGE), sign(2, _MESSAGE)
        assert altered(one, signatures=()) == altered(sign(1, _MESSAGE), signatures=())
        assert one.signatures != two.signatures
        assert (one.address, one.keys, one.control) != (two.address, two.keys, two.control)
        assert sign(1, _MESSAGE + "!").signatures != one.signatures

    def test_claims_of_its_chains_are_served_and_others_are_not(self, scheme: OwnershipScheme, sign: Sign) -> None:
        claim = sign(1, _MESSAGE)
        assert scheme.serves(claim) is True
        for chain in ("no-such-chain", "", "x" * 500):
            assert scheme.serves(altered(claim, chain=chain)) is False
            assert _status(scheme, altered(claim, chain=chain)) not in SIGNED

    def test_serving_costs_next_to_nothing(self, scheme: OwnershipScheme, sign: Sign) -> None:
        """Every scheme is asked about every row, so no signature is examined."""
        claim = sign(1, _MESSAGE)
        long = altered(claim, address=LONG, message=LONG, signatures=(LONG,), keys=(LONG,))
        start = time.process_time()
        for _ in range(300):
            scheme.serves(claim)
        for _ in range(10):
            scheme.serves(long)
        assert time.process_time() - start < 0.3

    # Batches

    def test_samples_are_accounts_of_their_secret(self, scheme: OwnershipScheme) -> None:
        for chain in sorted(scheme.chains):
            claims = [scheme.sample_claim("COIN", chain, bytes([number]) * 32, _MESSAGE) for number in (1, 2, 1)]
            if None in claims:
                assert claims == [None] * 3
                continue
            one, two, again = [claim for claim in claims if claim is not None]
            assert one == again
            assert one.address != two.address
            assert (one.asset, one.chain, one.message) == ("COIN", chain, _MESSAGE)
            assert scheme.serves(one)
            result = _judged(scheme, one)
            assert result.status in (Status.PROVEN, Status.KEY_ONLY), result.reason
            assert result.address == one.address
            assert _status(scheme, altered(one, message="another")) not in SIGNED

    def test_a_batch_is_judged_in_order_and_as_each_row_alone(self, scheme: OwnershipScheme, sign: Sign) -> None:
        rows = [sign(wallet, f"{_MESSAGE} {wallet}") for wallet in range(12)]
        for wallet in range(0, 12, 3):
            rows[wallet] = altered(rows[wallet], message="another")
        results = scheme.verify(rows)
        assert [result.status in SIGNED for result in results] == [wallet % 3 != 0 for wallet in range(12)]
        assert results == [_judged(scheme, claim) for claim in rows]
        assert scheme.verify(rows[::-1]) == results[::-1]
        assert scheme.verify([*rows, *rows]) == [*results, *results]

    def test_no_rows_give_no_results(self, scheme: OwnershipScheme) -> None:
        assert scheme.verify([]) == []

    def test_junk_in_other_rows_does_not_affect_a_row(self, scheme: OwnershipScheme, sign: Sign) -> None:
        claim = sign(1, _MESSAGE)
        alone = _judged(scheme, claim)
        rows = [row for junk in list(with_junk(claim))[::7] for row in (junk, claim)]
        assert all(result == alone for result in scheme.verify(rows)[1::2])

    def test_earlier_judgements_do_not_affect_later_ones(self, scheme: OwnershipScheme, sign: Sign) -> None:
        claim, forged = sign(1, _MESSAGE), altered(sign(1, _MESSAGE), signatures=sign(2, _MESSAGE).signatures)
        first = scheme.verify([claim, forged])
        assert [*scheme.verify([forged]), *scheme.verify([claim])] == first[::-1]
        assert type(scheme)().verify([forged, claim]) == first[::-1]

    def test_a_copy_in_another_process_judges_the_same(self, scheme: OwnershipScheme, sign: Sign) -> None:
        try:
            sent = pickle.dumps(scheme)
        except Exception as error:  # noqa: BLE001 - whatever a scheme holds
            pytest.skip(f"it cannot be sent to other processes and works in this one alone: {error}")
        rows = [sign(1, _MESSAGE), altered(sign(1, _MESSAGE), message="another")]
        assert pickle.loads(sent).verify(rows) == scheme.verify(rows)

    # Nothing else is proven

    def test_another_message_is_not_signed(self, scheme: OwnershipScheme, sign: Sign) -> None:
        claim = sign(1, _MESSAGE)
        changed = (f"{claim.message} ", f" {claim.message}", claim.message[:-1], claim.message.swapcase(), "another")
        for message in (*changed, f"{claim.message}\0", ""):
            assert _status(scheme, altered(claim, message=message)) not in SIGNED

    def test_another_wallets_signature_is_refused(self, scheme: OwnershipScheme, sign: Sign) -> None:
        claim, other = sign(1, _MESSAGE), sign(2, _MESSAGE)
        assert _status(scheme, altered(claim, signatures=other.signatures)) not in SIGNED
        assert _status(scheme, altered(other, signatures=claim.signatures)) not in SIGNED

    def test_another_wallets_key_or_script_is_refused(self, scheme: OwnershipScheme, sign: Sign) -> None:
        claim, other = sign(1, _MESSAGE), sign(2, _MESSAGE)
        if claim.keys == other.keys:
            pytest.skip("claims of this scheme carry no keys")
        assert _status(scheme, altered(claim, keys=other.keys)) not in SIGNED

    def test_signing_with_ones_own_keys_does_not_prove_anothers_address(
        self, scheme: OwnershipScheme, sign: Sign
    ) -> None:
        victim, thief = sign(1, _MESSAGE), sign(2, _MESSAGE)
        if (victim.address, victim.control) == (thief.address, thief.control):
            assert self.status is not Status.PROVEN, "two wallets prove the same address"
            return
        stolen = altered(thief, address=victim.address, control=victim.control)
        assert _status(scheme, stolen) is not Status.PROVEN
        assert _status(scheme, altered(stolen, owners=(thief.address,))) is not Status.PROVEN
        assert _status(scheme, altered(stolen, keys=(*victim.keys, *thief.keys))) is not Status.PROVEN
        assert _status(scheme, altered(stolen, keys=(*thief.keys, *victim.keys))) is not Status.PROVEN

    def test_an_address_with_a_changed_character_is_not_proven(self, scheme: OwnershipScheme, sign: Sign) -> None:
        """Unless it spells the same account."""
        claim = sign(1, _MESSAGE)
        if claim.control is not None:
            pytest.skip("the chain says who controls the address, whatever its spelling")
        good = _judged(scheme, claim)
        for place in _places(claim.address):
            for character in (*_CHARACTERS, claim.address[place].swapcase(), " "):
                changed = claim.address[:place] + character + claim.address[place + 1 :]
                result = _judged(scheme, altered(claim, address=changed))
                same = changed == claim.address or (result.address != "" and result.address == good.address)
                assert same or result.status is not Status.PROVEN, changed

    def test_a_cut_or_lengthened_address_is_not_proven(self, scheme: OwnershipScheme, sign: Sign) -> None:
        claim = sign(1, _MESSAGE)
        if claim.control is not None:
            pytest.skip("the chain says who controls the address, whatever its spelling")
        address = claim.address
        for changed in (address[:-1], address[1:], f"{address}0", f"{address} ", f" {address}", address * 2, ""):
            assert _status(scheme, altered(claim, address=changed)) is not Status.PROVEN, changed

    def test_a_truncated_signature_is_invalid(self, scheme: OwnershipScheme, sign: Sign) -> None:
        claim = sign(1, _MESSAGE)
        *others, last = claim.signatures
        for size in {0, 1, 2, 3, 4, 8, len(last) // 2, len(last) - 4, len(last) - 2, len(last) - 1}:
            assert _status(scheme, altered(claim, signatures=[*others, last[:size]])) not in SIGNED, size

    def test_a_lengthened_signature_is_invalid(self, scheme: OwnershipScheme, sign: Sign) -> None:
        claim = sign(1, _MESSAGE)
        *others, last = claim.signatures
        for more in ("0", "00", "A", "AAAA", "=", " ", "\n", "\0", "é", last):
            assert _status(scheme, altered(claim, signatures=[*others, last + more])) not in SIGNED, more
            assert _status(scheme, altered(claim, signatures=[*others, more + last])) not in SIGNED, more

    def test_a_signature_with_a_changed_character_is_invalid(self, scheme: OwnershipScheme, sign: Sign) -> None:
        claim = sign(1, _MESSAGE)
        *others, last = claim.signatures
        for place in _places(last):
            for character in _CHARACTERS:
                changed = last[:place] + character + last[place + 1 :]
                if _is_another(changed, last):
                    assert _status(scheme, altered(claim, signatures=[*others, changed])) not in SIGNED, changed

    def test_junk_is_not_a_signature(self, scheme: OwnershipScheme, sign: Sign) -> None:
        claim = sign(1, _MESSAGE)
        for text in JUNK:
            assert _status(scheme, altered(claim, signatures=(text,))) not in SIGNED, text
            assert _status(scheme, altered(claim, signatures=(*claim.signatures[1:], text))) not in SIGNED, text

    def test_every_signature_given_must_be_valid_and_by_another_key(self, scheme: OwnershipScheme, sign: Sign) -> None:
        claim, stranger = sign(1, _MESSAGE), sign(2, _MESSAGE)
        first = claim.signatures[0]
        for more in (first, stranger.signatures[0], "junk", ""):
            assert _status(scheme, altered(claim, signatures=(*claim.signatures, more))) not in SIGNED, more
        assert _status(scheme, altered(claim, signatures=())) not in SIGNED

    def test_what_the_chain_says_decides(self, scheme: OwnershipScheme, sign: Sign) -> None:
        """If the chain says that others control an account, the key that its address comes from proves nothing."""
        claim, other = sign(1, _MESSAGE), sign(2, _MESSAGE)
        for owners in ((other.address,), other.keys, ("junk",), ()):
            lost = altered(claim, control=AccountControl("block 1", owners))
            if lost.control != claim.control and set(owners).isdisjoint((claim.address, *claim.keys)):
                assert _status(scheme, lost) is not Status.PROVEN, owners
        unrelated = AccountControl("block 1", (), 1, (bytes(32),))
        assert _status(scheme, altered(claim, control=unrelated)) is not Status.PROVEN

    # Kinds

    def test_what_a_custodian_holds_is_custodial_whatever_is_signed(self, scheme: OwnershipScheme, sign: Sign) -> None:
        claim = altered(sign(1, _MESSAGE), kind=Kind.CUSTODIAL)
        spoiled = [altered(claim, **{name: "?"}) for name in ("address", "message")]
        spoiled += [altered(claim, signatures=()), altered(claim, signatures=("?",)), altered(claim, keys=("?",) * 99)]
        for result in scheme.verify([claim, *spoiled]):
            assert result.status is Status.CUSTODIAL

    def test_a_stake_is_signed_like_anything_else(self, scheme: OwnershipScheme, sign: Sign) -> None:
        claim = altered(sign(1, _MESSAGE), kind=Kind.STAKED)
        assert _status(scheme, claim) in (self.status, Status.UNBOUND, Status.UNSUPPORTED)
        assert _status(scheme, altered(claim, signatures=sign(2, _MESSAGE).signatures)) not in SIGNED
        assert _status(scheme, altered(claim, message="another")) not in SIGNED

    # One spelling of an account

    def test_results_spell_an_account_as_account_does(self, scheme: OwnershipScheme, sign: Sign) -> None:
        claim = sign(1, _MESSAGE)
        for row in (claim, altered(claim, message="another"), altered(claim, address="?"), altered(claim, chain="?")):
            result = _judged(scheme, row)
            assert (result.chain, result.address) == scheme.account(row)

    def test_the_spelling_of_an_account_depends_on_chain_and_address_alone(
        self, scheme: OwnershipScheme, sign: Sign
    ) -> None:
        claim = sign(1, _MESSAGE)
        assert scheme.account(OwnershipClaim("OTHER", claim.chain, claim.address)) == scheme.account(claim)

    def test_spelling_an_account_twice_changes_nothing(self, scheme: OwnershipScheme, sign: Sign) -> None:
        for wallet in range(5):
            claim = sign(wallet, _MESSAGE)
            chain, address = scheme.account(claim)
            if address:
                assert chain in scheme.chains
                assert scheme.account(altered(claim, chain=chain, address=address)) == (chain, address)
                assert _status(scheme, altered(claim, chain=chain, address=address)) is self.status

    def test_different_accounts_are_spelled_differently(self, scheme: OwnershipScheme, sign: Sign) -> None:
        claims = [sign(wallet, _MESSAGE) for wallet in range(5)]
        spelled = {scheme.account(claim) for claim in claims} - {(chain, "") for chain in ("", *scheme.chains)}
        assert len(spelled) in (0, len({claim.address for claim in claims}))

    def test_a_malformed_address_has_no_spelling(self, scheme: OwnershipScheme, sign: Sign) -> None:
        claim = sign(1, _MESSAGE)
        for address in ("not an address!", "", "?", "x" * 10_000):
            assert scheme.account(altered(claim, address=address))[1] == ""
        assert scheme.account(altered(claim, chain="no-such-chain")) == ("", "")

    def test_digests_are_of_the_message(self, scheme: OwnershipScheme, sign: Sign) -> None:
        digests = scheme.digests(sign(1, _MESSAGE))
        assert isinstance(digests, tuple)
        assert all(isinstance(digest, bytes) and len(digest) == 32 for digest in digests)
        assert scheme.digests(sign(1, _MESSAGE)) == digests
        assert set(digests).isdisjoint(scheme.digests(sign(1, "another")))

    # Hostile rows

    def test_no_row_makes_it_raise_or_prove_something_else(self, scheme: OwnershipScheme, sign: Sign) -> None:
        """Its reasons are safe to print and publish: short, on one line, without control characters."""
        claim = sign(1, _MESSAGE)
        good = _judged(scheme, claim)
        rows = list(with_junk(claim))
        for row, result in zip(rows, scheme.verify(rows), strict=True):
            assert isinstance(result, OwnershipResult)
            assert isinstance(result.status, Status)
            assert 0 < len(result.reason) <= 500
            assert result.reason.isprintable()
            signed = (row.message, row.signatures) == (claim.message, claim.signatures)
            proven = result.status is Status.PROVEN
            assert not proven or (signed and (result.address == good.address or row.control is not None)), row
            assert isinstance(scheme.serves(row), bool)
            assert all(isinstance(text, str) for text in scheme.account(row))
            assert all(isinstance(digest, bytes) for digest in scheme.digests(row))

    def test_long_texts_and_many_of_them_are_refused_quickly(self, scheme: OwnershipScheme, sign: Sign) -> None:
        claim = sign(1, _MESSAGE)
        many = [str(number) for number in range(10_000)]
        changes: list[dict[str, Any]] = [{name: LONG} for name in ("chain", "address", "message")]
        changes += [{name: texts} for name in SEQUENCES for texts in ([LONG], [LONG] * 100, many)]
        changes += [{"control": AccountControl("block 1", many)}, {"control": AccountControl(LONG, [LONG])}]
        for change in changes:
            row = altered(claim, **change)
            start = time.process_time()
            scheme.serves(row), scheme.account(row), scheme.digests(row)
            result = _judged(scheme, row)
            assert time.process_time() - start < 2.0, list(change)
            assert len(result.reason) <= 500
            assert result.status is not Status.PROVEN or "owners" in change, list(change)
