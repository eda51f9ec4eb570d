"""Conformance suite for ``OwnershipScheme``: what proves an address, and everything else, which must not.

A plugin author inherits it and gives the scheme, and how one of its wallets signs::

    class TestMyScheme(OwnershipSuite):
        @pytest.fixture
        def scheme(self):
            return MyScheme()

        @pytest.fixture
        def sign(self):
            def sign(wallet, message):  # a number and a text, to the claim of that wallet
                ...
                return OwnershipClaim("COIN", "my-chain", address, message, [signature])

            return sign

Each number is a wallet of its own: its address differs, or its keys where an address does not come from a key. A scheme
with several ways to sign makes ``sign`` a fixture with parameters. Published test vectors are the author's own: no
suite can know them.
"""

# ruff: noqa: D102 - the name of a test is its claim
from __future__ import annotations

import pickle
import random
import re
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar

import pytest
from attrs import evolve

from polyproof.ownership import AccountControl, Kind, OwnershipClaim, OwnershipResult, OwnershipScheme, Status

__all__ = ["OwnershipSuite", "Sign"]

Sign = Callable[[int, str], OwnershipClaim]
"""Number of a wallet and message → its claim to its own address, signed."""

SIGNED = (Status.PROVEN, Status.KEY_ONLY, Status.UNBOUND)
"""What says that the signatures are valid."""

_MESSAGE = "audit 2025-11, wallets of the exchange"
_MESSAGES = (_MESSAGE, "é 测试", "a line\nand another", "x" * 300, "x" * 1000)
_CHARACTERS = ("1", "7", "A", "e", "z")
"""In the alphabets of hexadecimal, base58, bech32 or base64."""
_LONG = "1" * 1_000_000
_JUNK = (
    *("", " ", "0", "0x", "null", "-1", "1e9", "\0", "\n", "'", "%s", "{}", "../..", "é" * 88, "٣" * 40, "\ud800"),
    *("0x" + "00" * size for size in (1, 20, 32, 33, 48, 64, 65, 66, 96)),
    *("ff" * size for size in (20, 32, 65, 96)),
    *("A" * size for size in (34, 42, 86, 88)),
    *("=" * 88, "bc1q" + "q" * 38, "0X" + "ab" * 20, "x" * 20_000),
)
_TEXTS = ("asset", "chain", "address", "message")
_SEQUENCES = ("signatures", "keys", "owners")


def _with(claim: OwnershipClaim, **changes: Any) -> OwnershipClaim:
    return evolve(claim, **changes)


def _judged(scheme: OwnershipScheme, claim: OwnershipClaim) -> OwnershipResult:
    (result,) = scheme.verify([claim])
    return result


def _status(scheme: OwnershipScheme, claim: OwnershipClaim) -> Status:
    return _judged(scheme, claim).status


def _places(text: str, most: int = 64) -> Sequence[int]:
    """Every place of a short text; of a longer one both ends and some in between."""
    if len(text) <= most:
        return range(len(text))
    middle = random.Random(len(text)).sample(range(8, len(text) - 8), most - 16)
    return [*range(8), *sorted(middle), *range(len(text) - 8, len(text))]


def _is_another(changed: str, text: str) -> bool:
    """Whether a text says something else; in hexadecimal the case of letters says nothing."""
    if re.fullmatch("(0x)?[0-9a-fA-F]+", text):
        return changed.lower() != text.lower()
    return changed != text


def _with_junk(claim: OwnershipClaim) -> Iterator[OwnershipClaim]:
    """A good claim with junk in one place, junk in every place, and whatever else a row may say."""
    for name in _TEXTS:
        yield from (_with(claim, **{name: text}) for text in _JUNK)
    for name in _SEQUENCES:
        for text in _JUNK:
            yield _with(claim, **{name: (text,)})
            yield _with(claim, **{name: (*getattr(claim, name), text)})
        yield _with(claim, **{name: _JUNK * 3})
    for text in _JUNK:
        yield _with(claim, control=AccountControl("block 1", (text,)))
        yield _with(claim, scheme=text)
    for threshold in (-1, 0, 2, 10**30):
        yield _with(claim, control=AccountControl("", (claim.address,) * 2, threshold))
    yield _with(claim, control=AccountControl("", (), 1, (b"", bytes(31), bytes(32), bytes(33))))
    for seed in range(30):
        random_ = random.Random(seed)
        changes: dict[str, Any] = {name: random_.choice(_JUNK) for name in _TEXTS}
        changes |= {name: random_.sample(_JUNK, random_.randrange(4)) for name in _SEQUENCES}
        if random_.randrange(2):
            changes["control"] = AccountControl("block 1", random_.sample(_JUNK, 2), random_.randrange(-1, 4))
        junk = _with(claim, kind=random_.choice((Kind.OWN, Kind.STAKED)), **changes)
        yield junk
        yield _with(junk, chain=claim.chain)


class OwnershipSuite:
    """The claims of ``polyproof.ownership.OwnershipScheme``."""

    status: ClassVar[Status] = Status.PROVEN
    """What the claims of ``sign`` end in: ``KEY_ONLY`` where addresses are names, ``UNBOUND`` where a chain must be
    asked. Where claims have a ``control``, the chain was asked already."""

    @pytest.fixture
    def scheme(self) -> OwnershipScheme:
        """The scheme under test; the author overrides it."""
        raise NotImplementedError("override the fixture `scheme`: your OwnershipScheme")

    @pytest.fixture
    def sign(self) -> Sign:
        """How a wallet signs; the author overrides it."""
        raise NotImplementedError("override the fixture `sign`: a function from number and message to a claim")

    # What is signed is recognised

    def test_scheme_states_its_name_and_chains_and_is_made_of_nothing(self, scheme: OwnershipScheme) -> None:
        assert isinstance(scheme, OwnershipScheme)
        assert type(scheme)().name == scheme.name
        assert re.fullmatch("[a-z0-9]+(-[a-z0-9]+)*", scheme.name)
        assert isinstance(scheme.chains, frozenset)
        assert scheme.chains
        assert all(re.fullmatch("[a-z0-9]+(-[a-z0-9]+)*", chain) for chain in scheme.chains)

    @pytest.mark.parametrize("message", _MESSAGES, ids=range(len(_MESSAGES)))
    def test_a_wallets_own_signature_is_recognised(self, scheme: OwnershipScheme, sign: Sign, message: str) -> None:
        claim = sign(1, message)
        result = _judged(scheme, claim)
        assert result.status is self.status, result.reason
        assert result.scheme == scheme.name
        assert result.chain in ("", *scheme.chains)

    def test_every_number_is_a_wallet_of_its_own(self, sign: Sign) -> None:
        """Else the tests below would show nothing."""
        one, two = sign(1, _MESSAGE), sign(2, _MESSAGE)
        assert _with(one, signatures=()) == _with(sign(1, _MESSAGE), signatures=())
        assert one.signatures != two.signatures
        assert (one.address, one.keys, one.control) != (two.address, two.keys, two.control)
        assert sign(1, _MESSAGE + "!").signatures != one.signatures

    def test_claims_of_its_chains_are_served_and_others_are_not(self, scheme: OwnershipScheme, sign: Sign) -> None:
        claim = sign(1, _MESSAGE)
        assert scheme.serves(claim) is True
        for chain in ("no-such-chain", "", "x" * 500):
            assert scheme.serves(_with(claim, chain=chain)) is False
            assert _status(scheme, _with(claim, chain=chain)) not in SIGNED

    def test_serving_costs_next_to_nothing(self, scheme: OwnershipScheme, sign: Sign) -> None:
        """It is asked of every row by every scheme: no signature is looked into."""
        claim = sign(1, _MESSAGE)
        long = _with(claim, address=_LONG, message=_LONG, signatures=(_LONG,), keys=(_LONG,))
        start = time.process_time()
        for _ in range(300):
            scheme.serves(claim)
        for _ in range(10):
            scheme.serves(long)
        assert time.process_time() - start < 0.3

    # Batches

    def test_a_batch_is_judged_in_order_and_as_its_rows_alone(self, scheme: OwnershipScheme, sign: Sign) -> None:
        rows = [sign(wallet, f"{_MESSAGE} {wallet}") for wallet in range(12)]
        for wallet in range(0, 12, 3):
            rows[wallet] = _with(rows[wallet], message="another")
        results = scheme.verify(rows)
        assert [result.status in SIGNED for result in results] == [wallet % 3 != 0 for wallet in range(12)]
        assert results == [_judged(scheme, claim) for claim in rows]
        assert scheme.verify(rows[::-1]) == results[::-1]
        assert scheme.verify([*rows, *rows]) == [*results, *results]

    def test_no_rows_give_no_results(self, scheme: OwnershipScheme) -> None:
        assert scheme.verify([]) == []

    def test_junk_beside_it_changes_nothing_of_a_row(self, scheme: OwnershipScheme, sign: Sign) -> None:
        claim = sign(1, _MESSAGE)
        alone = _judged(scheme, claim)
        rows = [row for junk in list(_with_junk(claim))[::7] for row in (junk, claim)]
        assert all(result == alone for result in scheme.verify(rows)[1::2])

    def test_what_was_judged_before_changes_nothing(self, scheme: OwnershipScheme, sign: Sign) -> None:
        claim, forged = sign(1, _MESSAGE), _with(sign(1, _MESSAGE), signatures=sign(2, _MESSAGE).signatures)
        first = scheme.verify([claim, forged])
        assert [*scheme.verify([forged]), *scheme.verify([claim])] == first[::-1]
        assert type(scheme)().verify([forged, claim]) == first[::-1]

    def test_a_copy_in_another_process_judges_the_same(self, scheme: OwnershipScheme, sign: Sign) -> None:
        try:
            sent = pickle.dumps(scheme)
        except Exception as error:  # noqa: BLE001 - whatever a scheme holds
            pytest.skip(f"it cannot be sent to other processes and works in one alone: {error}")
        rows = [sign(1, _MESSAGE), _with(sign(1, _MESSAGE), message="another")]
        assert pickle.loads(sent).verify(rows) == scheme.verify(rows)

    # What is not signed is not proven

    def test_another_message_is_not_signed(self, scheme: OwnershipScheme, sign: Sign) -> None:
        claim = sign(1, _MESSAGE)
        changed = (f"{claim.message} ", f" {claim.message}", claim.message[:-1], claim.message.swapcase(), "another")
        for message in (*changed, f"{claim.message}\0", ""):
            assert _status(scheme, _with(claim, message=message)) not in SIGNED

    def test_another_wallets_signature_is_not_this_ones(self, scheme: OwnershipScheme, sign: Sign) -> None:
        claim, other = sign(1, _MESSAGE), sign(2, _MESSAGE)
        assert _status(scheme, _with(claim, signatures=other.signatures)) not in SIGNED
        assert _status(scheme, _with(other, signatures=claim.signatures)) not in SIGNED

    def test_another_wallets_key_or_script_is_not_this_ones(self, scheme: OwnershipScheme, sign: Sign) -> None:
        claim, other = sign(1, _MESSAGE), sign(2, _MESSAGE)
        if claim.keys == other.keys:
            pytest.skip("keys are not given with the claim")
        assert _status(scheme, _with(claim, keys=other.keys)) not in SIGNED

    def test_whoever_signs_with_keys_of_their_own_does_not_prove_anothers_address(
        self, scheme: OwnershipScheme, sign: Sign
    ) -> None:
        victim, thief = sign(1, _MESSAGE), sign(2, _MESSAGE)
        if (victim.address, victim.control) == (thief.address, thief.control):
            assert self.status is not Status.PROVEN, "two wallets prove one address"
            return
        stolen = _with(thief, address=victim.address, control=victim.control)
        assert _status(scheme, stolen) is not Status.PROVEN
        assert _status(scheme, _with(stolen, owners=(thief.address,))) is not Status.PROVEN
        assert _status(scheme, _with(stolen, keys=(*victim.keys, *thief.keys))) is not Status.PROVEN
        assert _status(scheme, _with(stolen, keys=(*thief.keys, *victim.keys))) is not Status.PROVEN

    def test_an_address_with_a_changed_character_is_not_proven(self, scheme: OwnershipScheme, sign: Sign) -> None:
        """Unless it is the same account in another spelling."""
        claim = sign(1, _MESSAGE)
        if claim.control is not None:
            pytest.skip("the chain says whose the address is, whatever it is")
        good = _judged(scheme, claim)
        for place in _places(claim.address):
            for character in (*_CHARACTERS, claim.address[place].swapcase(), " "):
                changed = claim.address[:place] + character + claim.address[place + 1 :]
                result = _judged(scheme, _with(claim, address=changed))
                same = changed == claim.address or (result.address != "" and result.address == good.address)
                assert same or result.status is not Status.PROVEN, changed

    def test_a_cut_or_lengthened_address_is_not_proven(self, scheme: OwnershipScheme, sign: Sign) -> None:
        claim = sign(1, _MESSAGE)
        if claim.control is not None:
            pytest.skip("the chain says whose the address is, whatever it is")
        address = claim.address
        for changed in (address[:-1], address[1:], f"{address}0", f"{address} ", f" {address}", address * 2, ""):
            assert _status(scheme, _with(claim, address=changed)) is not Status.PROVEN, changed

    def test_a_cut_signature_is_none(self, scheme: OwnershipScheme, sign: Sign) -> None:
        claim = sign(1, _MESSAGE)
        *others, last = claim.signatures
        for size in {0, 1, 2, 3, 4, 8, len(last) // 2, len(last) - 4, len(last) - 2, len(last) - 1}:
            assert _status(scheme, _with(claim, signatures=[*others, last[:size]])) not in SIGNED, size

    def test_a_lengthened_signature_is_none(self, scheme: OwnershipScheme, sign: Sign) -> None:
        claim = sign(1, _MESSAGE)
        *others, last = claim.signatures
        for more in ("0", "00", "A", "AAAA", "=", " ", "\n", "\0", "é", last):
            assert _status(scheme, _with(claim, signatures=[*others, last + more])) not in SIGNED, more
            assert _status(scheme, _with(claim, signatures=[*others, more + last])) not in SIGNED, more

    def test_a_signature_with_a_changed_character_is_none(self, scheme: OwnershipScheme, sign: Sign) -> None:
        claim = sign(1, _MESSAGE)
        *others, last = claim.signatures
        for place in _places(last):
            for character in _CHARACTERS:
                changed = last[:place] + character + last[place + 1 :]
                if _is_another(changed, last):
                    assert _status(scheme, _with(claim, signatures=[*others, changed])) not in SIGNED, changed

    def test_junk_is_no_signature(self, scheme: OwnershipScheme, sign: Sign) -> None:
        claim = sign(1, _MESSAGE)
        for text in _JUNK:
            assert _status(scheme, _with(claim, signatures=(text,))) not in SIGNED, text
            assert _status(scheme, _with(claim, signatures=(*claim.signatures[1:], text))) not in SIGNED, text

    def test_every_signature_given_must_be_valid_and_by_another_key(self, scheme: OwnershipScheme, sign: Sign) -> None:
        claim, stranger = sign(1, _MESSAGE), sign(2, _MESSAGE)
        first = claim.signatures[0]
        for more in (first, stranger.signatures[0], "junk", ""):
            assert _status(scheme, _with(claim, signatures=(*claim.signatures, more))) not in SIGNED, more
        assert _status(scheme, _with(claim, signatures=())) not in SIGNED

    def test_what_the_chain_says_decides(self, scheme: OwnershipScheme, sign: Sign) -> None:
        """An account that its chain gives to somebody else is not proven by the key that it was once derived from."""
        claim, other = sign(1, _MESSAGE), sign(2, _MESSAGE)
        for owners in ((other.address,), other.keys, ("junk",), ()):
            lost = _with(claim, control=AccountControl("block 1", owners))
            if lost.control != claim.control and set(owners).isdisjoint((claim.address, *claim.keys)):
                assert _status(scheme, lost) is not Status.PROVEN, owners
        unrelated = AccountControl("block 1", (), 1, (bytes(32),))
        assert _status(scheme, _with(claim, control=unrelated)) is not Status.PROVEN

    # Kinds

    def test_what_a_custodian_holds_is_custodial_whatever_is_signed(self, scheme: OwnershipScheme, sign: Sign) -> None:
        claim = _with(sign(1, _MESSAGE), kind=Kind.CUSTODIAL)
        spoiled = [_with(claim, **{name: "?"}) for name in ("address", "message")]
        spoiled += [_with(claim, signatures=()), _with(claim, signatures=("?",)), _with(claim, keys=("?",) * 99)]
        for result in scheme.verify([claim, *spoiled]):
            assert result.status is Status.CUSTODIAL

    def test_a_stake_is_signed_as_anything_else(self, scheme: OwnershipScheme, sign: Sign) -> None:
        claim = _with(sign(1, _MESSAGE), kind=Kind.STAKED)
        assert _status(scheme, claim) in (self.status, Status.UNBOUND, Status.UNSUPPORTED)
        assert _status(scheme, _with(claim, signatures=sign(2, _MESSAGE).signatures)) not in SIGNED
        assert _status(scheme, _with(claim, message="another")) not in SIGNED

    # One spelling of an account

    def test_the_spelling_of_an_account_is_that_of_its_results(self, scheme: OwnershipScheme, sign: Sign) -> None:
        claim = sign(1, _MESSAGE)
        for row in (claim, _with(claim, message="another"), _with(claim, address="?"), _with(claim, chain="?")):
            result = _judged(scheme, row)
            assert (result.chain, result.address) == scheme.account(row)

    def test_the_spelling_of_an_account_depends_on_chain_and_address_alone(
        self, scheme: OwnershipScheme, sign: Sign
    ) -> None:
        claim = sign(1, _MESSAGE)
        assert scheme.account(OwnershipClaim("OTHER", claim.chain, claim.address)) == scheme.account(claim)

    def test_a_spelling_spelled_again_is_itself(self, scheme: OwnershipScheme, sign: Sign) -> None:
        for wallet in range(5):
            claim = sign(wallet, _MESSAGE)
            chain, address = scheme.account(claim)
            if address:
                assert chain in scheme.chains
                assert scheme.account(_with(claim, chain=chain, address=address)) == (chain, address)
                assert _status(scheme, _with(claim, chain=chain, address=address)) is self.status

    def test_two_accounts_have_two_spellings(self, scheme: OwnershipScheme, sign: Sign) -> None:
        claims = [sign(wallet, _MESSAGE) for wallet in range(5)]
        spelled = {scheme.account(claim) for claim in claims} - {(chain, "") for chain in ("", *scheme.chains)}
        assert len(spelled) in (0, len({claim.address for claim in claims}))

    def test_what_is_no_address_has_no_spelling(self, scheme: OwnershipScheme, sign: Sign) -> None:
        claim = sign(1, _MESSAGE)
        for address in ("not an address!", "", "?", "x" * 10_000):
            assert scheme.account(_with(claim, address=address))[1] == ""
        assert scheme.account(_with(claim, chain="no-such-chain")) == ("", "")

    def test_digests_are_of_the_message(self, scheme: OwnershipScheme, sign: Sign) -> None:
        digests = scheme.digests(sign(1, _MESSAGE))
        assert isinstance(digests, tuple)
        assert all(isinstance(digest, bytes) and len(digest) == 32 for digest in digests)
        assert scheme.digests(sign(1, _MESSAGE)) == digests
        assert set(digests).isdisjoint(scheme.digests(sign(1, "another")))

    # Rows are written by others

    def test_no_row_makes_it_raise_or_prove_something_else(self, scheme: OwnershipScheme, sign: Sign) -> None:
        """Nor give a reason that cannot be printed and published: short, on one line, nothing to steer a terminal."""
        claim = sign(1, _MESSAGE)
        good = _judged(scheme, claim)
        rows = list(_with_junk(claim))
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
        changes: list[dict[str, Any]] = [{name: _LONG} for name in ("chain", "address", "message")]
        changes += [{name: texts} for name in _SEQUENCES for texts in ([_LONG], [_LONG] * 100, many)]
        changes += [{"control": AccountControl("block 1", many)}, {"control": AccountControl(_LONG, [_LONG])}]
        for change in changes:
            row = _with(claim, **change)
            start = time.process_time()
            scheme.serves(row), scheme.account(row), scheme.digests(row)
            result = _judged(scheme, row)
            assert time.process_time() - start < 2.0, list(change)
            assert len(result.reason) <= 500
            assert result.status is not Status.PROVEN or "owners" in change, list(change)
