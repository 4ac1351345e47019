"""Verdicts on real telemetry with faults put in, which no model knows: what is found at 1, 2, 3 deviations, and when.

Of every data set the first streams, untouched, teach what is normal; faults are put into the others. A stream as it is
serves as the trial of health. Nothing is known of how these machines are run, so no change of operation can be told,
and no pack names their failure modes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from experiments.injection.streams import Stream
from experiments.injection.trials import trials
from experiments.verdict.scoring import Trial, answer_of, by_cause, confusion, f1_by_kind, macro_f1
from experiments.verdict.watching import VERDICTS
from features.domain.conditions import ConditionVerdict
from features.quality.batch import AssetRows, judge_fleet
from features.quality.clock import judge_clock
from features.quality.rules import QualityRules, SignalRule
from features.transforms.condition.answer import Circumstances
from features.transforms.condition.model import ConditionModel
from models.condition.expectation.fitting import fit_condition
from models.condition.expectation.layout import ConditionLayout
from models.condition.expectation.rows import MachineRows, judge_rows
from models.condition.history import History

_TEACHING_SHARE = 0.4
_MOST_TEACHING, _MOST_TESTED = 6, 8
_REACH = 5.0
_GAP = 5.0
_GRACE = 4.0
Tell = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Sized:
    """A trial with the size of what was put in; None where it has none."""

    trial: Trial
    severity: float | None
    delay_rows: float | None


def run_real(streams: Sequence[Stream], seed: int, apart: int, tell: Tell) -> dict[str, object]:
    """Teach, put faults in, and judge.

    Args:
        streams: Of one data set.
        seed: Draws where faults lie.
        apart: Streams left out between those that teach and those that are judged, where neighbours overlap.
        tell: Told of streams done and of all.
    """
    first = min(max(int(_TEACHING_SHARE * len(streams)), 1), _MOST_TEACHING)
    taught, tested = streams[:first], streams[first + apart :][:_MOST_TESTED]
    layout, rules = _layout(taught), _rules(taught)
    healthy = _judged(rules, [_arrived(each.history, None) for each in taught])
    model = ConditionModel.of(fit_condition(healthy, layout))
    found: list[Sized] = []
    for done, stream in enumerate(tested):
        tell(done, len(tested))
        found += _judge(model, rules, stream, seed)
    sizeless = [each for each in found if each.trial.truth is not ConditionVerdict.NORMAL]
    return {
        "streams": len(tested),
        "verdict_macro_f1": macro_f1([each.trial for each in found]),
        "f1": f1_by_kind([each.trial for each in found]),
        "confusion": confusion([each.trial for each in found]),
        "detection": _detection(sizeless),
        "by_kind": by_cause([each.trial for each in found]),
    }


def _judge(model: ConditionModel, rules: QualityRules, stream: Stream, seed: int) -> list[Sized]:
    planned, interval = list(trials([stream], seed=seed)), stream.history.interval()
    given = [_arrived(stream.history, None)]
    given += [
        _arrived(History(each.injected.seconds, each.injected.readings), each.injected.true_seconds) for each in planned
    ]
    untouched, *rest = _judged(rules, given)
    health = answer_of(_verdicts(model, untouched)[stream.taught_rows :])
    found = [Sized(Trial(ConditionVerdict.NORMAL, "health", health, None), None, None)]
    for each, rows in zip(planned, rest, strict=True):
        truth, verdicts = each.injected.truth, _verdicts(model, rows)
        inside = (rows.seconds >= truth.from_seconds) & (rows.seconds <= truth.to_seconds + _GRACE * interval)
        right = np.flatnonzero(inside & (verdicts == VERDICTS.index(truth.verdict)))
        delay = float(rows.seconds[right[0]] - truth.from_seconds) / interval if len(right) else None
        hours = None if delay is None else delay * interval / 3600.0
        found.append(Sized(Trial(truth.verdict, truth.kind, answer_of(verdicts[inside]), hours), truth.severity, delay))
    return found


def _verdicts(model: ConditionModel, rows: MachineRows) -> NDArray[np.int8]:
    return np.array([VERDICTS.index(answer.verdict) for answer in judge_rows(model, rows)], np.int8)


def _detection(found: Sequence[Sized]) -> dict[str, dict[str, object]]:
    """Return by size what share of faults was told as anything, and as what it was, and after how many rows."""
    table: dict[str, dict[str, object]] = {}
    for size in sorted({each.severity for each in found if each.severity is not None}):
        own = [each for each in found if each.severity == size]
        delays = [each.delay_rows for each in own if each.delay_rows is not None]
        told = [each for each in own if each.trial.answer is not ConditionVerdict.NORMAL]
        right = [each for each in own if each.trial.answer is each.trial.truth]
        table[f"{size:g}"] = {
            "faults": len(own),
            "detected": len(told) / len(own),
            "right": len(right) / len(own),
            "median_delay_rows": float(np.median(delays)) if delays else None,
        }
    return table


@dataclass(frozen=True, slots=True)
class _Arrived:
    """Rows by time, with what is known beside them."""

    seconds: NDArray[np.float64]
    values: NDArray[np.float64]
    circumstances: list[Circumstances]


def _arrived(history: History, arrived: NDArray[np.float64] | None) -> _Arrived:
    """Tell what a service knows of rows that lie in the order of arrival.

    Where a row arrived is known, its clock is judged, and rows with wrong times are put where they arrived; a silence
    is the gateway's, since nothing else is behind it.
    """
    seconds, wrong = history.seconds, np.zeros(len(history), np.bool_)
    if arrived is not None:
        written, came = np.round(seconds * 1e6).astype(np.int64), np.round(arrived * 1e6).astype(np.int64)
        wrong = judge_clock(written, came).verdicts != 0
        seconds = np.where(wrong, arrived, seconds)
    order = np.argsort(seconds, kind="stable")
    seconds, wrong = seconds[order], wrong[order]
    silent, longest = np.diff(seconds, prepend=seconds[0]), _GAP * history.interval()
    known = [
        Circumstances(gateway_silent_seconds=gap if gap > longest else 0.0, rows_with_wrong_time=int(bad))
        for gap, bad in zip(silent.tolist(), wrong.tolist(), strict=True)
    ]
    return _Arrived(seconds, history.readings[order], known)


def _judged(rules: QualityRules, given: Sequence[_Arrived]) -> list[MachineRows]:
    """Judge the measurements of many machines at once."""
    judged = judge_fleet(
        rules, [AssetRows(np.round(each.seconds * 1e6).astype(np.int64), each.values) for each in given]
    )
    return [
        MachineRows(each.seconds, each.values, found.verdicts, found.namur, each.circumstances)
        for each, found in zip(given, judged, strict=True)
    ]


def _layout(taught: Sequence[Stream]) -> ConditionLayout:
    signals = taught[0].history.readings.shape[1]
    names = tuple(f"signal_{place + 1}" for place in range(signals))
    low, high = _range(taught)
    spans = tuple((high - low).tolist())
    return ConditionLayout((), names, (None,) * signals, spans, None, 0.0, (), 1.0, ())


def _rules(taught: Sequence[Stream]) -> QualityRules:
    low, high = _range(taught)
    reach = _REACH * (high - low)
    signals = tuple(
        SignalRule(
            f"signal_{place + 1}", float(low[place] - reach[place]), float(high[place] + reach[place]), True, None, ()
        )
        for place in range(len(low))
    )
    return QualityRules(signals, (), None, 0.0)


def _range(taught: Sequence[Stream]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    together = np.concatenate([each.history.readings for each in taught])
    low, high = np.nanmin(together, axis=0), np.nanmax(together, axis=0)
    return low, np.where(high > low, high, low + 1.0)
