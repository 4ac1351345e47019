"""Deciding by the key rule what to write into a store where the last write wins."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from itertools import pairwise

import polars as pl

from features.telemetry.errors import RefusedLines, RefusedReadings, StoreUnavailable
from features.telemetry.influx.changes import Stretch
from features.telemetry.influx.connection import InfluxConnection
from features.telemetry.influx.failures import lines_named, took_nothing
from features.telemetry.influx.names import checked_signals, checked_tags
from features.telemetry.influx.places import Layout, Place
from features.telemetry.influx.questions import FARTHEST_US
from features.telemetry.line_protocol.writer import write_lines
from features.telemetry.readings import READINGS
from features.telemetry.sqlite_read import TimeSpan
from features.telemetry.store import WriteReport

_READINGS_AT_ONCE = 50_000
_STRETCHES = 16
_GAP_US = 3_600_000_000
_KEY = ("asset", "signal", "time")


class Outcome(IntEnum):
    """What becomes of a reading."""

    NEW = 0
    REPLACES = 1
    DUPLICATE = 2
    NEWER_DUPLICATE = 3
    LOSES = 4


_TOLD = (Outcome.NEW, Outcome.REPLACES, Outcome.NEWER_DUPLICATE)


@dataclass(frozen=True, slots=True)
class Judged:
    """A batch, judged against what is stored.

    Attributes:
        frame: The columns of `READINGS`, each key once; `outcome`; and `verdict`, 0 where a stored verdict ends.
        raises_to_zero: Whether a revision of 0 stands against a stored one below, so that it must be written.
    """

    frame: pl.DataFrame
    raises_to_zero: bool

    @property
    def report(self) -> WriteReport:
        """The counts."""
        counted = dict(self.frame["outcome"].value_counts().iter_rows())
        return WriteReport(
            written=counted.get(Outcome.NEW, 0),
            duplicates=counted.get(Outcome.DUPLICATE, 0) + counted.get(Outcome.NEWER_DUPLICATE, 0),
            replaced=counted.get(Outcome.REPLACES, 0),
            kept=counted.get(Outcome.LOSES, 0),
        )

    @property
    def to_write(self) -> pl.DataFrame:
        """The readings that InfluxDB must be told, sorted by asset, time, signal."""
        told = self.frame.filter(pl.col("outcome").is_in(_TOLD))
        zero = pl.when(pl.col("value") == 0.0).then(pl.lit(0.0)).otherwise(pl.col("value"))  # -0.0 is 0.0
        return told.with_columns(zero.alias("value")).sort("asset", "time", "signal")

    def changed(self, tenant: str) -> list[Stretch]:
        """Return from when to when each asset has something new."""
        return stretches(tenant, self.frame.filter(pl.col("outcome") <= Outcome.REPLACES))


def judge(batch: pl.DataFrame, stored: pl.DataFrame) -> Judged:
    """Judge a batch in which each key occurs once.

    Args:
        batch: The form `READINGS`.
        stored: What is stored of these keys (and others), in the form `features.telemetry.influx.reading.STORED`.
    """
    known = stored.rename({"value": "known", "revision": "known_revision", "verdict": "known_verdict"})
    both = batch.join(known, on=list(_KEY), how="left", maintain_order="left")
    value, revision = pl.col("value"), pl.col("revision")
    known_value, known_revision = pl.col("known"), pl.col("known_revision")
    same_revision = revision == known_revision
    negative, known_negative = value < 0, known_value < 0
    larger = (negative & ~known_negative) | ((negative == known_negative) & (value.abs() > known_value.abs()))
    outcome = (
        pl.when(known_value.is_null())
        .then(pl.lit(Outcome.NEW.value))
        .when((value == known_value) & (revision > known_revision))
        .then(pl.lit(Outcome.NEWER_DUPLICATE.value))
        .when(value == known_value)
        .then(pl.lit(Outcome.DUPLICATE.value))
        .when((revision > known_revision) | (same_revision & larger))
        .then(pl.lit(Outcome.REPLACES.value))
        .otherwise(pl.lit(Outcome.LOSES.value))
    )
    ends = (pl.col("outcome") == Outcome.REPLACES) & (pl.col("known_verdict") != 0)
    judged = both.with_columns(outcome.alias("outcome")).with_columns(
        pl.when(ends).then(pl.lit(0, pl.Int64)).alias("verdict")
    )
    to_zero = (revision == 0) & (known_revision != 0)
    raises_to_zero = bool(judged.select((to_zero & pl.col("outcome").is_in(_TOLD)).any()).item())
    return Judged(judged.select(*READINGS, "outcome", "verdict"), raises_to_zero)


def stretches(tenant: str, readings: pl.DataFrame) -> list[Stretch]:
    """Return from when to when each asset occurs in some readings, sorted by asset."""
    time = pl.col("time").to_physical()
    ends = readings.group_by("asset").agg(time.min().alias("first"), time.max().alias("last")).sort("asset")
    return [Stretch(tenant, asset, first, last) for asset, first, last in ends.iter_rows()]


def spans(times: pl.Series) -> list[TimeSpan]:
    """Return a few spans that hold all of some times, cut where nothing lies for long.

    A batch may hold the newest readings together with a correction of last year; what lies between is not asked for.
    """
    ordered = times.to_physical().unique().sort()
    gaps = ordered.diff()
    cuts = gaps.arg_sort(descending=True, nulls_last=True).head(_STRETCHES - 1).to_list()
    starts = [0, *sorted(cut for cut in cuts if gaps[cut] is not None and gaps[cut] > _GAP_US), len(ordered)]
    return [TimeSpan(ordered[start], ordered[end - 1] + 1) for start, end in pairwise(starts)]


def check_fits(readings: pl.DataFrame, tenant: str, layout: Layout, now: datetime) -> None:
    """Check that InfluxDB can keep readings at all.

    Raises:
        RefusedReadings: If a name cannot be written, or a time is beyond the clock of InfluxDB or the retention.
    """
    checked_tags([tenant], "a tenant")
    checked_tags(readings["asset"].unique().to_list(), "an asset")
    signals = checked_signals(readings["signal"].unique().to_list())
    farthest = readings.filter(pl.col("time").to_physical().abs() > FARTHEST_US)
    if farthest.height:
        _refuse_times(farthest, "lie in the years 1678 to 2261, which is what InfluxDB can count")
    for place, there in layout.by_place(signals).items():
        oldest = None if place.retention is None else now - place.retention
        if oldest is not None:
            late = readings.filter(pl.col("signal").is_in(there) & (pl.col("time") < oldest))
            if late.height:
                _refuse_times(late, f"be younger than the {place.days} days for which these signals are kept")


def send(
    connection: InfluxConnection, layout: Layout, measurement: str, tenant: str, readings: pl.DataFrame, *, full: bool
) -> None:
    """Write readings, place by place and in slices.

    Args:
        connection: The way to the server.
        layout: Which signal lies where.
        measurement: The pack.
        tenant: Whose readings.
        readings: The columns of `READINGS`, and `verdict` where one is to be written.
        full: Whether to write revisions of 0 too.

    Raises:
        RefusedLines: If the server refuses some for what they are.
        StoreUnavailable: If it does not take them now.
    """
    for number, (place, part) in enumerate(placed(layout, readings)):
        lines = write_lines(part, measurement=measurement, tenant=tenant, with_first_revisions=full)
        try:
            connection.send(lines, place)
        except RefusedLines as error:
            raise _named(error, part) from error.__cause__
        except StoreUnavailable as error:
            error.took_nothing = number == 0 and took_nothing(error)
            raise


def placed(layout: Layout, readings: pl.DataFrame) -> Iterator[tuple[Place, pl.DataFrame]]:
    """Yield slices of readings with the place that they go to."""
    for place, signals in layout.by_place(readings["signal"].unique().sort().to_list()).items():
        there = readings.filter(pl.col("signal").is_in(signals)).sort("asset", "time", "signal")
        for part in there.iter_slices(_READINGS_AT_ONCE):
            yield place, part


def _named(error: RefusedLines, part: pl.DataFrame) -> RefusedLines:
    """Say in our words which lines were refused: one line is one asset and time."""
    numbers = lines_named(error.__cause__)
    if not numbers:
        return error
    keys = part.select("asset", "time").unique(maintain_order=True).rows()
    named = (keys[number - 1] for number in numbers if 0 < number <= len(keys))
    return RefusedLines(str(error.found), tuple(f"{asset} {time.isoformat()}" for asset, time in named))


def _refuse_times(readings: pl.DataFrame, must: str) -> None:
    first = readings.select(pl.col("time").min().cast(pl.String)).item()
    raise RefusedReadings(
        "every time of a batch",
        must=must,
        found=f"{readings.height} readings that do not, the first at {first}",
        remedy="Set such readings aside with this reason; nothing of this batch was written.",
    )
