"""From what was found to the verdict: the causes are weighed, and where two are alike it cannot be told.

A fault of the machine is the last thing to be said. What is known of the data path and of an instrument comes first;
then a deviation that lasts is put down to the cause that explains it best.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from features.domain.conditions import ConditionVerdict
from features.transforms.condition.answer import Circumstances, ConditionAnswer, ConditionRow, Estimate, Evidence
from features.transforms.condition.causes import (
    Deviation,
    Explained,
    failure_mode,
    instrument,
    several_sensors,
)
from features.transforms.condition.distance import mode_gain
from features.transforms.condition.estimates import estimate
from features.transforms.condition.excuse import beyond_excuse
from features.transforms.condition.model import ConditionModel, FloatArray
from features.transforms.condition.state import ConditionState, is_anew

MODE_COST, MOVED_COST = 0.25, 0.5
"""What a further signal of a failure mode, and conditions that moved, cost; shares of a further sensor's."""

SIGN_COST, _SIGNED = 2.0, 0.8
"""What it costs another way of running that a failure mode explains this share of what moved, its own way."""
_MOST_ANEW = 0.5
"""Share of the score from which on it is put down to sensors whose level is being learnt anew."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a row showed.

    Attributes:
        path: What speaks for the data path.
        quality: What speaks for an instrument, by its readings alone.
        missing: Signals that no longer come.
        deviation: Of sensors and conditions.
        score: 1 is the most that healthy machines show.
    """

    path: Sequence[Evidence]
    quality: Sequence[Evidence]
    missing: Sequence[Evidence]
    deviation: Deviation
    score: float


@dataclass(frozen=True, slots=True)
class Weighed:
    """Causes of a deviation, with the logarithm of how well each explains it."""

    logs: dict[ConditionVerdict, float]
    instrument: Explained
    mode: Explained
    several: Explained


def judge(model: ConditionModel, state: ConditionState, row: ConditionRow, found: Found) -> ConditionAnswer:
    """Return what is to be said of a row."""
    verdict, evidence, at_fault = _decide(model, state, row, found)
    estimates: list[Estimate] = []
    if verdict is ConditionVerdict.INSTRUMENT:
        estimates = [each for each in (estimate(model, state, row, found.deviation, one) for one in at_fault) if each]
    shares = shares_of(found.deviation, len(state.level))
    return ConditionAnswer(verdict, found.score, found.score, state.seen, shares, tuple(evidence), tuple(estimates))


def shares_of(deviation: Deviation, sensors: int) -> FloatArray:
    """Return what each sensor has in the score; a sensor that the others excuse has none. Shape (sensor,)."""
    known, values = deviation.is_known[:sensors], deviation.values[:sensors]
    told = np.maximum(deviation.sensors.dot(values) * values, 0.0)
    total = float(told.dot(known))
    if total > 0.0 and deviation.is_all:
        return np.asarray(told / total, np.float64)
    even = 1.0 / max(int(known.sum()), 1)
    return np.where(known, told / total if total > 0.0 else even, np.nan)


def _decide(
    model: ConditionModel, state: ConditionState, row: ConditionRow, found: Found
) -> tuple[ConditionVerdict, list[Evidence], list[tuple[str, Explained | None]]]:
    """Return the verdict, its evidence, and the signals of instruments at fault."""
    if found.path:
        return ConditionVerdict.DATA_PATH, list(found.path), []
    parameters, evidence = model.parameters, list(found.quality)
    patience = 1 if state.excused_rows >= 0 and state.excess_lasting < parameters.patience else parameters.patience
    if state.lasting >= patience and state.seen < parameters.fewest_rows:
        evidence.append(Evidence(ConditionVerdict.UNDETERMINED, "rows_seen", float(state.seen)))
        return ConditionVerdict.UNDETERMINED, evidence, []
    if state.lasting >= patience and _strays_anew(model, state, found.deviation):
        evidence.append(Evidence(ConditionVerdict.UNDETERMINED, "rows_of_epoch", float(state.level_rows.min())))
        return ConditionVerdict.UNDETERMINED, evidence, []
    if state.lasting >= patience:
        weighed = weigh(model, state, found.deviation, row.circumstances)
        verdict, shares = likeliest(weighed.logs, parameters.certainty)
        evidence += _explain(model, state, found, weighed, shares)
        at_fault: list[tuple[str, Explained | None]] = [(str(each.signal), None) for each in found.quality]
        if verdict is ConditionVerdict.INSTRUMENT:
            at_fault.append((_signal(model, weighed.instrument.place), weighed.instrument))
        return verdict, evidence, at_fault
    if found.quality:
        return ConditionVerdict.INSTRUMENT, evidence, [(str(each.signal), None) for each in found.quality]
    if found.missing:
        return ConditionVerdict.DATA_PATH, list(found.missing), []
    if math.isnan(found.score):
        return *_of_nothing(model, state, row), []
    if state.condition_lasting >= parameters.condition_patience and state.seen >= parameters.fewest_rows:
        return _of_conditions(model, state, row, found)
    return ConditionVerdict.NORMAL, _standing(model, state, row, ConditionVerdict.NORMAL), []


def _strays_anew(model: ConditionModel, state: ConditionState, deviation: Deviation) -> bool:
    """Say whether most of what strays are sensors whose level began anew and is being learnt."""
    anew = is_anew(model, state)
    return bool(np.count_nonzero(anew)) and float(np.nansum(shares_of(deviation, len(anew))[anew])) > _MOST_ANEW


def _of_nothing(
    model: ConditionModel, state: ConditionState, row: ConditionRow
) -> tuple[ConditionVerdict, list[Evidence]]:
    """Say what is known where nothing could be compared: that a sound machine was switched off is nothing unusual."""
    is_sound = state.seen > 0 and state.stress < 1.0
    verdict = ConditionVerdict.NORMAL if is_sound else ConditionVerdict.UNDETERMINED
    if evidence := _standing(model, state, row, verdict):
        return verdict, evidence
    return ConditionVerdict.UNDETERMINED, [Evidence(ConditionVerdict.UNDETERMINED, "sensors_compared", 0.0)]


def _standing(
    model: ConditionModel, state: ConditionState, row: ConditionRow, verdict: ConditionVerdict
) -> list[Evidence]:
    """Say for how many intervals nothing was compared because the machine stands, or has just begun to run."""
    place = model.table.running
    if place is None or state.settled > model.parameters.settling or not np.isfinite(row.values[place]):
        return []
    since = (state.seconds - float(state.deviation_seconds.max())) / state.interval
    return [Evidence(verdict, "standing" if state.settled == 0 else "starting", since if np.isfinite(since) else 0.0)]


def _of_conditions(
    model: ConditionModel, state: ConditionState, row: ConditionRow, found: Found
) -> tuple[ConditionVerdict, list[Evidence], list[tuple[str, Explained | None]]]:
    """Say what moved conditions mean while the sensors are within their limit."""
    weighed = weigh(model, state, found.deviation, row.circumstances)
    verdict, shares = likeliest(weighed.logs, model.parameters.certainty)
    is_new = found.deviation.condition_total <= model.table.condition_limit
    if is_new or verdict is ConditionVerdict.INSTRUMENT:
        verdict = ConditionVerdict.OPERATION_CHANGE if is_new else ConditionVerdict.UNDETERMINED
    return verdict, _explain(model, state, found, weighed, shares), []


def weigh(model: ConditionModel, state: ConditionState, deviation: Deviation, circumstances: Circumstances) -> Weighed:
    """Weigh the causes of a deviation of sensors, of conditions, or of both.

    What a cause explains counts only as far as the deviation goes beyond what health shows. An instrument may be any
    one and read too much or too little; a failure mode must move its signals its own way; other sensors of a machine
    that deviate together cost evidence, one by one. Another way of running moves conditions and no sensor beyond what
    they explain; but several sensors that jump at once may be another product as well as a fault, and a condition that
    moved may have been measured wrongly as well as moved. What was reported, or befell the neighbours at the same time,
    is a way of running, and explains all that began with it (`excuse`); what goes beyond is weighed by itself.
    """
    parameters, signals = model.parameters, len(deviation.values)
    is_excused, is_sudden, is_moved = state.excused_rows >= 0, state.is_sudden, state.condition_lasting > 0
    if is_excused and state.excess_lasting >= parameters.patience:
        deviation, is_excused, is_sudden = beyond_excuse(state, deviation), False, False
        is_moved = deviation.condition_total > model.table.condition_limit
    total = deviation.total + deviation.condition_total
    temper = 2.0 * (1.0 + parameters.temper * total)
    of_mode = _beyond(mode_gain(model, deviation), model.table.mode_limit)
    sensors = max(_beyond(deviation.total, model.table.limit), of_mode) / temper
    conditions = _beyond(deviation.condition_total, model.table.condition_limit) / temper
    cost = parameters.direction_cost
    one, mode = instrument(model, state, deviation), failure_mode(model, deviation, sensors, conditions)
    several = max(
        several_sensors(deviation, sensors, cost),
        key=lambda each: each.gain * sensors - cost * each.directions,
        default=Explained(0.0, -1, 2),
    )
    moved = deviation.condition_total * conditions
    is_alone = circumstances.neighbours > 0 and circumstances.neighbours_straying == 0
    of_several = several.gain * sensors + moved - cost * (several.directions - 1 + (moved > 0.0)) - math.log(signals)
    logs = {
        ConditionVerdict.INSTRUMENT: one.gain * sensors
        + (0.0 if one.place >= len(state.level) else moved - cost * (moved > 0.0))
        - math.log(2.0 * signals),
        ConditionVerdict.MACHINE: max(
            of_several,
            mode_log(model, mode),
        ),
        ConditionVerdict.OPERATION_CHANGE: max(
            moved - MOVED_COST * cost * (1.0 + is_alone) - SIGN_COST * cost * is_sign(model, mode, conditions),
            of_several if is_sudden else -math.inf,
        ),
    }
    if (is_sudden or is_moved) and one.place >= len(state.level):
        operation = ConditionVerdict.OPERATION_CHANGE
        logs[operation] = max(logs[operation], logs[ConditionVerdict.INSTRUMENT])
    if is_excused:
        logs = {name: value - parameters.common_cost for name, value in logs.items()}
        logs[ConditionVerdict.OPERATION_CHANGE] = deviation.total * sensors + moved
    return Weighed({name: float(value) for name, value in logs.items()}, one, mode, several)


def mode_log(model: ConditionModel, mode: Explained) -> float:
    """Return the logarithm of how well a failure mode explains what moved.

    One that shows in a single one of its signals might have shown in any of them: that makes it the less likely.
    """
    further = MODE_COST * model.parameters.direction_cost * max(mode.directions - 1, 0)
    signs = int(np.count_nonzero(model.mode_signs[mode.place])) if mode.place >= 0 and mode.directions == 1 else 1
    return mode.gain - further - math.log(max(len(model.mode_signs), 1)) - math.log(max(signs, 1))


def is_sign(model: ConditionModel, mode: Explained, conditions: float) -> bool:
    """Say whether conditions moved, and nearly all that moved is a sign of one failure mode."""
    if not conditions > 0.0 or mode.place < 0 or mode.share < _SIGNED:
        return False
    return bool(model.mode_signs[mode.place][len(model.table.sensors) :].any())


def _beyond(total: float, limit: float) -> float:
    """Return the share of a squared distance that lies beyond what health shows."""
    return max(0.0, 1.0 - limit / total) if total > 0.0 else 0.0


def likeliest(
    logs: dict[ConditionVerdict, float], certainty: float
) -> tuple[ConditionVerdict, dict[ConditionVerdict, float]]:
    """Return the likeliest cause, or that it cannot be told, and the probability of each.

    Examples:
        >>> verdict, shares = likeliest({ConditionVerdict.MACHINE: 3.0, ConditionVerdict.INSTRUMENT: 0.0}, 0.7)
        >>> verdict.value, round(shares[ConditionVerdict.MACHINE], 2)
        ('machine', 0.95)
    """
    most = max(logs.values())
    weights = [math.exp(value - most) for value in logs.values()]
    total = sum(weights)
    shares = {name: weight / total for name, weight in zip(logs, weights, strict=True)}
    best = max(shares, key=shares.__getitem__)
    return best if shares[best] >= certainty else ConditionVerdict.UNDETERMINED, shares


def _explain(
    model: ConditionModel,
    state: ConditionState,
    found: Found,
    weighed: Weighed,
    shares: dict[ConditionVerdict, float],
) -> list[Evidence]:
    total = max(found.deviation.total, 1e-9)
    evidence = [Evidence(name, "probability", share) for name, share in shares.items()]
    signal = _signal(model, weighed.instrument.place)
    evidence.append(
        Evidence(
            ConditionVerdict.INSTRUMENT, "explained_by_one_signal", min(weighed.instrument.gain / total, 1.0), signal
        )
    )
    if weighed.mode.place >= 0:
        name = f"explained_by_{model.table.modes[weighed.mode.place].id}"
        evidence.append(Evidence(ConditionVerdict.MACHINE, name, min(weighed.mode.share, 1.0)))
    evidence.append(
        Evidence(
            ConditionVerdict.MACHINE,
            f"explained_by_{weighed.several.directions}_sensors",
            min(weighed.several.gain / total, 1.0),
        )
    )
    evidence.append(Evidence(ConditionVerdict.MACHINE, "rows_lasting", float(state.lasting)))
    return evidence + _of_operation(model, state, found.deviation)


def _of_operation(model: ConditionModel, state: ConditionState, deviation: Deviation) -> list[Evidence]:
    """Say by how many usual deviations each condition moved, and whether the sensors followed."""
    sensors = len(state.level)
    moved = [
        Evidence(ConditionVerdict.OPERATION_CHANGE, "condition_moved", value, name)
        for value, name in zip(deviation.values[sensors:].tolist(), model.table.conditions, strict=True)
    ]
    followed = Evidence(
        ConditionVerdict.OPERATION_CHANGE, "sensors_strayed", math.sqrt(max(deviation.total, 0.0) / model.table.limit)
    )
    return [*moved, followed]


def _signal(model: ConditionModel, place: int) -> str:
    """Return the name of a signal by its place among sensors, then conditions."""
    return (model.table.sensors + model.table.conditions)[place]
