"""Schemes that are each wrong in one way, and a sound one, in the conformance suite.

Not collected by itself: test_ownership_suite_bites.py runs it and looks at what fails. The chain is made up: an address
is an Ed25519 key in hexadecimal, a signature is 64 bytes in hexadecimal.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import pytest
from attrs import evolve
from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

from polyproof.ownership import Kind, OwnershipClaim, OwnershipResult, OwnershipScheme, Status
from polyproof.testing.ownership import OwnershipSuite, Sign

KEY = re.compile("[0-9a-f]{64}")
SIGNATURE = re.compile("[0-9a-f]{128}")


def wallet(number: int) -> SigningKey:
    return SigningKey(number.to_bytes(32, "big"))


@cache
def sign_claim(number: int, message: str) -> OwnershipClaim:
    key = wallet(number)
    address, signature = key.verify_key.encode().hex(), key.sign(message.encode()).signature.hex()
    return OwnershipClaim("COIN", "toyland", address, message, [signature])


class Sound(OwnershipScheme):
    name = "toy"
    chains = frozenset({"toyland"})

    def serves(self, claim: OwnershipClaim) -> bool:
        return claim.chain == "toyland"

    def verify(self, rows: Sequence[OwnershipClaim]) -> list[OwnershipResult]:
        return [self.judge(claim) for claim in rows]

    def judge(self, claim: OwnershipClaim) -> OwnershipResult:
        chain, address = self.account(claim)
        status, reason = self.verdict(claim)
        return OwnershipResult(status, reason, self.name, chain, address)

    def verdict(self, claim: OwnershipClaim) -> tuple[Status, str]:
        if claim.kind is Kind.CUSTODIAL:
            return Status.CUSTODIAL, "held by somebody else"
        if claim.chain != "toyland" or claim.control is not None:
            return Status.UNSUPPORTED, "not of this chain, or it was asked"
        if len(claim.signatures) == 1 and not claim.keys and self.signed(claim, claim.signatures[0]):
            return Status.PROVEN, "signed by the key of this address"
        return Status.FAILED, "not signed"

    def signed(self, claim: OwnershipClaim, signature: str) -> bool:
        return self.by_key(claim.address, claim.message, signature)

    @staticmethod
    def by_key(key: str, message: str, signature: str) -> bool:
        if not (KEY.fullmatch(key) and SIGNATURE.fullmatch(signature)):
            return False
        try:
            VerifyKey(bytes.fromhex(key)).verify(message.encode(), bytes.fromhex(signature))
        except (BadSignatureError, UnicodeEncodeError):
            return False
        return True

    def account(self, claim: OwnershipClaim) -> tuple[str, str]:
        if claim.chain != "toyland":
            return "", ""
        return claim.chain, claim.address if KEY.fullmatch(claim.address) else ""


class Trusting(Sound):
    def signed(self, claim: OwnershipClaim, signature: str) -> bool:
        return True


class DeafToTheMessage(Sound):
    def signed(self, claim: OwnershipClaim, signature: str) -> bool:
        known = [sign_claim(number, claim.message).address for number in range(20)]
        return claim.address in known and SIGNATURE.fullmatch(signature) is not None


class AnyKeyWillDo(Sound):
    """Checks the key that the row gives, and not that the address is its."""

    def verdict(self, claim: OwnershipClaim) -> tuple[Status, str]:
        if claim.keys and claim.kind is Kind.OWN and claim.chain == "toyland":
            if len(claim.signatures) == 1 and self.by_key(claim.keys[0], claim.message, claim.signatures[0]):
                return Status.PROVEN, "signed by the key given"
            return Status.FAILED, "not signed"
        return super().verdict(claim)


class KeyIgnored(Sound):
    def verdict(self, claim: OwnershipClaim) -> tuple[Status, str]:
        return super().verdict(evolve(claim, keys=()))


class HalfAnAddress(Sound):
    def signed(self, claim: OwnershipClaim, signature: str) -> bool:
        known = {sign_claim(number, "").address[:60]: sign_claim(number, "").address for number in range(20)}
        return self.by_key(known.get(claim.address[:60], ""), claim.message, signature)


class Raising(Sound):
    @staticmethod
    def by_key(key: str, message: str, signature: str) -> bool:
        try:
            VerifyKey(bytes.fromhex(key)).verify(message.encode(), bytes.fromhex(signature))
        except BadSignatureError:
            return False
        return True


class Unordered(Sound):
    def verify(self, rows: Sequence[OwnershipClaim]) -> list[OwnershipResult]:
        return sorted(super().verify(rows), key=lambda result: result.address)


class Losing(Sound):
    def verify(self, rows: Sequence[OwnershipClaim]) -> list[OwnershipResult]:
        return super().verify(list(dict.fromkeys(rows)))


class AllOrNothing(Sound):
    """One row that fails makes all rows of the batch fail."""

    def verify(self, rows: Sequence[OwnershipClaim]) -> list[OwnershipResult]:
        results = super().verify(rows)
        if any(result.status is Status.FAILED for result in results):
            return [evolve(result, status=Status.FAILED) for result in results]
        return results


class Remembering(Sound):
    """What was proven once is proven for ever."""

    def __init__(self) -> None:
        self.proven: set[tuple[str, str]] = set()

    def signed(self, claim: OwnershipClaim, signature: str) -> bool:
        if super().signed(claim, signature):
            self.proven.add((claim.address, claim.message))
        return (claim.address, claim.message) in self.proven


class OneOfThem(Sound):
    def verdict(self, claim: OwnershipClaim) -> tuple[Status, str]:
        good = [text for text in claim.signatures if self.signed(claim, text)]
        return super().verdict(evolve(claim, signatures=good[:1]) if good else claim)


class Stripping(Sound):
    def signed(self, claim: OwnershipClaim, signature: str) -> bool:
        return super().signed(claim, signature.strip())


class Malleable(Sound):
    """Adds back what is missing at the end of a signature; here its last digits, which it does not look at."""

    def signed(self, claim: OwnershipClaim, signature: str) -> bool:
        known = [sign_claim(number, claim.message) for number in range(20)]
        true = {one.address: one.signatures[0] for one in known}.get(claim.address, "")
        return len(signature) == 128 and signature[:124] == true[:124]


class DeafToTheChain(Sound):
    """Proves by the key, whatever the chain says about the account."""

    def verdict(self, claim: OwnershipClaim) -> tuple[Status, str]:
        return super().verdict(evolve(claim, control=None))


class CustodianForgotten(Sound):
    def verdict(self, claim: OwnershipClaim) -> tuple[Status, str]:
        return super().verdict(evolve(claim, kind=Kind.OWN))


class StakesForFree(Sound):
    def verdict(self, claim: OwnershipClaim) -> tuple[Status, str]:
        return (Status.PROVEN, "a stake") if claim.kind is Kind.STAKED else super().verdict(claim)


class ServingAll(Sound):
    def serves(self, claim: OwnershipClaim) -> bool:
        return True


class ServingByVerifying(Sound):
    def serves(self, claim: OwnershipClaim) -> bool:
        return claim.chain == "toyland" and [self.judge(claim) for _ in range(20)] != []


class SpelledAnew(Sound):
    """A spelling that is spelled again grows."""

    def account(self, claim: OwnershipClaim) -> tuple[str, str]:
        chain, address = super().account(evolve(claim, address=claim.address.removeprefix("toy:")))
        return chain, f"toy:{claim.address}" if address else ""


class SpelledByMessage(Sound):
    def account(self, claim: OwnershipClaim) -> tuple[str, str]:
        chain, address = super().account(claim)
        return chain, address and f"{address}{claim.message[:1]}"


class SpelledOtherwise(Sound):
    def judge(self, claim: OwnershipClaim) -> OwnershipResult:
        result = super().judge(claim)
        return evolve(result, address=result.address.upper())


class AllSpelledAlike(Sound):
    def account(self, claim: OwnershipClaim) -> tuple[str, str]:
        chain, address = super().account(claim)
        return chain, address and "0" * 64


class Talkative(Sound):
    def verdict(self, claim: OwnershipClaim) -> tuple[Status, str]:
        status, _ = super().verdict(claim)
        return status, f"the message is {claim.message}"


class Speechless(Sound):
    def verdict(self, claim: OwnershipClaim) -> tuple[Status, str]:
        return super().verdict(claim)[0], ""


class Slow(Sound):
    """Works at an address for as long as it is long."""

    def verdict(self, claim: OwnershipClaim) -> tuple[Status, str]:
        end = time.process_time() + len(claim.address) / 400_000
        while time.process_time() < end:
            pass
        return super().verdict(claim)


class AskingForMore(Sound):
    def __init__(self, more: str) -> None:
        self.more = more


def everything_proven() -> Sound:
    return Trusting()


class ChangedOnItsWay(Sound):
    """Another one, once it was sent to a process."""

    def __reduce__(self) -> tuple[Callable[[], Sound], tuple[()]]:
        return everything_proven, ()


class DigestsOfNothing(Sound):
    def digests(self, claim: OwnershipClaim) -> tuple[bytes, ...]:
        return (bytes(32),)


class WrongStatus(Sound):
    """Valid signatures end in a status that does not count."""

    def verdict(self, claim: OwnershipClaim) -> tuple[Status, str]:
        status, reason = super().verdict(claim)
        return Status.UNBOUND if status is Status.PROVEN else status, reason


class Nameless(Sound):
    def judge(self, claim: OwnershipClaim) -> OwnershipResult:
        return evolve(super().judge(claim), scheme="")


class Toy(OwnershipSuite):
    made: type[Sound] = Sound
    arguments: tuple[Any, ...] = ()

    @pytest.fixture
    def scheme(self) -> OwnershipScheme:
        return self.made(*self.arguments)

    @pytest.fixture
    def sign(self) -> Sign:
        return sign_claim


class TestAskingForMore(Toy):
    made = AskingForMore
    arguments = ("more",)


class TestAnyKeyWillDo(Toy):
    made = AnyKeyWillDo

    @pytest.fixture
    def sign(self) -> Sign:
        def sign(number: int, message: str) -> OwnershipClaim:
            claim = sign_claim(number, message)
            return evolve(claim, keys=(claim.address,))

        return sign


class TestKeyIgnored(TestAnyKeyWillDo):
    made = KeyIgnored


class SamplesOfNobody(Sound):
    """Invents accounts whose signatures are not theirs."""

    def sample_claim(self, asset: str, chain: str, secret: bytes, message: str) -> OwnershipClaim | None:
        claim = sign_claim(secret[0], message)
        return evolve(claim, signatures=sign_claim(secret[0], message + "!").signatures)


class TestOneWalletForAll(Toy):
    """A fixture with which the suite would show nothing."""

    @pytest.fixture
    def sign(self) -> Sign:
        return lambda number, message: sign_claim(7, message)


def of(scheme: type[Sound]) -> type[Toy]:
    return type(f"Test{scheme.__name__}", (Toy,), {"made": scheme, "__module__": __name__})


TestSound = of(Sound)
TestTrusting = of(Trusting)
TestDeafToTheMessage = of(DeafToTheMessage)
TestHalfAnAddress = of(HalfAnAddress)
TestRaising = of(Raising)
TestUnordered = of(Unordered)
TestLosing = of(Losing)
TestAllOrNothing = of(AllOrNothing)
TestRemembering = of(Remembering)
TestOneOfThem = of(OneOfThem)
TestStripping = of(Stripping)
TestMalleable = of(Malleable)
TestDeafToTheChain = of(DeafToTheChain)
TestCustodianForgotten = of(CustodianForgotten)
TestStakesForFree = of(StakesForFree)
TestServingAll = of(ServingAll)
TestServingByVerifying = of(ServingByVerifying)
TestSpelledAnew = of(SpelledAnew)
TestSpelledByMessage = of(SpelledByMessage)
TestSpelledOtherwise = of(SpelledOtherwise)
TestAllSpelledAlike = of(AllSpelledAlike)
TestTalkative = of(Talkative)
TestSpeechless = of(Speechless)
TestSlow = of(Slow)
TestChangedOnItsWay = of(ChangedOnItsWay)
TestDigestsOfNothing = of(DigestsOfNothing)
TestWrongStatus = of(WrongStatus)
TestNameless = of(Nameless)
TestSamplesOfNobody = of(SamplesOfNobody)
