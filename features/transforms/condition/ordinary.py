"""The ordinary row: all is measured, the machine is known, runs as usual and strays in nothing. Most rows are.

What `step.advance_any` does of such a row in many places is done here in one, with as few calls of NumPy as it takes,
for on one machine these calls are what a row costs. A row that turns out not to be ordinary is left to `advance_any`:
nothing of the state is changed before all of the row was found ordinary.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from features.domain.conditions import ConditionVerdict
from features.transforms.condition.answer import ConditionAnswer, ConditionRow
from features.transforms.condition.blame import keep_deviation
from features.transforms.condition.distance import MOST_DOUBT
from features.transforms.condition.expectation import CREDIBLE
from features.transforms.condition.faults import is_ordinary
from features.transforms.condition.model import UNSEEN, ConditionModel, FloatArray, is_whole
from features.transforms.condition.smoothing import LOUDEST, SLOW, interval_after, share_of, shares_of_tracks
from features.transforms.condition.state import ConditionState
from features.transforms.condition.ways import GOING, SCATTER_COUNTED, STILL

_ZERO, _ONE, _LOUDEST = np.array(0.0), np.array(1.0), np.array(LOUDEST)
"""Numbers as arrays of no axis: NumPy takes twice as long with those of Python."""
_INVERSES: Callable[[FloatArray], FloatArray] = getattr(np.linalg, "_umath_linalg", np.linalg).inv
"""What `np.linalg.inv` calls once it has looked at its matrices: that takes longer than to invert them, being so small.
"""
_NORMAL = tuple(ConditionVerdict).index(ConditionVerdict.NORMAL)


@dataclass(slots=True)
class _Run:
    """How the machine is run after a row: conditions, their usual level, and how far they are from it."""

    condition: FloatArray
    level: FloatArray
    scatter: FloatArray
    rows: int
    precision: FloatArray
    way_rows: FloatArray


def advance_ordinary(model: ConditionModel, state: ConditionState, row: ConditionRow) -> ConditionAnswer | None:
    """Judge one row in which nothing is unusual.

    Args:
        model: Of the state.
        state: Changed, but of a row that is not ordinary. Its arrays are replaced and left as they are, for a state
            before the row may share them.
        row: Any.

    Returns:
        That all is normal; None of a row that is not ordinary.
    """
    if not _may_be_ordinary(model, state, row):
        return None
    conditions, comparable = len(state.origin), model.comparable(row.values)
    regime = model.regime(row.values[:conditions])
    interval = interval_after(state.interval, row.seconds - state.seconds)
    share = share_of(model, interval, row.seconds - state.seconds)
    run = None if regime == UNSEEN else _follow_run(model, state, comparable[:conditions], share)
    if run is None:
        return None
    features = _features(model, state, comparable[:conditions], regime)
    count, sensors = len(features), len(state.level)
    product = features.dot(state.relations.reshape(count, -1)).reshape(count + 1, sensors)
    error = comparable[conditions:] - (state.level + product[count])
    unsure = features.dot(product[:count])
    deviation = np.sqrt(unsure + _ONE)
    deviation *= model.noise
    np.divide(error, deviation, deviation)
    if not float(deviation.dot(deviation)) < CREDIBLE**2:
        return None
    apart = deviation - state.tracks
    scatter = apart[2]
    np.minimum(np.abs(apart[1]), _LOUDEST, out=scatter)
    scatter -= state.tracks[2]
    apart *= shares_of_tracks(share, model.parameters.scatter_rows, sensors)
    apart += state.tracks
    learns = state.stress < model.parameters.hold
    answer = _judge(model, run, apart, state.seen + learns)
    if answer is None:
        return None
    if learns:
        _learn(model, state, error, unsure, product)
    _take(model, state, row, answer, run, apart, regime, interval)
    return answer


def _features(model: ConditionModel, state: ConditionState, comparable: FloatArray, regime: int) -> FloatArray:
    """Return what `ConditionModel.features` does of a row. Shape (feature,)."""
    if len(model.regime_centers):
        return model.features(comparable - state.origin, regime)
    found = np.empty(1 + len(comparable))
    found[0] = 1.0
    np.subtract(comparable, state.origin, found[1:])
    return found


def _may_be_ordinary(model: ConditionModel, state: ConditionState, row: ConditionRow) -> bool:
    """Say whether nothing that is known before the row is computed with speaks against its being ordinary."""
    parameters, running = model.parameters, model.table.running
    return (
        0.0 < row.seconds - state.seconds <= parameters.gap_intervals * state.interval
        and state.whole_seconds == state.seconds
        and state.settled >= parameters.settling
        and state.seen >= parameters.fewest_rows
        and state.blame_rows >= parameters.blame_rows
        and not (state.lasting or state.condition_lasting or state.is_otherwise or state.excused_rows >= 0)
        and is_ordinary(row.circumstances)
        and row.is_clean()
        and (running is None or bool(row.values[running] > model.table.running_above))
        and np.count_nonzero(state.blame_age) == len(state.blame_age)
        and not np.count_nonzero(state.before_epoch)
        and _least(state.way_rows) >= parameters.fewest_rows
        and (state.stress < parameters.hold or _least(state.level_rows) >= parameters.fewest_rows)
    )


def _least(counts: FloatArray) -> float:
    """Return the least of some counts: of as few as there are signals, quicker than NumPy does."""
    return min(counts.tolist(), default=math.inf)


def _follow_run(model: ConditionModel, state: ConditionState, comparable: FloatArray, share: float) -> _Run | None:
    """Follow how the machine is run; None if that is not as usual. See `ways.follow_ways`."""
    parameters, doubt = model.parameters, 1.0 + 1.0 / (1.0 + state.seen / model.parameters.known_rows)
    condition = comparable - state.condition
    condition *= share
    condition += state.condition
    moved = condition - state.condition_level
    moved /= model.condition_spreads
    squared = float(moved.dot(state.condition_precision[0].dot(moved))) / doubt
    if not squared <= model.table.condition_limit:
        return None
    rows = state.condition_rows + 1
    counted = min(1.0, SCATTER_COUNTED * len(moved) / squared) if squared > 0.0 else 1.0
    weighed = moved if counted == 1.0 else counted * moved
    scatter = moved.reshape(-1, 1).dot(weighed.reshape(1, -1))
    scatter -= state.condition_scatter
    scatter /= float(rows)
    scatter += state.condition_scatter
    own = rows / (parameters.smoothing * parameters.condition_prior)
    mixed = model.condition_covariance * (1.0 / (1.0 + own))
    mixed += scatter * (own / (1.0 + own))
    mixed += model.condition_steady
    level = comparable - state.condition_level
    way_rows = state.way_rows + _ONE
    level /= _memory(model, way_rows, moved, squared)
    level += state.condition_level
    return _Run(condition, level, scatter, rows, _INVERSES(model.condition_evens * mixed), way_rows)


def _memory(model: ConditionModel, way_rows: FloatArray, moved: FloatArray, squared: float) -> FloatArray:
    """Return of how many rows the usual level of each condition is the mean. Shape (condition,)."""
    longest, changed = model.parameters.condition_memory, model.parameters.changed_memory
    if not squared > GOING * model.table.condition_limit:
        return np.minimum(way_rows, longest)
    counts = zip(way_rows.tolist(), moved.tolist(), strict=True)  # of so few, quicker than NumPy
    return np.array([rows if rows <= longest else longest if abs(apart) < STILL else changed for rows, apart in counts])


def _judge(model: ConditionModel, run: _Run, tracks: FloatArray, seen: int) -> ConditionAnswer | None:
    """Return what is to be said; None if sensors stray or scatter."""
    deviation, doubt = tracks[0], 1.0 + 1.0 / (1.0 + seen / model.parameters.known_rows)
    moved = run.condition - run.level
    moved /= model.condition_spreads
    of_conditions = float(moved.dot(run.precision[1].dot(moved))) / doubt
    told = model.precision.dot(deviation)
    share = 1.0 / (doubt * (1.0 + min(of_conditions / model.table.condition_limit, MOST_DOUBT)))
    distance = max(float(deviation.dot(told)) * share, 0.0)
    score = math.sqrt(distance / model.table.limit)
    if not score < 1.0 or distance > model.mode_bar or np.count_nonzero(tracks[2] > model.scatter_limits):
        return None
    told *= deviation
    np.maximum(told, _ZERO, out=told)
    total = float(told.dot(model.each))
    if not total > 0.0:
        return None
    told /= total
    return ConditionAnswer(ConditionVerdict.NORMAL, score, score, seen, told)


def _learn(
    model: ConditionModel, state: ConditionState, error: FloatArray, unsure: FloatArray, product: FloatArray
) -> None:
    """Learn from the row; see `expectation.learn`."""
    parameters = model.parameters
    gain = product[:-1] / (unsure + parameters.caution)
    np.negative(error, product[-1])
    learnt = gain[:, None, :] * product
    state.relations = np.subtract(state.relations, learnt, learnt)
    state.level_rows = state.level_rows + _ONE
    state.seen += 1
    level = learnt[0, -1]
    apart = level - state.anchor
    if float(apart.dot(apart)) < model.least_drift**2:  # then none has reached its bound
        return
    most = model.noise * parameters.most_drift
    if not is_whole(state.anchor):
        begins = np.isnan(state.anchor) & (state.level_rows >= parameters.known_rows)
        state.anchor = np.where(begins, level, state.anchor)
    np.fmin(np.fmax(level, state.anchor - most), state.anchor + most, level)  # those without an anchor are free


def _take(
    model: ConditionModel,
    state: ConditionState,
    row: ConditionRow,
    answer: ConditionAnswer,
    run: _Run,
    tracks: FloatArray,
    regime: int,
    interval: float,
) -> None:
    """Take over what the row brought."""
    state.interval, state.seconds, state.whole_seconds = interval, row.seconds, row.seconds
    state.settled += 1
    state.blame_rows += 1
    state.blame_age = state.blame_age + _ONE
    state.visits = state.visits.copy()
    state.visits[regime] += 1.0
    state.condition, state.condition_level = run.condition, run.level
    state.condition_scatter, state.condition_precision, state.condition_rows = run.scatter, run.precision, run.rows
    state.way_rows = run.way_rows
    state.usual_rows += 1
    state.astray = np.zeros(len(state.astray))
    state.tracks = tracks
    state.deviation_seconds = np.empty(len(state.astray))
    state.deviation_seconds.fill(row.seconds)
    keep_deviation(model, state)
    state.stress = answer.score
    state.slow_stress += (answer.score - state.slow_stress) / (SLOW * model.parameters.smoothing)
    state.is_sudden, state.strays_since, state.verdict = False, math.nan, _NORMAL
    state.sudden_score = answer.score
    state.rows_since_report = 0 if row.circumstances.is_change_reported else state.rows_since_report + 1
