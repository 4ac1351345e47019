"""Times and life counts as columns: read all at once, with a reason where one cannot be read."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

import polars as pl

from features.domain.errors import InvalidValue, NaiveTime
from features.domain.time import parse_time, utc
from features.quality.verdicts import SetAsideReason

TIME = pl.Datetime("us", "UTC")

# The plain form of RFC 3339 that nearly every row has; what does not fit goes through `parse_time` one by one.
_PLAIN = (
    r"^[12]\d{3}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])[Tt ]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?"
    r"([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)$"
)
_MAX_LIFE = 253_402_300_799.0  # seconds from the epoch to the last second of the year 9999


@dataclass(frozen=True, slots=True)
class Moments:
    """A column of times with what is wrong with them.

    Attributes:
        times: In UTC, null where there is none.
        reasons: Values of `SetAsideReason`, null where the time is good.
    """

    times: pl.Series
    reasons: pl.Series


def moments_of_times(column: pl.Series) -> Moments:
    """Read RFC 3339 texts, or times as a Parquet file types them. A time without its zone is none."""
    kind = column.dtype
    if kind == pl.String():
        return _from_texts(column)
    if isinstance(kind, pl.Datetime) and kind.time_zone is not None:
        sound = column.dt.year().is_between(1, 9999)
        times = column.dt.convert_time_zone("UTC").set(~sound.fill_null(True), None).cast(TIME)
        return _with_reasons(column, times, SetAsideReason.BAD_TIME)
    reason = SetAsideReason.NAIVE_TIME if isinstance(kind, pl.Datetime | pl.Date) else SetAsideReason.BAD_TIME
    return _with_reasons(column, _nothing(TIME, column.len()), reason)


def moments_of_lives(column: pl.Series) -> Moments:
    """Turn bare life counts into their stand-in times, as `features.domain.time.time_of_life` does."""
    present = _without_blanks(column)
    is_castable = present.dtype.is_numeric() or present.dtype == pl.String()
    lives = present.cast(pl.Float64, strict=False) if is_castable else _nothing(pl.Float64(), column.len())
    life = pl.col("life")
    whole = life.floor()
    rest = ((life - whole) * 1e6).round()
    micros = whole.cast(pl.Int64, strict=False) * 1_000_000 + rest.cast(pl.Int64, strict=False)
    sound = life.is_finite() & (life >= 0) & (life <= _MAX_LIFE)
    time = pl.when(sound).then(micros).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    times = lives.alias("life").to_frame().select(time.alias("time"))["time"]
    return _with_reasons(present, times, SetAsideReason.BAD_LIFE)


def moments_of_either(column: pl.Series) -> Moments:
    """Read a column whose cells are times or life counts, each as it looks."""
    if column.dtype != pl.String():
        return moments_of_lives(column) if column.dtype.is_numeric() else moments_of_times(column)
    is_number = column.str.strip_chars().cast(pl.Float64, strict=False).is_not_null()
    lives, times = moments_of_lives(column), moments_of_times(column)
    return Moments(lives.times.zip_with(is_number, times.times), lives.reasons.zip_with(is_number, times.reasons))


def moment_of(value: object) -> datetime:
    """Read one time: a text, or a time or date as a Parquet file types it.

    Raises:
        NaiveTime: If it has no zone.
        InvalidValue: If it is no time.
    """
    if isinstance(value, datetime):
        return utc(value)
    return parse_time(value.isoformat() if isinstance(value, date) else str(value).strip())


def _from_texts(column: pl.Series) -> Moments:
    texts = _without_blanks(column)
    plain = texts.str.contains(_PLAIN)
    marked = texts.str.to_uppercase().str.replace("Z$", "+00:00").str.replace(" ", "T", literal=True)
    times = marked.set(~plain.fill_null(True), None).str.to_datetime(
        "%Y-%m-%dT%H:%M:%S%.f%:z", time_unit="us", strict=False
    )
    times = times.cast(TIME) if times.len() else pl.Series(dtype=TIME)
    rest = (texts.is_not_null() & times.is_null()).arg_true()
    moments = _with_reasons(texts, times, SetAsideReason.BAD_TIME)
    if not rest.len():
        return moments
    return _one_by_one(texts, moments, rest)


def _one_by_one(texts: pl.Series, moments: Moments, rest: pl.Series) -> Moments:
    """Read the texts that are not of the plain form as the domain reads them."""
    times: list[datetime | None] = []
    reasons: list[str | None] = []
    for text in texts.gather(rest):
        try:
            times.append(parse_time(text))
            reasons.append(None)
        except NaiveTime:
            times.append(None)
            reasons.append(SetAsideReason.NAIVE_TIME.value)
        except (InvalidValue, OverflowError):
            times.append(None)
            reasons.append(SetAsideReason.BAD_TIME.value)
    found = pl.Series([None if each is None else each.astimezone(UTC) for each in times], dtype=TIME)
    return Moments(
        moments.times.clone().scatter(rest, found),
        moments.reasons.clone().scatter(rest, pl.Series(reasons, dtype=pl.String)),
    )


def _with_reasons(present: pl.Series, times: pl.Series, otherwise: SetAsideReason) -> Moments:
    frame = pl.DataFrame({"is_missing": present.is_null(), "is_bad": times.is_null()})
    reason = (
        pl.when("is_missing")
        .then(pl.lit(SetAsideReason.MISSING_TIME.value))
        .when("is_bad")
        .then(pl.lit(otherwise.value))
        .otherwise(pl.lit(None, pl.String))
    )
    return Moments(times, frame.select(reason.alias("reason"))["reason"])


def _without_blanks(column: pl.Series) -> pl.Series:
    """Return texts stripped, with null in place of blank ones; anything else as it is."""
    if column.dtype != pl.String():
        return column
    stripped = column.str.strip_chars()
    return stripped.set(stripped == "", None)


def _nothing(kind: pl.DataType, length: int) -> pl.Series:
    return pl.Series(values=[None], dtype=kind).new_from_index(0, length)
