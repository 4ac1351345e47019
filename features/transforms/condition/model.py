"""The table made ready to compute with."""

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from features.transforms.condition.table import ConditionParameters, ConditionTable

FloatArray = NDArray[np.float64]
UNSEEN = -1
"""Regime of a row whose conditions are unknown or far from all that was seen."""
_EVEN = 0.05
_STEADY = 0.02
_LOOKED_AT = 0.36
"""Share of the limit of failure modes below which they are not asked: nothing hangs on it."""
_NEARLY = 0.99
_MOST_PATTERNS = 64
"""So many precisions of some of the sensors are kept; machines of a type lack the same few signals again and again."""


@dataclass(frozen=True, slots=True)
class ConditionModel:
    """A table as arrays; see there for what they are.

    Attributes:
        parameters: How strictly is judged.
        is_relative: Whether a signal is taken by its logarithm. Shape (signal,).
        floors: 1 where a signal is not. Shape (signal,).
        regime_places: Conditions that regimes are told apart by. Shape (regime condition,).
        slope_variances: How much slopes differ among machines, in squared noise. Shape (sensor, slope).
        precision: Inverse of the covariance of the sensors. Shape (sensor, sensor).
        has_relative: Whether any signal is taken by its logarithm.
        every: All signals, where all of them are known.
        each: 1 for each sensor. Shape (sensor,).
        least_drift: The least that any level may be moved from where it was known, nearly; comparable.
        mode_bar: Squared distance above which it is asked what failure modes explain; infinite without any.
        condition_steady: Variance that conditions are taken to have although they never moved, in the table's spreads.
            Shape (condition, condition).
        condition_evens: What makes of a covariance of conditions itself, then one whose smallest directions are not
            trusted to be that small. Shape (2, condition, condition).
        patterns: Precisions of some of the sensors, by which are known; see `precision_of`.
        mode_signs: Shape (mode, signal), sensors first, then conditions, as deviations are put together.
    """

    table: ConditionTable
    parameters: ConditionParameters
    is_relative: NDArray[np.bool_]
    floors: FloatArray
    spans: FloatArray
    regime_spans: FloatArray
    regime_centers: FloatArray
    slopes: FloatArray
    slope_variances: FloatArray
    noise: FloatArray
    scatter_limits: FloatArray
    covariance: FloatArray
    precision: FloatArray
    condition_spreads: FloatArray
    condition_covariance: FloatArray
    mode_signs: FloatArray
    regime_places: NDArray[np.intp]
    has_relative: bool
    every: NDArray[np.bool_]
    each: FloatArray
    least_drift: float
    mode_bar: float
    condition_steady: FloatArray
    condition_evens: FloatArray
    patterns: dict[bytes, FloatArray] = field(default_factory=dict, repr=False, compare=False)

    @staticmethod
    def of(table: ConditionTable) -> "ConditionModel":
        """Prepare a table."""
        conditions, sensors = len(table.conditions), len(table.sensors)
        covariance = np.asarray(table.covariance, np.float64).reshape(sensors, sensors)
        own = np.asarray(table.condition_covariance, np.float64).reshape(conditions, conditions)
        signs = np.asarray([mode.signs for mode in table.modes], np.float64).reshape(-1, conditions + sensors)
        spans = np.asarray(table.spans, np.float64)
        slopes = np.asarray(table.slopes, np.float64).reshape(sensors, -1)
        spreads, noise = np.asarray(table.slope_spreads, np.float64), np.asarray(table.noise, np.float64)
        return ConditionModel(
            table=table,
            parameters=table.parameters,
            is_relative=np.array([floor is not None for floor in table.floors], np.bool_),
            floors=np.array([1.0 if floor is None else floor for floor in table.floors], np.float64),
            spans=spans,
            regime_spans=spans[list(table.regime_conditions)],
            regime_centers=np.asarray(table.regime_centers, np.float64).reshape(
                len(table.regime_centers), len(table.regime_conditions)
            ),
            slopes=slopes,
            slope_variances=np.square(spreads.reshape(slopes.shape) / noise[:, None]),
            noise=noise,
            scatter_limits=np.asarray(table.scatter_limits, np.float64),
            covariance=covariance,
            precision=_inverse(covariance),
            condition_spreads=np.asarray(table.condition_spreads, np.float64),
            condition_covariance=own,
            mode_signs=np.concatenate([signs[:, conditions:], signs[:, :conditions]], axis=1),
            regime_places=np.array(table.regime_conditions, np.intp),
            has_relative=any(floor is not None for floor in table.floors),
            every=np.ones(conditions + sensors, np.bool_),
            each=np.ones(sensors),
            least_drift=_NEARLY * table.parameters.most_drift * min(table.noise, default=0.0),
            mode_bar=_LOOKED_AT * table.mode_limit if len(table.modes) else math.inf,
            condition_steady=_STEADY * np.eye(conditions),
            condition_evens=np.stack([np.ones_like(own), 1.0 + _EVEN * np.eye(conditions)]),
        )

    @staticmethod
    def partial(covariance: FloatArray, known: NDArray[np.bool_]) -> FloatArray:
        """Return the precision of those that are known, 0 elsewhere. Shape as given."""
        found = np.zeros_like(covariance)
        found[np.ix_(known, known)] = _inverse(covariance[np.ix_(known, known)])
        return found

    def precision_of(self, known: NDArray[np.bool_]) -> FloatArray:
        """Return the precision of the sensors known, 0 elsewhere; not to be changed. Shape (sensor, sensor)."""
        pattern = known.tobytes()
        found = self.patterns.get(pattern)
        if found is None:
            found = self.precision if known.all() else self.partial(self.covariance, known)
            if len(self.patterns) >= _MOST_PATTERNS:
                self.patterns.clear()
            self.patterns[pattern] = found
        return found

    def precisions(self, covariance: FloatArray) -> FloatArray:
        """Return the inverse of a covariance of conditions, then the same with its smallest directions not trusted.

        Args:
            covariance: Shape (condition, condition).

        Returns:
            Shape (2, condition, condition).
        """
        return np.asarray(np.linalg.inv(self.condition_evens * covariance), np.float64)

    def comparable(self, values: FloatArray) -> FloatArray:
        """Return values that follow the same relations in machines of any size. Shape (..., signal) as given."""
        found = np.asarray(values / self.spans, np.float64)
        if self.has_relative:
            np.copyto(found, np.log(np.maximum(values, self.floors)), where=self.is_relative)
        return found

    def in_units(self, comparable: float, place: int) -> float:
        """Return what `comparable` was made from, of one signal."""
        return float(np.exp(comparable) if self.is_relative[place] else comparable * self.spans[place])

    def regime(self, conditions: FloatArray) -> int:
        """Return the regime of a row, or `UNSEEN`.

        Args:
            conditions: In their units. Shape (condition,).
        """
        if not len(self.regime_centers):
            return 0
        scaled = conditions[self.regime_places] / self.regime_spans
        apart = self.regime_centers - scaled
        squared = np.einsum("ij,ij->i", apart, apart)
        nearest = int(squared.argmin())
        return nearest if squared[nearest] <= self.table.regime_radius**2 else UNSEEN

    def is_running(self, values: FloatArray) -> bool:
        """Say whether the machine runs; where that is not measured, it is not known and counts as no."""
        place = self.table.running
        return place is None or bool(values[place] > self.table.running_above)

    def features(self, offset: FloatArray, regime: int) -> FloatArray:
        """Return what the expectation of a row is linear in: 1, the conditions' distances, the regime.

        Args:
            offset: Distance of the conditions from the machine's first ones, comparable. Shape (condition,).
            regime: From `regime`.
        """
        found, conditions = np.zeros(1 + self.slopes.shape[1]), len(offset)
        found[0] = 1.0
        found[1 : 1 + conditions] = offset
        if regime >= 0 and len(found) > 1 + conditions:
            found[1 + conditions + regime] = 1.0
        return found


def is_whole(values: FloatArray) -> bool:
    """Say in one product whether all are finite; of numbers too large to be squared it says no, too. Shape (any,).

    Examples:
        >>> is_whole(np.array([1.0, 2.0])), is_whole(np.array([1.0, np.nan])), is_whole(np.array([]))
        (True, False, True)
    """
    return math.isfinite(values.dot(values))


def _inverse(covariance: FloatArray) -> FloatArray:
    """Return the inverse of a covariance whose smallest directions are not trusted to be that small."""
    even = _EVEN * np.diag(np.diag(covariance))
    return np.asarray(np.linalg.inv(covariance + even), np.float64) if covariance.size else covariance
