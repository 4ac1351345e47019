"""Timing several ways of doing one thing: in turn, in the same run, so that a busy machine is busy for all of them."""

import gc
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Timing:
    """How long one way takes.

    Attributes:
        wall_seconds: Median over the runs.
        cpu_seconds: Median of the processor time of this process, all its threads together.
        wall_runs: Every run, in order.
    """

    wall_seconds: float
    cpu_seconds: float
    wall_runs: tuple[float, ...]

    def to_dict(self) -> dict[str, object]:
        """Return the JSON form."""
        return {
            "wall_seconds": self.wall_seconds,
            "cpu_seconds": self.cpu_seconds,
            "wall_runs": [round(seconds, 6) for seconds in self.wall_runs],
        }


def interleaved(
    ways: Mapping[str, Callable[[], object]], runs: int, progress: Progress | None = None
) -> dict[str, Timing]:
    """Time several ways, one after the other, again and again; each once before that to warm up.

    Args:
        ways: What to time, by name.
        runs: How often each is timed.
        progress: Told after each run, what is done and what there is to do.
    """
    measured: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for run in range(runs + 1):
        for place, (name, way) in enumerate(ways.items(), start=1):
            taken = _timed(way)
            if run:
                measured[name].append(taken)
            if progress is not None:
                progress(run * len(ways) + place, (runs + 1) * len(ways))
    return {name: _timing(taken) for name, taken in measured.items()}


def ratio(slow: Timing, fast: Timing) -> float:
    """Return how many times longer one takes, by medians of wall time."""
    return slow.wall_seconds / fast.wall_seconds


def cpu_ratio(slow: Timing, fast: Timing) -> float:
    """Return how many times more processor time one takes, by medians."""
    return slow.cpu_seconds / max(fast.cpu_seconds, 1e-9)


def _timed(way: Callable[[], object]) -> tuple[float, float]:
    gc.collect()
    wall, cpu = time.perf_counter(), time.process_time()
    result = way()
    taken = time.perf_counter() - wall, time.process_time() - cpu
    del result  # letting go of a large result is not part of making it
    return taken


def _timing(taken: list[tuple[float, float]]) -> Timing:
    walls = tuple(wall for wall, _ in taken)
    return Timing(statistics.median(walls), statistics.median(cpu for _, cpu in taken), walls)
