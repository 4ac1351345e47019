"""The protocol: out-of-fold on training engines, then one look at the test engines.

Who judges sees to it that nothing leaks: whatever is fitted (feature specification, network, intervals, baseline)
is fitted by `Laboratory.learn`, which is handed the engines to learn from and no others.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from experiments.cmapss.reader import Engine, engine_tracks
from experiments.errors import DataSetUnusable
from features.domain.events import EventKind
from features.domain.packs import Pack
from features.transforms.batch import compute
from features.transforms.specification import FeatureSpecification
from models.prognosis.folds import machine_folds, rows_per_life
from pipelines.building.tracks import LifeTrack

FIRST_CYCLE, CYCLES_PER_ENGINE, DRAW_SEED = 20, 10, 0
FOLDS = 5
FEWEST_ENGINES = 15
"""Four folds of them leave the trainer enough to learn from and to calibrate on."""

Vectors = NDArray[np.float32]
Column = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Estimate:
    """Remaining life as a model tells it, cycles, none above the cap. Each of shape (batch,)."""

    mean: Column
    p05: Column
    p50: Column
    p95: Column


@dataclass(frozen=True, slots=True)
class Learned:
    """All that came of learning from some engines.

    Attributes:
        specification: The features, with the regimes that those engines showed.
        estimate: The network with its calibrated interval, all seeds together; and each seed's own mean, cycles. From
            (batch, feature) to arrays of shape (batch,), and of shape (seed, batch).
        baseline: Mean forecast of the fixed LightGBM, cycles, clipped at the cap. From (batch, feature).
    """

    specification: FeatureSpecification
    estimate: Callable[[Vectors], tuple[Estimate, Column]]
    baseline: Callable[[Vectors], Column]


class Laboratory(Protocol):
    """Where models are trained."""

    @property
    def pack(self) -> Pack:
        """The turbofan pack."""
        ...

    def learn(self, tracks: Sequence[LifeTrack], baseline_folds: int) -> Learned:
        """Fit features, network, intervals and baseline on these lives and nothing else.

        Args:
            tracks: The lives.
            baseline_folds: 1 for one LightGBM on all rows; more for the mean of as many, each blind to a fold; 0 for
                none, whose forecasts are NaN.
        """
        ...


@dataclass(frozen=True, slots=True)
class Forecasts:
    """Forecasts of remaining life, cycles. Every array has shape (batch,), but one.

    Attributes:
        unit: Engine of each row.
        baseline: Mean forecast of the fixed LightGBM.
        by_seed: Mean forecast of each seed's networks alone. Shape (seed, batch).
    """

    unit: NDArray[np.int64]
    estimate: Estimate
    baseline: Column
    by_seed: Column


@dataclass(frozen=True, slots=True)
class Judged:
    """Forecasts with what came true.

    Attributes:
        truth: True remaining life, cycles, not clipped. Shape (batch,).
    """

    forecasts: Forecasts
    truth: Column

    @staticmethod
    def join(parts: Sequence["Judged"]) -> "Judged":
        """Put parts below one another."""
        forecasts = [part.forecasts for part in parts]
        columns = zip(*(_columns(each.estimate) for each in forecasts), strict=True)
        return Judged(
            Forecasts(
                np.concatenate([each.unit for each in forecasts]),
                Estimate(*map(np.concatenate, columns)),
                np.concatenate([each.baseline for each in forecasts]),
                np.concatenate([each.by_seed for each in forecasts], axis=1),
            ),
            np.concatenate([part.truth for part in parts]),
        )


def check_enough(engines: Sequence[Engine]) -> None:
    """Make sure that there is enough to learn from and to judge.

    Raises:
        DataSetUnusable: If too few engines are recorded up to the first cycle that is judged.
    """
    count = sum(engine.cycle[-1] >= FIRST_CYCLE for engine in engines)
    if count < FEWEST_ENGINES:
        raise DataSetUnusable(
            f"The training file must hold at least {FEWEST_ENGINES} engines of {FIRST_CYCLE} cycles or more; "
            f"found {count}. Take NASA's own file."
        )


def drawn_cycles(engines: Sequence[Engine]) -> list[NDArray[np.int64]]:
    """Draw the cycles at which each engine is judged: ten, uniformly from cycle 20 on, without repetition.

    An engine with fewer cycles than that gives all that it has from cycle 20 on. The draw depends on the lengths
    of the records alone, so every model is judged at the same cycles.
    """
    life = np.repeat(np.arange(len(engines)), [len(engine.cycle) for engine in engines])
    cycle = np.concatenate([engine.cycle for engine in engines])
    rows = rows_per_life(life, cycle, FIRST_CYCLE, CYCLES_PER_ENGINE, DRAW_SEED)
    return [cycle[rows[life[rows] == index]].astype(np.int64) for index in range(len(engines))]


def fold_of(engines: Sequence[Engine]) -> NDArray[np.int64]:
    """Deal engines into folds. Shape (engine,)."""
    return machine_folds(np.arange(len(engines)), FOLDS, DRAW_SEED)


def out_of_fold(laboratory: Laboratory, engines: Sequence[Engine], fold: int) -> Judged:
    """Forecast one fold's engines by models, features and calibration that never saw them.

    Args:
        laboratory: Learns.
        engines: All engines of the training file.
        fold: Which fold, from 0.

    Returns:
        Ten forecasts for each engine of the fold.
    """
    is_judged = fold_of(engines) == fold
    seen = [engine for engine, judged in zip(engines, is_judged, strict=True) if not judged]
    learned = laboratory.learn(engine_tracks(seen, laboratory.pack, EventKind.FAILURE), baseline_folds=1)
    chosen = [
        (engine, cycles)
        for engine, cycles, judged in zip(engines, drawn_cycles(engines), is_judged, strict=True)
        if judged
    ]
    tracks = engine_tracks([engine for engine, _ in chosen], laboratory.pack, EventKind.END_OF_OBSERVATION)
    lives = compute(learned.specification, [track.rows for track in tracks])
    vectors = np.concatenate([life.vectors[cycles - 1] for life, (_, cycles) in zip(lives, chosen, strict=True)])
    unit = np.concatenate([np.full(len(cycles), engine.unit) for engine, cycles in chosen])
    truth = np.concatenate([engine.cycle[-1] - cycles for engine, cycles in chosen])
    return Judged(_forecast(learned, vectors, unit), truth)


def test_forecasts(
    laboratory: Laboratory, engines: Sequence[Engine], tests: Sequence[Engine], *, with_baseline: bool
) -> Forecasts:
    """Learn from every training engine and forecast each test engine at its last cycle; no answer comes in here.

    Args:
        laboratory: Learns.
        engines: All engines of the training file.
        tests: Those to forecast.
        with_baseline: Whether the baseline forecasts them too; it takes long, and nobody asks where answers are kept.
    """
    folds = FOLDS if with_baseline else 0
    learned = laboratory.learn(engine_tracks(engines, laboratory.pack, EventKind.FAILURE), baseline_folds=folds)
    tracks = engine_tracks(tests, laboratory.pack, EventKind.END_OF_OBSERVATION)
    last = np.stack([life.vectors[-1] for life in compute(learned.specification, [track.rows for track in tracks])])
    return _forecast(learned, last, np.array([engine.unit for engine in tests], np.int64))


def _columns(estimate: Estimate) -> tuple[Column, ...]:
    return estimate.mean, estimate.p05, estimate.p50, estimate.p95


def _forecast(learned: Learned, vectors: Vectors, unit: NDArray[np.int64]) -> Forecasts:
    estimate, by_seed = learned.estimate(vectors)
    return Forecasts(unit, estimate, learned.baseline(vectors), by_seed)
