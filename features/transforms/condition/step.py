"""The streaming step of state detection: state, row → state, answer. It reads nothing but its own input."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from features.domain.conditions import ConditionVerdict
from features.quality.verdicts import Verdict
from features.transforms.condition.answer import Circumstances, ConditionAnswer, ConditionRow, Evidence, is_marked
from features.transforms.condition.blame import IS_COMPARED, blamed_signals, follow_blame, is_settled, keep_deviation
from features.transforms.condition.causes import Deviation
from features.transforms.condition.distance import deviations, is_over, score_of
from features.transforms.condition.excuse import follow_excuse
from features.transforms.condition.expectation import Expectation, begin, expect, is_credible, learn
from features.transforms.condition.faults import (
    is_ordinary,
    missing_evidence,
    path_evidence,
    quality_evidence,
    scatter_evidence,
    without_shared_jumps,
)
from features.transforms.condition.former import return_to_former
from features.transforms.condition.model import ConditionModel, FloatArray
from features.transforms.condition.ordinary import advance_ordinary
from features.transforms.condition.reasons import Found, judge
from features.transforms.condition.smoothing import GROWN, SETTLED, SLOW, bounded, interval_after, share_of, smooth
from features.transforms.condition.state import ConditionState, is_anew, is_unmended, may_be_unmended
from features.transforms.condition.ways import follow_ways

_IS_REPLAYED = np.isin(np.arange(len(Verdict)), (Verdict.REPLAYED, Verdict.CLOCK))
_VERDICTS = tuple(ConditionVerdict)
_RISING = 1.25
_STRESSED = 0.5


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
        The state after the row, and what is to be said of it. It may share arrays with the one before: before one of
        the two is changed in place, as by `advance`, it is copied.
    """
    after = state.sharing()
    answer = advance_ordinary(model, after, row)
    if answer is None:
        after = state.copy()
        answer = advance_any(model, after, row)
    return after, answer


def advance(model: ConditionModel, state: ConditionState, row: ConditionRow) -> ConditionAnswer:
    """Like `condition_step`, but the state is changed in place."""
    return advance_ordinary(model, state, row) or advance_any(model, state, row)


def advance_any(model: ConditionModel, state: ConditionState, row: ConditionRow) -> ConditionAnswer:
    """Like `advance`, for any row: the ordinary ones have a shorter way that says the same (`ordinary`)."""
    is_clean = row.is_clean()
    if not is_clean:
        row = without_shared_jumps(model, state, row)
    path = [] if is_clean and is_ordinary(row.circumstances) else path_evidence(model, row, state.interval)
    blamed = None if is_clean else blamed_signals(row)
    if row.seconds <= state.seconds:
        deviation = deviations(model, state, blamed)
        return _answer(model, state, row, path, deviation, score_of(model, state, deviation))
    elapsed = _elapsed(state, row)
    risk = _silence_risk(model, state, elapsed, row.circumstances)
    _follow_time(state, row, elapsed)
    is_taken_back = follow_blame(model, state, blamed)
    is_measured = not _is_replayed(row, path) and _follow(model, state, row, elapsed, is_clean)
    deviation = deviations(model, state, blamed)
    if state.lasting > 0 and is_over(model, state, deviation):
        state.deviation = state.recent.copy()
        deviation = deviations(model, state, blamed)
    is_jump = 0 < state.lasting <= SETTLED * model.parameters.smoothing  # what grows for long is no return
    if is_jump and return_to_former(model, state, deviation):
        deviation = deviations(model, state, blamed)
    score = score_of(model, state, deviation)
    if is_taken_back and score < 1.0:
        state.lasting, state.is_sudden = 0, False
    _follow_score(model, state, score, is_measured, blamed is not None and bool(blamed.any()))
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
    quality, missing = [] if state.excused_rows >= 0 else scatter_evidence(model, state), list[Evidence]()
    if is_marked(row.points):
        quality, missing = [*quality_evidence(model, row), *quality], missing_evidence(model, state, row)
    return judge(model, state, row, Found(path, quality, missing, deviation, score))


def _is_replayed(row: ConditionRow, path: Sequence[Evidence]) -> bool:
    is_said = is_marked(row.quality) and bool(_IS_REPLAYED[row.quality].any())
    return is_said or any(each.name == "frozen_signals" for each in path)


def _elapsed(state: ConditionState, row: ConditionRow) -> float:
    return 0.0 if math.isnan(state.seconds) else row.seconds - state.seconds


def _follow_time(state: ConditionState, row: ConditionRow, elapsed: float) -> None:
    if elapsed > 0.0:
        state.interval = interval_after(state.interval, elapsed)
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


def _follow(model: ConditionModel, state: ConditionState, row: ConditionRow, elapsed: float, is_clean: bool) -> bool:
    """Take the readings of a row in which the machine runs; return whether any sensor could be compared."""
    taken = _settle(model, state, row, is_clean)
    if taken is None:
        return False
    (comparable, regime), conditions, share = taken, len(state.origin), share_of(model, state.interval, elapsed)
    follow_ways(model, state, comparable[:conditions], share, regime)
    seen = expect(model, state, comparable, regime)
    if math.isnan(seen.size):
        begin(model, state, comparable, regime)
        seen = expect(model, state, comparable, regime)
    deviation = bounded(model, seen)
    smooth(model, state, deviation, share)
    _learn(model, state, seen, None if is_clean else row.quality[conditions:])
    keep_deviation(model, state)
    return math.isfinite(seen.size) or bool(np.isfinite(deviation).any())


def _learn(model: ConditionModel, state: ConditionState, seen: Expectation, quality: NDArray[np.int8] | None) -> None:
    """Learn from a row of a machine that does not stray, and levels that began anew whatever it does."""
    parameters = model.parameters
    is_young = state.seen < parameters.fewest_rows
    may_learn = is_young or (state.stress < parameters.hold and is_settled(model, state))
    may_learn &= state.excused_rows < 0 or bool(state.level_rows.min() >= parameters.fewest_rows)
    credible = is_credible(state, seen, is_young)
    if may_learn and credible is None and quality is None and not may_be_unmended(state):
        learn(model, state, seen)
    elif may_learn or state.level_rows.min() < parameters.fewest_rows:
        chosen = is_anew(model, state) | (may_learn & ~is_unmended(model, state))
        chosen &= True if credible is None else credible
        learn(model, state, seen, chosen & (True if quality is None else quality == 0))
    state.seen += may_learn


def follow_conditions(model: ConditionModel, state: ConditionState, row: ConditionRow) -> None:
    """Follow the conditions of a row alone, as far as fitting their usual distances needs it."""
    if row.seconds <= state.seconds:
        return
    elapsed = _elapsed(state, row)
    state.seconds = row.seconds
    taken = _settle(model, state, row, row.is_clean())
    if taken is not None:
        follow_ways(model, state, taken[0][: len(state.origin)], share_of(model, state.interval, elapsed), taken[1])


def _settle(
    model: ConditionModel, state: ConditionState, row: ConditionRow, is_clean: bool
) -> tuple[FloatArray, int] | None:
    """Return the comparable values and the regime of a row in operation; None of any other."""
    values, conditions = row.values, len(state.origin)
    if not is_clean:
        values = np.where(np.isfinite(values) & IS_COMPARED[row.quality], values, np.nan)
    state.settled = state.settled + 1 if model.is_running(values) else 0
    if state.settled <= model.parameters.settling or (not is_clean and np.isnan(values[:conditions]).any()):
        return None
    return model.comparable(values), model.regime(values[:conditions])


def _follow_score(
    model: ConditionModel, state: ConditionState, score: float, is_measured: bool, is_blamed: bool
) -> None:
    """Count rows that stray: only those count in which something was measured, and none where nothing is known.

    Of a machine in operation the count is kept where nothing is known, and goes on with the next score: what strays on
    after a replayed stretch is no news. What it does after a standstill may be. While instruments begin or cease to be
    at fault, a score without them does not end what lasts.
    """
    if math.isnan(score):
        is_running = state.settled >= model.parameters.settling
        state.lasting, state.is_sudden = -abs(state.lasting) if is_running else 0, False
        return
    is_partial = is_blamed and not is_settled(model, state)
    state.stress = max(score, state.stress) if is_partial else score
    if not is_measured or (is_partial and score < 1.0):
        return
    state.slow_stress += (score - state.slow_stress) / (SLOW * model.parameters.smoothing)
    state.lasting = abs(state.lasting) + 1 if score >= 1.0 else 0
    if state.lasting <= model.parameters.patience:
        is_quick = state.lasting > 0 and (score >= model.parameters.sudden or state.is_sudden)
        state.is_sudden = is_quick and not is_unmended(model, state).any()
    if state.lasting <= SETTLED * model.parameters.smoothing:
        state.sudden_score = max(score, state.sudden_score) if state.lasting > 1 else score
    elif score > GROWN * state.sudden_score:
        state.is_sudden = False


def _note(state: ConditionState, circumstances: Circumstances, is_measured: bool) -> None:
    """Note since when the machine strays, and how many measured rows ago another way of running was reported."""
    strays = state.lasting != 0 or state.condition_lasting > 0
    if not strays:
        state.strays_since = math.nan
    elif math.isnan(state.strays_since):
        state.strays_since = state.seconds
    state.rows_since_report = 0 if circumstances.is_change_reported else state.rows_since_report + is_measured


def _silence_risk(model: ConditionModel, state: ConditionState, elapsed: float, path: Circumstances) -> float:
    """Return by what the risk is multiplied: silence after rising stress counts, that of a whole gateway does not."""
    is_gap = elapsed > model.parameters.gap_intervals * state.interval
    is_rising = state.stress > _STRESSED and state.stress > _RISING * state.slow_stress
    return model.parameters.silence_risk if is_gap and is_rising and not (path.gateway_silent_seconds > 0.0) else 1.0


def _with_risk(answer: ConditionAnswer, times: float) -> ConditionAnswer:
    return answer if times == 1.0 else replace(answer, risk=answer.score * times)
