"""State detection against scikit-learn on the same stream, row by row, a model for each machine.

Machines are drawn: sensors follow conditions by lines of their own, with noise. All ways are fitted on the same healthy
rows and then given the same later ones, one at a time, as they would come; the last part of these has a fault in it,
and each way must tell it before its time counts.
"""

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from experiments.bench.errors import FaultNotTold
from experiments.bench.timing import Progress, interleaved
from features.transforms.condition.model import ConditionModel
from features.transforms.condition.state import ConditionState, initial_condition
from features.transforms.condition.step import advance, condition_step
from models.condition.expectation.fitting import fit_condition
from models.condition.expectation.layout import ConditionLayout
from models.condition.expectation.rows import MachineRows

Rows = NDArray[np.float64]
Way = Callable[[], list[NDArray[np.float64]]]

LEARNT, STREAMED, FAULTY = 300, 240, 60
"""Rows of each machine to learn from, rows that are timed, and how many of these, the last, have a fault in them."""

_INTERVAL = 3600.0
_TREES = 200
_KEPT = 0.9
_TOLD = 0.9


@dataclass(frozen=True, slots=True)
class ConditionLoad:
    """How much is streamed.

    Attributes:
        machines: How many machines.
        signals: Of each; a fifth are conditions.
        seed: Of everything random.
        runs: How often each way is timed; medians count.
    """

    machines: int = 10
    signals: int = 20
    seed: int = 0
    runs: int = 3


@dataclass(frozen=True, slots=True)
class Drawn:
    """Machines with their rows: conditions, then sensors.

    Attributes:
        layout: Which signals.
        rows: For each machine those to learn from, then those that are streamed. Shape (row, signal).
    """

    layout: ConditionLayout
    rows: tuple[Rows, ...]


def draw(load: ConditionLoad) -> Drawn:
    """Draw machines; a third of the sensors read higher in the last rows, by eight times their noise."""
    conditions = max(load.signals // 5, 1)
    sensors = load.signals - conditions
    generator = np.random.default_rng(load.seed)
    slopes = generator.normal(size=(conditions, sensors))
    count, rows = LEARNT + STREAMED, []
    for _ in range(load.machines):
        run = np.cumsum(generator.normal(size=(count, conditions)), axis=0)
        run = 0.1 * (run - run.mean(axis=0)) / run.std(axis=0)
        own = slopes * (1.0 + 0.05 * generator.normal(size=slopes.shape))
        read = generator.normal(size=sensors) + run @ own + 0.02 * generator.normal(size=(count, sensors))
        read[count - FAULTY :, : max(sensors // 3, 1)] += 0.16
        rows.append(np.concatenate([run, read], axis=1))
    names = tuple(f"s{number}" for number in range(load.signals))
    layout = ConditionLayout(
        conditions=names[:conditions],
        sensors=names[conditions:],
        floors=(None,) * load.signals,
        spans=(1.0,) * load.signals,
        running=None,
        running_above=0.0,
        regime_conditions=(),
        regime_tolerance=1.0,
        modes=(),
    )
    return Drawn(layout, tuple(rows))


def fitted(drawn: Drawn) -> tuple[ConditionModel, list[ConditionState]]:
    """Fit the table on the first rows of all machines, and let each state learn those of its own machine."""
    learnt = [MachineRows.sound(_times(0, LEARNT), rows[:LEARNT]) for rows in drawn.rows]
    model = ConditionModel.of(fit_condition(learnt, drawn.layout))
    states = []
    for machine in learnt:
        state = initial_condition(model)
        for place in range(len(machine)):
            advance(model, state, machine.row(place))
        states.append(state)
    return model, states


def ours(drawn: Drawn) -> Way:
    """Return the product's way."""
    model, states = fitted(drawn)
    later = [MachineRows.sound(_times(LEARNT, STREAMED), rows[LEARNT:]) for rows in drawn.rows]

    def run() -> list[NDArray[np.float64]]:
        found = []
        for before, machine in zip(states, later, strict=True):
            state = before.copy()
            told = [advance(model, state, machine.row(place)).score for place in range(len(machine))]
            found.append(np.array(told))
        return found

    return run


def forest(drawn: Drawn) -> Way:
    """Return scikit-learn's isolation forest, one for each machine."""
    from sklearn.ensemble import IsolationForest  # type: ignore[import-untyped]  # lazy; ships no types

    models = [IsolationForest(n_estimators=_TREES, random_state=0).fit(rows[:LEARNT]) for rows in drawn.rows]

    def run() -> list[NDArray[np.float64]]:
        return [
            np.array([-model.score_samples(row[None, :])[0] for row in rows[LEARNT:]])
            for model, rows in zip(models, drawn.rows, strict=True)
        ]

    return run


def components(drawn: Drawn) -> Way:
    """Return the squared prediction error of scikit-learn's principal components, one model for each machine."""
    from sklearn.decomposition import PCA  # type: ignore[import-untyped]  # lazy; ships no types

    scales = [(rows[:LEARNT].mean(axis=0), rows[:LEARNT].std(axis=0)) for rows in drawn.rows]
    models = [
        PCA(_KEPT).fit((rows[:LEARNT] - center) / scale)
        for rows, (center, scale) in zip(drawn.rows, scales, strict=True)
    ]

    def run() -> list[NDArray[np.float64]]:
        found = []
        for model, rows, (center, scale) in zip(models, drawn.rows, scales, strict=True):
            told = []
            for row in rows[LEARNT:]:
                score = ((row - center) / scale)[None, :]
                told.append(float(np.square(score - model.inverse_transform(model.transform(score))).sum()))
            found.append(np.array(told))
        return found

    return run


WAYS: dict[str, Callable[[Drawn], Way]] = {"ours": ours, "isolation_forest": forest, "pca": components}


def told_share(scores: list[NDArray[np.float64]]) -> float:
    """Return the area under the curve of faulty rows against sound ones, the mean over machines; settling left out."""
    from sklearn.metrics import roc_auc_score  # type: ignore[import-untyped]  # lazy; ships no types

    settled = FAULTY // 2
    truth = np.r_[np.zeros(STREAMED - FAULTY), np.ones(FAULTY - settled)]
    kept = np.r_[0 : STREAMED - FAULTY, STREAMED - FAULTY + settled : STREAMED]
    return float(np.mean([roc_auc_score(truth, each[kept]) for each in scores]))


def measure(
    load: ConditionLoad,
    progress: Progress | None = None,
    makers: Mapping[str, Callable[[Drawn], Way]] = MappingProxyType(WAYS),
) -> dict[str, object]:
    """Time all ways on one stream.

    Args:
        load: How much.
        progress: Told of each run.
        makers: What to time; "ours" is among them.

    Returns:
        Readings per second and core of each way, `ratio` to the quicker peer and to each, and how well each tells.

    Raises:
        FaultNotTold: If our way does not tell the fault.
    """
    drawn = draw(load)
    ways = {name: make(drawn) for name, make in makers.items()}
    told = {name: told_share(way()) for name, way in ways.items()}
    if told["ours"] < _TOLD:
        raise FaultNotTold(
            f"A fault of eight deviations must be told, area at least {_TOLD:g}; found {told['ours']:.3f}. Report it."
        )
    timings = interleaved(ways, load.runs, progress)
    readings = load.machines * STREAMED * load.signals
    speeds = {name: readings / timing.cpu_seconds for name, timing in timings.items()}
    ratios = {name: speeds["ours"] / speed for name, speed in speeds.items() if name != "ours"}
    return {
        "machines": load.machines,
        "signals": load.signals,
        "readings_per_second": speeds,
        "row_microseconds": {name: 1e6 * load.signals / speed for name, speed in speeds.items()},
        "ratio": min(ratios.values()),
        "ratios": ratios,
        "told": told,
    }


def step_microseconds(load: ConditionLoad, repeats: int = 2_000) -> float:
    """Return the median time of one step that leaves its state as it was, microseconds of wall time."""
    drawn = draw(replace(load, machines=5))
    model, states = fitted(drawn)
    row = MachineRows.sound(_times(LEARNT, 1), drawn.rows[0][LEARNT : LEARNT + 1]).row(0)
    taken = []
    for _ in range(repeats):
        begun = time.perf_counter()
        condition_step(model, states[0], row)
        taken.append(time.perf_counter() - begun)
    return 1e6 * statistics.median(taken)


def growth(load: ConditionLoad) -> dict[str, float]:
    """Return how many times longer a row takes with ten times the machines, and with ten times the signals."""
    many, wide = replace(load, machines=10 * load.machines), replace(load, signals=10 * load.signals, machines=2)
    once, often, broad = (_row_seconds(each) for each in (load, many, wide))
    return {"machines": often / once, "signals": broad / once}


def _times(first: int, count: int) -> Rows:
    """Return the times of rows from a place on, seconds. Shape (row,)."""
    return np.asarray(_INTERVAL * np.arange(first, first + count), np.float64)


def _row_seconds(load: ConditionLoad) -> float:
    way = ours(draw(load))
    timing = interleaved({"ours": way}, 1)["ours"]
    return timing.cpu_seconds / (load.machines * STREAMED)
