"""Conformance suite for any ``BalanceProvider``: what a chain said at the snapshot's block, or "not checked".

For a provider that asks a server over HTTP, ``polyproof.testing.balances`` has a suite that contains this one. Another
provider inherits ``BalanceSuite`` and supplies three fixtures::

    class TestMyProvider(BalanceSuite):
        @pytest.fixture
        def pin(self):
            return Pin(chain="my-chain", height=7, block="0x…")

        @pytest.fixture
        def held(self):  # two accounts or more, with different amounts, none of them zero
            return {Question("COIN", "my-chain", "address 1"): 5 * 10**36, …}

        @pytest.fixture
        def provider(self, tmp_path):  # opened
            ...

A provider that knows who controls accounts supplies ``controlled`` as well.
"""

# ruff: noqa: D102 - the name of a test is its claim
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import pytest
from attrs import evolve

from polyproof.balances import Answer, BalanceProvider, ControlAnswer, ControlQuestion, Pin, Question
from polyproof.config.options import options_of
from polyproof.model.names import NAME, matches
from polyproof.ownership import AccountControl
from polyproof.progress import Progress
from polyproof.testing.servers import SECRET

__all__ = ["BalanceSuite", "Controlled", "Held", "ask", "ask_control", "other_pins"]

Held = Mapping[Question, int]
"""What each account holds, in units of 10^−36."""
Controlled = Mapping[ControlQuestion, AccountControl | None]
"""Who controls each account; None if its own key does."""

_JUNK = ("", " ", "0", "0x", "null", "\0", "\n", "é" * 50, "\ud800", "x" * 5000, "'", '"', "{}", "%00", "../..", "a b")


def other_pins(pin: Pin) -> Iterator[Pin]:
    """Pins of the same chain at other blocks."""
    last = "1" if pin.block[-1] == "0" else "0"
    yield evolve(pin, block=pin.block[:-1] + last)
    yield evolve(pin, height=pin.height + 1)
    yield evolve(pin, height=max(0, pin.height - 1), block=pin.block[:-1] + last)


def ask(provider: BalanceProvider, questions: Sequence[Question], pin: Pin) -> list[int | None]:
    """Amounts held, in units of 10^−36, one per question; None where not checked. Each answer's form is asserted."""
    answers = provider.balances(questions, pin, Progress())
    assert len(answers) == len(questions)
    for answer in answers:
        assert isinstance(answer, Answer)
        assert answer.held is None or (type(answer.held) is int and answer.held >= 0)
        _check_words(answer.source)
        _check_words(answer.reason)
        assert answer.held is not None or answer.reason, "an answer without an amount gives its reason"
    return [answer.held for answer in answers]


def ask_control(
    provider: BalanceProvider, questions: Sequence[ControlQuestion], pin: Pin
) -> list[AccountControl | None]:
    """Who controls each account, one answer per question; None where not known. Each answer's form is asserted."""
    answers = provider.controls(questions, pin, Progress())
    assert len(answers) == len(questions)
    for answer in answers:
        assert isinstance(answer, ControlAnswer)
        _check_words(answer.reason)
        if answer.control is not None:
            _check_words(answer.control.source)
    return [answer.control for answer in answers]


def _check_words(text: str) -> None:
    """Such texts are printed and published, so they are short and printable and never contain the server's URL."""
    assert len(text) <= 500
    assert text.isprintable()
    assert SECRET not in text
    assert "localhost" not in text


class BalanceSuite:
    """What every ``polyproof.balances.BalanceProvider`` promises, wherever its answers come from."""

    @pytest.fixture
    def pin(self) -> Pin:
        """The block of the snapshot; override it."""
        raise NotImplementedError("override the fixture `pin`: a Pin")

    @pytest.fixture
    def held(self) -> Held:
        """What accounts hold at that block, in units of 10^−36; override it."""
        raise NotImplementedError("override the fixture `held`: amounts by Question")

    @pytest.fixture
    def controlled(self) -> Controlled:
        """Who controls accounts at that block; None for an account controlled by its own key."""
        return {}

    @pytest.fixture
    def provider(self) -> BalanceProvider:
        """The provider under test, opened, with an honest source behind it; override it."""
        raise NotImplementedError("override the fixture `provider`: your BalanceProvider, opened")

    def test_provider_states_its_name_and_options(self, provider: BalanceProvider) -> None:
        assert isinstance(provider, BalanceProvider)
        assert matches(NAME, provider.name)
        assert isinstance(provider.options, provider.Options)
        options_of(provider.Options)

    def test_the_amounts_differ_and_none_is_zero(self, held: Held, pin: Pin) -> None:
        """Otherwise the tests below would show nothing."""
        assert len(held) >= 2
        assert len(set(held.values())) == len(held)
        assert min(held.values()) > 0
        assert {question.chain for question in held} == {pin.chain}

    def test_every_question_is_answered_in_order(self, provider: BalanceProvider, held: Held, pin: Pin) -> None:
        questions = list(held)
        assert ask(provider, questions, pin) == list(held.values())
        assert ask(provider, questions[::-1], pin) == list(held.values())[::-1]
        assert ask(provider, questions * 3, pin) == list(held.values()) * 3
        for question, amount in held.items():
            assert ask(provider, [question], pin) == [amount]

    def test_no_questions_get_no_answers(self, provider: BalanceProvider, pin: Pin) -> None:
        assert ask(provider, [], pin) == []
        assert ask_control(provider, [], pin) == []

    def test_an_answer_names_its_block(self, provider: BalanceProvider, held: Held, pin: Pin) -> None:
        for answer in provider.balances(list(held), pin, Progress()):
            assert pin.block.lower() in answer.source.lower()

    def test_it_serves_its_questions_and_no_other_chains(self, provider: BalanceProvider, held: Held, pin: Pin) -> None:
        for question in held:
            assert provider.serves(question) is True
            assert provider.serves(evolve(question, chain="no-such-chain")) is False
            unknown = evolve(question, asset="NO-SUCH-ASSET")
            assert not provider.serves(unknown) or ask(provider, [unknown], pin) == [None]
            for junk in _JUNK:
                for name in ("asset", "chain", "address", "token"):
                    assert isinstance(provider.serves(evolve(question, **{name: junk})), bool)
        assert provider.controls_chain("no-such-chain") is False

    def test_a_malformed_address_is_not_checked_and_does_not_affect_the_others(
        self, provider: BalanceProvider, held: Held, pin: Pin
    ) -> None:
        first, *others = held
        around = [f"{first.address}{more}" for more in ("?", "/", "#", "&x=1", "\n", "%00", f"/../{others[0].address}")]
        for address in (*_JUNK, *around, f" {first.address}", f"../{first.address}"):
            junk = evolve(first, address=address)
            if provider.serves(junk):
                assert ask(provider, [*others, junk, first], pin) == [
                    *(held[question] for question in others),
                    None,
                    held[first],
                ], address

    def test_questions_about_another_block_are_not_answered(
        self, provider: BalanceProvider, held: Held, controlled: Controlled, pin: Pin
    ) -> None:
        for other in other_pins(pin):
            assert ask(provider, list(held), other) == [None] * len(held)
            assert ask_control(provider, list(controlled), other) == [None] * len(controlled)
        assert ask(provider, list(held), pin) == list(held.values())

    def test_control_is_answered_in_order(self, provider: BalanceProvider, controlled: Controlled, pin: Pin) -> None:
        assert provider.controls_chain(pin.chain) or not controlled
        questions = list(controlled)
        assert ask_control(provider, questions, pin) == list(controlled.values())
        assert ask_control(provider, questions[::-1], pin) == list(controlled.values())[::-1]

    def test_a_malformed_account_is_controlled_by_nobody(
        self, provider: BalanceProvider, controlled: Controlled, pin: Pin
    ) -> None:
        for question, control in controlled.items():
            for address in _JUNK:
                junk = evolve(question, claim=evolve(question.claim, address=address))
                assert ask_control(provider, [junk, question], pin) == [None, control]
