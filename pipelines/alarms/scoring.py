"""Scores of lives: by state detection where a bundle brings it, else by normal behaviour.

Normal behaviour is what a machine's sensors show in its regime, against its own first weeks; it blames nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.domain.conditions import ConditionVerdict
from features.transforms.regimes import RegimeArrays
from features.transforms.specification import FeatureSpecification
from models.condition.alarms.scored import Scored
from models.condition.errors import HistoryTooShort
from models.condition.history import History
from models.condition.normal import NormalBehaviour, NormalSettings, learn_normal, learn_strays
from pipelines.alarms.judging import JudgedMachine
from pipelines.building.tracks import LifeTrack

_SHORTEST = 2 * NormalSettings().settling
_KNOWN = 0.5
_MOST = 12
"""Healthy lives from which it is learnt how far machines stray later."""


@dataclass(frozen=True, slots=True)
class LifeReadings:
    """What one life shows while it runs in a known regime.

    Attributes:
        track: The life.
        rows: Places of those rows in the track. Shape (row,).
        history: Z-scores of sensors in their regimes. Shape (row, sensor).
    """

    track: LifeTrack
    rows: NDArray[np.int64]
    history: History

    @staticmethod
    def of(specification: FeatureSpecification, track: LifeTrack) -> "LifeReadings":
        """Turn readings into z-scores of their regimes."""
        names, values, rule = specification.signals, track.rows.values, specification.regime_rule
        conditions = values[:, [names.index(name) for name in specification.conditions]]
        sensors = values[:, [names.index(name) for name in specification.sensors]]
        arrays = RegimeArrays.of(specification.regimes)
        regime = arrays.assign(conditions)
        scores = arrays.standardise(regime, conditions, sensors)
        kept = (regime >= 0) & ~np.isnan(scores).all(axis=1)
        if rule.running_signal is not None:
            kept &= values[:, names.index(rule.running_signal)] > rule.running_above
        rows = np.flatnonzero(kept)
        return LifeReadings(track, rows, History(track.rows.time[rows], scores[rows]))

    def first(self, seconds: float) -> int:
        """Return how many rows lie in its first so many seconds, and as many at least as learning takes."""
        if not len(self.rows):
            return 0
        taken = int(np.searchsorted(self.history.seconds, self.track.rows.time[0] + seconds))
        return max(taken, _SHORTEST)


@dataclass(frozen=True, slots=True)
class ScoredLife:
    """A life with a score for every row of it.

    Attributes:
        scored: NaN for rows that taught, that do not run, or whose regime is not known.
        is_learnt: Whether there was enough to learn what is normal, or anything was judged.
    """

    track: LifeTrack
    scored: Scored
    is_learnt: bool


def score_lives(
    specification: FeatureSpecification,
    tracks: Sequence[LifeTrack],
    teaching: Sequence[LifeTrack],
    learn_seconds: float,
) -> list[ScoredLife]:
    """Score every life by its own first rows.

    Args:
        specification: Regimes, fitted on machines or times that are not judged.
        tracks: Lives to score.
        teaching: Healthy lives, or parts of them, that tell how far a machine strays later.
        learn_seconds: How long a life teaches before it is scored.
    """
    strays = _strays([LifeReadings.of(specification, each) for each in teaching], learn_seconds)
    return [_score(LifeReadings.of(specification, each), strays, learn_seconds, specification) for each in tracks]


def judged_lives(tracks: Sequence[LifeTrack], judged: Mapping[str, JudgedMachine]) -> list[ScoredLife]:
    """Return the lives with what state detection says of their rows; of a row that it never saw it says nothing."""
    return [_judged(each, judged.get(str(each.epoch.asset))) for each in tracks]


def _judged(track: LifeTrack, judged: JudgedMachine | None) -> ScoredLife:
    times, seconds = track.time_us, track.rows.time
    if judged is None or not len(judged.time_us):
        return ScoredLife(track, Scored(str(track.epoch.asset), seconds, np.full(len(seconds), np.nan)), False)
    place = np.minimum(np.searchsorted(judged.time_us, times), len(judged.time_us) - 1)
    known = (judged.time_us[place] == times).tolist()
    places = place.tolist()
    scored = Scored(
        str(track.epoch.asset),
        seconds,
        np.where(known, judged.scores[place], np.nan),
        tuple(judged.verdicts[at] if is_known else _NOTHING_SAID for at, is_known in zip(places, known, strict=True)),
        tuple(judged.leads[at] if is_known else None for at, is_known in zip(places, known, strict=True)),
    )
    return ScoredLife(track, scored, bool(np.isfinite(scored.scores).any()))


_NOTHING_SAID = ConditionVerdict.UNDETERMINED


def _strays(lives: Sequence[LifeReadings], learn_seconds: float) -> NDArray[np.float64] | None:
    """Return how much farther sensors stray later, NaN for a sensor of which nobody can say it. Shape (sensor,)."""
    long = [each for each in lives if len(each.rows) > 2 * each.first(learn_seconds) > 0][:_MOST]
    if not long:
        return None
    first = int(np.median([each.first(learn_seconds) for each in long]))
    usable = [each for each in long if len(each.rows) > first]
    known = np.array([_known(each.history, first) for each in usable])
    common = known.mean(axis=0) >= _KNOWN
    whole = [each for each, own in zip(usable, known, strict=True) if own[common].all()]
    found = np.full(len(common), np.nan)
    if whole and common.any():
        parts = [History(each.history.seconds, each.history.readings[:, common]) for each in whole]
        found[common] = learn_strays(parts, first)
    return found


def _score(
    life: LifeReadings, strays: NDArray[np.float64] | None, learn_seconds: float, specification: FeatureSpecification
) -> ScoredLife:
    scores = np.full(len(life.track.rows.time), np.nan)
    leads: list[str | None] = [None] * len(scores)
    first = life.first(learn_seconds)
    normal, columns = _learnt(life.history, first, strays)
    if normal is not None:
        state = normal.start()
        names = [specification.sensors[place] for place in columns]
        for place, (row, seconds) in enumerate(zip(life.rows.tolist(), life.history.seconds.tolist(), strict=True)):
            state, condition = normal.step(state, seconds, life.history.readings[place, columns])
            if place >= first and not np.isnan(condition.score):
                scores[row] = condition.score
                leads[row] = names[int(np.nanargmax(condition.shares))]
    scored = Scored(str(life.track.epoch.asset), life.track.rows.time, scores, leads=tuple(leads))
    return ScoredLife(life.track, scored, normal is not None)


def _learnt(
    history: History, first: int, strays: NDArray[np.float64] | None
) -> tuple[NormalBehaviour | None, NDArray[np.int64]]:
    """Return what is normal by the first rows and of which sensors, or None where there are too few."""
    known = _known(history, first) if len(history) > first > 0 else np.zeros(history.readings.shape[1], np.bool_)
    known = known if strays is None else known & ~np.isnan(strays)
    columns = np.flatnonzero(known)
    if not columns.size:
        return None, columns
    own = History(history.seconds[:first], history.readings[:first, columns])
    try:
        return learn_normal(own, None if strays is None else strays[columns]), columns
    except HistoryTooShort:
        return None, columns


def _known(history: History, first: int) -> NDArray[np.bool_]:
    """Return which sensors are there in half of the first rows at least, before and after settling. Shape (sensor,)."""
    present = ~np.isnan(history.readings[:first])
    return np.asarray((present.mean(axis=0) >= _KNOWN) & present[_SHORTEST // 2 :].any(axis=0), np.bool_)
