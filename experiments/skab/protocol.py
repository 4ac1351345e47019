"""SKAB's protocol: the first 400 rows of a recording teach, the rest is judged; no label comes near a threshold.

How far healthy sensors stray, and from which score on a deviation is an alarm, is learnt from spans of the recording
without faults: 400 rows and the 750 after them, as a recording with faults is long.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from experiments.skab.reader import Recording, Rig
from experiments.skab.scoring import RowFigures, row_figures
from models.condition.alarms.alarm import AlarmRule, alarms
from models.condition.change import Notice, learn_change, learn_change_strays
from models.condition.history import History
from models.condition.normal import learn_normal, learn_strays

TRAINED_ROWS = 400
SPAN_ROWS, SPAN_STEP = 1150, 500
HEALTHY_RATE, STRICT_HEALTHY_RATE, CHANGE_HEALTHY_RATE = 0.10, 0.04, 0.05
"""Shares of healthy rows that pass the threshold. The first has the best F1 on folder `other` (of .02 to .20); how the
others were set is told in docs/experiments.md."""

Score = Callable[[History], NDArray[np.float64]]


def healthy_spans(rig: Rig) -> list[History]:
    """Return spans of the healthy recording as long as a recording with faults."""
    starts = range(0, len(rig.healthy) - SPAN_ROWS + 1, SPAN_STEP)
    return [rig.healthy.part(slice(start, start + SPAN_ROWS)) for start in starts]


def product_score(rig: Rig) -> Score:
    """Return how the product scores: what is normal is learnt from a history's first rows."""
    strays = learn_strays(healthy_spans(rig), TRAINED_ROWS)

    def score(history: History) -> NDArray[np.float64]:
        return learn_normal(history.part(slice(None, TRAINED_ROWS)), strays).scores(history)

    return score


def healthy_threshold(score: Score, rig: Rig, rate: float) -> float:
    """Return the score that so large a share of healthy rows passes."""
    scores = [score(span)[TRAINED_ROWS:] for span in healthy_spans(rig)]
    return float(np.quantile(np.concatenate(scores), 1.0 - rate))


def tell(score: Score, rig: Rig, rule: AlarmRule) -> list[NDArray[np.bool_]]:
    """Return for the judged rows of every recording whether there is an alarm. Shape (row,) each."""
    return [alarms(score(each.history)[TRAINED_ROWS:], rule) for each in rig.recordings]


def figures_of(told: Sequence[NDArray[np.bool_]], recordings: Sequence[Recording]) -> RowFigures:
    """Judge alarms row by row."""
    return row_figures(told, [each.is_anomalous[TRAINED_ROWS:] for each in recordings])


def tell_changes(rig: Rig) -> list[NDArray[np.float64]]:
    """Return the seconds at which changes are told in the judged rows of every recording."""
    spans = healthy_spans(rig)
    strays = learn_change_strays(spans, TRAINED_ROWS)

    def score(history: History) -> NDArray[np.float64]:
        return learn_change(history.part(slice(None, TRAINED_ROWS)), strays).scores(history)

    notice = Notice(healthy_threshold(score, rig, CHANGE_HEALTHY_RATE))
    told = []
    for each in rig.recordings:
        rows = notice.rows(_judged(each.history), score(each.history)[TRAINED_ROWS:])
        told.append(_judged(each.history).seconds[rows])
    return told


def changes_of(recordings: Sequence[Recording]) -> list[NDArray[np.float64]]:
    """Return the seconds of the true changes in the judged rows of every recording."""
    return [_judged(each.history).seconds[each.is_changepoint[TRAINED_ROWS:]] for each in recordings]


def _judged(history: History) -> History:
    return history.part(slice(TRAINED_ROWS, None))
