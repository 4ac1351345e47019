"""Keeps the verdicts in the telemetry store up to date with its readings.

Whoever reads readings for features (the worker, training) catches up first, so no feature is ever computed from a
reading that nobody has judged. A life is judged from its beginning, and from where it was left where only newer
readings came; both give the same verdicts, because streaming and batch agree exactly.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from features.domain.events import LifeEpoch
from features.domain.identifiers import AssetId, TenantId
from features.domain.packs import Pack
from features.domain.time import from_microseconds
from features.quality.batch import AssetRows, Judged
from features.quality.holding import NAMUR_CODES
from features.quality.rules import QualityRules, quality_rules
from features.quality.state import QualityState
from features.quality.verdicts import Verdict
from features.records.cursors import Cursors
from features.records.lives import LifeRecords
from features.records.signal_states import SignalState, SignalStates
from features.telemetry.store import Change, TelemetryStore
from pipelines.building.tracks import LifeTrack, life_tracks
from pipelines.quality.portions import judge_all
from pipelines.quality.tables import verdict_table

CURSOR = "quality.telemetry"
_CHANGES_AT_ONCE = 10_000
_ASSETS_AT_ONCE = 256
_JUST_AFTER = timedelta(microseconds=1)

Progress = Callable[[int, int], None]
"""Told how many assets are done, and of how many."""


@dataclass(frozen=True, slots=True)
class QualityReport:
    """What was judged.

    Attributes:
        assets: Assets whose readings were judged.
        readings: Rows judged, one for each moment.
        marked: Readings whose stored verdict changed.
    """

    assets: int = 0
    readings: int = 0
    marked: int = 0

    def __add__(self, other: "QualityReport") -> "QualityReport":
        """Return the sum of two reports."""
        return QualityReport(self.assets + other.assets, self.readings + other.readings, self.marked + other.marked)


@dataclass(frozen=True, slots=True)
class _Left:
    """Where the judgement of an asset was left: its life, its newest row, and what was known then."""

    life: int
    last: datetime
    state: QualityState
    namur: NDArray[np.int8]


@dataclass(slots=True)
class QualityRefresh:
    """Judges what changed in the telemetry store since it last looked.

    Attributes:
        pack: The type of the machines; assets of other packs are left alone.
        owns: Says whether an asset belongs to the pack.
    """

    telemetry: TelemetryStore
    lives: LifeRecords
    cursors: Cursors
    states: SignalStates
    pack: Pack
    owns: Callable[[TenantId, AssetId], bool]
    _rules: QualityRules = field(init=False)
    _left: dict[tuple[TenantId, AssetId], _Left] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        """Make the rules of the pack."""
        self._rules = quality_rules(self.pack)

    def catch_up(self, progress: Progress | None = None) -> QualityReport:
        """Judge everything that changed, for every tenant, and remember how far it came."""
        report = QualityReport()
        while changes := self.telemetry.changes_since(self.cursors.get(CURSOR), _CHANGES_AT_ONCE):
            report += self.judge(changes, progress)
            self.cursors.advance(CURSOR, changes[-1].cursor)
        return report

    def judge(self, changes: Iterable[Change], progress: Progress | None = None) -> QualityReport:
        """Judge the lives in which these changes lie, from the first change on."""
        since: dict[tuple[TenantId, AssetId], datetime] = {}
        for change in changes:
            key = change.tenant, change.asset
            since[key] = min(change.first, since.get(key, change.first))
        ours = [key for key in since if self.owns(*key)]
        report = QualityReport()
        for start in range(0, len(ours), _ASSETS_AT_ONCE):
            part = ours[start : start + _ASSETS_AT_ONCE]
            report += self._judge_together([(*key, since[key]) for key in part])
            if progress is not None:
                progress(start + len(part), len(ours))
        return report

    def _judge_together(self, wanted: Sequence[tuple[TenantId, AssetId, datetime]]) -> QualityReport:
        jobs = [job for tenant, asset, first in wanted for job in self._jobs(tenant, asset, first)]
        machines = [AssetRows(job.track.time_us, job.track.rows.values) for job in jobs]
        judged = judge_all(self._rules, machines, [None if job.left is None else job.left.state for job in jobs])
        marked = sum(self._keep(job, found) for job, found in zip(jobs, judged, strict=True))
        return QualityReport(len(wanted), sum(len(each.time_us) for each in machines), marked)

    def _jobs(self, tenant: TenantId, asset: AssetId, first: datetime) -> list["_Job"]:
        """Return what has to be judged of an asset whose readings changed from a moment on."""
        lives = self.lives.list_all(tenant, asset)
        touched = [life for life in lives if life.ended_at is None or life.ended_at >= first]
        if not touched:
            return []
        left = self._left.get((tenant, asset))
        goes_on = left is not None and first > left.last and [life.number for life in touched] == [left.life]
        if left is not None and goes_on:
            start = left.last + _JUST_AFTER
        else:
            left, start = None, touched[0].started_at
            if touched[0].number > 0:  # a row at the very moment the life before ended belongs to that one
                start += _JUST_AFTER
        return [_Job(tenant, track, left) for track in self._tracks(tenant, touched, start)]

    def _tracks(self, tenant: TenantId, lives: Sequence[LifeEpoch], start: datetime) -> list[LifeTrack]:
        signals, asset = self._rules.names, lives[0].asset
        wide = self.telemetry.read_wide(tenant, signals=signals, assets=[asset], start=start, with_suspect=True)
        return life_tracks(wide, lives, signals)

    def _keep(self, job: "_Job", judged: Judged) -> int:
        """Store the verdicts and states of a life; return how many readings changed their verdict."""
        life, times = job.track.epoch, job.track.time_us
        key, last = (job.tenant, life.asset), from_microseconds(int(times[-1]))
        first = from_microseconds(int(times[0]))
        marked = self.telemetry.mark(
            job.tenant,
            verdict_table(life.asset, self._rules.names, times, judged.verdicts),
            assets=[life.asset],
            signals=self._rules.names,
            start=first,
            end=last + _JUST_AFTER,
        )
        if life.ended_at is None:
            self._left[key] = _Left(life.number, last, judged.state, judged.namur[-1])
            self.states.put_all(job.tenant, life.asset, self._standing(job, judged))
        return marked

    def _standing(self, job: "_Job", judged: Judged) -> list[SignalState]:
        """Return the state of each measuring point that is another than when it was last looked at."""
        newest = {change.signal: change for change in judged.states}
        begun = int(job.track.time_us[0])
        states = []
        for place, signal in enumerate(self._rules.names):
            now = int(judged.namur[-1, place])
            if job.left is not None and now == int(job.left.namur[place]):
                continue
            change = newest.get(signal)
            since = begun if change is None else change.since_us
            verdict = Verdict.GOOD if change is None else change.verdict
            states.append(SignalState(signal, NAMUR_CODES[now], verdict, from_microseconds(since)))
        return states


@dataclass(frozen=True, slots=True)
class _Job:
    """A life, or what is new of it."""

    tenant: TenantId
    track: LifeTrack
    left: _Left | None
