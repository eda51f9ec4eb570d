"""Providers that ask one node about one account after another, several at a time.

What they share: the node first shows that it is on the right chain and knows the pinned block (``begin``); each account
is then asked about (``held``, ``control``); a node that can speak of its newest block alone must still be at the pinned
one when all are answered (``end``), or none of its answers counts. A question that fails is not checked and spoils no
other; a node that keeps failing is asked no more (``polyproof_balances.asking``).
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

from attrs import frozen

from polyproof.balances import Answer, BalanceProvider, ControlAnswer, ControlQuestion, Lack, Pin, Question
from polyproof.config.options import option
from polyproof.model.holdings import FINEST
from polyproof.ownership import AccountControl
from polyproof.progress import Progress
from polyproof.toolkit.endpoint import EndpointOptions, open_endpoint
from polyproof.toolkit.http import Failed, HttpClient
from polyproof.toolkit.json_rpc import Refused
from polyproof_balances.asking import Clients, Patience

__all__ = [
    "AccountOptions",
    "AccountProvider",
    "NotKnown",
    "OtherBlock",
    "Tip",
    "digits",
    "entry",
    "text",
    "units",
    "whole",
]

_MOST = (1 << 128) - 1
"""No chain here counts in more than 128 bits."""
_Client = TypeVar("_Client", bound=HttpClient)
_Block = TypeVar("_Block")
_Question = TypeVar("_Question", Question, ControlQuestion)
_Found = TypeVar("_Found", int, AccountControl)


class NotKnown(ValueError):
    """Why the answer to a question is not known. The text is ours alone: it may be published."""


class OtherBlock(NotKnown):
    """A node answers about its newest block alone, and that is not the snapshot's."""


@frozen(kw_only=True)
class AccountOptions(EndpointOptions):
    """Where the node is, how patiently and how fast it is asked."""

    parallel: int = option(default=4, least=1, most=32, doc="Questions at a time.")


class AccountProvider(BalanceProvider, Generic[_Client, _Block]):
    """Asks one node about one chain. ``_Block`` is what ``begin`` learns about the block and ``held`` needs to know."""

    Client: ClassVar[type[HttpClient]]
    """Speaks with the node, for one thread at a time."""
    options: Any

    def open(self, base: Path) -> None:
        """Find the node's URL. Raises ``InputError``."""
        self._endpoint = open_endpoint(self.options)

    @abstractmethod
    def begin(self, node: _Client, pin: Pin) -> _Block:
        """Check that the node is on the chain and knows the block. Raises like ``held``; then nothing is asked."""

    @abstractmethod
    def held(self, node: _Client, question: Question, pin: Pin, block: _Block) -> int:
        """What the address held, in units of 10^−36.

        Raises ``NotKnown`` or another ``ValueError`` with a reason that can be published, ``Refused``, or ``Failed``
        for a node that does not answer at all.
        """

    def end(self, node: _Client, pin: Pin, block: _Block) -> None:
        """Raise like ``held`` if what was answered since ``begin`` need not be about the block."""

    @abstractmethod
    def asked(self, question: Question) -> str:
        """What is asked for, as the source of an answer names it: the node's method, and the token if it is one."""

    def control(self, node: _Client, question: ControlQuestion, pin: Pin, block: _Block) -> AccountControl:
        """Who controls the account. Raises like ``held``; for chains that ``controls_chain`` names."""
        raise NotKnown(f"{self.name} does not ask who controls an account")

    def balances(self, questions: Sequence[Question], pin: Pin, progress: Progress) -> list[Answer]:
        """One answer for each question, in order."""
        found = self._ask(questions, self.held, pin, progress, f"ask {pin.chain}")
        sources = [f"{self.asked(question)} at block {pin.block}" for question in questions]
        return [
            Answer(None, source, str(one), _lack(one)) if isinstance(one, Exception) else Answer(one, source)
            for source, one in zip(sources, found, strict=True)
        ]

    def controls(self, questions: Sequence[ControlQuestion], pin: Pin, progress: Progress) -> list[ControlAnswer]:
        """One answer for each question, in order."""
        found = self._ask(questions, self.control, pin, progress, f"ask who controls accounts on {pin.chain}")
        return [ControlAnswer(None, str(one)) if isinstance(one, Exception) else ControlAnswer(one) for one in found]

    def _ask(
        self,
        questions: Sequence[_Question],
        about: Callable[[_Client, _Question, Pin, _Block], _Found],
        pin: Pin,
        progress: Progress,
        title: str,
    ) -> list[_Found | Exception]:
        """What ``about`` finds for each question between ``begin`` and ``end``, or why that is not known."""
        if not questions:
            return []
        opened: Clients[Any] = Clients(lambda: self.Client(self._endpoint, self.options), self.options.parallel)
        with opened as clients:
            try:
                block = self.begin(clients.mine(), pin)
                patience = Patience()

                def tried(question: _Question) -> _Found | Exception:
                    if why := patience.ended:
                        return NotKnown(why)
                    one: _Found | Exception
                    try:
                        one = about(clients.mine(), question, pin, block)
                    except Failed as error:
                        patience.failed()
                        return error
                    except (Refused, ValueError) as error:
                        one = error
                    patience.answered()
                    return one

                found: list[_Found | Exception] = []
                with progress.task(title, len(questions)) as task:
                    for one in clients.pool.map(tried, questions):
                        found.append(one)
                        task.advance()
                self.end(clients.mine(), pin, block)
            except (Failed, Refused, ValueError) as error:
                return [error] * len(questions)
        return found


def _lack(error: Exception) -> Lack:
    return Lack.OTHER_BLOCK if isinstance(error, OtherBlock) else Lack.UNANSWERED


@frozen
class Tip:
    """The newest block of a node that answers about no other."""

    height: int
    block: str

    def check(self, pin: Pin) -> None:
        """Raise ``OtherBlock`` unless it is the pinned one."""
        if self.height != pin.height:
            raise OtherBlock(
                f"the node answers about its newest block alone, which is {self.height} and not the snapshot's"
                f" {pin.height}"
            )
        if self.block.lower() != pin.block.lower():
            raise OtherBlock("the node's newest block has the height of the snapshot's and another hash")


# What answers are made of. Messages name the key and never quote the node.


def entry(value: Any, *names: str | int) -> Any:
    """What is found under keys of objects and places of lists, one within the other. Raises ``NotKnown``."""
    for name in names:
        if isinstance(name, int):
            there = isinstance(value, list) and name < len(value)
        else:
            there = isinstance(value, dict) and name in value
        if not there:
            raise NotKnown(f"the node's answer has no {'.'.join(map(str, names))}")
        value = value[name]
    return value


def whole(value: Any, what: str) -> int:
    """An integer of JSON, not negative. Raises ``NotKnown``."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST:
        return value
    raise NotKnown(f"the node's answer has something else than a whole number for {what}")


def digits(value: Any, what: str) -> int:
    """A text of decimal digits, not negative. Raises ``NotKnown``."""
    if not isinstance(value, str) or not value.isascii() or not value.isdigit() or len(value) > 39:
        raise NotKnown(f"the node's answer has something else than digits for {what}")
    return whole(int(value), what)


def text(value: Any, what: str) -> str:
    """A text of JSON. Raises ``NotKnown``."""
    if not isinstance(value, str):
        raise NotKnown(f"the node's answer has something else than a text for {what}")
    return value


def units(amount: int, decimals: int) -> int:
    """An amount in the chain's smallest units, in units of 10^−36. Raises ``NotKnown`` for units that are finer."""
    if decimals > FINEST:
        raise NotKnown(f"the token has {decimals} decimals; at most {FINEST} are supported")
    scale: int = 10 ** (FINEST - decimals)
    return amount * scale
