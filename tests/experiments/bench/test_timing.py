import pytest

from experiments.bench.timing import Timing, cpu_ratio, interleaved, ratio


def test_ways_take_turns_and_warm_up_once() -> None:
    order: list[str] = []
    told: list[tuple[int, int]] = []
    ways = {"a": lambda: order.append("a"), "b": lambda: order.append("b")}
    timings = interleaved(ways, 2, lambda done, total: told.append((done, total)))
    assert order == ["a", "b"] * 3
    assert told == [(done, 6) for done in range(1, 7)]
    assert {name: len(timing.wall_runs) for name, timing in timings.items()} == {"a": 2, "b": 2}


def test_ratios_are_of_medians() -> None:
    slow, fast = Timing(6.0, 4.0, (6.0,)), Timing(2.0, 1.0, (2.0,))
    assert ratio(slow, fast) == pytest.approx(3.0)
    assert cpu_ratio(slow, fast) == pytest.approx(4.0)
    assert slow.to_dict() == {"wall_seconds": 6.0, "cpu_seconds": 4.0, "wall_runs": [6.0]}
