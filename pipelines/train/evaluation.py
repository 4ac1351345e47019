"""How good a model is on machines it has not seen."""

from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from features.domain.packs import Pack
from features.transforms.intervals import IntervalTable, bounds
from features.transforms.survival import failure_probability, mean_life
from models.calibration.coverage import CoverageRow, Judged, coverage_table
from models.prognosis.baseline import Baseline
from models.prognosis.metrics import brier_skill, root_mean_square
from models.prognosis.targets import LabelledVectors
from pipelines.train.intervals import DrawnRows, draw_rows

_SEED = 0

Survival = Callable[[NDArray[np.float32]], NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Figures on unseen machines.

    Attributes:
        brier_skill: Mean over horizons of 1 - Brier / Brier of a constant hazard.
        coverage90: Share of forecasts at ten ages of each life whose remaining life lay within p05 to p95; lives that
            were cut off are stood for by those whose end was seen (`models.calibration.censoring`).
        width90: Mean width of that interval, life units.
        rmse: Root mean square error of the mean, remaining life clipped at the cap, life units.
    """

    brier_skill: float
    coverage90: float
    width90: float
    rmse: float

    def to_dict(self) -> dict[str, float]:
        """Return the figures by name."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Examination:
    """The rows and the yardstick that every candidate is judged by.

    Attributes:
        rows: Rows of unseen machines that a forecast would have been given for.
        constant_rate: Failures per life unit among the training machines.
    """

    pack: Pack
    rows: LabelledVectors
    constant_rate: float

    @property
    def failures(self) -> int:
        """Lives among the rows that ended in a failure."""
        return len(np.unique(self.rows.life_id[self.rows.is_failure]))

    def of_network(self, curves: NDArray[np.float64], table: IntervalTable) -> Evaluation:
        """Judge a survival model with the levels of its interval.

        Args:
            curves: What it says of the rows. Shape (batch, time).
            table: The levels.
        """
        step = self.pack.grid.step
        probability = failure_probability(curves, step, np.asarray(self.pack.horizons))
        return self._figures(probability, mean_life(curves, step), self._judged(curves, table))

    def of_baseline(self, baseline: Baseline) -> Evaluation:
        """Judge the fixed LightGBM with the spread of its residuals."""
        predicted = baseline.mean(self.rows.vectors)
        probability = baseline.failure_probability(predicted, self.pack.horizons)
        drawn = self._drawn()
        low, high = baseline.bounds(predicted[drawn.index])
        return self._figures(probability, predicted, self._with_truth(drawn, low, predicted[drawn.index], high))

    def coverage_by(self, curves: NDArray[np.float64], table: IntervalTable) -> list[CoverageRow]:
        """Return how often a survival model's intervals held, by regime, by stage and in the last units of life.

        Args:
            curves: What it says of the rows. Shape (batch, time).
            table: The levels.
        """
        return coverage_table(self._judged(curves, table), self.pack.grid.cap, table.stage_edges)

    def _drawn(self) -> DrawnRows:
        return draw_rows(self.rows, self.pack.features.baseline, self.pack.grid.cap, _SEED)

    def _judged(self, curves: NDArray[np.float64], table: IntervalTable) -> Judged:
        drawn = self._drawn()
        regime = self.rows.regime[drawn.index]
        low, median, high = bounds(curves[drawn.index], self.pack.grid.step, table, regime)
        return self._with_truth(drawn, low, median, high)

    def _with_truth(
        self, drawn: DrawnRows, low: NDArray[np.float64], median: NDArray[np.float64], high: NDArray[np.float64]
    ) -> Judged:
        part = self.rows.take(drawn.index)
        return Judged(low, median, high, part.remaining, part.is_failure, part.life_id, part.regime, drawn.weight)

    def _figures(self, probability: NDArray[np.float64], mean: NDArray[np.float64], judged: Judged) -> Evaluation:
        rows, cap = self.rows, self.pack.grid.cap
        known = rows.is_known_within(cap)
        skill = brier_skill(probability, self.constant_rate, rows.remaining, rows.is_failure, self.pack.horizons)
        held = coverage_table(judged, cap)[:1]  # of all; nothing where no life came to the age of being judged
        return Evaluation(
            brier_skill=skill,
            coverage90=held[0].coverage if held else float("nan"),
            width90=held[0].width if held else float("nan"),
            rmse=root_mean_square(mean[known] - np.minimum(rows.remaining[known], cap)),
        )


def constant_rate(rows: LabelledVectors) -> float:
    """Return failures per life unit: each life counted once, with the whole length that is on record."""
    lives = np.unique(rows.life_id)
    lengths = [float((rows.remaining + rows.age)[rows.life_id == life].max()) for life in lives]
    failures = len(np.unique(rows.life_id[rows.is_failure]))
    return failures / max(sum(lengths), 1e-9)
