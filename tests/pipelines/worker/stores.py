"""A telemetry store and records filled with a small fleet, and a feature store that stays in memory."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import polars as pl

from features.domain.assets import Asset
from features.domain.events import Event, LifeEpoch, life_epochs
from features.domain.identifiers import AssetId
from features.domain.packs import Pack
from features.records.assets import AssetRecords
from features.records.database import Records
from features.records.lives import LifeRecords
from features.telemetry.readings import READINGS
from features.transforms.specification import FeatureSpecification, pack_signals
from pipelines.building.tracks import LifeTrack
from tests.pipelines.building.machines import MINE, at


@dataclass
class OnlineRows:
    """An online store in memory that keeps its contract: what is older never takes the place of what is newer."""

    specification: FeatureSpecification
    rows: dict[tuple[str, str], pl.DataFrame] = field(default_factory=dict)
    batches: list[int] = field(default_factory=list)

    def write_online(self, rows: pl.DataFrame) -> int:
        written = 0
        for part in rows.iter_slices(1):
            key = (part["tenant"][0], part["asset"][0])
            if key not in self.rows or part["event_time"][0] >= self.rows[key]["event_time"][0]:
                self.rows[key], written = part, written + 1
        self.batches.append(rows.height)
        return written

    def vector(self, asset: str, tenant: str = MINE) -> list[float]:
        return [float(value) for value in self.rows[tenant, asset].select(self.specification.names).row(0)]


def readings(pack: Pack, track: LifeTrack, revision: int = 0) -> pl.DataFrame:
    """Return a track in the long form of telemetry."""
    frame = pl.DataFrame(track.rows.values, schema=list(pack_signals(pack))).with_columns(
        asset=pl.lit(track.epoch.asset),
        time=pl.Series(track.time_us).cast(pl.Datetime("us")).dt.replace_time_zone("UTC"),
    )
    long = frame.unpivot(index=["asset", "time"], variable_name="signal").drop_nulls("value")
    return long.with_columns(revision=pl.lit(revision, pl.Int64)).select(*READINGS.names())


def record(records: Records, pack: Pack, asset: str, events: Sequence[Event] = ()) -> list[LifeEpoch]:
    """Put an asset on record with the lives that its events bound."""
    AssetRecords(records).put(Asset(MINE, AssetId(asset), pack.id))
    lives = life_epochs(MINE, AssetId(asset), at(0), list(events), pack.life.modelled_component)
    LifeRecords(records).replace(MINE, AssetId(asset), lives)
    return lives
