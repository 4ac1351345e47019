"""State detection against scikit-learn on the same stream, with a model for each machine.

All ways are fitted on the same healthy rows and then given the same later ones in the order of time; the last part of
these has a fault in it, and each way must tell it before its time counts. This product takes rows one at a time, or
together those of all machines of one moment, as a worker or a gateway of many machines meets them; scikit-learn's
models are each of one machine and take one row of it at a time.
"""

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from experiments.bench.condition_stream import FAULTY, STREAMED, ConditionLoad, Drawn, draw, fitted, streamed
from experiments.bench.condition_ways import (
    Scores,
    Way,
    components,
    components_by_hand,
    forest,
    one_by_one,
    together,
)
from experiments.bench.errors import FaultNotTold
from experiments.bench.timing import Progress, interleaved
from features.domain.conditions import ConditionVerdict
from features.transforms.condition.step import advance, condition_step

Makers = Mapping[str, Callable[[Drawn], Way]]
OURS: Makers = MappingProxyType({"one_by_one": one_by_one, "together": together})
PEERS: Makers = MappingProxyType({"isolation_forest": forest, "pca": components})
_BY_HAND = "pca_by_hand"
_TOLD = 0.9
_STEPPED = 5
"""Machines whose single steps are timed."""


def told_share(scores: Scores) -> float:
    """Return the area under the curve of faulty rows against sound ones, the mean over machines; settling left out.

    Args:
        scores: Shape (machine, row).
    """
    from sklearn.metrics import roc_auc_score  # type: ignore[import-untyped]  # lazy; ships no types

    settled = FAULTY // 2
    truth = np.r_[np.zeros(STREAMED - FAULTY), np.ones(FAULTY - settled)]
    kept = np.r_[0 : STREAMED - FAULTY, STREAMED - FAULTY + settled : STREAMED]
    return float(np.mean([roc_auc_score(truth, each[kept]) for each in scores]))


def measure(
    load: ConditionLoad, progress: Progress | None = None, ours: Makers = OURS, peers: Makers = PEERS
) -> dict[str, object]:
    """Time all ways on one stream.

    Args:
        load: How much.
        progress: Told of each run.
        ours: This product's ways; `together` is among them.
        peers: Those of others.

    Returns:
        Of each way what a row costs and how well it tells the fault; how many times as long the quicker peer takes
        for a row (`ratio`, of `together`), and each peer beside each of our ways (`ratios`).

    Raises:
        FaultNotTold: If one of our ways does not tell the fault.
    """
    drawn = draw(load)
    some = drawn.first(min(load.peers, load.machines))
    ways = {name: make(drawn) for name, make in (*ours.items(), (_BY_HAND, components_by_hand))}
    ways |= {name: make(some) for name, make in peers.items()}
    told = {name: told_share(way()) for name, way in ways.items()}
    for name in ours:
        _must_be_told(name, told[name])
    timings = interleaved(ways, load.runs, progress)
    rows = {name: STREAMED * len((some if name in peers else drawn).rows) for name in ways}
    row = {name: 1e6 * timing.cpu_seconds / rows[name] for name, timing in timings.items()}
    ratios = {mine: {peer: row[peer] / row[mine] for peer in peers} for mine in ours}
    return {
        "machines": load.machines,
        "signals": load.signals,
        "readings_per_second": {name: 1e6 * load.signals / each for name, each in row.items()},
        "row_microseconds": row,
        "ratio": min(ratios["together"].values()),
        "ratio_one_by_one": min(ratios["one_by_one"].values()) if "one_by_one" in ours else None,
        "ratios": ratios,
        "told": told,
    }


def _must_be_told(name: str, share: float) -> None:
    if share < _TOLD:
        raise FaultNotTold(
            f"A fault of eight deviations must be told, area at least {_TOLD:g}; found {share:.3f} ({name}). Report it."
        )


@dataclass(frozen=True, slots=True)
class Steps:
    """Median times of one step that leaves its state as it was, microseconds of processor time.

    Attributes:
        every: Of all rows of the stream.
        normal: Of those of which nothing is said.
        weighed: Of those of which causes are weighed.
    """

    every: float
    normal: float
    weighed: float


def step_microseconds(load: ConditionLoad) -> Steps:
    """Time single steps on the rows of the stream that are sound."""
    drawn = draw(load).first(_STEPPED)
    model, states = fitted(drawn)
    taken: dict[bool, list[int]] = {True: [], False: []}
    for before, machine in zip(states, streamed(drawn), strict=True):
        state = before.copy()
        for place in range(STREAMED - FAULTY):
            row = machine.row(place)
            begun = time.process_time_ns()
            _, answer = condition_step(model, state, row)
            taken[answer.verdict is ConditionVerdict.NORMAL].append(time.process_time_ns() - begun)
            advance(model, state, row)
    every = [*taken[True], *taken[False]]
    return Steps(*(statistics.median(each) / 1e3 if each else np.nan for each in (every, taken[True], taken[False])))


def growth(load: ConditionLoad) -> dict[str, dict[str, float]]:
    """Return of each of our ways how many times longer a row takes with ten times the machines, and the signals."""
    few = max(load.machines // 10, 1)
    many = draw(replace(load, machines=10 * few))
    narrow, wide = (draw(replace(load, machines=few, signals=times * load.signals)) for times in (1, 10))
    found: dict[str, dict[str, float]] = {}
    for name, make in OURS.items():
        some, all_of_them, thin, broad = (_row_seconds(make, each) for each in (many.first(few), many, narrow, wide))
        found[name] = {"machines": all_of_them / some, "signals": broad / thin}
    return found


def _row_seconds(make: Callable[[Drawn], Way], drawn: Drawn) -> float:
    timing = interleaved({"way": make(drawn)}, 1)["way"]
    return timing.cpu_seconds / (len(drawn.rows) * STREAMED)
