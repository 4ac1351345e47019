"""Operating regimes: fitted on training machines, then a table that turns a sensor value into a z-score.

Within a regime the expected value of a sensor is a line in the condition signals; the z-score is what is
left, in the spread that training machines show there. A row far from every known regime gets none.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.transforms.errors import TooLittleData

UNKNOWN = -1
"""Regime of a row whose conditions are missing or far from all that was seen in training."""

_SMALLEST_SHARE = 0.002
_FEWEST_ROWS = 20
_RIDGE_SPAN = 0.02


@dataclass(frozen=True, slots=True)
class RegimeTable:
    """What training machines look like in each regime.

    Attributes:
        spans: Plausible span of each condition, in its unit. Length condition.
        centers: Middle of each regime, in spans. Shape (regime, condition).
        radius: Farthest distance from a center that still counts, in spans.
        means: Expected sensor values at the center, in their units. Shape (regime, sensor).
        slopes: Change of the expectation per span of a condition. Shape (regime, sensor, condition).
        scales: Residual standard deviations; 0 where a sensor was not seen in a regime. Shape (regime, sensor).
    """

    spans: tuple[float, ...]
    centers: tuple[tuple[float, ...], ...]
    radius: float
    means: tuple[tuple[float, ...], ...]
    slopes: tuple[tuple[tuple[float, ...], ...], ...]
    scales: tuple[tuple[float, ...], ...]

    @staticmethod
    def from_lists(document: dict[str, Any]) -> "RegimeTable":
        """Read the JSON form, in which tuples are lists."""
        return RegimeTable(
            spans=tuple(document["spans"]),
            centers=tuple(tuple(center) for center in document["centers"]),
            radius=document["radius"],
            means=tuple(tuple(row) for row in document["means"]),
            slopes=tuple(tuple(tuple(line) for line in row) for row in document["slopes"]),
            scales=tuple(tuple(row) for row in document["scales"]),
        )


@dataclass(frozen=True, slots=True)
class RegimeArrays:
    """A regime table as arrays, ready to compute with.

    Attributes:
        spans: As in the table.
        centers: Shape (condition, regime).
        radius: As in the table.
        lines: Scales (sensor), means (sensor), then by condition its center (1) and slopes (sensor), one below the
            other, by regime; the last column is that of `UNKNOWN`, and what is unknown is NaN. Shape (..., regime + 1).
    """

    spans: NDArray[np.float64]
    centers: NDArray[np.float64]
    radius: float
    lines: NDArray[np.float64]

    @staticmethod
    def of(table: RegimeTable) -> "RegimeArrays":
        """Return the arrays of a table."""
        regimes, conditions, sensors = len(table.centers), len(table.spans), len(table.means[0])
        centers = np.asarray(table.centers, np.float64).reshape(regimes, conditions).T
        slopes = np.asarray(table.slopes, np.float64).reshape(regimes, sensors, conditions).T
        scales = np.asarray(table.scales, np.float64).T
        parts = [np.where(scales > 0, scales, np.nan), np.asarray(table.means, np.float64).T]
        for center, slope in zip(centers, slopes, strict=True):
            parts += [center[None], slope]
        known = np.concatenate(parts)
        lines = np.concatenate([known, np.full((len(known), 1), np.nan)], axis=1)
        return RegimeArrays(np.asarray(table.spans, np.float64), centers, table.radius, lines)

    def assign(self, conditions: NDArray[np.float64]) -> NDArray[np.int64]:
        """Tell the regime of each row.

        Args:
            conditions: Condition values in their units. Shape (batch, condition).

        Returns:
            Index of the nearest regime, or `UNKNOWN`. Shape (batch,).
        """
        if self.spans.size == 0:
            return np.zeros(conditions.shape[0], np.int64)
        offsets = (conditions.T / self.spans[:, None])[:, None] - self.centers[:, :, None]
        squared = np.add.reduce(np.square(offsets, out=offsets))
        is_known = np.minimum.reduce(squared) <= self.radius**2  # no comparison holds where a condition is missing
        return np.where(is_known, squared.argmin(axis=0), UNKNOWN)

    def standardise(
        self, regime: NDArray[np.int64], conditions: NDArray[np.float64], sensors: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Turn sensor values into z-scores of their regime.

        Args:
            regime: From `assign`. Shape (batch,).
            conditions: In their units. Shape (batch, condition).
            sensors: In their units; NaN where not measured. Shape (batch, sensor).

        Returns:
            Residual in training standard deviations; NaN where not measured, or not known in this regime.
            Shape (batch, sensor).
        """
        is_one = self.lines.shape[1] == 2 and bool((regime >= 0).all())
        lines = self.lines[:, :1] if is_one else self.lines.take(regime, axis=1)
        count = sensors.shape[1]
        scales, expected, begin = lines[:count], lines[count : 2 * count], 2 * count
        for value, span in zip(conditions.T, self.spans, strict=True):
            expected = expected + lines[begin + 1 : begin + 1 + count] * (value / span - lines[begin])
            begin += 1 + count
        scores = sensors.T - expected
        scores /= scales
        return scores.T


def fit_regimes(
    conditions: NDArray[np.float64], sensors: NDArray[np.float64], spans: tuple[float, ...], tolerance: float
) -> RegimeTable:
    """Find the regimes of training machines and what is normal in each.

    Leader clustering (Hartigan 1975): the first row not yet covered founds a regime of radius `tolerance`,
    which makes the result independent of random starts. Regimes with too few rows are left out. Within a
    regime each sensor is fitted by ridge regression on the conditions.

    Args:
        conditions: Condition values of running training machines, in their units. Shape (time, condition).
        sensors: Sensor values, NaN where not measured. Shape (time, sensor).
        spans: Plausible span of each condition, in its unit.
        tolerance: Radius of a regime, in spans.

    Returns:
        The fitted table.

    Raises:
        TooLittleData: If no regime has enough rows.
    """
    complete = ~np.isnan(conditions).any(axis=1)
    scaled, sensors = conditions[complete] / np.asarray(spans).reshape(1, -1), sensors[complete]
    groups = [group for group in _leaders(scaled, tolerance) if _is_large(group, len(scaled))]
    if not groups:
        raise TooLittleData(
            f"Fitting regimes must have at least {_FEWEST_ROWS} complete rows in one regime; "
            f"found {len(scaled)} rows in all. Record longer, or widen regimes.tolerance in the pack."
        )
    groups.sort(key=len, reverse=True)
    centers = [scaled[group].mean(axis=0) for group in groups]
    fits = [_fit_lines(scaled[group] - center, sensors[group]) for group, center in zip(groups, centers, strict=True)]
    return RegimeTable(
        spans=spans,
        centers=tuple(tuple(map(float, center)) for center in centers),
        radius=1.5 * tolerance,
        means=tuple(fit[0] for fit in fits),
        slopes=tuple(fit[1] for fit in fits),
        scales=tuple(fit[2] for fit in fits),
    )


def _is_large(group: NDArray[np.int64], rows: int) -> bool:
    return len(group) >= max(_FEWEST_ROWS, _SMALLEST_SHARE * rows)


def _leaders(scaled: NDArray[np.float64], tolerance: float) -> list[NDArray[np.int64]]:
    uncovered = np.arange(len(scaled))
    groups: list[NDArray[np.int64]] = []
    while uncovered.size:
        near = ((scaled[uncovered] - scaled[uncovered[0]]) ** 2).sum(axis=1) <= tolerance**2
        groups.append(uncovered[near])
        uncovered = uncovered[~near]
    return groups


_Row = tuple[float, ...]


def _fit_lines(offsets: NDArray[np.float64], sensors: NDArray[np.float64]) -> tuple[_Row, tuple[_Row, ...], _Row]:
    means, slopes, scales = [], [], []
    for column in sensors.T:
        seen = ~np.isnan(column)
        mean, slope, scale = _fit_line(offsets[seen], column[seen])
        means.append(mean)
        slopes.append(slope)
        scales.append(scale)
    return tuple(means), tuple(slopes), tuple(scales)


def _fit_line(offsets: NDArray[np.float64], values: NDArray[np.float64]) -> tuple[float, _Row, float]:
    if values.size < 2:
        return 0.0, (0.0,) * offsets.shape[1], 0.0
    middle, mean = offsets.mean(axis=0), float(values.mean())
    centred = offsets - middle
    # The ridge says: a condition that moves by less than 2 % of its span explains nothing.
    gram = centred.T @ centred + len(values) * _RIDGE_SPAN**2 * np.eye(offsets.shape[1])
    slope = np.linalg.solve(gram, centred.T @ (values - mean)) if offsets.shape[1] else np.zeros(0)
    scale = float(np.std(values - mean - centred @ slope))
    is_constant = scale <= 1e-9 * max(1.0, abs(mean))
    return mean - float(middle @ slope), tuple(map(float, slope)), 1.0 if is_constant else scale
