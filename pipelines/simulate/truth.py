"""The truth of a fleet as tables, which nobody in the field could write."""

import json
from collections.abc import Mapping
from dataclasses import asdict

import numpy as np
import polars as pl

from pipelines.simulate.codes import CODES
from pipelines.simulate.instruments.drift import MONTH_HOURS
from pipelines.simulate.instruments.kind import InstrumentEpisode
from pipelines.simulate.path_faults.kind import HOUR_US
from pipelines.simulate.pump import PumpRecord
from pipelines.simulate.settings import FleetSettings
from pipelines.simulate.signals import QUALITIES, SIGNALS
from pipelines.simulate.visibility import VISIBLE_AT_SCATTERS

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


def instrument_faults_table(settings: FleetSettings, records: list[PumpRecord]) -> pl.DataFrame:
    """Return every instrument fault by signal; one of single readings (`spike`) has a row for each of them.

    A drift begins at nothing: it is visible from where its bias is twice the scatter of the signal (null: never).
    """
    times = settings.microseconds_at(settings.hours())
    rows = []
    for record in records:
        for each in record.instrument_faults:
            is_single = bool((np.diff(each.rows) > 1).any())
            for part in each.rows[:, None] if is_single else (each.rows,):
                begin, end = int(times[part[0]]), int(times[part[-1]])
                for signal in each.signals:
                    told = json.dumps(dict(each.parameters))
                    seen = _seen_from(each, signal, record.scatter, begin, end)
                    rows.append((record.machine.id, each.number, each.kind, signal, begin, end, seen, len(part), told))
    schema = {
        "asset_id": pl.String,
        "episode": pl.Int64,
        "kind": pl.String,
        "signal": pl.String,
        "from": pl.Int64,
        "to": pl.Int64,
        "visible_at": pl.Int64,
        "count": pl.Int64,
        "parameters": pl.String,
    }
    table = pl.DataFrame(rows, schema=schema, orient="row")
    return table.with_columns(pl.col("from", "to", "visible_at").cast(UTC_TIME))


def faulty_readings_table(records: list[PumpRecord]) -> pl.DataFrame:
    """Return every reading that is not sound, by asset, arrival and signal; a null signal stands for the whole row."""
    return pl.concat([_faulty_readings(record) for record in records]).sort("arrived_at", maintain_order=True)


def _seen_from(
    episode: InstrumentEpisode, signal: str, scatter: Mapping[str, float], begin_us: int, end_us: int
) -> int | None:
    if episode.kind != "drift":
        return begin_us
    span = next(quality.span for quality in QUALITIES if quality.id == signal)
    per_hour = abs(float(episode.parameters["percent_of_span_per_month"])) / 100.0 * span / MONTH_HOURS
    seen_us = begin_us + int(VISIBLE_AT_SCATTERS * scatter[signal] / per_hour * HOUR_US)
    return seen_us if seen_us <= end_us else None


def operation_changes_table(settings: FleetSettings, records: list[PumpRecord]) -> pl.DataFrame:
    """Return every change of operation by pump; one of a whole station has the same `episode` at each of its pumps."""
    times = settings.microseconds_at(settings.hours())
    rows = [
        (
            record.machine.id,
            each.number,
            each.kind,
            int(times[each.rows.start]),
            int(times[each.rows.stop - 1]),
            each.rows.stop - each.rows.start,
            each.is_reported,
            json.dumps(asdict(each.alteration)),
        )
        for record in records
        for each in record.changes
    ]
    schema = {
        "asset_id": pl.String,
        "episode": pl.Int64,
        "kind": pl.String,
        "from": pl.Int64,
        "to": pl.Int64,
        "count": pl.Int64,
        "reported": pl.Boolean,
        "parameters": pl.String,
    }
    return pl.DataFrame(rows, schema=schema, orient="row").with_columns(pl.col("from", "to").cast(UTC_TIME))


def visible_table(settings: FleetSettings, records: list[PumpRecord]) -> pl.DataFrame:
    """Return from when on the damage of each life can be seen (null: never), and its signals, separated by spaces."""
    times = settings.microseconds_at(settings.hours())
    rows = [
        (record.machine.id, each.life, None if each.row is None else int(times[each.row]), " ".join(each.signals))
        for record in records
        for each in record.visible
    ]
    schema = {"asset_id": pl.String, "life": pl.Int64, "visible_at": pl.Int64, "signals": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row").with_columns(pl.col("visible_at").cast(UTC_TIME))


def _faulty_readings(record: PumpRecord) -> pl.DataFrame:
    draft = record.draft
    whole = np.flatnonzero(draft.row_codes)
    row, channel = np.nonzero(draft.value_codes)
    rows = np.concatenate([whole, row])
    codes = np.concatenate([draft.row_codes[whole], draft.value_codes[row, channel]])
    signals: list[str | None] = [None] * len(whole)
    signals += [SIGNALS[each] for each in channel]
    return pl.DataFrame(
        {
            "asset_id": pl.repeat(record.machine.id, len(rows), eager=True, dtype=pl.String),
            "time": pl.Series(draft.time_us[rows]).cast(UTC_TIME),
            "arrived_at": pl.Series(draft.arrived_us[rows]).cast(UTC_TIME),
            "measured_at": pl.Series(draft.measured_us[rows]).cast(UTC_TIME),
            "signal": pl.Series(signals, dtype=pl.String),
            "kind": pl.Series([CODES[code] for code in codes], dtype=pl.String),
        }
    )
