"""SKAB's protocol: the first 400 rows of a recording teach, the rest is judged; no label comes near a threshold.

How far healthy sensors stray, and from which score on a deviation is an alarm, is learnt from spans of the recording
without faults: 400 rows and the 750 after them, as a recording with faults is long.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from experiments.skab.reader import Recording, Rig
from experiments.skab.scoring import RowFigures, begins, nab_score, row_figures
from models.condition.alarm import AlarmRule, alarms
from models.condition.normal import History, NormalBehaviour, learn_normal, learn_strays

TRAINED_ROWS = 400
SPAN_ROWS, SPAN_STEP = 1150, 500
HEALTHY_RATES = {"top": 0.15, "strict": 0.03}
"""Shares of healthy rows above the threshold; chosen on folder `other` alone."""

Score = Callable[[History], NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Told:
    """Alarms of one way of scoring at one threshold, on the judged rows of every recording."""

    alarms: tuple[NDArray[np.bool_], ...]

    def figures(self, recordings: Sequence[Recording]) -> RowFigures:
        """Count rows."""
        return row_figures(self.alarms, [each.is_anomalous[TRAINED_ROWS:] for each in recordings])

    def events(self, recordings: Sequence[Recording]) -> list[NDArray[np.float64]]:
        """Return the seconds at which alarms began, in each recording."""
        pairs = zip(self.alarms, recordings, strict=True)
        return [each.history.seconds[TRAINED_ROWS:][begins(told)] for told, each in pairs]

    def nab(self, recordings: Sequence[Recording]) -> float:
        """Return NAB's score."""
        changes = [each.history.seconds[TRAINED_ROWS:][each.is_changepoint[TRAINED_ROWS:]] for each in recordings]
        return nab_score(self.events(recordings), changes)


def healthy_spans(rig: Rig) -> list[History]:
    """Return spans of the healthy recording as long as a recording with faults."""
    starts = range(0, len(rig.healthy) - SPAN_ROWS + 1, SPAN_STEP)
    return [rig.healthy.part(slice(start, start + SPAN_ROWS)) for start in starts]


def product_score(rig: Rig) -> Score:
    """Return how the product scores: what is normal is learnt from a history's first rows."""
    strays = learn_strays(healthy_spans(rig), TRAINED_ROWS)

    def score(history: History) -> NDArray[np.float64]:
        return normal_of(history, strays).scores(history)

    return score


def normal_of(history: History, strays: NDArray[np.float64]) -> NormalBehaviour:
    """Learn what is normal from the first rows of a history."""
    return learn_normal(history.part(slice(None, TRAINED_ROWS)), strays)


def healthy_threshold(score: Score, rig: Rig, rate: float) -> float:
    """Return the score that so large a share of healthy rows passes."""
    scores = [score(span)[TRAINED_ROWS:] for span in healthy_spans(rig)]
    return float(np.quantile(np.concatenate(scores), 1.0 - rate))


def tell(scores: Sequence[NDArray[np.float64]], rule: AlarmRule) -> Told:
    """Alarm on the judged rows of every recording.

    Args:
        scores: Of every row of each recording.
        rule: When to alarm.
    """
    return Told(tuple(alarms(each[TRAINED_ROWS:], rule) for each in scores))
