"""Conformance suites for ``BalanceProvider``: what a chain said at the snapshot's block, or «not checked».

A provider that asks a server over HTTP inherits ``ServedBalanceSuite``; its author says what an honest server answers,
what it then holds, and how to make the provider for a URL. The suite puts hostile servers in its place::

    class TestMyProvider(ServedBalanceSuite):
        @pytest.fixture
        def pin(self):
            return Pin(chain="my-chain", height=7, block="0x…")

        @pytest.fixture
        def held(self):  # two accounts or more, with different amounts, none of them zero
            return {Question("COIN", "my-chain", "address 1"): 5 * 10**36, …}

        @pytest.fixture
        def respond(self):  # as a server does that knows this block and these accounts alone
            return lambda request: Reply(b'{"height": 7, …}')

        @pytest.fixture
        def connect(self):  # opened; a timeout near 0.3 s, at most two attempts, no waits, answers of at most 1 MiB
            def connect(url):
                ...

            return connect

Another inherits ``BalanceSuite`` and gives an opened ``provider`` instead of the last two. One that knows who controls
accounts gives ``controlled`` as well; one that can tell other chains apart, ``elsewhere``.
"""

# ruff: noqa: D102 - the name of a test is its claim
from __future__ import annotations

import json
import logging
import re
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

import pytest
from attrs import evolve

from polyproof.balances import Answer, BalanceProvider, ControlAnswer, ControlQuestion, Pin, Question
from polyproof.config.options import options_of
from polyproof.ownership import AccountControl
from polyproof.progress import Progress
from polyproof.testing.servers import DRIPS, FLOODS, SECRET, Reply, Request, Respond, Server, Wire

__all__ = ["BalanceSuite", "Connect", "Controlled", "Held", "ServedBalanceSuite"]

Connect = Callable[[str], BalanceProvider]
Held = Mapping[Question, int]
Controlled = Mapping[ControlQuestion, AccountControl | None]

_JUNK = ("", " ", "0", "0x", "null", "\0", "\n", "é" * 50, "\ud800", "x" * 5000, "'", '"', "{}", "%00", "../..", "a b")


def _others(pin: Pin) -> Iterator[Pin]:
    """The same chain at other blocks."""
    last = "1" if pin.block[-1] == "0" else "0"
    yield evolve(pin, block=pin.block[:-1] + last)
    yield evolve(pin, height=pin.height + 1)
    yield evolve(pin, height=max(0, pin.height - 1), block=pin.block[:-1] + last)


def _ask(provider: BalanceProvider, questions: Sequence[Question], pin: Pin) -> list[int | None]:
    """What is held, after every answer was looked at."""
    answers = provider.balances(questions, pin, Progress())
    assert len(answers) == len(questions)
    for answer in answers:
        assert isinstance(answer, Answer)
        assert answer.held is None or (type(answer.held) is int and answer.held >= 0)
        _check_words(answer.source)
        _check_words(answer.reason)
        assert answer.held is not None or answer.reason, "what is not checked says why"
    return [answer.held for answer in answers]


def _ask_control(
    provider: BalanceProvider, questions: Sequence[ControlQuestion], pin: Pin
) -> list[AccountControl | None]:
    answers = provider.controls(questions, pin, Progress())
    assert len(answers) == len(questions)
    for answer in answers:
        assert isinstance(answer, ControlAnswer)
        _check_words(answer.reason)
        if answer.control is not None:
            _check_words(answer.control.source)
    return [answer.control for answer in answers]


def _check_words(text: str) -> None:
    """It is printed and published: short, harmless, and without the URL."""
    assert len(text) <= 500
    assert text.isprintable()
    assert SECRET not in text
    assert "localhost" not in text


class BalanceSuite:
    """The claims of ``polyproof.balances.BalanceProvider``, whatever it asks."""

    @pytest.fixture
    def pin(self) -> Pin:
        """The snapshot's block; the author overrides it."""
        raise NotImplementedError("override the fixture `pin`: a Pin")

    @pytest.fixture
    def held(self) -> Held:
        """What accounts hold at that block, in units of 10^−36; the author overrides it."""
        raise NotImplementedError("override the fixture `held`: amounts by Question")

    @pytest.fixture
    def controlled(self) -> Controlled:
        """Who controls accounts at that block; None for one that its key controls."""
        return {}

    @pytest.fixture
    def provider(self) -> BalanceProvider:
        """The provider under test, opened, with an honest source; the author overrides it."""
        raise NotImplementedError("override the fixture `provider`: your BalanceProvider, opened")

    def test_provider_states_its_name_and_options(self, provider: BalanceProvider) -> None:
        assert isinstance(provider, BalanceProvider)
        assert re.fullmatch("[a-z0-9]+(-[a-z0-9]+)*", provider.name)
        assert isinstance(provider.options, provider.Options)
        options_of(provider.Options)

    def test_the_questions_show_something(self, held: Held, pin: Pin) -> None:
        """Else the tests below would show nothing."""
        assert len(held) >= 2
        assert len(set(held.values())) == len(held)
        assert min(held.values()) > 0
        assert {question.chain for question in held} == {pin.chain}

    def test_every_question_is_answered_in_order(self, provider: BalanceProvider, held: Held, pin: Pin) -> None:
        questions = list(held)
        assert _ask(provider, questions, pin) == list(held.values())
        assert _ask(provider, questions[::-1], pin) == list(held.values())[::-1]
        assert _ask(provider, questions * 3, pin) == list(held.values()) * 3
        for question, amount in held.items():
            assert _ask(provider, [question], pin) == [amount]

    def test_no_questions_get_no_answers(self, provider: BalanceProvider, pin: Pin) -> None:
        assert _ask(provider, [], pin) == []
        assert _ask_control(provider, [], pin) == []

    def test_an_answer_says_of_which_block_it_is(self, provider: BalanceProvider, held: Held, pin: Pin) -> None:
        for answer in provider.balances(list(held), pin, Progress()):
            assert pin.block.lower() in answer.source.lower()

    def test_it_serves_its_questions_and_no_other_chains(self, provider: BalanceProvider, held: Held, pin: Pin) -> None:
        for question in held:
            assert provider.serves(question) is True
            assert provider.serves(evolve(question, chain="no-such-chain")) is False
            unknown = evolve(question, asset="NO-SUCH-ASSET")
            assert not provider.serves(unknown) or _ask(provider, [unknown], pin) == [None]
            for junk in _JUNK:
                for name in ("asset", "chain", "address", "token"):
                    assert isinstance(provider.serves(evolve(question, **{name: junk})), bool)
        assert provider.controls_chain("no-such-chain") is False

    def test_an_address_that_is_none_is_not_checked_and_no_other_suffers(
        self, provider: BalanceProvider, held: Held, pin: Pin
    ) -> None:
        first, *others = held
        around = [f"{first.address}{more}" for more in ("?", "/", "#", "&x=1", "\n", "%00", f"/../{others[0].address}")]
        for address in (*_JUNK, *around, f" {first.address}", f"../{first.address}"):
            junk = evolve(first, address=address)
            if provider.serves(junk):
                assert _ask(provider, [*others, junk, first], pin) == [
                    *(held[question] for question in others),
                    None,
                    held[first],
                ], address

    def test_another_block_is_not_this_one(
        self, provider: BalanceProvider, held: Held, controlled: Controlled, pin: Pin
    ) -> None:
        for other in _others(pin):
            assert _ask(provider, list(held), other) == [None] * len(held)
            assert _ask_control(provider, list(controlled), other) == [None] * len(controlled)
        assert _ask(provider, list(held), pin) == list(held.values())

    def test_who_controls_accounts_is_answered_in_order(
        self, provider: BalanceProvider, controlled: Controlled, pin: Pin
    ) -> None:
        assert provider.controls_chain(pin.chain) or not controlled
        questions = list(controlled)
        assert _ask_control(provider, questions, pin) == list(controlled.values())
        assert _ask_control(provider, questions[::-1], pin) == list(controlled.values())[::-1]

    def test_an_account_that_is_none_is_controlled_by_nobody(
        self, provider: BalanceProvider, controlled: Controlled, pin: Pin
    ) -> None:
        for question, control in controlled.items():
            for address in _JUNK:
                junk = evolve(question, claim=evolve(question.claim, address=address))
                assert _ask_control(provider, [junk, question], pin) == [None, control]


# Served over HTTP

_MOST_MEMORY = 64 << 20
_NOT_ANSWERS: dict[str, Reply | Wire] = {
    "a connection closed": Wire(b""),
    "no HTTP": Wire(b"hello there\r\n\r\n"),
    "HTML": Reply(b"<html>maintenance</html>"),
    "HTML with status 404": Reply(b"<html>not found</html>", 404),
    "nothing": Reply(b""),
    "not UTF-8": Reply(b"\xff\xfe{}"),
    "null": Reply(b"null"),
    "zero": Reply(b"0"),
    "true": Reply(b"true"),
    "a text": Reply(b'"0"'),
    "an empty list": Reply(b"[]"),
    "an empty object": Reply(b"{}"),
    "deep JSON": Reply(b"[" * 200_000),
    "a long number": Reply(b"9" * 100_000),
    "a million keys": Reply(b"{" + b",".join(b'"%d":0' % number for number in range(100_000)) + b"}"),
    "something compressed": Wire(
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x08\x00"
    ),
    "a body cut short": Wire(b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"result":'),
    "two lengths": Wire(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}}"),
    "malformed headers": Wire(b"HTTP/1.1 200 OK\r\n: x\r\nno colon\r\nContent-Length: 2\r\n\r\n{}"),
    **{f"status {status}": Reply(b"", status) for status in (204, 400, 401, 403, 404, 408, 429, 500, 502, 503)},
}
"""Whatever is asked, these do not answer it."""


class _Spelled(str):
    """A number of JSON as it is written."""


_GONE = object()
_WRONG: tuple[Any, ...] = (_GONE, None, True, "", "junk", "-1", _Spelled("-1"), _Spelled("NaN"), [], {}, [0], {"x": 0})
"""Values that are not balance, nor anything else that a server might truthfully say in another's place."""


def _spell(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(key)}:{_spell(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_spell, value)) + "]"
    return str(value) if isinstance(value, _Spelled) else json.dumps(value)


def _paths(value: Any, way: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The way to every value in a JSON value, itself included."""
    yield way
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield from _paths(item, (*way, key))


def _replaced(value: Any, way: tuple[str | int, ...], wrong: Any) -> Any:
    """The value with another in one place. Where a list or an object stands, an empty one of its kind may be true."""
    if not way:
        may_be_true = isinstance(value, (list, dict)) and type(wrong) is type(value) and not wrong
        return value if wrong is _GONE or may_be_true else wrong
    copy: Any = dict(value) if isinstance(value, dict) else list(value)
    if wrong is _GONE and len(way) == 1 and isinstance(value, dict):
        del copy[way[0]]
    else:
        copy[way[0]] = _replaced(value[way[0]], way[1:], wrong)
    return copy


def _key(request: Request) -> tuple[str, str, bytes]:
    """A question, the same whenever it is asked again: without the ids of JSON-RPC."""
    return request.method, request.path, re.sub(rb'"id":\s*\d+', b'"id":0', request.body)


class ServedBalanceSuite(BalanceSuite):
    """The same of a provider that asks a server over HTTP, and what it makes of servers that are not honest."""

    patience: ClassVar[float] = 8.0
    """Seconds that asking a hopeless server may take."""

    @pytest.fixture
    def respond(self) -> Respond:
        """What an honest server answers; the author overrides it."""
        raise NotImplementedError("override the fixture `respond`: a function from Request to Reply")

    @pytest.fixture
    def elsewhere(self) -> Mapping[str, Respond]:
        """Servers that are honest too, but of another chain or network, or do not know the block; by what they are."""
        return {}

    @pytest.fixture
    def connect(self) -> Connect:
        """The provider for a URL, opened; the author overrides it."""
        raise NotImplementedError("override the fixture `connect`: a function from URL to your BalanceProvider, opened")

    @pytest.fixture
    def server(self, respond: Respond) -> Iterator[tuple[Server, str]]:
        """The server and its URL."""
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

    @pytest.mark.parametrize("name", _NOT_ANSWERS)
    def test_what_does_not_answer_the_question_is_not_checked(
        self,
        server: tuple[Server, str],
        provider: BalanceProvider,
        held: Held,
        controlled: Controlled,
        pin: Pin,
        name: str,
    ) -> None:
        server[0].respond = lambda request: _NOT_ANSWERS[name]
        start = time.perf_counter()
        assert _ask(provider, list(held), pin) == [None] * len(held)
        assert _ask_control(provider, list(controlled), pin) == [None] * len(controlled)
        assert time.perf_counter() - start < self.patience

    @pytest.mark.parametrize("name", DRIPS)
    def test_a_server_that_drips_is_left_in_time(
        self,
        server: tuple[Server, str],
        provider: BalanceProvider,
        held: Held,
        controlled: Controlled,
        pin: Pin,
        name: str,
    ) -> None:
        server[0].respond = lambda request: DRIPS[name]
        start = time.perf_counter()
        assert _ask(provider, list(held), pin) == [None] * len(held)
        assert _ask_control(provider, list(controlled), pin) == [None] * len(controlled)
        assert time.perf_counter() - start < self.patience

    @pytest.mark.parametrize("name", FLOODS)
    def test_a_server_that_floods_takes_no_memory(
        self, server: tuple[Server, str], provider: BalanceProvider, held: Held, pin: Pin, name: str
    ) -> None:
        server[0].respond = lambda request: FLOODS[name]
        start = time.perf_counter()
        tracemalloc.start()
        try:
            assert _ask(provider, list(held), pin) == [None] * len(held)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert peak < _MOST_MEMORY
        assert time.perf_counter() - start < self.patience

    @pytest.mark.parametrize("name", ["a connection closed", "HTML", "null", "status 500", "silence"])
    def test_a_server_that_fails_from_some_question_on_leaves_the_rest_unchecked(
        self,
        server: tuple[Server, str],
        connect: Connect,
        held: Held,
        controlled: Controlled,
        pin: Pin,
        name: str,
    ) -> None:
        running, url = server
        honest, failing = running.respond, {**_NOT_ANSWERS, **DRIPS}[name]
        for asked in self._visits(held, controlled, pin):
            running.requests.clear()
            truth = asked(connect(url))
            for good in range(len(running.requests)):
                running.requests.clear()
                running.respond = self._failing(running, honest, good, failing)
                self._nothing_but_the_truth(asked(connect(url)), truth)
                running.respond = honest

    def test_no_value_of_another_kind_is_a_balance(
        self, server: tuple[Server, str], connect: Connect, held: Held, controlled: Controlled, pin: Pin
    ) -> None:
        """Every value of every answer is replaced by one of another kind in turn, or left out."""
        running, url = server
        honest = running.respond
        for asked in self._visits(held, controlled, pin):
            running.requests.clear()
            truth = asked(connect(url))
            for request in {_key(request): request for request in running.requests}.values():
                answer = honest(request)
                assert isinstance(answer, Reply)
                try:
                    told = json.loads(answer.body, parse_float=_Spelled, parse_int=_Spelled)
                except ValueError:
                    pytest.skip("the server does not answer in JSON")
                for way in _paths(told):
                    for wrong in _WRONG:
                        running.respond = self._lying(honest, _key(request), way, wrong)
                        found = asked(connect(url))
                        self._nothing_but_the_truth(found, truth, f"{way} is {wrong!r}")
        running.respond = honest

    def test_an_answer_of_another_block_is_not_of_this_one(
        self, server: tuple[Server, str], connect: Connect, held: Held, controlled: Controlled, pin: Pin
    ) -> None:
        """Wherever the server says which block it speaks of, it says another."""
        running, url = server
        honest = running.respond
        other = next(_others(pin)).block
        for asked in self._visits(held, controlled, pin):
            told: list[bool] = []

            def elsewhere(request: Request, told: list[bool] = told) -> Reply | Wire:
                answer = honest(request)
                assert isinstance(answer, Reply)
                told.append(pin.block.encode() in answer.body)
                return evolve(answer, body=answer.body.replace(pin.block.encode(), other.encode()))

            running.respond = elsewhere
            found = asked(connect(url))
            assert not any(told) or all(one is None for one in found)
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
            assert _ask(provider, list(held), pin) == [None] * len(held), name
            assert _ask_control(provider, list(controlled), pin) == [None] * len(controlled), name

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_a_redirect_is_not_followed(
        self, server: tuple[Server, str], connect: Connect, respond: Respond, held: Held, pin: Pin, status: int
    ) -> None:
        """It would take the question, and what authorises, to wherever the server likes."""
        other = Server(respond)
        with other.listening() as url:
            server[0].respond = lambda request: Reply(b"", status, url + request.path)
            assert _ask(connect(server[1]), list(held), pin) == [None] * len(held)
        assert other.requests == []

    def test_no_log_has_the_url(
        self,
        server: tuple[Server, str],
        connect: Connect,
        held: Held,
        pin: Pin,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        caplog.set_level(logging.DEBUG)
        honest = server[0].respond
        _ask(connect(server[1]), list(held), pin)
        for name in ("malformed headers", "a connection closed", "status 500"):
            server[0].respond = self._failing(server[0], honest, 0, _NOT_ANSWERS[name])
            _ask(connect(server[1]), list(held), pin)
        assert SECRET not in caplog.text

    def test_no_threads_are_left_behind(
        self, respond: Respond, connect: Connect, held: Held, controlled: Controlled, pin: Pin
    ) -> None:
        before = threading.active_count()
        for answers in (respond, lambda request: DRIPS["a body"]):
            with Server(answers).listening() as url:
                provider = connect(url)
                _ask(provider, list(held), pin)
                _ask_control(provider, list(controlled), pin)
        end = time.monotonic() + 5
        while threading.active_count() > before and time.monotonic() < end:
            time.sleep(0.02)
        assert threading.active_count() <= before

    @staticmethod
    def _visits(held: Held, controlled: Controlled, pin: Pin) -> list[Callable[[BalanceProvider], list[Any]]]:
        """What the tests ask a provider: balances; and controls, if there are any."""
        visits: list[Callable[[BalanceProvider], list[Any]]] = [lambda provider: list(_ask(provider, list(held), pin))]
        if controlled:
            visits.append(lambda provider: list(_ask_control(provider, list(controlled), pin)))
        return visits

    @staticmethod
    def _failing(server: Server, honest: Respond, good: int, failing: Reply | Wire) -> Respond:
        """The honest server for so many requests, and then no more."""
        return lambda request: honest(request) if len(server.requests) <= good else failing

    @staticmethod
    def _lying(honest: Respond, key: tuple[str, str, bytes], way: tuple[str | int, ...], wrong: Any) -> Respond:
        """The honest server, but for one value in the answer to one question, however often it is asked."""

        def respond(request: Request) -> Reply | Wire:
            answer = honest(request)
            if _key(request) != key or not isinstance(answer, Reply):
                return answer
            told = json.loads(answer.body, parse_float=_Spelled, parse_int=_Spelled)
            return evolve(answer, body=_spell(_replaced(told, way, wrong)).encode())

        return respond

    @staticmethod
    def _nothing_but_the_truth(found: list[Any], truth: list[Any], lie: str = "") -> None:
        for one, true in zip(found, truth, strict=True):
            assert one is None or one == true, f"{one} is not what the chain says; {lie}"
