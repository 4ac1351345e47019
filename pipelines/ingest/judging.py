"""Which cells of a telemetry table become readings, and which are set aside and why."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from features.domain.signals import Signal
from features.quality.verdicts import SetAsideReason, plausible
from features.records.set_aside import SetAsideItem
from pipelines.ingest.cells import content_of
from pipelines.ingest.keys import ASSET, Keyed, row_item
from pipelines.ingest.long_form import KEPT, RowKeys, column_readings, many_readings
from pipelines.ingest.origin import is_hidden
from pipelines.ingest.revisions import (
    BAD,
    REVISION,
    is_beside_signals,
    revision_column,
    row_revisions,
    signal_revisions,
)

_KEY_COLUMNS = frozenset({"asset_id", "time"})
_WELL_FORMED = re.compile(r"[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+)*")
_LONGEST_NAME = 128


@dataclass(frozen=True, slots=True)
class Claims:
    """Whose the signals of a table are.

    Attributes:
        signals: The signals that the table's own pack claims; every other one goes into quarantine.
        reserved: Signals that these rows may not write, because the pack that is served claims them …
        owned: … for these assets.
    """

    signals: Mapping[str, Signal]
    reserved: frozenset[str] = frozenset()
    owned: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of a chunk; both frames have the form `KEPT`.

    Attributes:
        readings: Readings of signals that the pack claims.
        quarantined: Readings of signals that it does not.
        items: Single cells that are set aside, and rows of whose revision nothing can be made.
    """

    readings: pl.DataFrame
    quarantined: pl.DataFrame
    items: list[SetAsideItem] = field(default_factory=list)


def is_well_formed(name: str) -> bool:
    """Say whether a signal, or a measurement, of that name may be stored though no pack claims it.

    Examples:
        >>> is_well_formed("usage_idle"), is_well_formed("signals.time"), is_well_formed("")
        (True, False, False)
    """
    return len(name) <= _LONGEST_NAME and _WELL_FORMED.fullmatch(name) is not None


def judged(keyed: Keyed, source: str, claims: Claims) -> Judged:
    """Judge every cell of the rows that have a key; an empty one was not measured and is neither.

    Args:
        keyed: Rows with their keys.
        source: The name under which cells are set aside, where rows do not say themselves where they came from.
        claims: Whose the signals are.
    """
    rows, of_rows, items = _with_sound_revision(keyed.rows, source, claims)
    columns = {column.name: column for column in rows.get_columns()}
    key = RowKeys.of(rows, of_rows, source)
    signals = [name for name in columns if _is_signal(name, key.clock, claims)]
    alike = _plain_numbers({name: columns[name] for name in signals}, columns, claims)
    kept: dict[bool, list[pl.DataFrame]] = {
        True: [KEPT.to_frame()],
        False: [KEPT.to_frame(), *many_readings(key, alike)],
    }
    plain = {column.name for column in alike}
    for name in signals:
        if name in plain:
            continue
        own = columns.get(revision_column(name))
        revisions = key.readings["revision"] if own is None else signal_revisions(own, of_rows)
        verdict = _verdict(columns[name], columns[ASSET], revisions, claims)
        if verdict.reasons is not None:
            items += _items(key, columns[name], verdict.reasons, claims)
        if verdict.values.null_count() < verdict.values.len():
            kept[name in claims.signals].append(column_readings(key, name, verdict.values, revisions))
    return Judged(pl.concat(kept[True]), pl.concat(kept[False]), items)


def _plain_numbers(
    signals: Mapping[str, pl.Series], columns: Mapping[str, pl.Series], claims: Claims
) -> list[pl.Series]:
    """Return the columns of which nothing can be said but that no pack claims them: finite numbers, well named."""
    numbers = [
        column
        for name, column in signals.items()
        if column.dtype == pl.Float64()
        and not (name in claims.signals or name in claims.reserved or revision_column(name) in columns)
        and is_well_formed(name)
    ]
    return [column for column in numbers if column.is_finite().all()]  # nulls, which were not measured, are passed over


def _is_signal(name: str, clock: str, claims: Claims) -> bool:
    if name in claims.signals:
        return name not in _KEY_COLUMNS
    life_is_key = name == clock == "life"
    return not (is_hidden(name) or name in _KEY_COLUMNS or life_is_key or name == REVISION or is_beside_signals(name))


def _with_sound_revision(
    rows: pl.DataFrame, source: str, claims: Claims
) -> tuple[pl.DataFrame, pl.Series, list[SetAsideItem]]:
    """Return the rows whose revision can be read, those revisions, and the other rows as set aside."""
    if REVISION in claims.signals:
        return rows, pl.Series(REVISION, [0], dtype=pl.Int64).new_from_index(0, rows.height), []
    revisions = row_revisions(rows)
    bad = (revisions == BAD).fill_null(False)
    if not bad.any():
        return rows, revisions, []
    items = [row_item(row, source, SetAsideReason.BAD_REVISION) for row in rows.filter(bad).iter_rows(named=True)]
    return rows.filter(~bad), revisions.filter(~bad), items


@dataclass(frozen=True, slots=True)
class _Verdict:
    """The good values of a column (null elsewhere), and the reasons against the others; None if there are none."""

    values: pl.Series
    reasons: pl.Series | None


def _verdict(column: pl.Series, assets: pl.Series, revisions: pl.Series, claims: Claims) -> _Verdict:
    signal = claims.signals.get(column.name)
    is_text = column.dtype == pl.String()
    present = column.str.strip_chars() if is_text else column
    measured = (present != "").fill_null(False) if is_text else present.is_not_null()
    if signal is None and not is_well_formed(column.name):
        return _Verdict(_nothing(pl.Float64, column.len()), _everywhere(measured, SetAsideReason.UNKNOWN_SIGNAL))
    castable = is_text or present.dtype.is_numeric() or present.dtype == pl.Boolean()
    values = present.cast(pl.Float64, strict=False) if castable else _nothing(pl.Float64, column.len())
    low, high = (-float("inf"), float("inf")) if signal is None else (signal.low, signal.high)
    good = pl.Series(plausible(values.to_numpy(), low, high))  # a null is NaN there, and no good value
    foreign = _foreign(column, assets, claims)
    bad = measured & ~(good & (revisions != BAD) & ~foreign)
    if not bad.any():
        return _Verdict(values, None)
    frame = pl.DataFrame({"bad": bad, "good": good, "finite": values.is_finite(), "foreign": foreign})
    otherwise = SetAsideReason.UNKNOWN_SIGNAL if signal is None else SetAsideReason.NOT_A_NUMBER
    return _Verdict(values.set(bad, None), frame.select(_reason(otherwise))["reason"])


def _reason(not_a_number: SetAsideReason) -> pl.Expr:
    return (
        pl.when(~pl.col("bad"))
        .then(pl.lit(None, pl.String))
        .when("foreign")
        .then(pl.lit(SetAsideReason.OTHER_PACK.value))
        .when("good")
        .then(pl.lit(SetAsideReason.BAD_REVISION.value))
        .when(pl.col("finite").is_null())
        .then(pl.lit(not_a_number.value))
        .when(~pl.col("finite"))
        .then(pl.lit(SetAsideReason.NON_FINITE.value))
        .otherwise(pl.lit(SetAsideReason.IMPOSSIBLE_VALUE.value))
        .alias("reason")
    )


def _foreign(column: pl.Series, assets: pl.Series, claims: Claims) -> pl.Series:
    if column.name not in claims.reserved or not claims.owned:
        return pl.Series([False]).new_from_index(0, column.len())
    return assets.is_in(sorted(claims.owned))


def _everywhere(where: pl.Series, reason: SetAsideReason) -> pl.Series | None:
    return _nothing(pl.String, where.len()).set(where, reason.value) if where.any() else None


def _items(key: RowKeys, column: pl.Series, reasons: pl.Series, claims: Claims) -> list[SetAsideItem]:
    bad = key.items.with_columns(column.alias("__cell__"), reasons.alias("__reason__")).filter(
        pl.col("__reason__").is_not_null()
    )
    return [
        SetAsideItem(
            source=origin,
            row=row,
            reason=SetAsideReason(reason),
            detail=_words(SetAsideReason(reason), column.name, cell, asset, claims),
            content=content_of({"asset_id": asset, key.clock: moment, "value": cell}),
            signal=column.name,
        )
        for row, asset, moment, origin, cell, reason in bad.iter_rows()
    ]


def _words(reason: SetAsideReason, name: str, cell: object, asset: str, claims: Claims) -> str:
    signal = claims.signals.get(name)
    if reason is SetAsideReason.OTHER_PACK:
        return f"{name} of {asset} must come under its own pack, which claims it; found it under another"
    if reason is SetAsideReason.BAD_REVISION:
        return f"the revision of {name} must be a whole number from 0 on; found another beside the value {cell}"
    if reason is SetAsideReason.NON_FINITE:
        return f"{name} must be finite; found {cell}"
    if signal is None:
        return f"a signal must be one of the pack, or be well named and a number; found {name!r} with {cell!r}"
    if reason is SetAsideReason.NOT_A_NUMBER:
        return f"{name} must be a number; found {cell!r}"
    return f"{name} must lie within {signal.low:g} to {signal.high:g} {signal.unit}; found {cell}"


def _nothing(kind: type[pl.Float64] | type[pl.String], length: int) -> pl.Series:
    return pl.Series(values=[None], dtype=kind).new_from_index(0, length)
