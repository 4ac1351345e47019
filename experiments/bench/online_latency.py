"""Latencies of several ways of asking one thing: in turn, in blocks, so that a busy machine is busy for all of them."""

import gc
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from experiments.bench.timing import Progress

Ask = Callable[[int], object]
"""Asks once; the number of the question says what for."""


@dataclass(frozen=True, slots=True)
class Latency:
    """How long one way of asking takes.

    Attributes:
        p50_ms: Median over the blocks of their medians, wall time.
        p99_ms: 99th percentile over all questions, wall time.
        cpu_ms: Median over the blocks of processor time for each question, this process alone.
        blocks_ms: Median of each block, in order.
    """

    p50_ms: float
    p99_ms: float
    cpu_ms: float
    blocks_ms: tuple[float, ...]

    def to_dict(self) -> dict[str, object]:
        """Return the JSON form."""
        return {
            "p50_ms": self.p50_ms,
            "p99_ms": self.p99_ms,
            "cpu_ms": self.cpu_ms,
            "blocks_ms": [round(each, 6) for each in self.blocks_ms],
        }


def latencies(
    ways: Mapping[str, Ask], blocks: int, questions: int, progress: Progress | None = None
) -> dict[str, Latency]:
    """Ask in several ways, block after block; one block of each before that to warm up.

    Args:
        ways: How to ask, by name.
        blocks: How many blocks of each way are timed.
        questions: Questions of one block.
        progress: Told after each block, what is done and what there is to do.
    """
    taken: dict[str, list[tuple[list[float], float]]] = {name: [] for name in ways}
    for block in range(blocks + 1):
        for place, (name, ask) in enumerate(ways.items(), start=1):
            measured = _block(ask, questions)
            if block:
                taken[name].append(measured)
            if progress is not None:
                progress(block * len(ways) + place, (blocks + 1) * len(ways))
    return {name: _latency(measured) for name, measured in taken.items()}


def latency_ratio(slow: Latency, fast: Latency) -> float:
    """Return how many times longer one takes, by medians of wall time."""
    return slow.p50_ms / fast.p50_ms


def _block(ask: Ask, questions: int) -> tuple[list[float], float]:
    gc.collect()
    walls, cpu = [], time.process_time()
    for number in range(questions):
        started = time.perf_counter()
        ask(number)
        walls.append(time.perf_counter() - started)
    return walls, (time.process_time() - cpu) / questions


def _latency(measured: Sequence[tuple[list[float], float]]) -> Latency:
    medians = tuple(1e3 * statistics.median(walls) for walls, _ in measured)
    every = np.concatenate([walls for walls, _ in measured])
    cpu = 1e3 * statistics.median(each for _, each in measured)
    return Latency(statistics.median(medians), 1e3 * float(np.percentile(every, 99)), cpu, medians)
