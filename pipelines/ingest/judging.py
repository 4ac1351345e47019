"""Which cells of a telemetry table become readings, and which are set aside and why."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from features.domain.signals import Signal
from features.quality.verdicts import SetAsideReason, plausible
from features.records.set_aside import SetAsideItem
from features.telemetry.readings import READINGS
from pipelines.ingest.cells import content_of
from pipelines.ingest.keys import ASSET, TIME, Keyed
from pipelines.ingest.tables import ROW

_KEY_COLUMNS = frozenset({ROW, ASSET, TIME, "asset_id", "time"})


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of a chunk.

    Attributes:
        readings: The long form of the telemetry stores.
        items: Single cells that are set aside.
    """

    readings: pl.DataFrame
    items: list[SetAsideItem]


def judged(keyed: Keyed, source: str, signals: Mapping[str, Signal]) -> Judged:
    """Judge every cell of the rows that have a key; an empty one was not measured and is neither.

    Args:
        keyed: Rows with their keys.
        source: The name under which cells are set aside.
        signals: The signals of the pack.
    """
    rows = keyed.rows
    life_is_key = "time" not in rows.columns
    readings, items = [READINGS.to_frame()], []
    for column in rows.get_columns():
        if column.name in _KEY_COLUMNS or (column.name == "life" and life_is_key):
            continue
        verdict = _verdict(column, signals.get(column.name))
        if verdict.reasons is not None:
            items += _items(rows, column, verdict.reasons, source, signals.get(column.name))
        readings.append(_readings(rows, column.name, verdict.values))
    return Judged(pl.concat(readings), items)


@dataclass(frozen=True, slots=True)
class _Verdict:
    """The good values of a column (null elsewhere), and the reasons against the others; None if there are none."""

    values: pl.Series
    reasons: pl.Series | None


def _verdict(column: pl.Series, signal: Signal | None) -> _Verdict:
    is_text = column.dtype == pl.String()
    present = column.str.strip_chars() if is_text else column
    measured = (present != "").fill_null(False) if is_text else present.is_not_null()
    if signal is None:
        return _Verdict(_nothing(pl.Float64, column.len()), _reasons(measured, SetAsideReason.UNKNOWN_SIGNAL))
    castable = is_text or present.dtype.is_numeric() or present.dtype == pl.Boolean()
    values = present.cast(pl.Float64, strict=False) if castable else _nothing(pl.Float64, column.len())
    good = pl.Series(plausible(values.to_numpy(), signal.low, signal.high))  # a null is NaN there, and no good value
    bad = measured & ~good
    if not bad.any():
        return _Verdict(values, None)
    finite = values.is_finite()
    chosen = (
        pl.when(~pl.col("bad"))
        .then(pl.lit(None, pl.String))
        .when(pl.col("finite").is_null())
        .then(pl.lit(SetAsideReason.NOT_A_NUMBER.value))
        .when(~pl.col("finite"))
        .then(pl.lit(SetAsideReason.NON_FINITE.value))
        .otherwise(pl.lit(SetAsideReason.IMPOSSIBLE_VALUE.value))
    )
    reasons = pl.DataFrame({"bad": bad, "finite": finite}).select(chosen.alias("reason"))["reason"]
    return _Verdict(values.set(bad, None), reasons)


def _reasons(where: pl.Series, reason: SetAsideReason) -> pl.Series | None:
    return _nothing(pl.String, where.len()).set(where, reason.value) if where.any() else None


def _readings(rows: pl.DataFrame, signal: str, values: pl.Series) -> pl.DataFrame:
    return (
        rows.select(
            pl.col(ASSET).alias("asset"),
            pl.lit(signal).alias("signal"),
            pl.col(TIME).alias("time"),
            values.alias("value"),
            pl.lit(0, pl.Int64).alias("revision"),
        )
        .filter(pl.col("value").is_not_null())
        .select(*READINGS.names())
    )


def _items(
    rows: pl.DataFrame, column: pl.Series, reasons: pl.Series, source: str, signal: Signal | None
) -> list[SetAsideItem]:
    clock = "time" if "time" in rows.columns else "life"
    where = reasons.is_not_null()
    cells = zip(
        rows[ROW].filter(where),
        rows[ASSET].filter(where),
        rows[clock].filter(where),
        column.filter(where),
        reasons.filter(where),
        strict=True,
    )
    return [
        SetAsideItem(
            source=source,
            row=row,
            reason=SetAsideReason(reason),
            detail=_words(SetAsideReason(reason), column.name, cell, signal),
            content=content_of({"asset_id": asset, clock: moment, "value": cell}),
            signal=column.name,
        )
        for row, asset, moment, cell, reason in cells
    ]


def _words(reason: SetAsideReason, name: str, cell: object, signal: Signal | None) -> str:
    if signal is None:
        return f"a signal must be one of the pack; found {name!r}"
    if reason is SetAsideReason.NOT_A_NUMBER:
        return f"{name} must be a number; found {cell!r}"
    if reason is SetAsideReason.NON_FINITE:
        return f"{name} must be finite; found {cell}"
    return f"{name} must lie within {signal.low:g} to {signal.high:g} {signal.unit}; found {cell}"


def _nothing(kind: type[pl.Float64] | type[pl.String], length: int) -> pl.Series:
    return pl.Series(values=[None], dtype=kind).new_from_index(0, length)
