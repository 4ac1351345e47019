"""The backtest: history gone through again, and a forecast made as of each moment of it.

These forecasts were never issued, so they never stand among those that were: they are made, scored and reported on in
memory. Features look at nothing later than their moment, and machines that the model was trained on are left out
unless asked for. Readings are as they are known today: what was late then is there, what was corrected since is right.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from edge_export.runtime.requests import VectorRequest
from edge_export.runtime.runtime import Runtime
from features.domain.forecasts import Forecast
from features.domain.identifiers import AssetId, TenantId
from features.domain.packs import LifeSource, Pack
from features.domain.scores import EndedLife
from features.domain.time import from_microseconds, microseconds
from features.transforms.batch import LifeFeatures, compute
from models.prognosis.ledger.answers import Meter, answer
from pipelines.building.tracks import LifeTrack
from pipelines.ledger.scoring import Scored

_LIVES_AT_ONCE = 16
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class PastVector:
    """A feature vector as it was at a moment of the past."""

    time: datetime
    values: NDArray[np.float32]
    life: float
    regime: int


@dataclass(frozen=True, slots=True)
class Backtest:
    """Replays lives through a model.

    Attributes:
        runtime: The model.
        pack: Of the machines.
        tenant: Whose machines.
        every: Distance of two forecasts, life units by the nominal length of one.
    """

    runtime: Runtime
    pack: Pack
    tenant: TenantId
    every: float

    def run(self, tracks: Sequence[LifeTrack], progress: Progress | None = None) -> Scored:
        """Forecast every life as of each moment, and score the forecasts.

        Args:
            tracks: Lives with channels in the order of the model's specification.
            progress: Told of lives done.
        """
        found = Scored()
        for start in range(0, len(tracks), _LIVES_AT_ONCE):
            part = tracks[start : start + _LIVES_AT_ONCE]
            computed = compute(self.runtime.specification, [track.rows for track in part])
            for track, life in zip(part, computed, strict=True):
                self._replay(found, track, life)
            if progress is not None:
                progress(start + len(part), len(tracks))
        return found

    def known(self, tracks: Sequence[LifeTrack]) -> list[EndedLife]:
        """Return these lives with their length; one that goes on is censored at its newest reading."""
        computed = compute(self.runtime.specification, [track.rows for track in tracks]) if tracks else []
        return [
            EndedLife(track.epoch, float(self._meter(track, life)([_end(track)])[0]))
            for track, life in zip(tracks, computed, strict=True)
        ]

    def _replay(self, found: Scored, track: LifeTrack, life: LifeFeatures) -> None:
        issued = self._forecasts(track, life)
        answers = answer([track.epoch], issued, lambda _: self._meter(track, life), _end(track))
        found.take(issued, answers)

    def _forecasts(self, track: LifeTrack, life: LifeFeatures) -> list[Forecast]:
        step = round(self.every * self.pack.life.seconds_per_unit * 1e6)
        begin, end = int(track.time_us[0]), microseconds(_end(track))
        moments = np.arange(begin, end, step, dtype=np.int64)
        running = np.flatnonzero(life.is_running)
        newest = np.searchsorted(track.time_us[running], moments, side="right") - 1
        requests = [
            VectorRequest(
                self.tenant,
                track.epoch.asset,
                None if place < 0 else _vector(track, life, int(running[place])),
                from_microseconds(int(moment)),
            )
            for moment, place in zip(moments, newest, strict=True)
        ]
        return self.runtime.forecast(requests, _end(track))

    def _meter(self, track: LifeTrack, life: LifeFeatures) -> Meter:
        """Return a meter by the life that the features count, which goes on by the calendar where one counts it."""
        times, lived, rule = track.time_us.astype(np.float64), life.life, self.pack.life

        def meter(moments: Sequence[datetime]) -> NDArray[np.float64]:
            at = np.array([microseconds(each) for each in moments], np.float64)
            beyond = np.maximum(at - times[-1], 0.0) / 1e6 / rule.seconds_per_unit
            counted = np.interp(at, times, lived)
            return counted if rule.source is LifeSource.COUNTER else np.asarray(counted + beyond, np.float64)

        return meter


def _vector(track: LifeTrack, life: LifeFeatures, row: int) -> PastVector:
    time = from_microseconds(int(track.time_us[row]))
    return PastVector(time, life.vectors[row], float(life.life[row]), int(life.regime[row]))


def _end(track: LifeTrack) -> datetime:
    """Return when a life ended, or its newest reading while it goes on."""
    return track.epoch.ended_at or from_microseconds(int(track.time_us[-1]))


def split(tracks: Sequence[LifeTrack], unseen: frozenset[AssetId]) -> tuple[list[LifeTrack], list[LifeTrack]]:
    """Return the lives of machines that a model has not seen, and those of the others."""
    mine = [track for track in tracks if track.epoch.asset in unseen]
    return mine, [track for track in tracks if track.epoch.asset not in unseen]
