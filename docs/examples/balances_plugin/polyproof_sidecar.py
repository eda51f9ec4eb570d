"""Balances of Polkadot and its kin, from Substrate API Sidecar, a REST service beside a node.

``GET /accounts/ADDRESS/balance-info?at=BLOCK`` answers for the block with that hash, and the answer says which block it
was. An account holds its free and its reserved balance; locks apply to part of the free one.
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

ADDRESS = re.compile("[1-9A-HJ-NP-Za-km-z]{46,49}")  # base58
AMOUNT = re.compile("[0-9]{1,40}")


@hookimpl
def polyproof_components() -> list[Component]:
    """One provider."""
    return [Component("balances", "sidecar", "Polkadot and its kin, by API Sidecar", "polyproof_sidecar:Sidecar")]


@frozen(kw_only=True)
class SidecarOptions(EndpointOptions):
    """One chain, and where its sidecar is."""

    chain: str = option(default="polkadot", doc="Canonical name of the chain.")
    coin: str = option(default="DOT", doc="Symbol of the asset that is the chain's coin, in the spec and on the chain.")
    decimals: int = option(default=10, least=0, most=FINEST, doc="Decimals of the coin.")


class Sidecar(BalanceProvider):
    """Asks about one account at a time, until the server fails in spite of all attempts."""

    name = "sidecar"
    Options = SidecarOptions

    def open(self, base: Path) -> None:
        """Find the URL."""
        self._endpoint = open_endpoint(self.options)

    def serves(self, question: Question) -> bool:
        """The chain's own coin, held by accounts."""
        mine = (self.options.chain, self.options.coin, "")
        asked = (question.chain, question.asset, question.token)
        return asked == mine and ADDRESS.fullmatch(question.address) is not None

    def balances(self, questions: Sequence[Question], pin: Pin, progress: Progress) -> list[Answer]:
        """One answer for each question, in order."""
        source = f"balance-info at block {pin.block}"
        answers: list[Answer] = []
        client = HttpClient(self._endpoint, self.options)
        with closing(client), progress.task(f"ask {self.options.chain}", len(questions)) as task:
            for question in questions:
                try:
                    held = client.get(self._path(question, pin), lambda response: self._held(response, pin))
                    answers.append(Answer(held, source))
                except Failed as error:
                    left = len(questions) - len(answers)
                    return answers + [Answer(None, source, str(error))] * left
                except ValueError as error:
                    answers.append(Answer(None, source, str(error)))
                task.advance()
        return answers

    @staticmethod
    def _path(question: Question, pin: Pin) -> str:
        return f"/accounts/{question.address}/balance-info?at={pin.block}"

    def _held(self, response: Response, pin: Pin) -> int:
        """What an answer says is held. Raises ``ValueError`` for one that says something else, ``Failed`` for none."""
        if response.status in (400, 404):
            raise ValueError("the server does not know this account or this block")
        response.check()
        answer = response.json()
        at = answer.get("at") if isinstance(answer, dict) else None
        if not isinstance(at, dict) or (at.get("hash"), at.get("height")) != (pin.block, str(pin.height)):
            raise ValueError("the server answered for a block other than the snapshot's")
        if answer.get("tokenSymbol") != self.options.coin:
            raise ValueError("the server is on another chain: its coin has another name")
        parts = answer.get("free"), answer.get("reserved")
        if not all(isinstance(part, str) and AMOUNT.fullmatch(part) for part in parts):
            raise ValueError("the server's answer has no amounts")
        return sum(int(part) for part in parts) * 10 ** (FINEST - self.options.decimals)
