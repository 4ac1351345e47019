"""How good a model is on machines it has not seen."""

from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from features.domain.packs import Pack
from features.transforms.survival import failure_probability, mean_life
from models.prognosis.baseline import Baseline
from models.prognosis.conformal import interval
from models.prognosis.folds import rows_per_life
from models.prognosis.metrics import brier_skill, coverage, root_mean_square
from models.prognosis.targets import LabelledVectors

_ROWS_PER_LIFE, _SEED = 10, 0

Survival = Callable[[NDArray[np.float32]], NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Figures on unseen machines.

    Attributes:
        brier_skill: Mean over horizons of 1 - Brier / Brier of a constant hazard.
        coverage90: Share of failures whose remaining life lay within p05 to p95, at ten ages of each life.
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

    def of_network(self, survival: Survival, half_level: float) -> Evaluation:
        """Judge a survival model with its calibration."""
        step = self.pack.grid.step
        curves = survival(self.rows.vectors)
        probability = failure_probability(curves, step, np.asarray(self.pack.horizons))
        drawn = self._at_failures()
        low, high = interval(curves[drawn], step, half_level)
        return self._figures(probability, mean_life(curves, step), drawn, low, high)

    def of_baseline(self, baseline: Baseline) -> Evaluation:
        """Judge the fixed LightGBM with the spread of its residuals."""
        predicted = baseline.mean(self.rows.vectors)
        probability = baseline.failure_probability(predicted, self.pack.horizons)
        drawn = self._at_failures()
        low, high = baseline.bounds(predicted[drawn])
        return self._figures(probability, predicted, drawn, low, high)

    def _at_failures(self) -> NDArray[np.int64]:
        failed = np.flatnonzero(self.rows.is_failure)
        part = self.rows.take(failed)
        return failed[rows_per_life(part.life_id, part.age, self.pack.features.baseline, _ROWS_PER_LIFE, _SEED)]

    def _figures(
        self,
        probability: NDArray[np.float64],
        mean: NDArray[np.float64],
        drawn: NDArray[np.int64],
        low: NDArray[np.float64],
        high: NDArray[np.float64],
    ) -> Evaluation:
        rows, cap = self.rows, self.pack.grid.cap
        known = rows.is_known_within(cap)
        skill = brier_skill(probability, self.constant_rate, rows.remaining, rows.is_failure, self.pack.horizons)
        return Evaluation(
            brier_skill=skill,
            coverage90=coverage(low, high, np.minimum(rows.remaining[drawn], cap)),
            width90=float(np.mean(high - low)),
            rmse=root_mean_square(mean[known] - np.minimum(rows.remaining[known], cap)),
        )


def constant_rate(rows: LabelledVectors) -> float:
    """Return failures per life unit: each life counted once, with the whole length that is on record."""
    lives = np.unique(rows.life_id)
    lengths = [float((rows.remaining + rows.age)[rows.life_id == life].max()) for life in lives]
    failures = len(np.unique(rows.life_id[rows.is_failure]))
    return failures / max(sum(lengths), 1e-9)
