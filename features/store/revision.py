"""Rows that are computed anew beside those that are there: only what differs is added, and none is changed.

So whoever asks for what was known at a moment gets the same answer after a late reading, a correction or a backfill as
before it (docs/adr/0009).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import polars as pl

from features.domain.identifiers import AssetId, TenantId
from features.store.names import ASSET, CREATED_TIME, EVENT_TIME, TENANT
from features.store.rows import OfflineRows, Snapshot
from features.store.versions import created_at, newest_versions, standing, withdrawals, without_withdrawn

_FIRST, _LAST = "first", "last"


class Span(NamedTuple):
    """A stretch of an asset's time of which every running row was computed.

    Attributes:
        asset: Which.
        first: From when on (inside).
        last: Until when (inside).
    """

    asset: AssetId
    first: datetime
    last: datetime


Spans = dict[AssetId, tuple[datetime, datetime]]
"""Earliest and latest event time that is stored of each asset."""


@dataclass(frozen=True, slots=True)
class Revision:
    """Makes versions of rows of a tenant that were computed anew.

    Attributes:
        rows: What they will be part of.
        tenant: Whose.
        read_at: A moment before the readings behind the rows were read: corrections are known from it on.
        is_live: Whether rows newer than all of their asset were seen as they came, and are known from `read_at` on;
            else they are written as if they had been.
        stored: What is stored of each asset.
    """

    rows: OfflineRows
    tenant: TenantId
    read_at: datetime
    is_live: bool
    stored: Spans

    def versions(self, computed: pl.DataFrame, spans: Sequence[Span]) -> pl.DataFrame:
        """Return the versions that are to be added: what differs from those that stand. See docs/adr/0009 for the rule.

        Args:
            computed: Columns tenant, asset, event_time, the features, life, regime, life_number, time_us.
            spans: Where every row was computed: one that stands there and is not among them is withdrawn. They do
                not overlap, and all of `computed` lies within.
        """
        edges = _span_frame([(asset, *times) for asset, times in self.stored.items()], computed.schema[EVENT_TIME])
        placed = computed.select(ASSET, EVENT_TIME).join(edges, on=ASSET, how="left", maintain_order="left")
        is_newer = placed.select((pl.col(EVENT_TIME) > pl.col(_LAST)).fill_null(value=False)).to_series()
        is_older = placed.select((pl.col(EVENT_TIME) < pl.col(_FIRST)).fill_null(value=True)).to_series()
        parts = [
            created_at(computed.filter(is_older), None),
            created_at(computed.filter(is_newer), self.read_at if self.is_live else None),
            self._differing(computed.filter(~(is_older | is_newer)), spans),
        ]
        return pl.concat([part.select(parts[0].columns) for part in parts])

    def _differing(self, computed: pl.DataFrame, spans: Sequence[Span]) -> pl.DataFrame:
        known = [span for span in spans if span.asset in self.stored]
        before = self._before(known, created_at(computed.clear(), None))
        columns = [name for name in computed.columns if name not in (TENANT, ASSET, EVENT_TIME, CREATED_TIME)]
        keys = [ASSET, EVENT_TIME]
        joined = computed.join(
            before.select(*keys, *columns), on=keys, how="left", suffix="__before", maintain_order="left"
        )
        is_same = joined.select(
            pl.all_horizontal(pl.col(name).eq_missing(pl.col(f"{name}__before")) for name in columns)
        ).to_series()
        gone = without_withdrawn(before).join(computed, on=keys, how="anti", maintain_order="left")
        changed = created_at(computed.filter(~is_same), self.read_at)
        return pl.concat([changed, withdrawals(gone, self.read_at).select(changed.columns)])

    def _before(self, spans: Sequence[Span], form: pl.DataFrame) -> pl.DataFrame:
        """Return what stood within the spans when the readings were read, withdrawn rows included."""
        if not spans:
            return form
        assets = [span.asset for span in spans]
        times = min(span.first for span in spans), max(span.last for span in spans)
        is_in = (pl.col(TENANT) == self.tenant) & pl.col(ASSET).is_in(assets)
        is_in &= pl.col(EVENT_TIME).is_between(*times) & (pl.col(CREATED_TIME) <= self.read_at)

        def read(snapshot: Snapshot) -> pl.DataFrame:
            near = snapshot.of({self.tenant}, (min(assets), max(assets)), times)
            return near.read(form.columns, is_in) if near.parts else form

        found = newest_versions(self.rows.reading(read))
        placed = found.join(_span_frame(spans, form.schema[EVENT_TIME]), on=ASSET, how="inner", maintain_order="left")
        return placed.filter(pl.col(EVENT_TIME).is_between(_FIRST, _LAST)).select(form.columns)


def stored_spans(snapshot: Snapshot, tenant: TenantId) -> Spans:
    """Return the earliest and latest event time that is stored of each asset of a tenant."""
    own = snapshot.of({tenant})
    return _spans(own.read([ASSET, EVENT_TIME])) if own.parts else {}


def known_row(
    snapshot: Snapshot, tenant: TenantId, asset: AssetId, known_at: datetime, event_time: datetime | None
) -> pl.DataFrame:
    """Return a row in the version that was known at a moment, as a frame of one row or none.

    Args:
        snapshot: The rows.
        tenant: Whose.
        asset: Which.
        known_at: The moment.
        event_time: Which row; None means the newest that was known.
    """
    times = (event_time, event_time) if event_time is not None else None
    near = snapshot.of({tenant}, (asset, asset), times)
    is_it = (pl.col(TENANT) == tenant) & (pl.col(ASSET) == asset)
    if event_time is not None:
        is_it &= pl.col(EVENT_TIME) == event_time
    near = near if near.parts else Snapshot(snapshot.files, snapshot.parts[:1])  # for its types
    return standing(near.read(where=is_it), known_at).sort(EVENT_TIME).tail(1)


def extend(stored: Spans, versions: pl.DataFrame) -> None:
    """Take account of versions that were added."""
    for asset, (first, last) in _spans(versions).items():
        there = stored.get(asset, (first, last))
        stored[asset] = min(first, there[0]), max(last, there[1])


def _span_frame(spans: Sequence[tuple[AssetId, datetime, datetime]], time: pl.DataType) -> pl.DataFrame:
    return pl.DataFrame(spans, schema={ASSET: pl.String(), _FIRST: time, _LAST: time}, orient="row")


def _spans(rows: pl.DataFrame) -> Spans:
    found = rows.group_by(ASSET).agg(first=pl.col(EVENT_TIME).min(), last=pl.col(EVENT_TIME).max())
    return {AssetId(asset): (first, last) for asset, first, last in found.iter_rows()}
