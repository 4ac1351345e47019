"""Where everything that was read goes: stores, records, and the tally of both."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import polars as pl

from features.domain.assets import Asset
from features.domain.events import Event, LifeEpoch, life_epochs
from features.domain.identifiers import AssetId, IdentifierScheme, TenantId
from features.domain.labels import Label
from features.domain.packs import Pack
from features.records.assets import AssetRecords
from features.records.database import Records
from features.records.events import EventRecords
from features.records.labels import LabelRecords
from features.records.lives import LifeRecords
from features.records.set_aside import SetAside, SetAsideItem
from features.telemetry.store import TelemetryStore
from pipelines.ingest.judging import judged
from pipelines.ingest.keys import ASSET, keyed
from pipelines.ingest.report import IngestReport, Tally


@dataclass(slots=True)
class Intake:
    """One ingest for one tenant and one pack.

    Attributes:
        known: The tenant's assets on record, by identity.
        first_reading: The first reading of each asset in the store.
        owners: The asset on record behind each identifier.
    """

    pack: Pack
    tenant: TenantId
    store: TelemetryStore
    records: Records
    known: dict[AssetId, Asset] = field(init=False)
    first_reading: dict[str, datetime] = field(init=False)
    owners: dict[tuple[IdentifierScheme, str], AssetId] = field(init=False)
    tally: Tally = field(default_factory=Tally)
    _unsettled: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Ask what is there already."""
        self.known = {asset.id: asset for asset in AssetRecords(self.records).list_all(self.tenant)}
        self.owners = {
            (name.scheme, name.value): asset.id for asset in self.known.values() for name in asset.identifiers
        }
        span = self.store.span(self.tenant)
        self.first_reading = dict(zip(span["asset"], span["first"], strict=True))

    @property
    def strangers(self) -> frozenset[str]:
        """Assets on record that belong to another pack; nothing of this data may be theirs."""
        return frozenset(asset.id for asset in self.known.values() if asset.pack != self.pack.id)

    def take_telemetry(self, chunk: pl.DataFrame, source: str) -> None:
        """Take a chunk of a telemetry table (see `keyed` for its columns)."""
        rows = keyed(chunk, source, self.strangers)
        verdict = judged(rows, source, {signal.id: signal for signal in self.pack.signals})
        self.tally.rows += rows.offered
        self.put_aside([*rows.items, *verdict.items])
        self._meet(rows.rows[ASSET].unique().sort())
        if verdict.readings.height:
            self.tally.written += self.store.write(self.tenant, verdict.readings)
            self._note_first(verdict.readings)

    def take_assets(self, assets: Sequence[Asset]) -> None:
        """Take assets as they are described; those described alike already are left alone."""
        changed = [asset for asset in assets if self.known.get(asset.id) != asset]
        if changed:
            AssetRecords(self.records).put_all(changed)
        self.known.update({asset.id: asset for asset in changed})
        self.tally.assets.update(asset.id for asset in assets)
        self._unsettled.update(asset.id for asset in changed)

    def take_events(self, events: Sequence[Event]) -> None:
        """Take events, and put the assets that they speak of on record."""
        self._meet(sorted({event.asset for event in events}))
        EventRecords(self.records).put_all(events)
        self.tally.events += len(events)
        self._unsettled.update(event.asset for event in events)

    def take_labels(self, labels: Sequence[Label]) -> None:
        """Take labels, and put the assets that they speak of on record."""
        self._meet(sorted({label.asset for label in labels}))
        LabelRecords(self.records).put_all(labels)
        self.tally.labels += len(labels)

    def put_aside(self, items: Sequence[SetAsideItem]) -> None:
        """Keep what does not fit, with its reasons."""
        SetAside(self.records).add(self.tenant, items)
        self.tally.count_aside(items)

    def settle_lives(self) -> None:
        """Cut anew the lives of those assets about which something was learnt that may bound a life."""
        events = EventRecords(self.records)
        assets = [AssetId(asset) for asset in sorted(self._unsettled)]
        lives = {asset: self._lives(asset, events.list_all(self.tenant, asset)) for asset in assets}
        if lives:
            LifeRecords(self.records).replace_all(self.tenant, lives)
        self._unsettled.clear()

    def finish(self) -> IngestReport:
        """Cut the lives of all assets that were spoken of, and return the report."""
        self._unsettled.update(self.tally.assets)
        self.settle_lives()
        lives = LifeRecords(self.records).list_all(self.tenant)
        return self.tally.report(lives=sum(life.asset in self.tally.assets for life in lives))

    def _lives(self, asset: AssetId, events: list[Event]) -> list[LifeEpoch]:
        """Cut the lives of an asset; nobody has observed one without readings and without commissioning."""
        first = self.first_reading.get(asset)
        commissioned = self.known[asset].commissioned
        starts = [moment for moment in (commissioned, first) if moment is not None]
        if not starts:
            return []
        return life_epochs(self.tenant, asset, min(starts), events, self.pack.life.modelled_component)

    def _meet(self, assets: Iterable[str]) -> None:
        """Put assets on record that nobody described."""
        named = [AssetId(asset) for asset in assets]
        self.tally.assets.update(named)
        new = [Asset(self.tenant, asset, self.pack.id) for asset in named if asset not in self.known]
        if new:
            AssetRecords(self.records).put_all(new)
            self.known.update({asset.id: asset for asset in new})

    def _note_first(self, readings: pl.DataFrame) -> None:
        firsts = readings.group_by("asset").agg(pl.col("time").min())
        for asset, first in firsts.iter_rows():
            if asset not in self.first_reading or first < self.first_reading[asset]:
                self.first_reading[asset] = first
                self._unsettled.add(asset)
