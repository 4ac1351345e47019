"""Keeps the verdicts in the telemetry store up to date with its readings.

Whoever reads readings for features (the worker, training) catches up first, so no feature is computed from a reading
that nobody has judged. An asset is judged from its beginning, lives included, because its instruments outlive an
overhaul; or from a little before what changed, which gives the same verdicts, because streaming and batch agree
exactly. A sensor that was replaced is learned anew.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import polars as pl

from features.domain.events import Event
from features.domain.identifiers import AssetId, TenantId
from features.domain.packs import Pack
from features.domain.time import from_microseconds, microseconds
from features.quality.batch import AssetRows
from features.quality.compact import StateLayout
from features.quality.holding import NAMUR_CODES
from features.quality.rules import QualityRules, quality_rules
from features.quality.state import reset
from features.quality.verdicts import Verdict
from features.records.cursors import Cursors
from features.records.events import EventRecords
from features.records.signal_states import SignalState, SignalStates
from features.telemetry.store import Change, Span, TelemetryStore
from pipelines.quality.checkpoint import Checkpoint, Checkpoints
from pipelines.quality.portions import CELLS, judge_all
from pipelines.quality.position import CURSOR, judged_up_to
from pipelines.quality.tables import verdict_table
from pipelines.quality.timeline import Timeline, cuts_of
from pipelines.reading import ReadRows, read_from
from pipelines.shards import Shard

_CHANGES_AT_ONCE = 10_000

Progress = Callable[[int, int], None]
"""Told how many assets are done, and of how many."""


@dataclass(frozen=True, slots=True)
class QualityReport:
    """What was judged.

    Attributes:
        assets: Assets whose readings were judged.
        rows: Rows judged, one for each moment.
        marked: Readings whose stored verdict changed.
    """

    assets: int = 0
    rows: int = 0
    marked: int = 0

    def __add__(self, other: "QualityReport") -> "QualityReport":
        """Return the sum of two reports."""
        return QualityReport(self.assets + other.assets, self.rows + other.rows, self.marked + other.marked)


@dataclass(slots=True)
class QualityRefresh:
    """Judges what changed in the telemetry store since it last looked.

    Attributes:
        pack: The type of the machines; assets of other packs are left alone.
        owns: Says whether an asset belongs to the pack.
        shard: Of which assets readings are judged.
        check: Asked before verdicts count; raises if another one judges these readings now. None asks nobody.
    """

    telemetry: TelemetryStore
    events: EventRecords
    cursors: Cursors
    states: SignalStates
    pack: Pack
    owns: Callable[[TenantId, AssetId], bool]
    shard: Shard = Shard()  # noqa: RUF009  # it is frozen
    check: Callable[[], None] | None = None
    _rules: QualityRules = field(init=False)
    _layout: StateLayout = field(init=False)
    _memories: dict[tuple[TenantId, AssetId], Checkpoints] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        """Make the rules of the pack."""
        self._rules = quality_rules(self.pack)
        self._layout = StateLayout.of(self._rules)

    def catch_up(self, progress: Progress | None = None) -> QualityReport:
        """Judge everything that changed, for every tenant, and remember how far it came."""
        report = QualityReport()
        while changes := self.telemetry.changes_since(judged_up_to(self.cursors, self.shard), _CHANGES_AT_ONCE):
            report += self.judge(changes, progress)
            self.cursors.advance(self.shard.name(CURSOR), changes[-1].cursor)
        return report

    def judge(self, changes: Iterable[Change], progress: Progress | None = None) -> QualityReport:
        """Judge the assets to which these changes happened, from the first change of each on."""
        since: dict[tuple[TenantId, AssetId], datetime] = {}
        for change in changes:
            key = change.tenant, change.asset
            since[key] = min(change.first, since.get(key, change.first))
        ours = [key for key in since if self.shard.holds(key[1]) and self.owns(*key)]
        report, waiting, cells = QualityReport(), list[Timeline](), 0
        for done, timeline in enumerate(self._timelines({key: since[key] for key in ours}), start=1):
            waiting.append(timeline)
            cells += timeline.rows.values.size
            if cells >= CELLS or done == len(ours):
                report += self._judge(waiting)
                waiting, cells = [], 0
                if progress is not None:
                    progress(done, len(ours))
        return report

    def _timelines(self, since: Mapping[tuple[TenantId, AssetId], datetime]) -> Iterator[Timeline]:
        """Read what has to be judged of assets whose readings changed from a moment on.

        Those that go on from a point are read together, for there is little of each; the others one by one.
        """
        known = {key: self._memory(key).before(self._layout, microseconds(first)) for key, first in since.items()}
        for tenant in dict.fromkeys(tenant for tenant, _ in since):
            mine = {asset: first for (owner, asset), first in since.items() if owner == tenant}
            events = self._events(tenant, list(mine))
            short = {asset: point for asset in mine if (point := known[tenant, asset]) is not None}
            starts: dict[AssetId, int | None] = {asset: point.last_us + 1 for asset, point in short.items()}
            together = self._read(tenant, starts)
            for asset, first in mine.items():
                rows = together[asset] if asset in together else self._read(tenant, {asset: None})[asset]
                point = known[tenant, asset]
                cuts = cuts_of(
                    events.get(asset, []), self._rules.names, first, None if point is None else point.last_us
                )
                yield Timeline(tenant, asset, AssetRows(rows.time_us, rows.values), cuts, point)

    def _read(self, tenant: TenantId, starts_us: Mapping[AssetId, int | None]) -> dict[AssetId, ReadRows]:
        return read_from(self.telemetry, tenant, starts_us, self._rules.names, with_suspect=True)

    def _events(self, tenant: TenantId, assets: Sequence[AssetId]) -> dict[AssetId, list[Event]]:
        found: dict[AssetId, list[Event]] = {}
        for event in self.events.list_all(tenant, assets[0] if len(assets) == 1 else None):
            found.setdefault(event.asset, []).append(event)
        return found

    def _memory(self, key: tuple[TenantId, AssetId]) -> Checkpoints:
        return self._memories.setdefault(key, Checkpoints())

    def _judge(self, timelines: Sequence[Timeline]) -> QualityReport:
        """Judge many assets together, piece by piece."""
        running = [(each, each.pieces()) for each in timelines]
        while running:
            found = [(timeline, piece) for timeline, pieces in running if (piece := next(pieces, None)) is not None]
            judged = judge_all(self._rules, [rows for _, (rows, _) in found], [each.state for each, _ in found])
            for (timeline, (rows, anew)), result in zip(found, judged, strict=True):
                timeline.judged.append(result)
                timeline.state = reset(self._rules, result.state, anew) if anew else result.state
                self._remember(timeline, rows)
            active = {id(timeline) for timeline, _ in found}
            running = [each for each in running if id(each[0]) in active]
        judged_now = [each for each in timelines if each.judged]
        tenants = dict.fromkeys(each.tenant for each in judged_now)
        marked = sum(self._keep(tenant, [each for each in judged_now if each.tenant == tenant]) for tenant in tenants)
        return QualityReport(len(timelines), sum(len(each.rows.time_us) for each in timelines), marked)

    def _remember(self, timeline: Timeline, rows: AssetRows) -> None:
        before = 0 if timeline.known is None else timeline.known.rows
        done = before + sum(len(each.verdicts) for each in timeline.judged)
        if timeline.state is not None:
            point = Checkpoint(int(rows.time_us[-1]), done, timeline.state, timeline.judged[-1].namur[-1])
            self._memory((timeline.tenant, timeline.asset)).add(self._layout, point)

    def _keep(self, tenant: TenantId, timelines: Sequence[Timeline]) -> int:
        """Store the verdicts of assets and the states of their measuring points; return how many verdicts changed."""
        names = self._rules.names
        table = pl.concat(
            verdict_table(each.asset, names, each.rows.time_us, verdicts)
            for each in timelines
            if (verdicts := np.concatenate([part.verdicts for part in each.judged])).any() or each is timelines[0]
        )
        spans: dict[str, Span] = {each.asset: _span(each.rows) for each in timelines}
        marked = self.telemetry.mark_all(tenant, table, spans, names, self.check)
        self.states.put_each(tenant, {each.asset: self._standing(each) for each in timelines}, self.check)
        return marked

    def _standing(self, timeline: Timeline) -> list[SignalState]:
        """Return the state of each measuring point that is another than when it was last looked at."""
        newest = {change.signal: change for each in timeline.judged for change in each.states}
        begun, now = int(timeline.rows.time_us[0]), timeline.judged[-1].namur[-1]
        states = []
        for place, signal in enumerate(self._rules.names):
            if timeline.known is not None and now[place] == timeline.known.namur[place]:
                continue
            change = newest.get(signal)
            since = begun if change is None else change.since_us
            verdict = Verdict.GOOD if change is None else change.verdict
            states.append(SignalState(signal, NAMUR_CODES[int(now[place])], verdict, from_microseconds(since)))
        return states


def _span(rows: AssetRows) -> Span:
    return from_microseconds(int(rows.time_us[0])), from_microseconds(int(rows.time_us[-1]) + 1)
