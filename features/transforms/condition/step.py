"""The streaming step of state detection: state, row → state, answer. It reads nothing but its own input."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from features.domain.conditions import ConditionVerdict
from features.quality.verdicts import Verdict
from features.transforms.condition.answer import Circumstances, ConditionAnswer, ConditionRow, Evidence
from features.transforms.condition.causes import Deviation
from features.transforms.condition.expectation import begin, expect, learn
from features.transforms.condition.faults import (
    missing_evidence,
    path_evidence,
    quality_evidence,
    scatter_evidence,
)
from features.transforms.condition.model import UNSEEN, ConditionModel, FloatArray
from features.transforms.condition.reasons import Found, judge
from features.transforms.condition.state import ConditionState

_IS_COMPARED = np.isin(np.arange(len(Verdict)), (Verdict.GOOD, Verdict.RATE))
"""A reading that changed too fast is the machine's or the instrument's: that is for the others to tell."""
_IS_REPLAYED = np.isin(np.arange(len(Verdict)), (Verdict.REPLAYED, Verdict.CLOCK))
_STALE = 3.0
_SLOW = 6.0
_RISING = 1.25
_STRESSED = 0.5
_FARTHEST = 8.0
_STEADY = 0.02
"""Variance, in the table's spreads, that a condition is taken to have although it never moved."""
_QUICK = 4.0
_LOUDEST = 12.0
_SCATTER_COUNTED = 2.0
"""Times its expectation that a squared distance of conditions counts at most in what is usual."""
_CREDIBLE = 6.0
"""A reading farther off, in what its expectation allows, teaches nothing."""
_MOST_DOUBT = 4.0
"""Where a machine is run as it hardly ever was, less is known of its sensors, but no less than this."""


def condition_step(
    model: ConditionModel, state: ConditionState, row: ConditionRow
) -> tuple[ConditionState, ConditionAnswer]:
    """Judge one row.

    Args:
        model: Of the state.
        state: After the row before it; left as it was.
        row: One that is no later than the row before it came twice or late: it leaves the state as it was, and what is
            said of it rests on what was known; that rows were sent again is for `rows_repeated` to tell.

    Returns:
        The state after the row, and what is to be said of it.
    """
    after = state.copy()
    return after, advance(model, after, row)


def advance(model: ConditionModel, state: ConditionState, row: ConditionRow) -> ConditionAnswer:
    """Like `condition_step`, but the state is changed in place."""
    path = path_evidence(model, row, state.interval)
    if row.seconds <= state.seconds:
        deviation = deviations(model, state, _blamed(row))
        return _answer(model, state, row, path, deviation, _score(model, state, deviation))
    elapsed = _elapsed(state, row)
    risk = _silence_risk(model, state, elapsed, row.circumstances)
    _follow_time(state, row, elapsed)
    is_replayed = bool(_IS_REPLAYED[row.quality].any()) or any(each.name == "frozen_signals" for each in path)
    is_measured = not is_replayed and _follow(model, state, row, elapsed)
    _excuse(state, _blamed(row))
    deviation = deviations(model, state, _blamed(row))
    if state.lasting and _is_over(model, state, deviation):
        state.deviation = state.recent.copy()
        deviation = deviations(model, state, _blamed(row))
    score = _score(model, state, deviation)
    _follow_score(model, state, score, is_measured)
    _note(state, row.circumstances, is_measured)
    return _with_risk(_answer(model, state, row, path, deviation, score), risk)


def _answer(
    model: ConditionModel,
    state: ConditionState,
    row: ConditionRow,
    path: Sequence[Evidence],
    deviation: Deviation,
    score: float,
) -> ConditionAnswer:
    quality = [*quality_evidence(model, row), *scatter_evidence(model, state)]
    return judge(model, state, row, Found(path, quality, missing_evidence(model, row), deviation, score))


def _elapsed(state: ConditionState, row: ConditionRow) -> float:
    return 0.0 if np.isnan(state.seconds) else row.seconds - state.seconds


def _follow_time(state: ConditionState, row: ConditionRow, elapsed: float) -> None:
    if elapsed > 0.0:
        state.interval += (min(elapsed, 2.0 * state.interval) - state.interval) / 50.0
    state.seconds = row.seconds


def wait(model: ConditionModel, state: ConditionState, seconds: float, path: Circumstances) -> ConditionAnswer:
    """Say what is known of a machine of which nothing came, at a time after its last row.

    Args:
        model: Of the state.
        state: Left as it is.
        seconds: The time.
        path: Whether the gateway is silent as a whole.
    """
    elapsed = 0.0 if np.isnan(state.seconds) else max(seconds - state.seconds, 0.0)
    intervals = elapsed / state.interval
    verdict, evidence = ConditionVerdict.NORMAL, tuple[Evidence, ...]()
    if intervals > model.parameters.gap_intervals:
        verdict = ConditionVerdict.DATA_PATH if (path.gateway_silent_seconds > 0.0) else ConditionVerdict.UNDETERMINED
        name = "gateway_silent_intervals" if (path.gateway_silent_seconds > 0.0) else "silent_intervals"
        evidence = (Evidence(verdict, name, intervals),)
    shares = np.full(len(state.level), np.nan)
    answer = ConditionAnswer(verdict, state.stress, state.stress, state.seen, shares, evidence)
    return _with_risk(answer, _silence_risk(model, state, elapsed, path))


def _excuse(state: ConditionState, blamed: NDArray[np.bool_]) -> None:
    """Take back what readings did that turned out to be an instrument's fault, those of the last rows among them."""
    if not blamed.any():
        return
    conditions = len(state.origin)
    wrong = blamed[conditions:] | blamed[:conditions].any()
    for name in ("deviation", "recent"):
        setattr(state, name, np.where(wrong & ~np.isnan(getattr(state, name)), 0.0, getattr(state, name)))


def deviations(model: ConditionModel, state: ConditionState, blamed: NDArray[np.bool_]) -> Deviation:
    """Return how far signals are from what they should be, those of blamed instruments left out.

    Args:
        model: Of the state.
        state: Left as it is.
        blamed: Signals whose measurement is known to be at fault, in the order of the table. Shape (signal,).
    """
    conditions, sensors = len(state.origin), len(state.level)
    is_fresh = state.seconds - state.deviation_seconds <= _STALE * model.parameters.smoothing * state.interval
    known = np.concatenate(
        [
            is_fresh & ~np.isnan(state.deviation) & ~blamed[conditions:],
            ~np.isnan(state.condition) & ~blamed[:conditions],
        ]
    )
    values = np.where(known, np.concatenate([state.deviation, moved_conditions(model, state)]), 0.0)
    precision = np.zeros((sensors + conditions, sensors + conditions))
    own = known[:sensors]
    precision[:sensors, :sensors] = model.precision_of(own)
    precision[sensors:, sensors:] = model.partial(condition_covariance(model, state), known[sensors:])
    precision /= doubt_of(model, state)
    moved = float(values[sensors:] @ precision[sensors:, sensors:] @ values[sensors:])
    precision[:sensors, :sensors] /= 1.0 + min(moved / model.table.condition_limit, _MOST_DOUBT)
    told = precision @ values * values
    return Deviation(values, known, precision, float(told[:sensors].sum()), moved)


def _is_over(model: ConditionModel, state: ConditionState, deviation: Deviation) -> bool:
    """Say whether what was measured lately is as usual, although what was measured before is still in the mean."""
    sensors = len(state.level)
    recent = np.where(deviation.is_known[:sensors], state.recent, 0.0)
    return float(recent @ deviation.precision[:sensors, :sensors] @ recent) < model.table.limit


def doubt_of(model: ConditionModel, state: ConditionState) -> float:
    """Return how much wider deviations of a machine are of which little was seen yet."""
    return 1.0 + 1.0 / (1.0 + state.seen / model.parameters.known_rows)


def _blamed(row: ConditionRow) -> NDArray[np.bool_]:
    return np.asarray((row.points != 0) & ~_IS_COMPARED[row.quality], np.bool_)


def _follow(model: ConditionModel, state: ConditionState, row: ConditionRow, elapsed: float) -> bool:
    """Take the readings of a row in which the machine runs; return whether any sensor could be compared."""
    values, share = _compared(row), _share(model, state, elapsed)
    taken = _settle(model, state, values)
    if taken is None:
        return False
    comparable, regime = taken
    conditions = len(state.origin)
    _follow_conditions(model, state, comparable[:conditions], share, regime)
    begin(model, state, comparable, regime)
    seen = expect(model, state, comparable, regime)
    deviation = _bounded(model, seen.deviation(model))
    _follow_scatter(model, state, deviation)
    _smooth(state, deviation, share)
    is_good = (row.quality[conditions:] == 0) & (np.abs(np.nan_to_num(deviation, nan=np.inf)) < _CREDIBLE)
    if state.stress < model.parameters.hold or state.seen < model.parameters.fewest_rows:
        learn(state, seen, is_good, model.parameters.caution)
        state.seen += 1
    return bool(np.isfinite(deviation).any())


def follow_conditions(model: ConditionModel, state: ConditionState, row: ConditionRow) -> None:
    """Follow the conditions of a row alone, as far as fitting their usual distances needs it."""
    if row.seconds <= state.seconds:
        return
    elapsed = _elapsed(state, row)
    state.seconds = row.seconds
    taken = _settle(model, state, _compared(row))
    if taken is not None:
        _follow_conditions(model, state, taken[0][: len(state.origin)], _share(model, state, elapsed), taken[1])


def _compared(row: ConditionRow) -> FloatArray:
    return np.where(np.isfinite(row.values) & _IS_COMPARED[row.quality], row.values, np.nan)


def _settle(model: ConditionModel, state: ConditionState, values: FloatArray) -> tuple[FloatArray, int] | None:
    """Return the comparable values and the regime of a row in operation; None of any other."""
    conditions = len(state.origin)
    state.settled = state.settled + 1 if model.is_running(values) else 0
    if state.settled <= model.parameters.settling or np.isnan(values[:conditions]).any():
        return None
    return model.comparable(values), model.regime(values[:conditions])


def _bounded(model: ConditionModel, deviation: FloatArray) -> FloatArray:
    """Return a row's deviations made smaller, all alike, if one is so large that the row would count for all."""
    largest = float(np.nanmax(np.abs(deviation), initial=0.0))
    most = _FARTHEST * float(np.sqrt(model.parameters.smoothing))
    return deviation if largest <= most else deviation * (most / largest)


def _share(model: ConditionModel, state: ConditionState, elapsed: float) -> float:
    """Return what a row counts in smoothing; a long silence does not make one reading count for all."""
    return float(-np.expm1(-min(elapsed, 2.0 * state.interval) / (model.parameters.smoothing * state.interval)))


def _follow_scatter(model: ConditionModel, state: ConditionState, deviation: FloatArray) -> None:
    """Follow how far readings lie from the smoothed ones; a single one counts no more than a few noisy ones."""
    apart = np.minimum(np.abs(deviation - np.where(np.isnan(state.recent), deviation, state.recent)), _LOUDEST)
    known = ~np.isnan(apart)
    state.scatter = np.where(
        known, state.scatter + (apart - state.scatter) / model.parameters.scatter_rows, state.scatter
    )


def _smooth(state: ConditionState, deviation: FloatArray, share: float) -> None:
    is_there = ~np.isnan(deviation)
    for name, part in (("deviation", share), ("recent", min(_QUICK * share, 1.0))):
        before = getattr(state, name)
        moved = np.where(np.isnan(before), part * deviation, before + part * (deviation - before))
        setattr(state, name, np.where(is_there, moved, before))
    state.deviation_seconds = np.where(is_there, state.seconds, state.deviation_seconds)


def _follow_conditions(
    model: ConditionModel, state: ConditionState, comparable: FloatArray, share: float, regime: int
) -> None:
    """Follow the way of running; what is usual follows slowly."""
    state.condition = np.where(
        np.isnan(state.condition), comparable, state.condition + share * (comparable - state.condition)
    )
    moved = np.nan_to_num(moved_conditions(model, state))
    squared = float(moved @ np.linalg.solve(condition_covariance(model, state), moved)) / doubt_of(model, state)
    far = squared > model.table.condition_limit
    is_known = state.seen >= model.parameters.known_rows
    is_new = is_known and regime == UNSEEN and state.visits[UNSEEN] < model.parameters.fewest_rows
    state.visits[regime] += 1.0
    state.condition_lasting = state.condition_lasting + 1 if far or is_new else 0
    is_otherwise = far and state.seen >= model.parameters.fewest_rows
    _learn_conditions(model, state, comparable, moved, squared, is_otherwise)


def _learn_conditions(
    model: ConditionModel,
    state: ConditionState,
    comparable: FloatArray,
    moved: FloatArray,
    squared: float,
    is_otherwise: bool,
) -> None:
    """Learn the usual way of running; another one slowly, and its distance not at all."""
    before, longest = state.condition_level, model.parameters.condition_memory
    if not is_otherwise:
        state.condition_rows += 1
        counted = min(1.0, _SCATTER_COUNTED * len(moved) / squared) if squared > 0.0 else 1.0
        apart = counted * np.outer(moved, moved) - state.condition_scatter
        state.condition_scatter += apart / state.condition_rows
    memory = model.parameters.changed_memory if is_otherwise else min(float(state.condition_rows), longest)
    state.condition_level = np.where(np.isnan(before), comparable, before + (comparable - before) / memory)


def moved_conditions(model: ConditionModel, state: ConditionState) -> FloatArray:
    """Return how far conditions are from their usual level, in the table's spreads. Shape (condition,)."""
    return np.asarray((state.condition - state.condition_level) / model.condition_spreads, np.float64)


def condition_covariance(model: ConditionModel, state: ConditionState) -> FloatArray:
    """Return how conditions of this machine usually move together: the fleet's way at first, then its own.

    Machines are run in different ways, one by speed, another by throttle, so that what is unusual is not the same.
    """
    own = state.condition_rows / (model.parameters.smoothing * model.parameters.condition_prior)
    mixed = (model.condition_covariance + own * state.condition_scatter) / (1.0 + own)
    return np.asarray(mixed + _STEADY * np.eye(len(mixed)), np.float64)


def _score(model: ConditionModel, state: ConditionState, deviation: Deviation) -> float:
    """Return the distance of the sensors by its limit; NaN where none can be compared."""
    if not deviation.is_known[: len(state.level)].any():
        return float("nan")
    return float(np.sqrt(max(deviation.total, 0.0) / model.table.limit))


def _follow_score(model: ConditionModel, state: ConditionState, score: float, is_measured: bool) -> None:
    """Count rows that stray: only those count in which something was measured, and none where nothing is known."""
    if np.isnan(score):
        state.lasting, state.is_sudden = 0, False
        return
    state.stress = score
    if not is_measured:
        return
    state.slow_stress += (score - state.slow_stress) / (_SLOW * model.parameters.smoothing)
    state.lasting = state.lasting + 1 if score >= 1.0 else 0
    if state.lasting <= model.parameters.patience:
        state.is_sudden = state.lasting > 0 and (score >= model.parameters.sudden or state.is_sudden)


def _note(state: ConditionState, circumstances: Circumstances, is_measured: bool) -> None:
    """Note since when the machine strays, and how many measured rows ago another way of running was reported."""
    strays = state.lasting > 0 or state.condition_lasting > 0
    state.strays_since = state.strays_since if strays and not np.isnan(state.strays_since) else np.nan
    if strays and np.isnan(state.strays_since):
        state.strays_since = state.seconds
    state.rows_since_report = 0 if circumstances.is_change_reported else state.rows_since_report + is_measured


def company(model: ConditionModel, state: ConditionState, others: Sequence[ConditionState]) -> tuple[int, int]:
    """Return of how many neighbours something is known, and how many of them began to stray with this machine.

    Args:
        model: Of all of them.
        state: Of this machine.
        others: Of the other machines behind its gateway, as they are by now.
    """
    within = model.parameters.smoothing * state.interval
    known = [other for other in others if state.seconds - other.seconds <= within and other.settled > 0]
    together = [other for other in known if abs(other.strays_since - state.strays_since) <= within]
    return len(known), len(together)


def _silence_risk(model: ConditionModel, state: ConditionState, elapsed: float, path: Circumstances) -> float:
    """Return by what the risk is multiplied: silence after rising stress counts, that of a whole gateway does not."""
    is_gap = elapsed > model.parameters.gap_intervals * state.interval
    is_rising = state.stress > _STRESSED and state.stress > _RISING * state.slow_stress
    return model.parameters.silence_risk if is_gap and is_rising and not (path.gateway_silent_seconds > 0.0) else 1.0


def _with_risk(answer: ConditionAnswer, times: float) -> ConditionAnswer:
    return ConditionAnswer(
        answer.verdict,
        answer.score,
        answer.score * times,
        answer.seen_rows,
        answer.shares,
        answer.evidence,
        answer.estimates,
    )
