"""The worker over simulated pumps, one of which has a fault: from readings in the store to conditions on record."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from edge_export.bundle.calibration import Calibration
from edge_export.bundle.shelf import BundleShelf
from edge_export.export import export_bundle
from edge_export.runtime.runtime import Runtime
from features.domain.assets import Asset
from features.domain.conditions import ConditionVerdict
from features.domain.events import LifeEpoch
from features.domain.home import Home
from features.domain.identifiers import AssetId
from features.domain.packs import Pack
from features.packs.loader import load_pack
from features.records.assets import AssetRecords
from features.records.conditions import ConditionRecords
from features.records.database import open_records
from features.records.lives import LifeRecords
from features.telemetry.readings import READINGS
from features.telemetry.sqlite import SqliteTelemetryStore
from features.transforms.batch import LifeRows, compute
from features.transforms.condition.table import ConditionTable
from features.transforms.intervals import IntervalTable
from features.transforms.specification import pack_signals
from models.condition.expectation.fitting import fit_condition
from models.condition.expectation.layout import condition_layout
from models.condition.expectation.rows import MachineRows
from pipelines.building.build import fit_specification
from pipelines.building.tracks import LifeTrack
from pipelines.simulate.scored import ScoredPump, scored_pump
from pipelines.simulate.settings import FleetSettings
from pipelines.simulate.signals import SIGNALS
from pipelines.worker.worker import Worker
from tests.edge_export.machine import TinyHazard
from tests.pipelines.building.machines import MINE

PUMPS, TAUGHT, DAYS, STEP = 6, 3, 12, timedelta(hours=1)
ILL = 4


def fleet() -> tuple[Pack, list[ScoredPump]]:
    """Return healthy pumps whose newest rows are as new as can be, but for the one whose bearing warms and shakes."""
    start = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(days=DAYS) + STEP
    settings = FleetSettings(PUMPS, DAYS, 60, 3, start, fault_kinds=(), with_defects=False)
    pumps = [scored_pump(settings, number) for number in range(PUMPS)]
    values = pumps[ILL].values.copy()
    grows = np.clip((np.arange(len(values)) - 220) / 40.0, 0.0, 1.0)
    for name in ("vibration_drive_end", "vibration_high_frequency", "bearing_temperature_drive_end"):
        values[:, SIGNALS.index(name)] *= 1.0 + 1.2 * grows
    pumps[ILL] = replace(pumps[ILL], values=values)
    return load_pack("pump"), pumps


def usual(pack: Pack, pumps: list[ScoredPump]) -> ConditionTable:
    columns = [SIGNALS.index(name) for name in condition_layout(pack).signals]
    rows = [MachineRows.sound(pump.time_us / 1e6, pump.values[:, columns]) for pump in pumps]
    return fit_condition(rows, condition_layout(pack))


def promote(home: Home, folder: Path, pack: Pack, pumps: list[ScoredPump], table: ConditionTable) -> None:
    """Promote a bundle whose network knows nothing and whose table is this."""
    columns = [SIGNALS.index(name) for name in pack_signals(pack)]
    lives = [LifeRows(pump.time_us / 1e6, pump.values[:, columns]) for pump in pumps]
    epochs = [LifeEpoch(MINE, AssetId(f"t-{place}"), 0, start_of(pump), None, None) for place, pump in enumerate(pumps)]
    tracks = [LifeTrack(epoch, pump.time_us, rows) for epoch, pump, rows in zip(epochs, pumps, lives, strict=True)]
    specification = fit_specification(pack, tracks)
    vectors = np.concatenate([each.vectors for each in compute(specification, lives)])
    calibration = replace(Calibration.of(pack, IntervalTable.of_half_level(0.45)), minimum_life=0.0)
    network = TinyHazard(len(specification.names), pack.grid.steps)
    export_bundle(
        folder,
        network,
        specification,
        calibration,
        vectors,
        name="pump",
        version="1",
        card_markdown="# Pump\n",
        readings=lives[0],
        condition=table,
    )
    shelf = BundleShelf(home.bundles)
    shelf.put(folder)
    shelf.promote(pack.id, "1")


def start_of(pump: ScoredPump) -> datetime:
    return datetime.fromtimestamp(int(pump.time_us[0]) / 1e6, UTC)


def install(home: Home, pack: Pack, pumps: list[ScoredPump]) -> None:
    records = open_records(home.records_url)
    with SqliteTelemetryStore(home.telemetry) as store:
        for pump in pumps:
            asset = AssetId(pump.asset)
            AssetRecords(records).put(Asset(MINE, asset, pack.id, site="north"))
            LifeRecords(records).replace(MINE, asset, [LifeEpoch(MINE, asset, 0, start_of(pump), None, None)])
            wide = pl.DataFrame(pump.values, schema=list(SIGNALS)).with_columns(
                asset=pl.lit(asset),
                time=pl.Series(pump.time_us).cast(pl.Datetime("us")).dt.replace_time_zone("UTC"),
                revision=pl.lit(0, pl.Int64),
            )
            long = wide.unpivot(index=["asset", "time", "revision"], variable_name="signal").drop_nulls("value")
            store.write(MINE, long.select(*READINGS.names()))
    records.dispose()


@pytest.mark.slow  # Feast and an export
def test_fault_of_one_pump_is_the_machine_s_on_record_and_the_others_are_normal(tmp_path: Path) -> None:
    home, (pack, pumps) = Home(tmp_path / "home"), fleet()
    taught, watched = pumps[:TAUGHT], pumps[TAUGHT:]
    promote(home, tmp_path / "bundle", pack, taught, usual(pack, taught))
    install(home, pack, watched)
    work = Worker(home, pack, MINE, "one", lease_seconds=30.0)
    first, again = work.look(), work.look()
    work.close()
    runtime = Runtime.load(tmp_path / "bundle")
    records = open_records(home.records_url)
    found = ConditionRecords(records).list_all(MINE)
    records.dispose()
    assert (first.conditions, again.conditions) == (len(watched), 0)
    assert {each.model for each in found.values()} == {runtime.model.bundle_sha256}
    verdicts = {number: found[AssetId(pumps[number].asset)].verdict for number in range(TAUGHT, PUMPS)}
    assert verdicts.pop(ILL) is ConditionVerdict.MACHINE
    assert set(verdicts.values()) == {ConditionVerdict.NORMAL}
    ill = found[AssetId(pumps[ILL].asset)]
    assert ill.since < ill.at == start_of(pumps[ILL]) + timedelta(days=DAYS) - STEP
    assert ill.shares[0][0] == "bearing_temperature_drive_end"
