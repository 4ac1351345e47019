"""The streaming step of state detection: state, row → state, answer. It reads nothing but its own input."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from features.domain.conditions import ConditionVerdict
from features.quality.verdicts import Verdict
from features.transforms.condition.answer import Circumstances, ConditionAnswer, ConditionRow, Evidence
from features.transforms.condition.blame import IS_COMPARED, blamed_signals, follow_blame, is_settled, keep_deviation
from features.transforms.condition.causes import Deviation
from features.transforms.condition.distance import deviations, is_over, score_of
from features.transforms.condition.excuse import follow_excuse
from features.transforms.condition.expectation import Expectation, begin, expect, is_credible, learn
from features.transforms.condition.faults import (
    missing_evidence,
    path_evidence,
    quality_evidence,
    scatter_evidence,
)
from features.transforms.condition.model import ConditionModel, FloatArray
from features.transforms.condition.reasons import Found, judge
from features.transforms.condition.state import ConditionState, is_anew, is_unmended
from features.transforms.condition.ways import follow_ways

_IS_REPLAYED = np.isin(np.arange(len(Verdict)), (Verdict.REPLAYED, Verdict.CLOCK))
_VERDICTS = tuple(ConditionVerdict)
_SLOW = 6.0
_RISING = 1.25
_STRESSED = 0.5
_FARTHEST = 8.0
_QUICK = 4.0
_LOUDEST = 12.0


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
    path, blamed = path_evidence(model, row, state.interval), blamed_signals(row)
    if row.seconds <= state.seconds:
        deviation = deviations(model, state, blamed)
        return _answer(model, state, row, path, deviation, score_of(model, state, deviation))
    elapsed = _elapsed(state, row)
    risk = _silence_risk(model, state, elapsed, row.circumstances)
    _follow_time(state, row, elapsed)
    is_taken_back = follow_blame(model, state, blamed)
    is_replayed = bool(_IS_REPLAYED[row.quality].any()) or any(each.name == "frozen_signals" for each in path)
    is_measured = not is_replayed and _follow(model, state, row, elapsed)
    deviation = deviations(model, state, blamed)
    if state.lasting and is_over(model, state, deviation):
        state.deviation = state.recent.copy()
        deviation = deviations(model, state, blamed)
    score = score_of(model, state, deviation)
    if is_taken_back and score < 1.0:
        state.lasting, state.is_sudden = 0, False
    _follow_score(model, state, score, is_measured, bool(blamed.any()))
    _note(state, row.circumstances, is_measured)
    follow_excuse(model, state, deviation, row.circumstances, is_measured)
    answer = _answer(model, state, row, path, deviation, score)
    state.verdict = _VERDICTS.index(answer.verdict)
    return _with_risk(answer, risk)


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

    Until its next row is overdue, what was said of the last one stands.

    Args:
        model: Of the state.
        state: Left as it is.
        seconds: The time.
        path: Whether the gateway is silent as a whole.
    """
    elapsed = 0.0 if np.isnan(state.seconds) else max(seconds - state.seconds, 0.0)
    intervals = elapsed / state.interval
    verdict, evidence = _VERDICTS[state.verdict], tuple[Evidence, ...]()
    if intervals > model.parameters.gap_intervals:
        verdict = ConditionVerdict.DATA_PATH if (path.gateway_silent_seconds > 0.0) else ConditionVerdict.UNDETERMINED
        name = "gateway_silent_intervals" if (path.gateway_silent_seconds > 0.0) else "silent_intervals"
        evidence = (Evidence(verdict, name, intervals),)
    shares = np.full(len(state.level), np.nan)
    answer = ConditionAnswer(verdict, state.stress, state.stress, state.seen, shares, evidence)
    return _with_risk(answer, _silence_risk(model, state, elapsed, path))


def _follow(model: ConditionModel, state: ConditionState, row: ConditionRow, elapsed: float) -> bool:
    """Take the readings of a row in which the machine runs; return whether any sensor could be compared."""
    values, share = _compared(row), _share(model, state, elapsed)
    taken = _settle(model, state, values)
    if taken is None:
        return False
    comparable, regime = taken
    conditions = len(state.origin)
    follow_ways(model, state, comparable[:conditions], share, regime)
    begin(model, state, comparable, regime)
    seen = expect(model, state, comparable, regime)
    deviation = _bounded(model, seen.deviation(model))
    _follow_scatter(model, state, deviation)
    _smooth(state, deviation, share)
    _learn(model, state, seen, row.quality[conditions:] == 0)
    keep_deviation(model, state)
    return bool(np.isfinite(deviation).any())


def _learn(model: ConditionModel, state: ConditionState, seen: Expectation, is_good: NDArray[np.bool_]) -> None:
    """Learn from a row of a machine that does not stray, and levels that began anew whatever it does."""
    parameters = model.parameters
    is_young = state.seen < parameters.fewest_rows
    may_learn = is_young or (state.stress < parameters.hold and is_settled(model, state))
    chosen = is_good & is_credible(model, state, seen, is_young)
    free = is_anew(model, state) | (may_learn & ~is_unmended(model, state))
    learn(model, state, seen, chosen & free)
    state.seen += may_learn


def follow_conditions(model: ConditionModel, state: ConditionState, row: ConditionRow) -> None:
    """Follow the conditions of a row alone, as far as fitting their usual distances needs it."""
    if row.seconds <= state.seconds:
        return
    elapsed = _elapsed(state, row)
    state.seconds = row.seconds
    taken = _settle(model, state, _compared(row))
    if taken is not None:
        follow_ways(model, state, taken[0][: len(state.origin)], _share(model, state, elapsed), taken[1])


def _compared(row: ConditionRow) -> FloatArray:
    return np.where(np.isfinite(row.values) & IS_COMPARED[row.quality], row.values, np.nan)


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


def _follow_score(
    model: ConditionModel, state: ConditionState, score: float, is_measured: bool, is_blamed: bool
) -> None:
    """Count rows that stray: only those count in which something was measured, and none where nothing is known.

    While instruments begin or cease to be at fault, a score without them does not end what lasts.
    """
    if np.isnan(score):
        state.lasting, state.is_sudden = 0, False
        return
    is_partial = is_blamed and not is_settled(model, state)
    state.stress = max(score, state.stress) if is_partial else score
    if not is_measured or (is_partial and score < 1.0):
        return
    state.slow_stress += (score - state.slow_stress) / (_SLOW * model.parameters.smoothing)
    state.lasting = state.lasting + 1 if score >= 1.0 else 0
    if state.lasting <= model.parameters.patience:
        is_quick = (score >= model.parameters.sudden or state.is_sudden) and not is_unmended(model, state).any()
        state.is_sudden = state.lasting > 0 and bool(is_quick)


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
