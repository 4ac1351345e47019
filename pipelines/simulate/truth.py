"""The truth of a fleet as tables, which nobody in the field could write."""

import numpy as np
import polars as pl

from pipelines.simulate.pump import PumpRecord
from pipelines.simulate.settings import FleetSettings

UTC_TIME = pl.Datetime("us", "UTC")


def lives_table(settings: FleetSettings, records: list[PumpRecord]) -> pl.DataFrame:
    """Return every life: its bounds, its true end and mode, its running age."""
    rows = [
        {
            "asset_id": record.machine.id,
            "life": life.number,
            "started_at": settings.time_at(life.started_at),
            "ended_at": settings.time_at(life.ended_at),
            "back_at": settings.time_at(life.back_at),
            "end": life.end.value,
            "failure_mode": life.failure_mode,
            "component": life.component,
            "was_early": life.was_early,
            "running_hours": life.running_hours,
        }
        for record in records
        for life in record.history.lives
    ]
    schema = {"failure_mode": pl.String, "component": pl.String}
    return pl.DataFrame(rows, schema_overrides=schema).with_columns(
        pl.col("started_at", "ended_at", "back_at").cast(UTC_TIME)
    )


def courses_table(settings: FleetSettings, records: list[PumpRecord]) -> pl.DataFrame:
    """Return every kind of fault in every life: onset, damage at the end, threshold."""
    rows = [
        (
            record.machine.id,
            life.number,
            course.kind,
            None if course.onset_at is None else settings.time_at(course.onset_at),
            course.damage_at_end,
            course.threshold,
        )
        for record in records
        for life in record.history.lives
        for course in life.courses
    ]
    schema: dict[str, pl.DataType] = {
        "asset_id": pl.String(),
        "life": pl.Int64(),
        "kind": pl.String(),
        "onset_at": UTC_TIME,
        "damage_at_end": pl.Float64(),
        "threshold": pl.Float64(),
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def damage_table(settings: FleetSettings, records: list[PumpRecord]) -> pl.DataFrame:
    """Return the damage by asset, kind and day."""
    every = max(int(24 / settings.step_hours), 1)
    time = pl.Series("time", settings.microseconds_at(settings.hours()[::every])).cast(UTC_TIME)
    frames = [
        pl.DataFrame(
            {
                "asset_id": pl.repeat(record.machine.id, len(time), eager=True),
                "time": time,
                "life": record.history.life_of_row[::every],
                "kind": pl.repeat(kind, len(time), eager=True),
                "damage": np.ascontiguousarray(path[::every]),
            }
        )
        for record in records
        for kind, path in record.history.damage.items()
    ]
    if frames:
        return pl.concat(frames)
    return pl.DataFrame(
        schema={"asset_id": pl.String, "time": UTC_TIME, "life": pl.Int64, "kind": pl.String, "damage": pl.Float64}
    )


def defects_table(records: list[PumpRecord]) -> pl.DataFrame:
    """Return everything that the data path did."""
    rows = [
        (each.kind, each.asset, each.signal, each.from_us, each.to_us, each.count, each.note)
        for record in records
        for each in record.defects
    ]
    schema = {
        "kind": pl.String,
        "asset_id": pl.String,
        "signal": pl.String,
        "from": pl.Int64,
        "to": pl.Int64,
        "count": pl.Int64,
        "note": pl.String,
    }
    return pl.DataFrame(rows, schema=schema, orient="row").with_columns(pl.col("from", "to").cast(UTC_TIME))
