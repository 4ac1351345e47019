"""How often intervals held: by operating regime, by stage of life, and at the end of life, where it matters."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from features.transforms.intervals import stage_of

LAST_UNITS = 30.0
"""The end of a life: so much remaining life, life units."""


@dataclass(frozen=True, slots=True)
class Judged:
    """Intervals with what became of their machines. Every array has shape (batch,).

    Attributes:
        low: Lower bound, life units.
        median: Predicted median, life units: it tells the stage of life.
        high: Upper bound, life units.
        remaining: Remaining life to the end of the record, life units.
        is_failure: Whether that end was a failure; else the life was at least so long.
        unit: Index of the life or machine of each row, by which deviations are reckoned.
        regime: Operating regime when the forecast was made; None where it is not told apart.
        weight: How much each row stands for, 0 where its outcome is hidden (`models.calibration.censoring`); None
            counts each known outcome alike.
    """

    low: NDArray[np.float64]
    median: NDArray[np.float64]
    high: NDArray[np.float64]
    remaining: NDArray[np.float64]
    is_failure: NDArray[np.bool_]
    unit: NDArray[np.int64]
    regime: NDArray[np.int64] | None = None
    weight: NDArray[np.float64] | None = None

    def is_known(self, cap: float) -> NDArray[np.bool_]:
        """Say for which rows remaining life, clipped at the cap, is known. Shape (batch,)."""
        return np.asarray(self.is_failure | (self.remaining >= cap), np.bool_)


@dataclass(frozen=True, slots=True)
class CoverageRow:
    """Coverage in one group of forecasts.

    Attributes:
        group: What the forecasts have in common, for example "regime 2", "stage [0, 168)" or "last 30".
        count: Rows whose outcome is known.
        hidden: Rows whose outcome censoring hid.
        units: Lives or machines among the known.
        coverage: Share of the known, weighted, whose remaining life lay within the interval, bounds included; NaN
            where there is none.
        deviation: Standard deviation of that share, units drawn whole; NaN below two units.
        width: Mean width of all intervals of the group, life units.
        least: Coverage if every hidden life had left its interval that still could.
        most: Coverage if every hidden life had stayed inside that still could.
    """

    group: str
    count: int
    hidden: int
    units: int
    coverage: float
    deviation: float
    width: float
    least: float
    most: float

    def to_dict(self) -> dict[str, object]:
        """Return the row by name, None in the place of NaN, as JSON wants it."""
        return {name: None if value != value else value for name, value in asdict(self).items()}


def coverage_table(
    judged: Judged, cap: float, stage_edges: Sequence[float] = (), last_units: float = LAST_UNITS
) -> list[CoverageRow]:
    """Return coverage and width of all forecasts, by regime, by stage of life and in the last units of life.

    Regimes and stages are told by what was known when the forecast was made, so calibration can promise something in
    each. The last units of life are told by the truth: nobody can promise coverage there, and it is only reported.

    Args:
        judged: The intervals and what became of them.
        cap: Longest remaining life told apart, life units; a longer life counts as the cap.
        stage_edges: Predicted medians that part the stages, life units, ascending; none for no stages.
        last_units: Remaining life that counts as the end of life, life units.

    Returns:
        Rows of "all", of each regime, of each stage and of the last units; groups without any row are left out.
    """
    groups = {"all": np.ones(len(judged.low), np.bool_)}
    if judged.regime is not None:
        groups |= {f"regime {regime}": judged.regime == regime for regime in np.unique(judged.regime).tolist()}
    if len(stage_edges):
        stage = stage_of(judged.median, tuple(stage_edges))
        names = stage_names(stage_edges)
        groups |= {f"stage {name}": stage == index for index, name in enumerate(names)}
    groups |= {f"last {last_units:g}": judged.is_failure & (judged.remaining <= last_units)}
    return [_row(name, rows, judged, cap) for name, rows in groups.items() if rows.any()]


def stage_names(edges: Sequence[float]) -> list[str]:
    """Name the stages by their bounds, life units of the predicted median.

    Examples:
        >>> stage_names([7.0, 30.0])
        ['[0, 7)', '[7, 30)', '30 and more']
    """
    bounds = [0.0, *edges]
    spans = [f"[{low:g}, {high:g})" for low, high in pairwise(bounds)]
    return [*spans, f"{bounds[-1]:g} and more"]


def _row(name: str, rows: NDArray[np.bool_], judged: Judged, cap: float) -> CoverageRow:
    low, high = judged.low[rows], judged.high[rows]
    truth = np.minimum(judged.remaining[rows], cap)
    is_known = judged.is_known(cap)[rows]
    is_held = (low <= truth) & (truth <= high)
    weight = np.where(is_known, 1.0 if judged.weight is None else judged.weight[rows], 0.0)
    unit = judged.unit[rows]
    # A hidden life lasted at least to the end of its record: beyond the upper bound it has left its interval for sure.
    can_hold = np.where(is_known, is_held, truth <= high)
    must_hold = np.where(is_known, is_held, (low <= truth) & (high >= cap))
    return CoverageRow(
        group=name,
        count=int(is_known.sum()),
        hidden=int((~is_known).sum()),
        units=len(np.unique(unit[is_known])),
        coverage=float(np.average(is_held, weights=weight)) if weight.sum() > 0 else float("nan"),
        deviation=_deviation(is_held, weight, unit),
        width=float(np.mean(high - low)),
        least=float(must_hold.mean()),
        most=float(can_hold.mean()),
    )


def _deviation(is_held: NDArray[np.bool_], weight: NDArray[np.float64], unit: NDArray[np.int64]) -> float:
    """Return the standard deviation of a weighted share, by the linearised jackknife over units."""
    _, index = np.unique(unit[weight > 0], return_inverse=True)
    kept, held = weight[weight > 0], is_held[weight > 0]
    units = int(index.max()) + 1 if len(index) else 0
    if units < 2:
        return float("nan")
    share = np.average(held, weights=kept)
    influence = np.bincount(index, kept * (held - share)) / kept.sum()
    return float(np.sqrt(units / (units - 1) * np.square(influence).sum()))
