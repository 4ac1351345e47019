"""Writing line protocol: contract 8, vectorised.

Numbers are written in the shortest form that reads back to the same float64. What line protocol cannot carry is
refused before anything is written: NaN and infinities, names with line breaks or with a backslash at their end.
"""

import io
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import polars as pl

from features.domain.arrivals import Precision
from features.telemetry.errors import RefusedReadings
from features.telemetry.line_protocol.layout import ASSET, REVISION_SUFFIX, VERDICT_SUFFIX
from features.telemetry.readings import READINGS

_UNITS_IN_A_MICROSECOND = {Precision.NANOSECONDS: 1_000, Precision.MICROSECONDS: 1}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FARTHEST = timedelta(microseconds=((1 << 63) - 1) // 1_000)
_LINES_AT_ONCE = 8_192  # memory is used again for each part; asking for fresh memory costs more than writing
_REMEDY = "Correct it before it is written; nothing of this batch was."


def write_lines(
    readings: pl.DataFrame,
    *,
    measurement: str,
    tenant: str | None = None,
    precision: Precision = Precision.MICROSECONDS,
    with_first_revisions: bool = False,
) -> bytes:
    """Write readings in the long form: one line for each asset and time, sorted by both.

    Args:
        readings: The form `features.telemetry.readings.READINGS`, each key once; may have a column `verdict`
            (whole number), which then is written for every reading where it is not null.
        measurement: The pack.
        tenant: Whose readings, or None to write no such tag.
        precision: The unit of the timestamps, microseconds or nanoseconds.
        with_first_revisions: Also write the revision where it is 0, which is what its absence means.

    Returns:
        The lines, separated by line feeds; nothing if there are no readings.

    Raises:
        RefusedReadings: If a name, value or time cannot be written, or a key occurs twice.
    """
    _check_long(readings)
    if not readings.height:
        return b""
    ordered = readings.sort("asset", "time", "signal")
    same = [pl.col(name) == pl.col(name).shift() for name in ("asset", "time", "signal")]
    if ordered.select(pl.all_horizontal(same).any()).item():
        raise _refused("a key of readings", "occur once in a batch", "one that occurs twice")
    named = ordered.with_columns(_escaped_column(ordered["signal"], "a signal"))
    pieces = named.select("asset", "time", _long_field(readings.columns, with_first_revisions))
    lines = pieces.group_by("asset", "time", maintain_order=True).agg("fields")
    return _joined(lines, [pl.col("fields").list.join(",")], measurement, tenant, precision)


def write_wide_lines(
    table: pl.DataFrame,
    *,
    measurement: str,
    tenant: str | None = None,
    precision: Precision = Precision.MICROSECONDS,
) -> bytes:
    """Write a wide table: one line for each row that has any value, in the order of the rows.

    Args:
        table: Columns `asset` and `time`, and one for each signal; null means not measured. Numbers are written
            as floats, texts quoted, truth values as such; whole numbers in columns `<signal>__rev` and
            `<signal>__q` stay whole.
        measurement: The pack.
        tenant: Whose readings, or None to write no such tag.
        precision: The unit of the timestamps, microseconds or nanoseconds.

    Returns:
        The lines, separated by line feeds; nothing if there is no value.

    Raises:
        RefusedReadings: If a name, value or time cannot be written.
    """
    _check_key(table)
    names = [name for name in table.columns if name not in {"asset", "time"}]
    for name in names:
        _check_values(table[name])
    full = _with_values(table, names)
    if not full.height:
        return b""
    return _joined(full, _wide_fields(full, names), measurement, tenant, precision)


def escaped(name: str, what: str, specials: str = ",= ") -> str:
    r"""Return a name as it stands in a line.

    Raises:
        RefusedReadings: If line protocol cannot carry it.

    Examples:
        >>> print(escaped("flow rate", "a signal"))
        flow\ rate
    """
    if not name or name.endswith("\\") or "\n" in name or "\r" in name:
        must = "have a character, no line break and no backslash at its end"
        raise _refused(what, must, repr(name))
    for special in specials:
        name = name.replace(special, "\\" + special)
    return name


def _joined(
    lines: pl.DataFrame, fields: Sequence[pl.Expr], measurement: str, tenant: str | None, precision: Precision
) -> bytes:
    """Write heads, fields and timestamps."""
    if measurement.startswith("#"):
        raise _refused("a measurement", "not begin with #, which makes a comment", measurement)
    before = pl.lit(f"{escaped(measurement, 'a measurement', ', ')},{ASSET}=")
    behind = pl.lit(" " if tenant is None else f",tenant={escaped(tenant, 'a tenant')} ")
    stamps = pl.lit(" "), _stamps(lines["time"], precision)
    line = pl.concat_str(before, pl.col("asset"), behind, *fields, *stamps)
    body = line.str.join("\n").cast(pl.Binary)
    named = lines.with_columns(_escaped_column(lines["asset"], "an asset"))
    content = io.BytesIO()
    for number, part in enumerate(named.iter_slices(_LINES_AT_ONCE)):
        content.write(b"\n" if number else b"")
        content.write(part.select(body).item())
    return content.getvalue()


def _with_values(table: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """Return the rows that have any value."""
    if any(not table[name].null_count() for name in names):
        return table
    return table.filter(pl.any_horizontal(pl.col(names).is_not_null())) if names else table.clear()


def _wide_fields(table: pl.DataFrame, names: Sequence[str]) -> list[pl.Expr]:
    """Return the parts of a line from its first field to its last."""
    labels = [escaped(name, "a signal") + "=" for name in names]
    texts = [_value_text(table[name]) for name in names]
    if not any(table[name].null_count() for name in names):
        commas = ["", *[","] * (len(names) - 1)]
        pairs = zip(commas, labels, texts, strict=True)
        return [part for comma, label, text in pairs for part in (pl.lit(comma + label), text)]
    fields = [pl.concat_str(pl.lit(label), text) for label, text in zip(labels, texts, strict=True)]
    return [pl.concat_str(fields, separator=",", ignore_nulls=True)]


def _value_text(column: pl.Series) -> pl.Expr:
    """Return an expression for the texts of a column, null where it is null."""
    values = pl.col(column.name)
    if column.dtype == pl.String:
        inner = values.str.replace_all("\\", "\\\\", literal=True).str.replace_all('"', '\\"', literal=True)
        return pl.concat_str(pl.lit('"'), inner, pl.lit('"'))
    if column.dtype == pl.Boolean:
        return values.cast(pl.String)
    if column.dtype.is_integer() and column.name.endswith((REVISION_SUFFIX, VERDICT_SUFFIX)):
        return pl.concat_str(values.cast(pl.Int64).cast(pl.String), pl.lit("i"))
    return values.cast(pl.Float64).cast(pl.String)


def _long_field(columns: Sequence[str], with_first_revisions: bool) -> pl.Expr:
    """Return the fields of one reading: value, verdict, revision."""
    signal = pl.col("signal")
    parts = [pl.concat_str(signal, pl.lit("="), pl.col("value").cast(pl.String))]
    if "verdict" in columns:
        parts.append(_whole_field(signal, VERDICT_SUFFIX, pl.col("verdict")))
    revision = pl.col("revision")
    shown = revision if with_first_revisions else pl.when(revision != 0).then(revision)
    parts.append(_whole_field(signal, REVISION_SUFFIX, shown))
    return pl.concat_str(parts, separator=",", ignore_nulls=True).alias("fields")


def _whole_field(signal: pl.Expr, suffix: str, value: pl.Expr) -> pl.Expr:
    return pl.concat_str(signal, pl.lit(suffix + "="), value.cast(pl.String), pl.lit("i"))


def _escaped_column(names: pl.Series, what: str) -> pl.Series:
    """Escape a column of names; the few different ones are escaped one by one."""
    different = names.unique()
    if not (different.str.contains(r"[,= \\\r\n]") | (different == "")).any():
        return names
    plain = different.to_list()
    return names.replace_strict(plain, [escaped(name, what) for name in plain], return_dtype=pl.String)


def _stamps(times: pl.Series, precision: Precision) -> pl.Expr:
    """Return an expression for the timestamps."""
    factor = _UNITS_IN_A_MICROSECOND.get(precision)
    if factor is None:
        raise _refused("the precision of what is written", "be ns or us, so that no time is cut", precision.value)
    farthest = max(abs(moment - _EPOCH) for moment in (times.min(), times.max()) if isinstance(moment, datetime))
    if factor > 1 and farthest > _FARTHEST:
        raise _refused("a time in nanoseconds", "lie in the years 1678 to 2261", f"{times.min()!r} to {times.max()!r}")
    return (pl.col(times.name).cast(pl.Int64) * factor).cast(pl.String)


def _check_long(readings: pl.DataFrame) -> None:
    expected = {**READINGS, "verdict": readings.schema.get("verdict", pl.Null())}
    if dict(readings.schema) != {name: expected[name] for name in readings.columns if name in expected} or any(
        name not in readings.columns for name in READINGS
    ):
        raise _refused(
            "a frame of readings",
            f"have the columns {', '.join(READINGS)}, and verdict if it likes",
            ", ".join(f"{name} {kind}" for name, kind in readings.schema.items()),
        )
    for name in READINGS:
        if readings[name].null_count():
            raise _refused(f"column {name} of a frame of readings", "have no nulls", str(readings[name].null_count()))
    _check_key(readings)
    _check_values(readings["value"])


def _check_key(table: pl.DataFrame) -> None:
    for name, kind in (("asset", pl.String()), ("time", pl.Datetime("us", "UTC"))):
        found = table.schema.get(name)
        if found != kind:
            raise _refused(f"column {name} of what is written", f"be {kind}", str(found))
        if table[name].null_count():
            raise _refused(f"column {name} of what is written", "have no nulls", str(table[name].null_count()))


def _check_values(column: pl.Series) -> None:
    if not (column.dtype.is_numeric() or column.dtype in {pl.String, pl.Boolean, pl.Null}):
        raise _refused(f"signal {column.name}", "be a number, text or truth value", str(column.dtype))
    if column.dtype.is_float() and not column.is_finite().all():
        raise _refused(f"every value of {column.name}", "be finite", "NaN or infinity")


def _refused(what: str, must: str, found: str) -> RefusedReadings:
    return RefusedReadings(what, must=must, found=found, remedy=_REMEDY)
