"""What is remembered of one machine: a bounded amount, whatever its age."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from features.domain.conditions import ConditionVerdict
from features.transforms.condition.model import ConditionModel, FloatArray

_USUAL_SCATTER = 0.8
"""Mean distance of a normal deviate from its mean, in its standard deviation: the root of 2/pi."""
LONG_AGO = 1_000_000
"""Rows since what has never been."""
_OWN_LEVEL = 2.0
"""Standard deviation of a machine's level around its first reading, in noise."""

_STRAYED, _UNUSUAL, _IN_VAIN = 2.0, 4.0, 0.5
"""A sensor that deviated by so much noise, or so many of its usual deviations, before a repair, and by this share of it
after, was not mended by it."""
_WIDE = 10.0
"""A level that may lie so far away, in noise, is as good as unknown, and is learnt however the machine is run."""


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
        relations: What is known of each sensor: for each feature the `spread`, then the `weights`, in one array, for
            one product makes of a row all that is needed of both. Shape (feature, feature + 1, sensor).
        level_rows: Rows that the level of a sensor was learnt from since its epoch began. Shape (sensor,).
        anchor: The level that a sensor had once it was known, which bounds what is learnt later; NaN before. Shape
            (sensor,).
        level_former: What the weights added to the level before it began anew, where it was known; else NaN. Shape
            (sensor,).
        before_epoch: What a sensor deviated by when its epoch began, in noise; 0 if the machine did not stray. Shape
            (sensor,).
        astray: Readings in a row of which none was credible. Shape (sensor,).
        visits: Rows seen in each regime; the last place is for rows far from all of them. Shape (regime + 1,).
        tracks: `deviation`, `recent` and `scatter`, one below the other. Shape (3, sensor).
        late_deviation: Deviations up to one length of smoothing ago. Shape (sensor,).
        former_deviation: Those of one length of smoothing before that. Shape (sensor,).
        kept_rows: Rows since they were kept.
        blame_age: Rows since the instrument of a signal was last at fault. Shape (signal,).
        blame_rows: Rows since others were at fault than now.
        deviation_seconds: When each was last measured well. Shape (sensor,).
        whole_seconds: When all of them last were, in one row; NaN before.
        condition: Smoothed conditions, comparable. Shape (condition,).
        condition_level: Their usual level. Shape (condition,).
        condition_former: Their usual level before the last change; NaN before. Shape (condition,).
        is_otherwise: Whether they are far from it.
        usual_rows: Rows since they last were.
        way_rows: Rows that their usual level rests on.
        condition_scatter: Mean product of their distances from it, in the table's spreads. Shape (condition,
            condition).
        condition_rows: Rows that both rest on.
        condition_precision: Inverse of how conditions of this machine usually move together, then the same with its
            smallest directions not trusted (`ways.renew_precision`). Shape (2, condition, condition).
        stress: The score after the last row.
        slow_stress: The score, smoothed over a longer time.
        is_sudden: Whether the deviation that lasts came at once, and did not grow.
        sudden_score: The highest score while it came.
        lasting: Measured rows in a row in which sensors strayed beyond the limit; negative while nothing is known.
        condition_lasting: Rows in a row in which conditions did.
        strays_since: When sensors or conditions began to stray; NaN while they do not.
        rows_since_report: Measured rows since another way of running was reported.
        excuse: What sensors, then conditions did when a change began that was reported or is common. Shape (signal,).
        excused_rows: Measured rows since then; -1 without one.
        excuse_moved: Whether conditions moved with it.
        excuse_calm: Measured rows in a row in which it was over.
        excess_lasting: Measured rows in a row in which sensors strayed by more than it explains.
        verdict: What was said of the last row, by its place in `ConditionVerdict`.
    """

    seconds: float
    interval: float
    settled: int
    seen: int
    origin: FloatArray
    level: FloatArray
    relations: FloatArray
    level_rows: FloatArray
    anchor: FloatArray
    level_former: FloatArray
    before_epoch: FloatArray
    astray: FloatArray
    visits: FloatArray
    tracks: FloatArray
    late_deviation: FloatArray
    former_deviation: FloatArray
    kept_rows: int
    blame_age: FloatArray
    blame_rows: int
    deviation_seconds: FloatArray
    whole_seconds: float
    condition: FloatArray
    condition_level: FloatArray
    condition_former: FloatArray
    is_otherwise: bool
    usual_rows: int
    way_rows: FloatArray
    condition_scatter: FloatArray
    condition_rows: int
    condition_precision: FloatArray
    stress: float
    slow_stress: float
    is_sudden: bool
    sudden_score: float
    lasting: int
    condition_lasting: int
    strays_since: float
    rows_since_report: int
    excuse: FloatArray
    excused_rows: int
    excuse_moved: bool
    excuse_calm: int
    excess_lasting: int
    verdict: int

    @property
    def weights(self) -> FloatArray:
        """Level around the first reading, and change with conditions and regimes. Shape (sensor, feature)."""
        return self.relations[:, -1].T

    @property
    def spread(self) -> FloatArray:
        """Covariance of the weights, in squared noise. Shape (sensor, feature, feature)."""
        return self.relations[:, :-1].transpose(2, 0, 1)

    @property
    def deviation(self) -> FloatArray:
        """Smoothed deviations of sensors, in noise; NaN before the first. Shape (sensor,)."""
        return np.asarray(self.tracks[0])

    @deviation.setter
    def deviation(self, values: FloatArray) -> None:
        self.tracks[0] = values

    @property
    def recent(self) -> FloatArray:
        """The same, smoothed over a quarter of the time: it tells when a deviation is over. Shape (sensor,)."""
        return np.asarray(self.tracks[1])

    @recent.setter
    def recent(self, values: FloatArray) -> None:
        self.tracks[1] = values

    @property
    def scatter(self) -> FloatArray:
        """Recent mean distance of readings from the smoothed ones, in noise. Shape (sensor,)."""
        return np.asarray(self.tracks[2])

    def copy(self) -> "ConditionState":
        """Return an independent copy."""
        values = list(_values_of(self))
        for place in _ARRAY_PLACES:
            values[place] = values[place].copy()
        return ConditionState(*values)

    def sharing(self) -> "ConditionState":
        """Return a copy with the same arrays: in neither may they be changed in place, only replaced."""
        return ConditionState(*_values_of(self))


_values_of = attrgetter(*(each.name for each in fields(ConditionState)))
_ARRAY_PLACES = tuple(place for place, each in enumerate(fields(ConditionState)) if each.type not in (float, int, bool))


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
        relations=np.zeros((features, features + 1, sensors)),
        level_rows=np.zeros(sensors),
        anchor=np.full(sensors, np.nan),
        level_former=np.full(sensors, np.nan),
        before_epoch=np.zeros(sensors),
        astray=np.zeros(sensors),
        visits=np.zeros(len(model.regime_centers) + 1),
        tracks=np.full((3, sensors), np.nan),
        late_deviation=np.full(sensors, np.nan),
        former_deviation=np.full(sensors, np.nan),
        kept_rows=0,
        blame_age=np.full(conditions + sensors, float(LONG_AGO)),
        blame_rows=LONG_AGO,
        deviation_seconds=np.full(sensors, -np.inf),
        whole_seconds=np.nan,
        condition=np.full(conditions, np.nan),
        condition_level=np.full(conditions, np.nan),
        condition_former=np.full(conditions, np.nan),
        is_otherwise=False,
        usual_rows=0,
        way_rows=np.zeros(conditions),
        condition_scatter=np.zeros((conditions, conditions)),
        condition_rows=0,
        condition_precision=model.precisions(model.condition_covariance + model.condition_steady),
        stress=0.0,
        slow_stress=0.0,
        is_sudden=False,
        sudden_score=0.0,
        lasting=0,
        condition_lasting=0,
        strays_since=np.nan,
        rows_since_report=LONG_AGO,
        excuse=np.zeros(sensors + conditions),
        excused_rows=-1,
        excuse_moved=False,
        excuse_calm=0,
        excess_lasting=0,
        verdict=tuple(ConditionVerdict).index(ConditionVerdict.UNDETERMINED),
    )
    state.weights[:, 1:] = model.slopes
    state.spread[:, np.arange(1, features), np.arange(1, features)] = model.slope_variances
    state.spread[:, 0, 0] = _OWN_LEVEL**2
    state.tracks[2] = _USUAL_SCATTER
    return state


def forget_levels(
    model: ConditionModel, state: ConditionState, signals: Sequence[str], spread: float | None = None
) -> ConditionState:
    """Learn the levels of some signals anew, as after a sensor was replaced or the machine repaired.

    What was known serves as a prior: a level is expected near where it was, and how a sensor changes with conditions
    is kept. Until a level was learnt from a few rows, it is learnt whatever readings do; but a sensor that strays after
    a repair as it did before was not mended by it, and is not learnt. A condition that is measured anew moves what
    every sensor is compared with. If every sensor is concerned and this machine alone is run otherwise, its usual way
    of being run is learnt anew as well, for the fault may have changed it; the one before stays known.

    Args:
        model: Of the state.
        state: Left as it was.
        signals: By name; names that the table does not know are passed over.
        spread: How far levels may have moved, in noise; by default as far as a repair moves them. A new instrument may
            read from quite another zero.
    """
    after, names = state.copy(), set(signals)
    conditions = np.array([name in names for name in model.table.conditions], np.bool_)
    sensors = np.array([name in names for name in model.table.sensors], np.bool_)
    sensors |= conditions.any() and spread is not None  # a condition measured anew moves what all are compared with
    is_straying = after.lasting >= model.parameters.patience or stands_astray(after)
    strayed = np.nan_to_num(after.deviation) if is_straying else np.zeros(len(sensors))
    is_unlearnt = (after.level_rows < model.parameters.fewest_rows) & (np.abs(strayed) < np.abs(after.before_epoch))
    after.before_epoch[sensors] = np.where(is_unlearnt, after.before_epoch, strayed)[sensors]  # of two jobs, the first
    begin_levels(after, sensors, model.parameters.epoch_spread if spread is None else spread)
    after.recent[sensors & (np.abs(after.before_epoch) <= _strayed(model))] = (
        np.nan
    )  # else until readings show otherwise
    if conditions.any():
        after.condition_former[conditions] = np.nan
    if conditions.any() or (sensors.all() and after.is_otherwise and after.excused_rows < 0):
        forget_way(after, conditions if conditions.any() else ~conditions)
    if names:
        after.lasting, after.stress, after.slow_stress = 0, 0.0, 0.0
    return after


def stands_astray(state: ConditionState) -> bool:
    """Say whether a machine of which nothing is compared by now strayed when something was."""
    return state.lasting <= 0 and state.stress >= 1.0


def begin_levels(state: ConditionState, sensors: NDArray[np.bool_], spread: float) -> None:
    """Begin the levels of some sensors anew, near where they were.

    Args:
        state: Changed.
        sensors: Which. Shape (sensor,).
        spread: How far they may have moved, in noise.
    """
    level = state.relations[0, -1]
    if (
        state.lasting or stands_astray(state) or state.is_otherwise or state.excused_rows >= 0
    ):  # else what it does is what it did before
        np.copyto(state.level_former, level, where=sensors & ~np.isnan(state.anchor))
    state.spread[sensors, 0, 0] += spread**2
    state.level_rows[sensors], state.anchor[sensors], state.astray[sensors] = 0.0, np.nan, 0.0
    for kept in (state.deviation, state.late_deviation, state.former_deviation):
        kept[sensors] = np.nan
    state.scatter[sensors] = _USUAL_SCATTER


def forget_way(state: ConditionState, conditions: NDArray[np.bool_]) -> None:
    """Learn anew how the machine is run: what had changed may have been its own doing, as with a clogged strainer."""
    state.condition[conditions], state.condition_level[conditions] = np.nan, np.nan
    state.way_rows[conditions] = 0.0
    if conditions.all():
        state.is_otherwise, state.condition_lasting = False, 0


def is_anew(model: ConditionModel, state: ConditionState) -> NDArray[np.bool_]:
    """Say of which sensors the level is learnt whatever they do, for its epoch has just begun. Shape (sensor,).

    While the machine is run otherwise there are none but of new instruments: what it does then is not its usual level.
    """
    has_begun = state.level_rows < model.parameters.fewest_rows
    if not np.count_nonzero(has_begun):
        return has_begun
    if state.is_otherwise or state.excused_rows >= 0:
        return np.asarray(has_begun & (state.spread[:, 0, 0] > _WIDE**2), np.bool_)
    return has_begun & ~is_unmended(model, state)


def may_be_unmended(state: ConditionState) -> bool:
    """Say whether any sensor deviated when its epoch began."""
    return bool(np.count_nonzero(state.before_epoch))


def is_unmended(model: ConditionModel, state: ConditionState) -> NDArray[np.bool_]:
    """Say which sensors, since their epoch began, have strayed as they did before it. Shape (sensor,)."""
    has_begun = state.level_rows < model.parameters.fewest_rows
    if not np.count_nonzero(has_begun):
        return has_begun
    widened = np.sqrt(1.0 + np.minimum(state.spread[:, 0, 0], model.parameters.epoch_spread**2))
    strayed, now = state.before_epoch, np.nan_to_num(state.recent) * widened
    is_as_before = (np.abs(strayed) > _strayed(model)) & (now * np.sign(strayed) > _IN_VAIN * np.abs(strayed))
    return np.asarray(has_begun & is_as_before, np.bool_)


def _strayed(model: ConditionModel) -> FloatArray:
    """Return how far a sensor strayed that must have been mended to be learnt anew, in noise. Shape (sensor,)."""
    return np.asarray(np.minimum(_STRAYED, _UNUSUAL * np.sqrt(model.covariance.diagonal())), np.float64)


def doubt_of(model: ConditionModel, state: ConditionState) -> float:
    """Return how much wider deviations of a machine are of which little was seen yet."""
    return 1.0 + 1.0 / (1.0 + state.seen / model.parameters.known_rows)
