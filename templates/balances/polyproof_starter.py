"""The balance provider starter-name for polyproof: what an address held at the block of the snapshot.

YOURS: as it stands it asks an imaginary server, ``GET /balance/ADDRESS?block=BLOCK``, one address at a time, which
answers ``{"address": …, "block": …, "held": "…"}`` in the smallest unit.
"""

import re
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from attrs import frozen

from polyproof.balances import Answer, BalanceProvider, Pin, Question
from polyproof.config.options import option
from polyproof.hookspecs import Component, hookimpl
from polyproof.model.holdings import FINEST
from polyproof.progress import Progress
from polyproof.toolkit.endpoint import EndpointOptions, open_endpoint
from polyproof.toolkit.http import Failed, HttpClient, Response

polyproof_interface = 2

ADDRESS = re.compile("[0-9A-Za-z]{1,100}")
AMOUNT = re.compile("0|[1-9][0-9]{0,39}")


@hookimpl
def polyproof_components() -> list[Component]:
    """One provider."""
    return [Component("balances", "starter-name", "A server, a starting point", "polyproof_starter:StarterProvider")]


@frozen(kw_only=True)
class StarterOptions(EndpointOptions):
    """YOURS: which chain. Where the server is, and how long it is waited for, every such provider can be told."""

    chain: str = option(default="starter-name", doc="Canonical name of the chain.")
    coin: str = option(default="COIN", doc="Symbol of the chain's own asset.")
    decimals: int = option(default=8, least=0, most=FINEST, doc="Decimals of the coin.")


class StarterProvider(BalanceProvider):
    """YOURS: how a server is asked, and what an answer must say before it is believed."""

    name = "starter-name"
    Options = StarterOptions
    options: StarterOptions

    def open(self, base: Path) -> None:
        """The URL, from the options or from ``--secrets``."""
        self._endpoint = open_endpoint(self.options)

    def serves(self, question: Question) -> bool:
        """Whether it can be asked; sends nothing."""
        mine = (self.options.chain, self.options.coin, "")
        asked = (question.chain, question.asset, question.token)
        return asked == mine and ADDRESS.fullmatch(question.address) is not None

    def balances(self, questions: Sequence[Question], pin: Pin, progress: Progress) -> list[Answer]:
        """One answer for each question, in order; what goes wrong is an answer as well."""
        source = f"balance at block {pin.block}"
        answers: list[Answer] = []
        client = HttpClient(self._endpoint, self.options)
        with closing(client), progress.task(f"ask {self.options.chain}", len(questions)) as task:
            for question in questions:
                try:
                    path = f"/balance/{question.address}?block={pin.block}"
                    held = client.get(path, lambda response, asked=question: self._held(response, asked, pin))
                    answers.append(Answer(held, source))
                except Failed as error:  # after all attempts: the rest is not asked
                    left = len(questions) - len(answers)
                    return answers + [Answer(None, source, str(error))] * left
                except ValueError as error:
                    answers.append(Answer(None, source, str(error)))
                task.advance()
        return answers

    def _held(self, response: Response, question: Question, pin: Pin) -> int:
        """YOURS: units of 10^-36 coin. ``ValueError`` for an answer that is not about what was asked."""
        if response.status == 404:
            raise ValueError("the server does not know this address or this block")
        response.check()
        answer = response.json()
        about = (question.address, pin.block, pin.height)
        if not isinstance(answer, dict) or tuple(map(answer.get, ("address", "block", "height"))) != about:
            raise ValueError("the answer is about another address or another block")
        held = answer.get("held")
        if not isinstance(held, str) or not AMOUNT.fullmatch(held):
            raise ValueError("the answer has no amount")
        return int(held) * 10 ** (FINEST - self.options.decimals)
