"""What balance providers answer, checked when it arrives.

A provider never raises because of what a server does: an answer that did not come is one without a balance. Whatever it
raises all the same, and any answer of another type than its interface states, is the provider's fault, by its name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from polyproof.balances import Answer, BalanceProvider, ControlAnswer, ControlQuestion, Lack, Pin, Question
from polyproof.config.options import shown
from polyproof.errors import InputError
from polyproof.model.counts import counted
from polyproof.ownership import AccountControl
from polyproof.plugin_faults import asking, fault
from polyproof.progress import Progress

__all__ = ["balances_of", "controls_chain", "controls_of", "open_provider", "serves"]


def open_provider(provider: BalanceProvider, base: Path) -> None:
    """``provider.open``. Raises ``InputError`` and ``OSError`` as it does, ``PluginFault`` for anything else."""
    with asking(provider, "while getting ready", may=(InputError, OSError)):
        provider.open(base)


def serves(provider: BalanceProvider, question: Question) -> bool:
    """``provider.serves``. Raises ``PluginFault``."""
    with asking(provider, lambda: f"when asked whether it knows {question.asset} on {question.chain}"):
        return _bool(provider, "serves", provider.serves(question))


def controls_chain(provider: BalanceProvider, chain: str) -> bool:
    """``provider.controls_chain``. Raises ``PluginFault``."""
    with asking(provider, lambda: f"when asked whether it knows who controls accounts of {chain}"):
        return _bool(provider, "controls_chain", provider.controls_chain(chain))


def balances_of(
    provider: BalanceProvider, questions: Sequence[Question], pin: Pin, progress: Progress
) -> Sequence[Answer]:
    """``provider.balances``: an answer to each question. Raises ``PluginFault``."""
    with asking(provider, f"when asked for balances on {pin.chain}"):
        answers = provider.balances(questions, pin, progress)
    _check(provider, answers, len(questions), _is_answer)
    return answers


def controls_of(
    provider: BalanceProvider, questions: Sequence[ControlQuestion], pin: Pin, progress: Progress
) -> Sequence[ControlAnswer]:
    """``provider.controls``: an answer to each question. Raises ``PluginFault``."""
    with asking(provider, f"when asked who controls accounts of {pin.chain}"):
        answers = provider.controls(questions, pin, progress)
    _check(provider, answers, len(questions), _is_control_answer)
    return answers


def _bool(provider: BalanceProvider, method: str, answer: object) -> bool:
    if type(answer) is not bool:
        raise fault(provider, f"{method} returned {shown(answer)}, expected a bool")
    return answer


def _check(provider: BalanceProvider, answers: object, asked: int, sound: Callable[[object], bool]) -> None:
    if not isinstance(answers, Sequence):
        raise fault(provider, f"it gave {shown(answers)} for answers")
    if len(answers) != asked:
        raise fault(provider, f"it gave {counted(len(answers), 'answer')} to {counted(asked, 'question')}")
    for answer in answers:
        if not sound(answer):
            raise fault(provider, f"it gave something other than an answer: {ascii(answer)[:80]}")


def _is_answer(answer: object) -> bool:
    return (
        isinstance(answer, Answer)
        and (answer.held is None or (type(answer.held) is int and answer.held >= 0))
        and isinstance(answer.source, str)
        and isinstance(answer.reason, str)
        and isinstance(answer.lack, Lack)
    )


def _is_control_answer(answer: object) -> bool:
    return (
        isinstance(answer, ControlAnswer)
        and isinstance(answer.reason, str)
        and (answer.control is None or _is_control(answer.control))
    )


def _is_control(control: object) -> bool:
    return (
        isinstance(control, AccountControl)
        and isinstance(control.source, str)
        and isinstance(control.owners, tuple)
        and all(isinstance(owner, str) for owner in control.owners)
        and type(control.threshold) is int
        and isinstance(control.accepted, tuple)
        and all(isinstance(digest, bytes) for digest in control.accepted)
    )
