"""Rounds of a worker, few and small."""

import pytest

from experiments.bench.worker_conditions import RoundLoad, measure_rounds


@pytest.mark.slow  # simulates pumps and learns what is usual of them
def test_every_row_is_judged_and_every_round_is_timed() -> None:
    figures = measure_rounds(RoundLoad(machines=3, rounds=2, history=4))
    assert figures["rows"] == 6
    for name in ("conditions_ms", "idle_conditions_ms"):
        found = figures[name]
        assert isinstance(found, float)
        assert found > 0.0
