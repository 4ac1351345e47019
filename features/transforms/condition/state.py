"""What is remembered of one machine: a bounded amount, whatever its age."""

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, fields

import numpy as np

from features.transforms.condition.model import ConditionModel, FloatArray

_USUAL_SCATTER = 0.8
"""Mean distance of a normal deviate from its mean, in its standard deviation: the root of 2/pi."""
_LONG_AGO = 1_000_000
_OWN_LEVEL = 2.0
"""Standard deviation of a machine's level around its first reading, in noise."""


@dataclass(slots=True)
class ConditionState:
    """Memory of one machine.

    Attributes:
        seconds: Time of the last row; NaN before the first.
        interval: Usual distance of two rows, seconds.
        settled: Rows in operation since the last start.
        seen: Rows in operation learnt from.
        origin: First conditions, comparable; NaN before. Shape (condition,).
        level: First reading of each sensor less what the regime adds, comparable; NaN before. Shape (sensor,).
        weights: Level around that, and change with conditions and regimes. Shape (sensor, feature).
        spread: Covariance of those, in squared noise. Shape (sensor, feature, feature).
        visits: Rows seen in each regime; the last place is for rows far from all of them. Shape (regime + 1,).
        deviation: Smoothed deviations of sensors, in noise; NaN before the first. Shape (sensor,).
        recent: The same, smoothed over a quarter of the time: it tells when a deviation is over. Shape (sensor,).
        scatter: Recent mean distance of readings from the smoothed ones, in noise. Shape (sensor,).
        deviation_seconds: When each was last measured well. Shape (sensor,).
        condition: Smoothed conditions, comparable. Shape (condition,).
        condition_level: Their usual level. Shape (condition,).
        condition_scatter: Mean product of their distances from it, in the table's spreads. Shape (condition,
            condition).
        condition_rows: Rows that both rest on.
        stress: The score after the last row.
        slow_stress: The score, smoothed over a longer time.
        is_sudden: Whether the deviation that lasts came at once, and did not grow.
        lasting: Measured rows in a row in which sensors strayed beyond the limit.
        condition_lasting: Rows in a row in which conditions did.
        strays_since: When sensors or conditions began to stray; NaN while they do not.
        rows_since_report: Measured rows since another way of running was reported.
    """

    seconds: float
    interval: float
    settled: int
    seen: int
    origin: FloatArray
    level: FloatArray
    weights: FloatArray
    spread: FloatArray
    visits: FloatArray
    deviation: FloatArray
    recent: FloatArray
    scatter: FloatArray
    deviation_seconds: FloatArray
    condition: FloatArray
    condition_level: FloatArray
    condition_scatter: FloatArray
    condition_rows: int
    stress: float
    slow_stress: float
    is_sudden: bool
    lasting: int
    condition_lasting: int
    strays_since: float
    rows_since_report: int

    def copy(self) -> "ConditionState":
        """Return an independent copy."""
        after = copy(self)
        for each in fields(self):
            value = getattr(self, each.name)
            if isinstance(value, np.ndarray):
                setattr(after, each.name, value.copy())
        return after


def initial_condition(model: ConditionModel) -> ConditionState:
    """Return the state of a machine of which nothing is known."""
    conditions, sensors = len(model.table.conditions), len(model.table.sensors)
    features = 1 + model.slopes.shape[1]
    state = ConditionState(
        seconds=np.nan,
        interval=model.table.interval_seconds,
        settled=0,
        seen=0,
        origin=np.full(conditions, np.nan),
        level=np.full(sensors, np.nan),
        weights=np.zeros((sensors, features)),
        spread=np.zeros((sensors, features, features)),
        visits=np.zeros(len(model.regime_centers) + 1),
        deviation=np.full(sensors, np.nan),
        recent=np.full(sensors, np.nan),
        scatter=np.full(sensors, _USUAL_SCATTER),
        deviation_seconds=np.full(sensors, -np.inf),
        condition=np.full(conditions, np.nan),
        condition_level=np.full(conditions, np.nan),
        condition_scatter=np.zeros((conditions, conditions)),
        condition_rows=0,
        stress=0.0,
        slow_stress=0.0,
        is_sudden=False,
        lasting=0,
        condition_lasting=0,
        strays_since=np.nan,
        rows_since_report=_LONG_AGO,
    )
    state.weights[:, 1:] = model.slopes
    variances = np.square(model.slope_spreads / model.noise[:, None])
    state.spread[:, np.arange(1, features), np.arange(1, features)] = variances
    state.spread[:, 0, 0] = _OWN_LEVEL**2
    return state


def forget_levels(
    model: ConditionModel, state: ConditionState, signals: Sequence[str], spread: float | None = None
) -> ConditionState:
    """Learn the levels of some signals anew, as after a sensor was replaced or the machine repaired.

    What was known serves as a prior: a level is expected near where it was, and how a sensor changes with conditions
    is kept. A condition that is measured anew moves what every sensor is compared with.

    Args:
        model: Of the state.
        state: Left as it was.
        signals: By name; names that the table does not know are passed over.
        spread: How far levels may have moved, in noise; by default as far as a repair moves them. A new instrument may
            read from quite another zero.
    """
    after, names = state.copy(), set(signals)
    conditions = np.array([name in names for name in model.table.conditions], np.bool_)
    sensors = np.array([name in names for name in model.table.sensors], np.bool_) | conditions.any()
    after.spread[sensors, 0, 0] += (model.parameters.epoch_spread if spread is None else spread) ** 2
    after.deviation[sensors], after.recent[sensors], after.scatter[sensors] = np.nan, np.nan, _USUAL_SCATTER
    if conditions.any():
        after.condition[conditions], after.condition_level[conditions] = np.nan, np.nan
    if names:
        after.lasting, after.stress, after.slow_stress = 0, 0.0, 0.0
    return after
