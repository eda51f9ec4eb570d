"""Scale: an exchange's file of 200,000 rows is judged in under a minute on two cores."""

from __future__ import annotations

import pytest

from ownership import throughput


@pytest.mark.slow
def test_two_hundred_thousand_rows_take_less_than_a_minute() -> None:
    assert throughput.measured(throughput.rows_of(throughput.MIXTURE, 200_000)) < 60


def test_the_mixture_is_made_of_different_wallets() -> None:
    rows = throughput.rows_of(throughput.MIXTURE, 300)
    assert len({row.address for row in rows}) == 300
    assert sum(throughput.MIXTURE.values()) == 100
