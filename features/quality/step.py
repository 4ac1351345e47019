"""The streaming judgement: state, reading → state, verdict; one row of every machine at a time.

What is normal is learned from the machine's own past: its level and how its signals vary together, apart for running
and standing. Nothing looks ahead, at other machines, or at what was set aside.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.quality.arrivals import follow_presence, follow_replays, follow_time
from features.quality.conversions import follow_units
from features.quality.elimination import diagonal
from features.quality.exchanges import follow_swaps, put_right
from features.quality.flatness import follow_repeats
from features.quality.holding import hold, is_distrusted, rate_points
from features.quality.learning import learn
from features.quality.modes import choose_mode
from features.quality.plan import Plan
from features.quality.relations import Comparison, compare
from features.quality.rules import QualityRules
from features.quality.state import LEVEL_KNOWN, FloatArray, IntArray, QualityState
from features.quality.verdicts import Verdict, plausible

BoolArray = NDArray[np.bool_]
_LOUD = 6.0
_UNLIKE = 5.0
_FORGIVEN = 3
_BEYOND_NOISE = 4.0


@dataclass(frozen=True, slots=True)
class StepJudgement:
    """What one row gives.

    Attributes:
        verdicts: Places of `Verdict`; GOOD where nothing was measured. Shape (asset, signal).
        namur: State of each measuring point after the row, a place in `holding.NAMUR_CODES`. Shape (asset, signal).
        missing: Readings that usually come and did not. Shape (asset, signal).
        silent_us: How long nothing had come before the row, where that was a gap; else 0. Shape (asset,).
    """

    verdicts: NDArray[np.int8]
    namur: NDArray[np.int8]
    missing: BoolArray
    silent_us: IntArray


def judge_step(
    rules: QualityRules, state: QualityState, time_us: IntArray, values: FloatArray
) -> tuple[QualityState, StepJudgement]:
    """Judge one row of every machine.

    Args:
        rules: The rules of the state.
        state: State before the row; it is left as it was.
        time_us: Time of the row, microseconds since 1970, never earlier than the row before. Shape (asset,).
        values: In the order of the rules' signals and in the pack's units; NaN where not measured. Shape (asset,
            signal).

    Returns:
        The state after the row, and the judgement.
    """
    after = state.copy()
    return after, advance(Plan.of(rules), after, time_us, values)


def advance(plan: Plan, state: QualityState, time_us: IntArray, values: FloatArray) -> StepJudgement:
    """Like `judge_step`, but with prepared rules, and the state is changed in place."""
    present = np.isfinite(values)
    usable = plausible(values, plan.low, plan.high)
    is_replayed = follow_replays(plan, state, values, present)
    learned = state.learned(is_replayed) if is_replayed.any() else {}
    silent = follow_time(plan, state, time_us)
    missing = follow_presence(plan, state, values, present)
    _follow_mode(plan, state, values)
    right = put_right(plan, state, values)
    seen = compare(plan, state, right, np.isfinite(right), is_distrusted(state.verdict))
    decided = _decide(plan, state, values, right, present, usable, seen)
    verdict = np.where(is_replayed[:, None] & present, int(Verdict.REPLAYED), decided.verdict)
    held = hold(plan, state, verdict, present)
    namur = rate_points(plan, state, held)
    learn(plan, state, right, seen, usable & (held == 0) & ~decided.waits & plan.is_measured)
    _accept(state, values, seen, decided.accepted)
    state.put_back(is_replayed, learned)  # what was said before says nothing new
    state.rows += 1
    return StepJudgement(held.astype(np.int8), namur.astype(np.int8), missing, silent)


@dataclass(frozen=True, slots=True)
class _Decision:
    """Verdicts before they are held, deviations taken for the machine's own, good readings not to learn from yet."""

    verdict: IntArray
    accepted: BoolArray
    waits: BoolArray


def _follow_mode(plan: Plan, state: QualityState, values: FloatArray) -> None:
    mode = choose_mode(plan, state, values)
    changed = mode != state.mode
    state.away[...] = np.where(changed, state.settled, state.away)
    state.settled[...] = np.where(changed, 0, state.settled + 1)
    state.mode[...] = mode


def _decide(
    plan: Plan,
    state: QualityState,
    values: FloatArray,
    right: FloatArray,
    present: BoolArray,
    usable: BoolArray,
    seen: Comparison,
) -> "_Decision":
    parameters = plan.parameters
    far = seen.judged & (np.abs(seen.score) > seen.limit) & (seen.is_explained[:, None] | (state.deviating > 0))
    outside = present & ~usable
    stray = present & ~seen.judged & _is_stray(plan, state, values)
    flat = follow_repeats(plan, state, values, present, seen)
    looked_at = present & (seen.judged | (outside & _is_known(plan, state, seen)))
    unit = follow_units(plan, state, values, looked_at, seen, (np.abs(seen.score) > _UNLIKE) | outside)
    swapped, suspected = follow_swaps(plan, state, right, seen)
    unknown = (state.mode == 0)[:, None] & ~seen.judged  # exchanged while running, never seen standing before
    noisy = _follow_noise(plan, state, seen)
    _calm(state, unit | flat | swapped)
    calmed = np.where(seen.judged, np.maximum(state.deviating - _FORGIVEN, 0), state.deviating)
    deviating = np.where(far, state.deviating + 1, calmed)
    lasts = (deviating >= parameters.patience) & (state.repeats == 0) & ~flat
    rests = (state.mode == 0)[:, None] & (values == 0.0)  # transmitters cut off low values: so reads what stands
    accepted = far & (lasts | rests) & ~unit & ~swapped & ~outside
    state.deviating[...] = np.where(accepted, 0, deviating)
    verdict = np.zeros(values.shape, np.int64)
    late = deviating > parameters.spike_readings
    for which, kind in (
        ((far & ~late) | stray, Verdict.SPIKE),
        (far & late, Verdict.RATE),
        (noisy & seen.judged & ~(far & (np.abs(seen.score) > _BEYOND_NOISE * seen.limit)), Verdict.NOISE),
        (outside, Verdict.RANGE),
        (flat, Verdict.FLAT),
        (unit & (looked_at | (present & (state.verdict == Verdict.UNIT) & ~_is_new_mode(plan, state))), Verdict.UNIT),
        (swapped & present & ~unknown, Verdict.SWAPPED),
    ):
        verdict = np.where(which, int(kind), verdict)
    verdict = np.where((accepted & ~outside) | (rests & ~(swapped & ~unknown)), 0, verdict)
    in_doubt = ~seen.judged & ((state.deviating > 0) | seen.suspect)
    return _Decision(verdict, accepted, suspected | accepted | in_doubt | swapped)


def _is_stray(plan: Plan, state: QualityState, values: FloatArray) -> BoolArray:
    """Say which readings lie far beyond the levels of both modes and the reading before, in a mode not yet settled.

    The first readings after a stop or a start lie between; where only running is known, its spread counts. Of a mode of
    which hardly a reading was seen, nothing is said.
    """
    known = (state.level_count >= LEVEL_KNOWN) & (state.count >= plan.parameters.warm_up)[:, :, None]
    spread = np.sqrt(diagonal(state.relation)) * plan.sizes(state.level) + plan.floor
    spread = np.where(known, spread, 0.0).max(1)
    seen_once = state.level_count > 0
    low = np.fmin(np.where(seen_once, state.level, np.inf).min(1), state.last)
    high = np.fmax(np.where(seen_once, state.level, -np.inf).max(1), state.last)
    finite = np.where(np.isfinite(values), values, np.nan)
    beyond = np.maximum(finite - high, low - finite)
    is_seen = state.level_count[np.arange(len(values)), state.mode] >= LEVEL_KNOWN
    return np.asarray(known.any(1) & is_seen & plan.is_measured & (beyond > plan.parameters.limit * spread))


def _is_known(plan: Plan, state: QualityState, seen: Comparison) -> BoolArray:
    """Say which signals have a level, so that a value outside of the plausible range can be looked at, too."""
    assets = np.arange(len(seen.mode))
    is_warm = state.count[assets, seen.mode] >= plan.parameters.warm_up
    return np.asarray((state.level_count[assets, seen.mode] >= LEVEL_KNOWN) & is_warm[:, None])


def _is_new_mode(plan: Plan, state: QualityState) -> BoolArray:
    """Whether too little was seen of the present mode to say anything. Shape (asset, 1)."""
    return (state.count[np.arange(len(state.mode)), state.mode] < plan.parameters.warm_up)[:, None]


def _follow_noise(plan: Plan, state: QualityState, seen: Comparison) -> BoolArray:
    """Say which signals scatter far more than they usually do, to both sides."""
    score = np.clip(seen.score, -_LOUD, _LOUD)
    counts = seen.judged & seen.is_explained[:, None]
    rate = 1.0 / plan.parameters.noise_memory
    state.rough[...] += np.where(counts, (np.abs(score) - state.rough) * rate, 0.0)
    state.lean[...] += np.where(counts, (score - state.lean) * rate, 0.0)
    return np.asarray((state.rough > plan.parameters.noise_limit) & (np.abs(state.lean) < 0.6 * state.rough))


def _calm(state: QualityState, which: BoolArray) -> None:
    """A fault of another kind says nothing of the noise."""
    state.rough[...] = np.where(which, 0.8, state.rough)
    state.lean[...] = np.where(which, 0.0, state.lean)


def _accept(state: QualityState, values: FloatArray, seen: Comparison, accepted: BoolArray) -> None:
    """Take a lasting deviation for the machine's own: from here on the level is counted anew."""
    assets = np.arange(len(values))
    state.level[assets, seen.mode] = np.where(accepted, values, state.level[assets, seen.mode])
    known = state.level_count[assets, seen.mode]
    state.level_count[assets, seen.mode] = np.where(accepted, LEVEL_KNOWN, known)
    _calm(state, accepted)
