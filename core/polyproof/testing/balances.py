"""Conformance suite for a ``BalanceProvider`` that asks a server over HTTP, honest or not.

The author says what an honest server answers, what accounts then hold, and how to make the provider for a URL. The
suite puts hostile servers in its place::

    class TestMyProvider(ServedBalanceSuite):
        @pytest.fixture
        def pin(self):
            return Pin(chain="my-chain", height=7, block="0x…")

        @pytest.fixture
        def held(self):  # two accounts or more, with different amounts, none of them zero
            return {Question("COIN", "my-chain", "address 1"): 5 * 10**36, …}

        @pytest.fixture
        def respond(self):  # a server that knows this block and these accounts, and nothing else
            return lambda request: Reply(b'{"height": 7, …}')

        @pytest.fixture
        def connect(self):  # opened; a timeout near 0.3 s, at most two attempts, no waits, answers of at most 1 MiB
            def connect(url):
                ...

            return connect

A provider that knows who controls accounts supplies ``controlled`` as well; one that can tell other chains apart,
``elsewhere``; one whose chain may be reorganised, ``reorganised``. A provider that asks no server inherits
``BalanceSuite`` alone, of ``polyproof.testing.balance_answers``.
"""

# ruff: noqa: D102 - the name of a test is its claim
from __future__ import annotations

import json
import logging
import re
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar

import pytest
from attrs import evolve

from polyproof.balances import BalanceProvider, Pin, Question
from polyproof.testing.balance_answers import BalanceSuite, Controlled, Held, ask, ask_control, other_pins
from polyproof.testing.servers import DRIPS, FLOODS, SECRET, Reply, Request, Respond, Server, Wire
from polyproof.testing.wrong_answers import GONE, NOT_ANSWERS, WRONG, Spelled, paths, question_of, replaced, spell

__all__ = ["BalanceSuite", "Connect", "Controlled", "Held", "ServedBalanceSuite"]

Connect = Callable[[str], BalanceProvider]
"""From the URL of a server to the provider that asks it, opened."""

_MOST_MEMORY = 64 << 20
_NUMBER = re.compile(r'("(?:[^"\\]|\\.)*")|(-?[0-9]+(?![0-9.eE]))')
"""A text of JSON, which is left alone, or a whole number."""


def _numbers(spelling: str) -> Callable[[str], str]:
    return lambda text: _NUMBER.sub(lambda found: found[1] or spelling.format(found[2]), text)


_SPELLINGS: dict[str, Callable[[str], str]] = {
    "a fraction": _numbers("{}.5"),
    "an exponent": _numbers("{}e3"),
    "a huge number": _numbers("{}" + "0" * 70),
}


def _twice(text: str) -> str:
    """An object with its first key once more at its end."""
    key = text[1 : text.index(":")]
    return f"{text[:-1]},{key}:0}}"


_UNLIKE: tuple[Any, ...] = (GONE, {"x": 0})
"""A value that can be left out, and be an object, is not read, and no other wrong one need be tried in its place."""


class ServedBalanceSuite(BalanceSuite):
    """The promises of ``BalanceSuite``, kept by a provider that asks a server over HTTP, honest or not."""

    patience: ClassVar[float] = 30.0
    """Seconds within which the provider must give up on a server that never answers: of the clock, so generous for
    machines that do other work."""
    one_by_one: ClassVar[bool] = False
    """Whether the provider asks about each account in requests of its own: then so do the tests that change the answer
    to one request after another, which is faster and misses nothing."""

    says_nothing: ClassVar[tuple[Any, ...]] = ()
    """Which of ``WRONG`` is how the protocol says that an account has nothing: 0 is then a truthful answer to it."""

    @pytest.fixture
    def respond(self) -> Respond:
        """What an honest server answers; override it."""
        raise NotImplementedError("override the fixture `respond`: a function from Request to Reply")

    @pytest.fixture
    def elsewhere(self) -> Mapping[str, Respond]:
        """Honest servers of another chain or network, or that do not know the block, by what they are."""
        return {}

    @pytest.fixture
    def reorganised(self) -> Mapping[str, Respond]:
        """Honest servers of the same chain after a reorganisation, by what they are: another block is at the height of
        the snapshot's, and accounts hold other amounts."""
        return {}

    @pytest.fixture
    def connect(self) -> Connect:
        """How to make the provider for a URL, opened; override it."""
        raise NotImplementedError("override the fixture `connect`: a function from URL to your BalanceProvider, opened")

    @pytest.fixture
    def server(self, respond: Respond) -> Iterator[tuple[Server, str]]:
        """A running server that is honest until a test replaces its ``respond``, and its URL."""
        server = Server(respond)
        with server.listening() as url:
            yield server, url

    @pytest.fixture
    def provider(self, server: tuple[Server, str], connect: Connect) -> BalanceProvider:
        """A provider that asks the honest server."""
        return connect(server[1])

    def test_nothing_is_asked_before_there_is_a_question(
        self, server: tuple[Server, str], provider: BalanceProvider, held: Held, pin: Pin
    ) -> None:
        for question in held:
            provider.serves(question)
        provider.controls_chain(pin.chain)
        assert server[0].requests == []

    @pytest.mark.parametrize("name", NOT_ANSWERS)
    def test_what_does_not_answer_the_question_is_not_checked(
        self,
        server: tuple[Server, str],
        provider: BalanceProvider,
        held: Held,
        controlled: Controlled,
        pin: Pin,
        name: str,
    ) -> None:
        self._nothing_is_learned(server, provider, held, controlled, pin, NOT_ANSWERS[name])

    @pytest.mark.parametrize("name", DRIPS)
    def test_a_server_that_drips_is_abandoned_in_time(
        self,
        server: tuple[Server, str],
        provider: BalanceProvider,
        held: Held,
        controlled: Controlled,
        pin: Pin,
        name: str,
    ) -> None:
        self._nothing_is_learned(server, provider, held, controlled, pin, DRIPS[name])

    @pytest.mark.parametrize("name", FLOODS)
    def test_a_server_that_floods_takes_no_memory(
        self, server: tuple[Server, str], provider: BalanceProvider, held: Held, pin: Pin, name: str
    ) -> None:
        server[0].respond = lambda request: FLOODS[name]
        start = time.perf_counter()
        tracemalloc.start()
        try:
            assert ask(provider, list(held), pin) == [None] * len(held)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert peak < _MOST_MEMORY
        assert time.perf_counter() - start < self.patience

    @pytest.mark.parametrize("name", ["a connection closed", "HTML", "null", "status 500", "silence"])
    def test_a_server_that_starts_to_fail_leaves_the_rest_unchecked(
        self,
        server: tuple[Server, str],
        connect: Connect,
        held: Held,
        controlled: Controlled,
        pin: Pin,
        name: str,
    ) -> None:
        running, url = server
        honest, failing = running.respond, {**NOT_ANSWERS, **DRIPS}[name]
        for asked in self._visits(held, controlled, pin):
            running.requests.clear()
            truth = asked(connect(url))
            places = range(len(running.requests))
            # Each silence lasts until the provider gives up: at the first question and at the last.
            for good in {*places[:1], *places[-1:]} if name == "silence" else places:
                running.requests.clear()
                running.respond = self._failing(running, honest, good, failing)
                self._nothing_but_the_truth(asked(connect(url)), truth)
                running.respond = honest

    def test_no_value_of_another_type_is_taken_for_a_balance(
        self, server: tuple[Server, str], connect: Connect, held: Held, controlled: Controlled, pin: Pin
    ) -> None:
        """Each value of each answer in turn is replaced by one of another type, or left out."""
        running, url = server
        honest = running.respond
        lied: set[tuple[str, str, bytes]] = set()
        for asked in self._visits(held, controlled, pin, alone=self.one_by_one):
            running.requests.clear()
            truth = asked(connect(url))
            requests = {question_of(request): request for request in running.requests}
            for key, request in requests.items():
                if key in lied and self.one_by_one:
                    continue
                lied.add(key)
                answer = honest(request)
                assert isinstance(answer, Reply)
                try:
                    answered = json.loads(answer.body, parse_float=Spelled, parse_int=Spelled)
                except ValueError:
                    pytest.skip("the server does not answer in JSON")
                for path in paths(answered):
                    unread = 0
                    for wrong in (*_UNLIKE, *WRONG):
                        running.respond = self._lying(honest, key, path, wrong)
                        found = asked(connect(url))
                        known = [None if one == 0 and wrong in self.says_nothing else one for one in found]
                        self._nothing_but_the_truth(known, truth, f"{path} is {wrong!r}")
                        unread += found == truth
                        if unread == len(_UNLIKE):
                            break  # neither its absence nor its type matters: it is not read
                running.respond = honest

    def test_an_answer_about_another_block_is_not_believed(
        self, server: tuple[Server, str], connect: Connect, held: Held, controlled: Controlled, pin: Pin
    ) -> None:
        """The server names another block wherever it names one."""
        running, url = server
        honest = running.respond
        other = next(other_pins(pin)).block
        for asked in self._visits(held, controlled, pin):
            answered: list[bool] = []

            def elsewhere(request: Request, answered: list[bool] = answered) -> Reply | Wire:
                answer = honest(request)
                assert isinstance(answer, Reply)
                answered.append(pin.block.encode() in answer.body)
                return evolve(answer, body=answer.body.replace(pin.block.encode(), other.encode()))

            running.respond = elsewhere
            found = asked(connect(url))
            assert not any(answered) or all(one is None for one in found)
        running.respond = honest

    def test_an_honest_server_of_another_chain_is_not_believed(
        self,
        server: tuple[Server, str],
        connect: Connect,
        elsewhere: Mapping[str, Respond],
        held: Held,
        controlled: Controlled,
        pin: Pin,
    ) -> None:
        for name, respond in elsewhere.items():
            server[0].respond = respond
            provider = connect(server[1])
            assert ask(provider, list(held), pin) == [None] * len(held), name
            assert ask_control(provider, list(controlled), pin) == [None] * len(controlled), name

    def test_a_chain_that_is_reorganised_meanwhile_leaves_the_rest_unchecked(
        self,
        server: tuple[Server, str],
        connect: Connect,
        reorganised: Mapping[str, Respond],
        held: Held,
        controlled: Controlled,
        pin: Pin,
    ) -> None:
        """Honest up to some request, and from then on as a node to which the snapshot's block was never final."""
        running, url = server
        honest = running.respond
        for asked in self._visits(held, controlled, pin):
            running.requests.clear()
            truth = asked(connect(url))
            for name, respond in reorganised.items():
                for good in range(len(running.requests)):
                    running.requests.clear()
                    running.respond = self._failing(running, honest, good, respond)
                    self._nothing_but_the_truth(asked(connect(url)), truth, f"{name} after {good} requests")
                running.respond = honest
                running.requests.clear()
                assert asked(connect(url)) == truth

    def test_json_with_a_key_twice_is_not_believed(
        self, server: tuple[Server, str], connect: Connect, held: Held, controlled: Controlled, pin: Pin
    ) -> None:
        """Of two values of one key readers take different ones, so the node could say two things at once."""
        running, url = server
        honest = running.respond
        twice: list[bool] = []

        def respond(request: Request) -> Reply | Wire:
            answer = honest(request)
            assert isinstance(answer, Reply)
            answered = json.loads(answer.body, parse_float=Spelled, parse_int=Spelled)
            twice.append(isinstance(answered, dict) and bool(answered))
            return evolve(answer, body=_twice(spell(answered)).encode()) if twice[-1] else answer

        for asked in self._visits(held, controlled, pin):
            running.respond = respond
            found = asked(connect(url))
            running.respond = honest
            assert not any(twice) or all(one is None for one in found)

    @pytest.mark.parametrize("name", _SPELLINGS)
    def test_a_number_that_is_not_whole_or_huge_is_not_believed(
        self, server: tuple[Server, str], connect: Connect, held: Held, controlled: Controlled, pin: Pin, name: str
    ) -> None:
        """Every whole number of JSON is spelled otherwise; texts stay as they are."""
        running, url = server
        honest = running.respond

        def respond(request: Request) -> Reply | Wire:
            answer = honest(request)
            assert isinstance(answer, Reply)
            return evolve(answer, body=_SPELLINGS[name](answer.body.decode()).encode())

        for asked in self._visits(held, controlled, pin):
            truth = asked(connect(url))
            running.respond = respond
            self._nothing_but_the_truth(asked(connect(url)), truth, name)
            running.respond = honest

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_a_redirect_is_not_followed(
        self, server: tuple[Server, str], connect: Connect, respond: Respond, held: Held, pin: Pin, status: int
    ) -> None:
        """It would carry the question and the credentials wherever the server likes."""
        other = Server(respond)
        with other.listening() as url:
            server[0].respond = lambda request: Reply(b"", status, url + request.path)
            assert ask(connect(server[1]), list(held), pin) == [None] * len(held)
        assert other.requests == []

    def test_the_url_is_never_logged(
        self,
        server: tuple[Server, str],
        connect: Connect,
        held: Held,
        pin: Pin,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        caplog.set_level(logging.DEBUG)
        honest = server[0].respond
        ask(connect(server[1]), list(held), pin)
        for name in ("malformed headers", "a connection closed", "status 500"):
            server[0].respond = self._failing(server[0], honest, 0, NOT_ANSWERS[name])
            ask(connect(server[1]), list(held), pin)
        assert SECRET not in caplog.text

    def test_no_threads_are_left_behind(
        self, respond: Respond, connect: Connect, held: Held, controlled: Controlled, pin: Pin
    ) -> None:
        before = threading.active_count()
        for answers in (respond, lambda request: DRIPS["a body"]):
            with Server(answers).listening() as url:
                provider = connect(url)
                ask(provider, list(held), pin)
                ask_control(provider, list(controlled), pin)
        end = time.monotonic() + 5
        while threading.active_count() > before and time.monotonic() < end:
            time.sleep(0.02)
        assert threading.active_count() <= before

    def _nothing_is_learned(
        self,
        server: tuple[Server, str],
        provider: BalanceProvider,
        held: Held,
        controlled: Controlled,
        pin: Pin,
        answer: Reply | Wire,
    ) -> None:
        """From a server that gives every request this answer, and within ``patience``."""
        server[0].respond = lambda request: answer
        start = time.perf_counter()
        assert ask(provider, list(held), pin) == [None] * len(held)
        assert ask_control(provider, list(controlled), pin) == [None] * len(controlled)
        assert time.perf_counter() - start < self.patience

    @staticmethod
    def _visits(
        held: Held, controlled: Controlled, pin: Pin, *, alone: bool = False
    ) -> list[Callable[[BalanceProvider], list[Any]]]:
        """What a provider is asked: for balances, all or each alone, and, if there are any, for controls."""
        together = [[question] for question in held] if alone else [list(held)]

        def asking(questions: list[Question]) -> Callable[[BalanceProvider], list[Any]]:
            return lambda provider: list(ask(provider, questions, pin))

        visits = [asking(questions) for questions in together]
        if controlled:
            visits.append(lambda provider: list(ask_control(provider, list(controlled), pin)))
        return visits

    @staticmethod
    def _failing(server: Server, honest: Respond, good: int, failing: Reply | Wire | Respond) -> Respond:
        """Honest for the first ``good`` requests, failing from then on, or as another server."""
        then: Respond = failing if callable(failing) else lambda request: failing
        return lambda request: honest(request) if len(server.requests) <= good else then(request)

    @staticmethod
    def _lying(honest: Respond, key: tuple[str, str, bytes], path: tuple[str | int, ...], wrong: Any) -> Respond:
        """Honest but for one value in the answer to one question, however often it is asked."""

        def respond(request: Request) -> Reply | Wire:
            answer = honest(request)
            if question_of(request) != key or not isinstance(answer, Reply):
                return answer
            answered = json.loads(answer.body, parse_float=Spelled, parse_int=Spelled)
            return evolve(answer, body=spell(replaced(answered, path, wrong)).encode())

        return respond

    @staticmethod
    def _nothing_but_the_truth(found: list[Any], truth: list[Any], lie: str = "") -> None:
        for one, true in zip(found, truth, strict=True):
            assert one is None or one == true, f"{one} is not what the chain says; {lie}"
