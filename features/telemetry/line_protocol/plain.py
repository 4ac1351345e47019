"""The fast way: lines without quotes and escapes, read by polars; whatever looks odd is left to the exact grammar."""

import polars as pl

from features.domain.arrivals import Precision
from features.telemetry.line_protocol.assembly import CELLS, ROWS, Parts
from features.telemetry.line_protocol.grammar import InvalidLine, read_head
from features.telemetry.line_protocol.layout import (
    ASSET,
    MEASUREMENT,
    REVISION_SUFFIX,
    ROW,
    TIME,
    VERDICT_SUFFIX,
    LineLayout,
    column_of,
    is_reserved,
    source_of,
)
from features.telemetry.line_protocol.stamps import stamps_microseconds

_SPECIAL = ['"', "\\", "\r", "\t"]
_TRUTH = {
    **dict.fromkeys(("t", "T", "true", "True", "TRUE"), "true"),
    **dict.fromkeys(("f", "F", "false", "False", "FALSE"), "false"),
}
_HEADS = pl.Schema({"head": pl.String(), MEASUREMENT: pl.String(), ASSET: pl.String(), "signal": pl.String()})


def read_plain(texts: pl.Series, precision: Precision, layout: LineLayout) -> tuple[Parts, pl.Series]:
    """Read the plain lines.

    Args:
        texts: All lines; null where one is no UTF-8.
        precision: The unit of the timestamps.
        layout: What lines mean.

    Returns:
        What they say, and the numbers (from 1) of the lines that are left to the exact grammar.
    """
    line = pl.col("line")
    numbered = pl.DataFrame({"line": texts}).with_row_index(ROW, offset=1)
    lines = numbered.lazy().with_columns(line.str.strip_suffix("\r")).filter((line != "").fill_null(True))
    whole, special = _parted(lines.with_columns(_is_plain(line).fill_null(False).alias("is_sound")).collect())
    cut, broken = _parted(_cut(whole, precision, layout))
    cells, odd = _parted(_cells(cut, layout))
    wanted = cells if _has_no_verdicts(cells) else cells.filter(~pl.col("name").str.ends_with(VERDICT_SUFFIX))
    parts = Parts(cut.select(*ROWS), wanted.select(*CELLS)).without(odd)
    return parts, pl.concat([special, broken, odd.unique()]).sort()


def _parted(frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.Series]:
    """Return the sound rows, and the numbers of the others; the frame itself if there are none."""
    is_sound = frame["is_sound"]
    if is_sound.all():
        return frame, frame[ROW].clear()
    return frame.filter(is_sound), frame[ROW].filter(~is_sound)


def _is_plain(line: pl.Expr) -> pl.Expr:
    """Say which lines have head, fields and at most a timestamp, and nothing that needs care."""
    spaces = line.str.count_matches(" ", literal=True)
    return spaces.is_between(1, 2) & ~line.str.contains_any(_SPECIAL) & ~line.str.starts_with("#")


def _cut(lines: pl.DataFrame, precision: Precision, layout: LineLayout) -> pl.DataFrame:
    """Cut lines into what the head says, `fields` as text, and `time`; `is_sound` says where that went well."""
    parts = pl.col("line").str.split_exact(" ", 2).struct.rename_fields(["head", "fields", "stamp"])
    cut = lines.select(ROW, parts.alias("parts")).unnest("parts")
    time = stamps_microseconds(pl.col("stamp").cast(pl.Int64, strict=False), precision)
    known = _heads(cut["head"].unique(), layout)
    joined = cut.with_columns(time.alias(TIME)).join(known, on="head", how="left", maintain_order="left")
    is_sound = pl.col("is_known").fill_null(False) & (pl.col(TIME).is_not_null() | pl.col("stamp").is_null())
    return joined.with_columns(is_sound.alias("is_sound"))


def _heads(heads: pl.Series, layout: LineLayout) -> pl.DataFrame:
    """Read every different head once, by the exact grammar; those that break it are left out."""
    known: list[tuple[str, str | None, str | None, str | None]] = []
    for text in heads:
        try:
            head = read_head(text)
        except InvalidLine:
            continue
        source = source_of(head.measurement, head.tags, layout)
        known.append((text, source.measurement, source.asset, source.signal))
    return pl.DataFrame(known, schema=_HEADS, orient="row").with_columns(pl.lit(True).alias("is_known"))


def _cells(lines: pl.DataFrame, layout: LineLayout) -> pl.DataFrame:
    """Read the fields of lines: the columns of `CELLS`, and `is_sound` where that went well."""
    signal = ["signal"] if layout.signal_tag is not None else []
    fields = lines.select(ROW, *signal, pl.col("fields").str.split(",")).explode("fields")
    pairs = pl.col("fields").str.splitn("=", 2).struct.rename_fields(["name", "value"])
    cells = fields.select(ROW, *signal, pairs.alias("pair")).unnest("pair")
    cells = _renamed(cells, layout) if signal else cells
    names = cells["name"].unique()
    revisions = [name for name in names if name is not None and name.endswith(REVISION_SUFFIX)]
    reserved = [name for name in names if not name or is_reserved(name)]
    is_sound = pl.col("number").is_finite().fill_null(False) | pl.col("text").is_not_null()
    whole = pl.lit(None, dtype=pl.Int64)
    if revisions:
        is_revision = pl.col("name").is_in(revisions)
        whole = pl.when(is_revision & pl.col("value").str.ends_with("i")).then(_whole(pl.col("value"), "i", pl.Int64()))
        is_sound &= ~is_revision | whole.is_not_null()
    if reserved:
        is_sound &= ~pl.col("name").is_in(reserved, nulls_equal=True)
    if _may_repeat(cells, lines.height):
        is_sound &= ~pl.struct(ROW, "name").is_duplicated()
    numbers = _numbers(cells["value"]).alias("number")
    numbered = cells.with_columns(numbers, _truths(cells["value"], numbers).alias("text"))
    return numbered.with_columns(whole.alias("whole"), is_sound.alias("is_sound"))


def _numbers(values: pl.Series) -> pl.Series:
    """Read numbers; null where a text is none."""
    numbers = values.cast(pl.Float64, strict=False)
    places = numbers.is_null().arg_true()
    if not places.len():
        return numbers
    value = pl.col(values.name)
    others = (
        pl.when(value.str.ends_with("i"))
        .then(_whole(value, "i", pl.Int64()).cast(pl.Float64))
        .when(value.str.ends_with("u"))
        .then(_whole(value, "u", pl.UInt64()).cast(pl.Float64))
        .otherwise(pl.lit(None, pl.Float64))
    )
    return numbers.scatter(places, values.gather(places).to_frame().select(others).to_series())


def _truths(values: pl.Series, numbers: pl.Series) -> pl.Series:
    """Read truth values, which are no numbers and stay words; null where a text is none."""
    texts = pl.Series(values=[None], dtype=pl.String).new_from_index(0, values.len())
    places = numbers.is_null().arg_true()
    if not places.len():
        return texts
    words = values.gather(places).replace_strict(_TRUTH, default=None, return_dtype=pl.String)
    return texts.scatter(places, words)


def _whole(value: pl.Expr, suffix: str, kind: pl.DataType) -> pl.Expr:
    return value.str.strip_suffix(suffix).cast(kind, strict=False)


def _may_repeat(cells: pl.DataFrame, lines: int) -> bool:
    """Say whether a line may name a field twice; cheap where all lines name the same ones in the same order."""
    width = cells.height // max(lines, 1)
    first = cells["name"].head(width)
    if width * lines != cells.height or first.n_unique() != width:
        return True
    return not all((cells["name"].gather_every(width, place) == name).all() for place, name in enumerate(first))


def _renamed(cells: pl.DataFrame, layout: LineLayout) -> pl.DataFrame:
    """Give each field the name of its column, where a tag names the signal."""
    pairs = cells.select("name", "signal").unique()
    is_named = pairs["name"].is_not_null()
    columns = [column_of(name, signal, layout) for name, signal in pairs.filter(is_named).rows()]
    known = pairs.filter(is_named).with_columns(pl.Series("column", columns, dtype=pl.String))
    joined = cells.join(known, on=["name", "signal"], how="left", nulls_equal=True, maintain_order="left")
    return joined.with_columns(pl.col("column").alias("name"))


def _has_no_verdicts(cells: pl.DataFrame) -> bool:
    return not any(name.endswith(VERDICT_SUFFIX) for name in cells["name"].unique())
