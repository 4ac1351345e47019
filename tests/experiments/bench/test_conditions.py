"""Rounds of a worker, few and small."""

import pytest

from experiments.bench.conditions import RoundLoad, measure_rounds


@pytest.mark.slow  # simulates pumps and learns what is usual of them
def test_every_row_is_judged_and_a_round_without_news_costs_less() -> None:
    figures = measure_rounds(RoundLoad(machines=3, rounds=2, history=4))
    assert figures["rows"] == 6
    round_ms, idle_ms = figures["conditions_ms"], figures["idle_conditions_ms"]
    assert isinstance(round_ms, float)
    assert isinstance(idle_ms, float)
    assert 0.0 < idle_ms < round_ms
