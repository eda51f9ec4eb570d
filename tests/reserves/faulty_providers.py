"""Balance providers that are each wrong in one way, and a sound one, in the conformance suite.

Not collected by itself: test_balance_suite_bites.py runs it and looks at what fails. The server is made up: GET of
``/ADDRESS?asset=A&block=B`` is a JSON object of chain, block, height, address, amount and owners.
"""

from __future__ import annotations

import json
import logging
import threading
import time
import urllib.request
from collections.abc import Mapping, Sequence
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

import pytest

from polyproof.balances import Answer, BalanceProvider, ControlAnswer, ControlQuestion, Pin, Question
from polyproof.model.amounts import AmountError, Rounding, parse_amount
from polyproof.model.holdings import FINEST
from polyproof.ownership import AccountControl, OwnershipClaim
from polyproof.progress import Progress
from polyproof.registry import default_registry
from polyproof.testing.balances import Connect, Controlled, Held, ServedBalanceSuite
from polyproof.testing.servers import Reply, Request, Respond
from polyproof.toolkit.endpoint import EndpointOptions, open_endpoint
from polyproof.toolkit.http import Failed, HttpClient, MayPass, Response

PIN = Pin(chain="toyland", height=7, block="0x" + "ab" * 32)
AMOUNTS = {"alice": "1.000000000000000000000000000000000001", "bob": "0.1", "carol": "12345678.9"}
OWNERS = {"alice": ["bob", "carol"], "bob": [], "carol": ["dave"]}


def answering(chain: str = "toyland", block: str = PIN.block, height: int = PIN.height) -> Respond:
    def respond(request: Request) -> Reply:
        parts = urlsplit(request.path)
        address, asked = unquote(parts.path.removeprefix("/")), parse_qs(parts.query).get("block")
        if asked != [block] or address not in AMOUNTS or "asset=TOY" not in parts.query:
            return Reply(b'{"error": "not found"}', 404)
        found = {"chain": chain, "block": block, "height": height, "address": address}
        return Reply(json.dumps({**found, "amount": AMOUNTS[address], "owners": OWNERS[address]}).encode())

    return respond


class Sound(BalanceProvider):
    name = "toy"
    Options = EndpointOptions

    def open(self, base: Path) -> None:
        self.client = HttpClient(open_endpoint(self.options), self.options)

    def serves(self, question: Question) -> bool:
        return (question.asset, question.chain, question.token) == ("TOY", "toyland", "")

    def balances(self, questions: Sequence[Question], pin: Pin, progress: Progress) -> list[Answer]:
        try:
            return [self.balance(question, pin) for question in questions]
        finally:
            self.client.close()

    def balance(self, question: Question, pin: Pin) -> Answer:
        source = f"toy server at block {pin.block}"
        try:
            return Answer(self.amount(self.told(question.address, pin)), source)
        except (Failed, ValueError, AmountError) as error:
            return Answer(None, source, self.reason(error))

    def reason(self, error: Exception) -> str:
        return "it does not say" if isinstance(error, ValueError) else str(error)

    def path(self, address: str) -> str:
        return "/" + quote(address, safe="", errors="replace")

    def told(self, address: str, pin: Pin) -> dict[str, Any]:
        path = f"{self.path(address)}?asset=TOY&block={pin.block}"
        found = self.client.get(path, self.read)
        return self.checked(found, address, pin)

    def read(self, response: Response) -> Any:
        response.check()
        return response.json()

    def checked(self, found: Any, address: str, pin: Pin) -> dict[str, Any]:
        if not isinstance(found, dict) or found.get("address") != address:
            raise ValueError("not this account")
        if (found.get("chain"), found.get("block"), found.get("height")) != (pin.chain, pin.block, pin.height):
            raise ValueError("not this block")
        return found

    def amount(self, found: dict[str, Any]) -> int:
        amount = found.get("amount")
        units = parse_amount(amount, FINEST, Rounding.EXACT) if isinstance(amount, str) else -1
        if units < 0:
            raise ValueError("no amount")
        return units

    def controls_chain(self, chain: str) -> bool:
        return chain == "toyland"

    def controls(self, questions: Sequence[ControlQuestion], pin: Pin, progress: Progress) -> list[ControlAnswer]:
        return [self.control(question, pin) for question in questions]

    def control(self, question: ControlQuestion, pin: Pin) -> ControlAnswer:
        try:
            owners = self.owners(self.told(question.claim.address, pin))
            return ControlAnswer(AccountControl(f"block {pin.block}", owners) if owners else None)
        except (Failed, ValueError) as error:
            return ControlAnswer(None, self.reason(error))

    def owners(self, found: dict[str, Any]) -> list[str]:
        owners = found.get("owners")
        if not isinstance(owners, list) or not all(
            (isinstance(one, str) and one in AMOUNTS) or one == "dave" for one in owners
        ):
            raise ValueError("no owners")
        return owners


class Unordered(Sound):
    def balances(self, questions: Sequence[Question], pin: Pin, progress: Progress) -> list[Answer]:
        return super().balances(sorted(questions, key=lambda question: question.address), pin, progress)


class Losing(Sound):
    def balances(self, questions: Sequence[Question], pin: Pin, progress: Progress) -> list[Answer]:
        return [answer for answer in super().balances(questions, pin, progress) if answer.held is not None]


class MissingIsZero(Sound):
    def balance(self, question: Question, pin: Pin) -> Answer:
        answer = super().balance(question, pin)
        return Answer(0, answer.source) if answer.held is None else answer


class NotFoundIsZero(Sound):
    """Takes any server's 404 for an account that has nothing."""

    def read(self, response: Response) -> Any:
        if response.status == 404:
            return {"chain": "toyland", "block": PIN.block, "height": PIN.height, "amount": "0"}
        return super().read(response)

    def checked(self, found: Any, address: str, pin: Pin) -> dict[str, Any]:
        return super().checked({"address": address, **found} if isinstance(found, dict) else found, address, pin)


class Raising(Sound):
    def balance(self, question: Question, pin: Pin) -> Answer:
        return Answer(self.amount(self.told(question.address, pin)), f"block {pin.block}")


class Believing(Sound):
    """Takes the amount as it comes."""

    def amount(self, found: dict[str, Any]) -> int:
        try:
            return int(Decimal(found["amount"] or 0) * 10**FINEST)
        except ArithmeticError:
            raise ValueError("no amount") from None


class Floating(Sound):
    def amount(self, found: dict[str, Any]) -> int:
        return int(float(super().amount(found)))


class BlockUnread(Sound):
    """Asks for the block, and does not look whether the answer is of it."""

    def checked(self, found: Any, address: str, pin: Pin) -> dict[str, Any]:
        told = {"block": pin.block} if isinstance(found, dict) else {}
        return super().checked({**found, **told} if told else found, address, pin)


class BlockReadOnce(Sound):
    """Looks whether answers are of the block until one was, and trusts the others."""

    def balances(self, questions: Sequence[Question], pin: Pin, progress: Progress) -> list[Answer]:
        self.seen = False
        return super().balances(questions, pin, progress)

    def controls(self, questions: Sequence[ControlQuestion], pin: Pin, progress: Progress) -> list[ControlAnswer]:
        self.seen = False
        return super().controls(questions, pin, progress)

    def checked(self, found: Any, address: str, pin: Pin) -> dict[str, Any]:
        if self.seen and isinstance(found, dict):
            found = {**found, "block": pin.block}
        self.seen = bool(super().checked(found, address, pin))
        return super().checked(found, address, pin)


class FirstKeyCounts(Sound):
    def read(self, response: Response) -> Any:
        try:
            return super().read(response)
        except MayPass:
            if response.body.count(b'"chain"') < 2:
                raise
            return json.loads(response.body, object_pairs_hook=lambda pairs: dict(reversed(pairs)))


class FractionsCutOff(Sound):
    def checked(self, found: Any, address: str, pin: Pin) -> dict[str, Any]:
        if isinstance(found, dict) and isinstance(found.get("height"), str) and "." in found["height"]:
            found = {**found, "height": int(found["height"].partition(".")[0]), "amount": "0.5"}
        return super().checked(found, address, pin)


class ChainUnread(Sound):
    def checked(self, found: Any, address: str, pin: Pin) -> dict[str, Any]:
        told = {"chain": pin.chain} if isinstance(found, dict) else {}
        return super().checked({**found, **told} if told else found, address, pin)


class PinIgnored(Sound):
    def told(self, address: str, pin: Pin) -> dict[str, Any]:
        return super().told(address, PIN)


class Unquoted(Sound):
    """Puts the address into the path as it is."""

    def path(self, address: str) -> str:
        return "/" + address.encode("ascii", "ignore").decode().replace(" ", "").replace("\n", "").replace("\0", "")

    def checked(self, found: Any, address: str, pin: Pin) -> dict[str, Any]:
        return super().checked(found, found.get("address") if isinstance(found, dict) else "", pin)


class ServingAll(Sound):
    def serves(self, question: Question) -> bool:
        return True


class AskingEarly(Sound):
    def serves(self, question: Question) -> bool:
        with suppress(Failed, ValueError):
            self.told(question.address, PIN)
        return super().serves(question)


class Silent(Sound):
    def reason(self, error: Exception) -> str:
        return ""


class Telling(Sound):
    def reason(self, error: Exception) -> str:
        return f"{self.options.url} failed"


class Logging(Sound):
    def read(self, response: Response) -> Any:
        logging.getLogger("toy").info("asked %s", self.options.url)
        return super().read(response)


class BlockUntold(Sound):
    def balance(self, question: Question, pin: Pin) -> Answer:
        answer = super().balance(question, pin)
        return Answer(answer.held, "the toy server", answer.reason)


class LeavingThreads(Sound):
    def balances(self, questions: Sequence[Question], pin: Pin, progress: Progress) -> list[Answer]:
        threading.Thread(target=time.sleep, args=(20,), daemon=True).start()
        return super().balances(questions, pin, progress)


class OwnersOfAnyKind(Sound):
    def owners(self, found: dict[str, Any]) -> list[str]:
        return [str(owner) for owner in found.get("owners") or ()]


class ControlOfAnyBlock(Sound):
    def control(self, question: ControlQuestion, pin: Pin) -> ControlAnswer:
        return super().control(question, PIN)


class ControlUnordered(Sound):
    def controls(self, questions: Sequence[ControlQuestion], pin: Pin, progress: Progress) -> list[ControlAnswer]:
        return super().controls(sorted(questions, key=lambda question: question.claim.address), pin, progress)


class Standard(Sound):
    """The standard library, as everybody writes it at first. Here it gives up after 96 MiB or two seconds."""

    def told(self, address: str, pin: Pin) -> dict[str, Any]:
        end, data = time.monotonic() + 2, bytearray()
        url = f"{self.options.url}{self.path(address)}?asset=TOY&block={pin.block}"
        try:
            with urllib.request.urlopen(url, timeout=0.1) as response:
                while len(data) < 96 << 20 and time.monotonic() < end and (piece := response.read1(1 << 20)):
                    data += piece
            return self.checked(json.loads(data), address, pin)
        except Exception as error:
            raise ValueError("it failed") from error


class Toy(ServedBalanceSuite):
    made: type[Sound] = Sound

    @pytest.fixture
    def pin(self) -> Pin:
        return PIN

    @pytest.fixture
    def held(self) -> Held:
        order = ("carol", "alice", "bob")
        return {Question("TOY", "toyland", name): parse_amount(AMOUNTS[name], FINEST, Rounding.EXACT) for name in order}

    @pytest.fixture
    def controlled(self) -> Controlled:
        return {
            ControlQuestion(OwnershipClaim("TOY", "toyland", name)): (
                AccountControl(f"block {PIN.block}", OWNERS[name]) if OWNERS[name] else None
            )
            for name in ("carol", "bob", "alice")
        }

    @pytest.fixture
    def respond(self) -> Respond:
        return answering()

    @pytest.fixture
    def elsewhere(self) -> Mapping[str, Respond]:
        return {"another chain": answering(chain="legoland"), "another height": answering(height=8)}

    @pytest.fixture
    def reorganised(self) -> Mapping[str, Respond]:
        def other(request: Request) -> Reply:
            address = unquote(urlsplit(request.path).path.removeprefix("/"))
            found = {"chain": "toyland", "block": "0x" + "ac" * 32, "height": PIN.height, "address": address}
            return Reply(json.dumps({**found, "amount": "5", "owners": ["dave", "alice"]}).encode())

        return {"another block": other}

    @pytest.fixture
    def connect(self) -> Connect:
        def connect(url: str) -> BalanceProvider:
            options = EndpointOptions(url=url, attempts=1, timeout=0.1, max_response_bytes=1 << 20)
            made = self.made(options, default_registry())
            made.open(Path())
            return made

        return connect


class TestStandard(Toy):
    made = Standard
    patience = 1.0


class TestStandardFlooded(Toy):
    made = Standard


class TestStandardRedirected(Toy):
    made = Standard


class TestOneAmountForAll(Toy):
    """A fixture with which the suite would show little."""

    @pytest.fixture
    def held(self) -> Held:
        return {Question("TOY", "toyland", "alice"): 0}


def of(provider: type[Sound]) -> type[Toy]:
    return type(f"Test{provider.__name__}", (Toy,), {"made": provider, "__module__": __name__})


TestSound = of(Sound)
TestUnordered = of(Unordered)
TestLosing = of(Losing)
TestMissingIsZero = of(MissingIsZero)
TestNotFoundIsZero = of(NotFoundIsZero)
TestRaising = of(Raising)
TestBelieving = of(Believing)
TestFloating = of(Floating)
TestBlockUnread = of(BlockUnread)
TestBlockReadOnce = of(BlockReadOnce)
TestFirstKeyCounts = of(FirstKeyCounts)
TestFractionsCutOff = of(FractionsCutOff)
TestChainUnread = of(ChainUnread)
TestPinIgnored = of(PinIgnored)
TestUnquoted = of(Unquoted)
TestServingAll = of(ServingAll)
TestAskingEarly = of(AskingEarly)
TestSilent = of(Silent)
TestTelling = of(Telling)
TestLogging = of(Logging)
TestBlockUntold = of(BlockUntold)
TestLeavingThreads = of(LeavingThreads)
TestOwnersOfAnyKind = of(OwnersOfAnyKind)
TestControlOfAnyBlock = of(ControlOfAnyBlock)
TestControlUnordered = of(ControlUnordered)
