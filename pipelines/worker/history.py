"""What the worker brought online, kept offline too, so that what a forecast was made from is found (docs/adr/0009)."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

import polars as pl

from features.domain.errors import Unavailable
from features.domain.identifiers import AssetId, TenantId
from features.domain.time import from_microseconds
from features.store.feast_store import FeastFeatures
from features.store.frames import vector_rows
from features.store.names import CREATED_TIME
from features.store.revision import Revision, Span, Spans, extend, stored_spans
from features.store.versions import ROW
from pipelines.building.build import feature_rows
from pipelines.building.tracks import Computed

_EVERY = timedelta(seconds=30)
_MANY_ROWS, _TOO_MANY_ROWS = 50_000, 500_000
_logger = logging.getLogger(__name__)


class _Batch(NamedTuple):
    tenant: TenantId
    read_at: datetime
    rows: pl.DataFrame
    spans: list[Span]
    is_recovered: bool = False


@dataclass(slots=True)
class VectorHistory:
    """Writes what was computed to the offline rows, some of it together.

    What waits is in memory: a worker that is killed loses it, but for the newest vector of each asset, which
    `recover` takes from the online store. An offline store that does not answer keeps nothing from going online.

    Attributes:
        features: The store of the specification.
    """

    features: FeastFeatures
    _waiting: list[_Batch] = field(default_factory=list, init=False)
    _stored: dict[TenantId, Spans] = field(default_factory=dict, init=False)
    _is_late: bool = field(default=False, init=False)

    def keep(self, tenant: TenantId, computed: Sequence[Computed], read_at_us: int) -> None:
        """Take rows that were computed; most wait for `write`.

        Args:
            tenant: Whose.
            computed: Every row of each stretch of time, running or not; stretches of one asset do not overlap.
            read_at_us: A moment before their readings were read, microseconds since 1970.
        """
        if not computed:
            return
        specification = self.features.specification
        rows = pl.concat([feature_rows(specification, tenant, *each) for each in computed])
        spans = [each.track.span for each in computed]
        self._waiting.append(_Batch(tenant, from_microseconds(read_at_us), rows, spans))
        if self._rows > _MANY_ROWS:
            self.write()

    def recover(self, tenant: TenantId, assets: Sequence[AssetId], read_at_us: int) -> None:
        """Take the vectors that are online: a worker before may not have come to write them.

        Raises:
            FeatureStoreUnavailable: If the online store does not answer.
        """
        found = self.features.online.vectors(tenant, assets)
        if found:
            rows = vector_rows(tenant, found, self.features.specification)
            times = {asset: from_microseconds(vector.time_us) for asset, vector in found.items()}
            spans = [Span(asset, time, time) for asset, time in times.items()]
            self._waiting.append(_Batch(tenant, from_microseconds(read_at_us), rows, spans, is_recovered=True))

    def write_if_due(self, now: datetime) -> None:
        """Write what waits, if some of it has waited long enough."""
        if self._waiting and now - self._waiting[0].read_at >= _EVERY:
            self.write()

    def write(self) -> int:
        """Write what waits; a store that does not answer is told of once, and asked again the next time.

        Returns:
            Number of versions written.
        """
        try:
            written = self._write()
        except Unavailable as error:
            if not self._is_late:
                _logger.warning("offline rows wait", extra={"part": error.part, "reason": error.reason})
            self._is_late = True
            self._stored.clear()
            if self._rows > _TOO_MANY_ROWS:
                _logger.error("offline rows are given up; features build adds them", extra={"rows": self._rows})
                self._waiting.clear()
            return 0
        if self._is_late:
            _logger.info("offline rows are written again")
        self._is_late = False
        return written

    @property
    def _rows(self) -> int:
        return sum(batch.rows.height for batch in self._waiting)

    def _write(self) -> int:
        """Write batch after batch, several in one commit where none has to be compared with one before it."""
        written, done = 0, 0
        pending: list[pl.DataFrame] = []
        touched: set[AssetId] = set()
        for batch in self._waiting:
            stored = self._stored_of(batch.tenant)
            again = {span.asset for span in batch.spans if span.asset in stored and span.first <= stored[span.asset][1]}
            if pending and touched & again:
                written += self._append(pending, done)
                pending, touched, done = [], set(), 0
            versions = self._versions(batch, stored)
            pending.append(versions)
            touched |= {span.asset for span in batch.spans}
            extend(stored, versions)
            done += 1
        return written + self._append(pending, done)

    def _append(self, versions: list[pl.DataFrame], batches: int) -> int:
        """Write versions of the first batches, which then wait no longer."""
        rows = pl.concat(versions) if versions else pl.DataFrame()
        if rows.height:
            self.features.append_offline(rows)
        del self._waiting[:batches]
        return rows.height

    def _versions(self, batch: _Batch, stored: Spans) -> pl.DataFrame:
        is_live = not self.features.online.counts_life  # where life is a bare count, no clock tells when a row was seen
        with self.features.translated():
            made = Revision(self.features.offline, batch.tenant, batch.read_at, is_live, stored)
            versions = made.versions(batch.rows, batch.spans)
        if not batch.is_recovered:
            return versions
        own = versions.join(batch.rows.select(*ROW, online=CREATED_TIME), on=ROW, how="left", maintain_order="left")
        is_new = pl.col(CREATED_TIME) == batch.read_at  # known since it was written online
        created = pl.when(is_new).then(pl.col("online")).otherwise(pl.col(CREATED_TIME))
        return own.with_columns(created.alias(CREATED_TIME)).drop("online")

    def _stored_of(self, tenant: TenantId) -> Spans:
        if tenant not in self._stored:
            with self.features.translated():
                self._stored[tenant] = self.features.offline.reading(lambda rows: stored_spans(rows, tenant))
        return self._stored[tenant]
