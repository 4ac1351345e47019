"""Where everything that was read goes: stores, records, and the tally of both."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import polars as pl

from features.domain.assets import Asset
from features.domain.events import Event, LifeEpoch, life_epochs
from features.domain.identifiers import AssetId, IdentifierScheme, TenantId
from features.domain.labels import Label
from features.domain.packs import LifeSource, Pack
from features.records.assets import UNCLAIMED, AssetRecords
from features.records.database import Records
from features.records.events import EventRecords
from features.records.labels import LabelRecords
from features.records.lives import LifeRecords
from features.records.quarantine import QuarantineRecords
from features.records.set_aside import SetAside, SetAsideItem
from features.telemetry.readings import READINGS
from features.telemetry.store import TelemetryStore
from pipelines.ingest.judging import Claims, judged
from pipelines.ingest.keys import ASSET, ClockCheck, Watch, asset_texts, keyed
from pipelines.ingest.long_form import KEPT
from pipelines.ingest.plausible_clock import PlausibleClock
from pipelines.ingest.quarantine import sightings, unseen
from pipelines.ingest.report import IngestReport, Tally

LOOK_AGAIN = timedelta(seconds=30)
"""What is known of assets is asked anew after so long: other processes put them on record too."""


def now() -> datetime:
    """Return the time by the clock of this machine."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Offered:
    """Rows of one table on their way: judged, their assets on record, and nothing kept yet.

    Attributes:
        pack: The pack, or the measurement, under which they came.
        readings: What the pack claims, in the form `KEPT`.
        quarantined: What no pack claims, in the same form.
        items: What is set aside.
        rows: Rows that held anything.
        is_dated: Whether their times are times; otherwise they stand in for life counts.
    """

    pack: str
    readings: pl.DataFrame
    quarantined: pl.DataFrame
    items: list[SetAsideItem]
    rows: int
    is_dated: bool


@dataclass(slots=True)
class Intake:
    """The way in for one tenant and one pack; it may live for days while others write the same records.

    Attributes:
        clock: Tells when rows arrive that do not say so themselves.
        rule: Which times are believed; None means the usual for the pack.
        watch: Follows the clocks of the sources, where rows say when they arrived; None where nobody does.
        takes_lives: Whether a life count may stand in for a time, as it may in a file for any pack.
        known: The tenant's assets on record that were met, by identity.
        first_reading: The earliest reading of each asset that was met.
    """

    pack: Pack
    tenant: TenantId
    store: TelemetryStore
    records: Records
    clock: Callable[[], datetime] = now
    rule: PlausibleClock | None = None
    watch: Watch | None = None
    takes_lives: bool = True
    known: dict[AssetId, Asset] = field(default_factory=dict)
    first_reading: dict[str, datetime] = field(default_factory=dict)
    tally: Tally = field(default_factory=Tally)
    _owners: dict[tuple[IdentifierScheme, str], AssetId] | None = None
    _looked_at: datetime | None = None
    _unsettled: set[str] = field(default_factory=set)

    @property
    def owners(self) -> dict[tuple[IdentifierScheme, str], AssetId]:
        """The asset on record behind each identifier; asked once, by those who describe assets."""
        if self._owners is None:
            everyone = AssetRecords(self.records).list_all(self.tenant)
            self._owners = {(name.scheme, name.value): asset.id for asset in everyone for name in asset.identifiers}
        return self._owners

    @property
    def believed(self) -> PlausibleClock:
        """Which times are believed."""
        return self.rule or PlausibleClock.of(self.pack)

    def strangers(self, chunk: pl.DataFrame) -> frozenset[str]:
        """Return the assets of a table that are on record as of another pack; nothing of this data may be theirs."""
        named = asset_texts(chunk["asset_id"]).drop_nulls().unique().to_list()
        self.look_at(named)
        found = [self.known[AssetId(name)] for name in named if name in self.known]
        return frozenset(asset.id for asset in found if asset.pack != self.pack.id and asset.attributes != UNCLAIMED)

    def look_at(self, assets: Iterable[str], *, anew: bool = False) -> None:
        """Learn what is on record of assets that were not met yet, or not lately."""
        moment = self.clock()
        if self._looked_at is None or abs(moment - self._looked_at) > LOOK_AGAIN:
            self.known.clear()
            self._looked_at = moment
        wanted = [AssetId(asset) for asset in assets if anew or asset not in self.known]
        self.known.update({asset.id: asset for asset in AssetRecords(self.records).find_all(self.tenant, wanted)})

    def take_telemetry(self, chunk: pl.DataFrame, source: str) -> None:
        """Take a chunk of a telemetry table (see `keyed` for its columns)."""
        offered = self.offer(chunk, source)
        fresh = unseen(self.store, self.tenant, offered.quarantined)
        self.keep([offered])
        QuarantineRecords(self.records).note(sightings(self.tenant, offered.pack, fresh))

    def offer(self, chunk: pl.DataFrame, source: str = "", measurement: str | None = None) -> Offered:
        """Judge rows of telemetry and put their assets on record.

        Args:
            chunk: A telemetry table; its rows may say themselves where they came from.
            source: The name under which parts are set aside, where they do not.
            measurement: The measurement under which they came; None means that of our pack. Of another one, nothing
                is claimed.
        """
        pack = measurement or self.pack.id
        strangers, claims = self._claims(chunk, pack)
        check = ClockCheck(self.believed, self.clock(), self.watch, self.takes_lives)
        rows = keyed(chunk, source, strangers, check)
        found = judged(rows, source, claims)
        self._meet(rows.rows[ASSET].unique().sort(), pack)
        is_dated = "time" in chunk.columns and self.pack.life.source is not LifeSource.COUNT
        items = [*rows.items, *found.items]
        return Offered(pack, found.readings, found.quarantined, items, rows.offered, is_dated)

    def keep(self, offered: Sequence[Offered]) -> None:
        """Write what was offered: what does not fit aside, all readings into the store at once."""
        self.put_aside([item for each in offered for item in each.items])
        claimed = pl.concat([KEPT.to_frame(), *(each.readings for each in offered)])
        readings = pl.concat([claimed, *(each.quarantined for each in offered)])
        if readings.height:
            self.tally.written += self.store.write(self.tenant, readings.select(*READINGS.names()))
            self._note_first(readings)
        self.tally.rows += sum(each.rows for each in offered)
        self.tally.revised += int((readings["revision"] > 0).sum())
        for each in offered:
            self.tally.quarantined.update(dict(each.quarantined["signal"].value_counts().iter_rows()))

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
        """Cut anew the lives of those assets about which something was learnt that may bound a life.

        What bounds them is asked anew: another process may have learnt more meanwhile.
        """
        if not self._unsettled:
            return
        self.look_at(self._unsettled, anew=True)
        names = sorted(name for name in self._unsettled if self._is_ours(name))
        assets = [AssetId(name) for name in names]
        self.first_reading.update(self.store.first_times(self.tenant, assets))
        events = EventRecords(self.records)
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

    def _claims(self, chunk: pl.DataFrame, pack: str) -> tuple[frozenset[str], Claims]:
        strangers = self.strangers(chunk)
        if pack == self.pack.id:
            return strangers, Claims({signal.id: signal for signal in self.pack.signals})
        owned = frozenset(asset.id for asset in self.known.values() if asset.pack == self.pack.id)
        return frozenset(), Claims({}, frozenset(signal.id for signal in self.pack.signals), owned)

    def _is_ours(self, asset: str) -> bool:
        known = self.known.get(AssetId(asset))
        return known is not None and known.pack == self.pack.id

    def _lives(self, asset: AssetId, events: list[Event]) -> list[LifeEpoch]:
        """Cut the lives of an asset; nobody has observed one without readings and without commissioning."""
        first = self.first_reading.get(asset)
        commissioned = self.known[asset].commissioned
        starts = [moment for moment in (commissioned, first) if moment is not None]
        if not starts:
            return []
        return life_epochs(self.tenant, asset, min(starts), events, self.pack.life.modelled_component)

    def _meet(self, assets: Iterable[str], pack: str | None = None) -> None:
        """Put assets on record that nobody described, and claim those that nobody claimed."""
        named = [AssetId(asset) for asset in assets]
        self.tally.assets.update(named)
        self.look_at(named)
        records, ours = AssetRecords(self.records), pack in {None, self.pack.id}
        attributes = {} if ours else UNCLAIMED
        missing = [name for name in named if name not in self.known]
        records.add_missing(Asset(self.tenant, name, pack or self.pack.id, attributes=attributes) for name in missing)
        unclaimed = [name for name in named if name in self.known and self.known[name].attributes == UNCLAIMED]
        if ours and unclaimed:
            records.claim(self.tenant, unclaimed, self.pack.id)
            self._unsettled.update(unclaimed)
            missing += unclaimed
        self.look_at(missing, anew=True)  # another process may have described them in between

    def _note_first(self, readings: pl.DataFrame) -> None:
        """Remember which assets have an earlier first reading than we knew of, or were not met before."""
        firsts = readings.group_by("asset").agg(pl.col("time").min())
        for asset, first in firsts.iter_rows():
            if asset not in self.first_reading or first < self.first_reading[asset]:
                self._unsettled.add(asset)
