"""The parts of a health index, each from the evidence that it is made of (`models.condition.health`)."""

import math
from collections.abc import Collection, Mapping

from features.domain.conditions import AssetCondition, ConditionVerdict
from features.domain.errors import InvalidValue
from features.quality.verdicts import Namur
from models.condition.health import FULL, LOST_BY_STATE, HealthSettings, Part, PartKind, rolled_up, worst_of

_AS_USUAL = HealthSettings()
_MOVED, _MOST = 3.0, 0.5
"""Usual distances by which a condition has moved, and the share of a deviation that is most of it."""


def machine_parts(
    condition: AssetCondition | None,
    failure: float | None,
    states: Mapping[str, Namur | None],
    age: float | None,
    usual_age: float,
    longest_age: float,
    settings: HealthSettings = _AS_USUAL,
) -> tuple[Part, ...]:
    """Return all parts of a machine; once its data are too old, neither its condition nor its risk are known.

    Args:
        condition: What state detection says; None where nobody has judged it.
        failure: Probability of failure within the longest horizon; None without a valid forecast.
        states: Of its instruments by signal; None where nobody has judged one.
        age: Of its newest reading, seconds; None without any.
        usual_age: Up to which data are fresh, seconds.
        longest_age: From which they say nothing of the present, seconds.
        settings: How points are lost.

    Raises:
        InvalidValue: If a number is none, or the ages leave no time in which data grow old.
    """
    is_present = age is not None and age < longest_age
    return (
        condition_part(condition if is_present else None, settings),
        forecast_part(failure if is_present else None, settings),
        measurement_part(states, settings),
        data_part(age, usual_age, longest_age),
    )


def condition_part(condition: AssetCondition | None, settings: HealthSettings = _AS_USUAL) -> Part:
    """Return what a deviation costs: nothing while it is usual, half of all points at the alarm threshold.

    Whatever the score, a deviation of the machine costs half of all points: the sensors may be within their limit, and
    a condition have moved as only a failure mode moves it.

    Args:
        condition: None where nobody has judged it. If a deviation is not the machine's, or that cannot be told, then
            neither can the condition of the machine.
        settings: How points are lost.

    Raises:
        InvalidValue: If its threshold is not above 0.
    """
    told = (ConditionVerdict.NORMAL, ConditionVerdict.MACHINE)
    if condition is None or condition.verdict not in told or condition.score is None or condition.threshold is None:
        return Part(PartKind.CONDITION, 0.0, is_known=False, state=Namur.NORMAL)
    score, threshold = condition.score, condition.threshold
    if not threshold > 0.0:
        raise InvalidValue("threshold", must="be above 0", found=threshold, remedy="Fit one, or tell none.")
    is_machine = condition.verdict is ConditionVerdict.MACHINE
    lost = max(_lost(score, threshold, settings), FULL / 2 if is_machine else 0.0)
    state = Namur.MAINTENANCE_REQUIRED if score > threshold or is_machine else Namur.NORMAL
    return Part(PartKind.CONDITION, lost, is_known=True, state=state, shares=shares_told(condition))


def component_part(
    condition: AssetCondition | None, signals: Collection[str], settings: HealthSettings = _AS_USUAL
) -> Part:
    """Return what the deviation that some of the signals show costs, as if no other had strayed.

    A share is a signal's part of the square of the score, so what some of them show has a score of its own, whose
    square is the sum of their parts. No other signal changes it. While the machine strays, the limit of all its signals
    is too wide for a few of them: up to it they lose what they have of its square, so that a deviation that is spread
    over several components shows in each. A condition among them that moved, while it is the machine, costs half of all
    points: no share tells of it.

    Args:
        condition: Of the machine; None where nobody has judged it.
        signals: Those that count. If none of them was judged, nothing is known.
        settings: How points are lost.

    Raises:
        InvalidValue: If the threshold is not above 0.
    """
    whole = condition_part(condition, settings)
    shares = {} if condition is None else {name: share for name, share in condition.shares if name in signals}
    has_moved = condition is not None and any(name in signals for name, _ in _moved(condition))
    if not whole.is_known or not (shares or has_moved) or condition is None:
        return Part(PartKind.CONDITION, 0.0, is_known=False, state=Namur.NORMAL)
    threshold, share = condition.threshold or 1.0, min(math.fsum(shares.values()), 1.0)
    over, score = (condition.score or 0.0) / threshold, (condition.score or 0.0) * math.sqrt(share)
    lost = _lost(score, threshold, settings)
    if over > 1.0:
        lost = max(lost, FULL / 2 * min(share * over**2, 1.0))
    if has_moved:
        lost = max(lost, FULL / 2)
    is_its = has_moved or score > threshold or (over > 1.0 and share >= _MOST)
    return Part(PartKind.CONDITION, lost, True, Namur.MAINTENANCE_REQUIRED if is_its else Namur.NORMAL)


def shares_told(condition: AssetCondition) -> tuple[tuple[str, float], ...]:
    """Return what each signal has in what is told of a machine, the largest first; they add up to 1.

    Those of its sensors; but those of conditions that moved, by the square of how far, while the sensors are within
    their limit and it is the machine all the same.
    """
    moved = _moved(condition)
    total = math.fsum(by**2 for _, by in moved)
    if not moved or (condition.score or 0.0) > (condition.threshold or 0.0):
        return condition.shares
    return tuple(sorted(((name, by**2 / total) for name, by in moved), key=lambda each: (-each[1], each[0])))


def _moved(condition: AssetCondition) -> list[tuple[str, float]]:
    """Return the conditions that moved, and by how much, in their usual distances; none unless it is the machine."""
    if condition.verdict is not ConditionVerdict.MACHINE:
        return []
    found = [(name.partition(":")[2], by) for name, by in condition.evidence if name.startswith("condition_moved:")]
    return [(name, by) for name, by in found if abs(by) >= _MOVED]


def _lost(score: float, threshold: float, settings: HealthSettings) -> float:
    """Return the points that a score costs; straight lines from the usual score over the threshold to the ruined."""
    if score > threshold:
        return min(FULL / 2 * (1.0 + (score / threshold - 1.0) / (settings.ruined - 1.0)), FULL)
    usual = min(1.0, threshold)
    return FULL / 2 * max((score - usual) / (threshold - usual), 0.0) if threshold > usual else 0.0


def forecast_part(failure: float | None, settings: HealthSettings = _AS_USUAL) -> Part:
    """Return what the risk of failure within the longest horizon costs: its probability; None is no valid forecast.

    Raises:
        InvalidValue: If it is no probability.
    """
    if failure is None:
        return Part(PartKind.FORECAST, 0.0, is_known=False, state=Namur.NORMAL)
    if not 0.0 <= failure <= 1.0:
        raise InvalidValue("failure", must="be 0 to 1", found=failure, remedy="Tell None without a valid forecast.")
    state = Namur.MAINTENANCE_REQUIRED if failure >= settings.likely else Namur.NORMAL
    return Part(PartKind.FORECAST, FULL * failure, is_known=True, state=state)


def measurement_part(states: Mapping[str, Namur | None], settings: HealthSettings = _AS_USUAL) -> Part:
    """Return what the state of instruments costs: up to all points for a failed one, by worst and mean as everywhere.

    An instrument that failed is no failure of the machine: its measurement has to be checked. One that nobody judged
    is taken to cost nothing, so that the points lost are the least that there can be.

    Args:
        states: Of each signal; None where nobody has judged it.
        settings: How points are lost.
    """
    least = {signal: state or Namur.NORMAL for signal, state in sorted(states.items())}
    is_known = bool(states) and None not in states.values()
    pieces = rolled_up([(LOST_BY_STATE[state], 1.0) for state in least.values()], settings.worst)
    lost = math.fsum(pieces)
    shares = tuple((signal, piece / lost) for signal, piece in zip(least, pieces, strict=True)) if lost else ()
    worst = worst_of(list(least.values()))
    state = Namur.CHECK_FUNCTION if worst is Namur.FAILURE else worst
    return Part(PartKind.MEASUREMENT, lost, is_known, state, shares)


def data_part(age: float | None, usual: float, longest: float) -> Part:
    """Return what the age of the newest reading costs: nothing up to the usual one, all points at the longest.

    Args:
        age: Seconds; None without any reading.
        usual: Up to which data are fresh, seconds.
        longest: From which they say nothing of the present, seconds; above the usual one.

    Raises:
        InvalidValue: If the age is not a number, or the longest age is not above the usual one.
    """
    if not -math.inf < usual < longest < math.inf:
        raise InvalidValue(
            "usual and longest age",
            must="be seconds, the longest above the usual",
            found=(usual, longest),
            remedy="Choose another longest age.",
        )
    if age is not None and math.isnan(age):
        raise InvalidValue("age", must="be seconds", found=age, remedy="Tell None without any reading.")
    if age is None:
        return Part(PartKind.DATA, 0.0, is_known=False, state=Namur.NORMAL)
    lost = FULL * min(max((age - usual) / (longest - usual), 0.0), 1.0)
    state = Namur.CHECK_FUNCTION if age >= longest else Namur.NORMAL
    return Part(PartKind.DATA, lost, is_known=True, state=state)
