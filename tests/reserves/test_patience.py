"""How long a node that fails is asked: a bound on the whole, whatever it answers in between."""

from __future__ import annotations

from polyproof_balances.asking import Patience


def asked(questions: int, fails: int, answers: int) -> tuple[int, str]:
    """How many questions a node fails that fails and answers by turns, and why it is asked no more."""
    patience, failed = Patience(), 0
    for number in range(questions):
        if patience.ended:
            break
        if number % (fails + answers) < fails:
            patience.failed()
            failed += 1
        else:
            patience.answered()
    return failed, patience.ended


def test_a_node_that_fails_three_times_in_a_row_is_asked_no_more() -> None:
    assert asked(100_000, 3, 1) == (3, "no longer asked: the node failed several times in a row")


def test_a_node_that_fails_twice_and_then_answers_cannot_stretch_a_run() -> None:
    assert asked(100_000, 2, 1) == (33, "no longer asked: the node failed too often")
    failed, why = asked(100_000, 1, 10)
    assert failed < 50
    assert why


def test_a_node_that_fails_now_and_then_is_asked_to_the_end() -> None:
    assert asked(100_000, 1, 120) == (827, "")
