"""The form of a frame of readings, and the key rule for two readings with one key (contract 1).

The rule is a plain order, so that arrival order never matters: of several readings with the same tenant, asset,
signal and time, the greatest by (revision, canonical bytes of the value) stays. The canonical bytes are the
big-endian IEEE-754 form of the float64, with -0.0 written as 0.0. Read as text, these bytes put every negative
number above every other one (the sign bit comes first), and within one sign the larger magnitude above the
smaller: hence the pair (value < 0, abs(value)), which orders the same way in polars, in SQL and in Python.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from features.domain.time import utc
from features.telemetry.errors import RefusedReadings

READINGS = pl.Schema(
    {
        "asset": pl.String(),
        "signal": pl.String(),
        "time": pl.Datetime("us", "UTC"),
        "value": pl.Float64(),
        "revision": pl.Int64(),
    }
)
"""The long table: one row for each reading. A source that has no revisions writes 0."""

VERDICTS = pl.Schema(
    {
        "asset": pl.String(),
        "signal": pl.String(),
        "time": pl.Datetime("us", "UTC"),
        "verdict": pl.Int64(),
    }
)
"""What readings are worth: one row for each that is not good (`features.quality.verdicts.Verdict`)."""

_REMEDY = "Set such readings aside with their reason before they are written; nothing of this batch was."


def checked_readings(readings: pl.DataFrame) -> pl.DataFrame:
    """Check that a frame has the long form; return its columns in order, with -0.0 as 0.0.

    Raises:
        RefusedReadings: If a column is missing, surplus or of another type (a naive time among them), or if
            a cell is null or a value is not finite.
    """
    found = dict(readings.schema)
    if found != dict(READINGS):
        raise RefusedReadings(
            "a frame of readings",
            must=f"have exactly the columns {_words(dict(READINGS))}",
            found=_words(found),
            remedy="Name and cast the columns; a time needs its zone and must be in UTC.",
        )
    ordered = readings.select(*READINGS.names())
    for column, count in ordered.null_count().row(0, named=True).items():
        if count:
            raise RefusedReadings(
                f"column {column} of a frame of readings", must="have no nulls", found=f"{count} nulls", remedy=_REMEDY
            )
    infinite = ordered.height - int(ordered["value"].is_finite().sum())
    if infinite:
        raise RefusedReadings(
            "every value of a frame of readings",
            must="be finite",
            found=f"{infinite} that are NaN or infinite",
            remedy=_REMEDY,
        )
    # not `+ 0.0`: polars optimises that away
    return ordered.with_columns(pl.when(pl.col("value") == 0.0).then(0.0).otherwise(pl.col("value")).alias("value"))


def checked_verdicts(
    verdicts: pl.DataFrame,
    assets: Sequence[str],
    signals: Sequence[str],
    start: datetime | None,
    end: datetime | None,
) -> pl.DataFrame:
    """Check that a frame of verdicts has its form and lies within the stretch that was judged.

    Raises:
        RefusedReadings: If it has another form, a null, a key twice, a verdict below 1, or goes beyond the stretch.
    """
    found = dict(verdicts.schema)
    if found != dict(VERDICTS):
        must = f"have exactly the columns {_words(dict(VERDICTS))}"
        raise RefusedReadings("a frame of verdicts", must=must, found=_words(found), remedy="Name and cast them.")
    ordered = verdicts.select(*VERDICTS.names())
    inside = pl.col("asset").is_in(list(assets)) & pl.col("signal").is_in(list(signals)) & (pl.col("verdict") > 0)
    if start is not None:
        inside &= pl.col("time") >= utc(start)
    if end is not None:
        inside &= pl.col("time") < utc(end)
    outside = ordered.height - int(ordered.select(inside.fill_null(False).sum()).item())
    repeated = ordered.height - ordered.select("asset", "signal", "time").n_unique() if ordered.height else 0
    if outside or repeated:
        raise RefusedReadings(
            "verdicts",
            must="lie within the stretch that was judged, each key once, and be above 0",
            found=f"{outside} that do not and {repeated} that repeat a key",
            remedy="Pass those of the judged assets, signals and times alone; a good reading needs no row.",
        )
    return ordered


def checked_spans(
    verdicts: pl.DataFrame, spans: Mapping[str, tuple[datetime, datetime]], signals: Sequence[str]
) -> pl.DataFrame:
    """Check a frame of verdicts as `checked_verdicts` does, each asset against its own stretch.

    Raises:
        RefusedReadings: If it has another form, or goes beyond a stretch.
    """
    ordered = checked_verdicts(verdicts, list(spans), signals, None, None)
    times = pl.Datetime("us", "UTC")
    bounds = pl.DataFrame(
        [(asset, utc(begin), utc(end)) for asset, (begin, end) in spans.items()],
        schema={"asset": pl.String(), "begin": times, "end": times},
        orient="row",
    )
    inside = (pl.col("time") >= pl.col("begin")) & (pl.col("time") < pl.col("end"))
    outside = ordered.height - ordered.join(bounds, on="asset").filter(inside).height
    if outside:
        raise RefusedReadings(
            "verdicts",
            must="lie within the stretch in which their asset was judged",
            found=f"{outside} that do not",
            remedy="Pass those of the judged times alone.",
        )
    return ordered


@dataclass(frozen=True, slots=True)
class Settled:
    """A batch in which every key occurs once, sorted by key, and what had to give way for that.

    Attributes:
        readings: The winners.
        duplicates: Rows that repeated the winner of their key.
        kept: Rows that contradicted the winner of their key and lost.
    """

    readings: pl.DataFrame
    duplicates: int
    kept: int


def settled(readings: pl.DataFrame, key: Sequence[str]) -> Settled:
    """Apply the key rule within one batch.

    Args:
        readings: Columns of the key, `value` and `revision`; checked.
        key: The columns that make the key.

    Returns:
        The batch sorted by key, each key once, and the count of rows that gave way.
    """
    ordered = readings.sort(*key)
    repeats = pl.all_horizontal([pl.col(name) == pl.col(name).shift() for name in key])
    if not ordered.select(repeats.any()).item():
        return Settled(ordered, duplicates=0, kept=0)
    ranked = readings.sort(*key, "revision", pl.col("value") < 0, pl.col("value").abs())
    is_winner = ~pl.all_horizontal([pl.col(name) == pl.col(name).shift(-1) for name in key]).fill_null(False)
    judged = ranked.with_columns(
        is_winner.alias("is_winner"), (pl.col("value") == pl.col("value").last().over(key)).alias("is_same")
    )
    losers = judged.filter(~pl.col("is_winner"))
    duplicates = int(losers["is_same"].sum())
    winners = judged.filter("is_winner").drop("is_winner", "is_same")
    return Settled(winners, duplicates, losers.height - duplicates)


def _words(schema: dict[str, pl.DataType]) -> str:
    return ", ".join(f"{name} {kind}" for name, kind in schema.items())
