"""A whole fleet as tables: what its maker receives, and the truth beside it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import NAMESPACE_URL, uuid5

import numpy as np
import polars as pl

from features.domain.events import EventKind
from pipelines.simulate.changes.schedule import plan_operation_changes
from pipelines.simulate.defects import draw_silences
from pipelines.simulate.path_faults.schedule import plan_path_faults
from pipelines.simulate.pump import PumpRecord, Site, simulate_pump
from pipelines.simulate.seeds import Purpose, pump_stream
from pipelines.simulate.settings import FleetSettings
from pipelines.simulate.signals import SIGNALS
from pipelines.simulate.station import draw_station, draw_surroundings
from pipelines.simulate.truth import (
    UTC_TIME,
    courses_table,
    damage_table,
    defects_table,
    faulty_readings_table,
    instrument_faults_table,
    lives_table,
    operation_changes_table,
    visible_table,
)

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class FleetTruth:
    """What nobody in the field knows; ingest never reads it.

    Attributes:
        lives: Every life: its bounds, its true end and mode, and its running age at the end.
        courses: Every kind of fault in every life: onset, damage at the end, threshold.
        damage: Damage by asset, kind and day.
        defects: Everything that the data path did.
        arrivals: When each row of telemetry arrived, row by row.
        event_arrivals: When each event was reported, row by row.
        instrument_faults: Every instrument fault by signal: kind, first and last reading, what was drawn for it.
        faulty_readings: Every reading that is not sound: its time as written, its arrival, its true time, its kind.
        operation_changes: Every change of operation by pump: kind, first and last reading, what was drawn for it.
        visible: From when on the damage of each life can be seen, and at which signals in the end.
    """

    lives: pl.DataFrame
    courses: pl.DataFrame
    damage: pl.DataFrame
    defects: pl.DataFrame
    arrivals: pl.DataFrame
    event_arrivals: pl.DataFrame
    instrument_faults: pl.DataFrame
    faulty_readings: pl.DataFrame
    operation_changes: pl.DataFrame
    visible: pl.DataFrame


@dataclass(frozen=True, slots=True)
class SimulatedFleet:
    """A fleet as its maker sees it, in the columns of bring-your-own data, and its truth.

    Attributes:
        telemetry: `asset_id`, `time`, one column per signal; null is not measured; rows in order of arrival.
        events: `asset_id`, `time`, `kind`, `failure_mode`, `component`, `note`, in order of their reports.
        assets: `asset_id`, `model`, `batch`, `site`, `commissioned`, identifiers, rated values.
    """

    settings: FleetSettings
    telemetry: pl.DataFrame
    events: pl.DataFrame
    assets: pl.DataFrame
    truth: FleetTruth


def simulate_fleet(settings: FleetSettings, progress: Progress | None = None) -> SimulatedFleet:
    """Simulate a fleet; the same settings give the same fleet.

    Args:
        settings: Size, length, seed.
        progress: Called with (pumps done, pumps in all) after each pump.
    """
    records: list[PumpRecord] = []
    for number in range(settings.pumps):
        if number % settings.pumps_per_station == 0:
            site = site_of(settings, number // settings.pumps_per_station)
        records.append(simulate_pump(settings, number, site))
        if progress is not None:
            progress(number + 1, settings.pumps)
    telemetry, arrivals = _telemetry(records)
    events, event_arrivals = _events(settings, records)
    truth = FleetTruth(
        lives=lives_table(settings, records),
        courses=courses_table(settings, records),
        damage=damage_table(settings, records),
        defects=defects_table(records),
        arrivals=arrivals,
        event_arrivals=event_arrivals,
        instrument_faults=instrument_faults_table(settings, records),
        faulty_readings=faulty_readings_table(records),
        operation_changes=operation_changes_table(settings, records),
        visible=visible_table(settings, records),
    )
    return SimulatedFleet(settings, telemetry, events, _assets(settings, records), truth)


def site_of(settings: FleetSettings, number: int) -> Site:
    """Draw one station with its surroundings and its gateway."""
    station = draw_station(settings.seed, number)
    silences, path_faults = draw_silences(settings, number), plan_path_faults(settings, number)
    changes = plan_operation_changes(settings, number)
    return Site(station, draw_surroundings(settings, station), silences, path_faults, changes)


def _telemetry(records: list[PumpRecord]) -> tuple[pl.DataFrame, pl.DataFrame]:
    drafts = [record.draft for record in records]
    arrived = np.concatenate([draft.arrived_us for draft in drafts])
    owner = np.repeat(np.arange(len(drafts)), [len(draft.time_us) for draft in drafts])
    order = np.lexsort((owner, arrived))
    time = np.concatenate([draft.time_us for draft in drafts])[order]
    values = np.concatenate([draft.values for draft in drafts])[order]
    missing = np.concatenate([draft.missing for draft in drafts])[order]
    names = pl.Series("asset_id", [record.machine.id for record in records]).gather(owner[order])
    keys = [names, pl.Series("time", time).cast(UTC_TIME)]
    columns = []
    for channel, signal in enumerate(SIGNALS):
        column = pl.Series(signal, np.ascontiguousarray(values[:, channel]))
        gone = missing[:, channel]
        columns.append(column.scatter(np.flatnonzero(gone), None) if gone.any() else column)
    return (
        pl.DataFrame([*keys, *columns]),
        pl.DataFrame([*keys, pl.Series("arrived_at", arrived[order]).cast(UTC_TIME)]),
    )


def _events(settings: FleetSettings, records: list[PumpRecord]) -> tuple[pl.DataFrame, pl.DataFrame]:
    rows = []
    for record in records:
        usual = pump_stream(settings.seed, record.machine.number, Purpose.REPORTS, name="delay")
        recipe = pump_stream(settings.seed, record.machine.number, Purpose.REPORTS, name="recipe_delay")
        for job in record.jobs:
            rng = recipe if job.kind is EventKind.RECIPE_CHANGED else usual
            # A report is typed in within hours; the end of the observation needs nobody to notice it.
            delay = 0.0 if job.kind is EventKind.END_OF_OBSERVATION else float(rng.exponential(3.0)) + 0.02
            at, known = (int(settings.microseconds_at(hours)) for hours in (job.at, job.at + delay))
            mode = job.failure_mode
            rows.append((record.machine.id, at, job.kind.value, mode, job.component, job.note, known))
    schema = {
        "asset_id": pl.String,
        "time": pl.Int64,
        "kind": pl.String,
        "failure_mode": pl.String,
        "component": pl.String,
        "note": pl.String,
        "arrived_at": pl.Int64,
    }
    frame = pl.DataFrame(rows, schema=schema, orient="row").with_columns(pl.col("time", "arrived_at").cast(UTC_TIME))
    frame = frame.sort("arrived_at", maintain_order=True)
    return frame.drop("arrived_at"), frame.select("asset_id", "time", "kind", "arrived_at")


def _assets(settings: FleetSettings, records: list[PumpRecord]) -> pl.DataFrame:
    rows = []
    for record in records:
        machine, model = record.machine, record.station.model
        commissioned = settings.time_at(record.history.lives[0].started_at)
        rows.append(
            {
                "asset_id": machine.id,
                "model": model.name,
                "batch": machine.batch,
                "site": record.station.id,
                "commissioned": commissioned - timedelta(microseconds=commissioned.microsecond),
                "identifier_handle": f"88.118.8/pump-{machine.id}",
                "identifier_uuid": str(uuid5(NAMESPACE_URL, f"pump/{settings.seed}/{machine.id}")),
                "rated_flow_m3_h": model.flow_m3_h,
                "rated_head_m": model.head_m,
                "rated_speed_rpm": model.speed_rpm,
                "rated_power_kw": machine.motor.rated_kw,
                "rated_npsh_required_m": model.npsh_required_m,
                "drive": "variable_frequency" if record.station.has_drive else "mains",
                "bearing_drive_end": model.bearing,
            }
        )
    return pl.DataFrame(rows).with_columns(pl.col("commissioned").cast(UTC_TIME))
