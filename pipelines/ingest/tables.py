"""Reading CSV and Parquet files in chunks, with the number of each row."""

import csv
import io
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from pipelines.ingest.errors import BadTable
from pipelines.ingest.origin import is_hidden

if TYPE_CHECKING:
    import _csv

ROW = "__row__"
"""The column that carries the number of a data row, from 1. In a CSV file without line breaks inside quotes, the
line is this number plus one."""

_SAMPLE_BYTES = 1 << 20
_MOST_COLUMNS = 4_096
_FREE_CELLS = 4_000_000


def read_chunks(path: Path, rows: int) -> Iterator[pl.DataFrame]:
    """Yield a table in chunks of about `rows` rows, each with its column `ROW`, in order.

    Cells of a CSV file come as text, unquoted empty ones as null; those of a Parquet file as they are typed.
    An empty line of a CSV file is a row of nulls. Line ends may be LF, CRLF or CR; a byte order mark is skipped.

    Args:
        path: The file; its suffix says what it is.
        rows: Rows of one chunk.

    Raises:
        BadTable: If the file is no such table.
    """
    try:
        lazy = _scan_parquet(path) if path.suffix.lower() == ".parquet" else _scan_csv(path)
        yield from lazy.collect_batches(chunk_size=rows, maintain_order=True)
    except pl.exceptions.PolarsError as error:
        raise _bad_table(path.name, _reason(path, error)) from error
    except OSError as error:
        raise _bad_table(path.name, str(error)) from error


def read_csv(body: bytes, name: str) -> pl.DataFrame:
    """Return a CSV table that came as bytes, with its column `ROW`; the rules are those of `read_chunks`.

    What comes as bytes must not become far more than it was: the columns are bounded, and where the cells are many,
    the rows must not be shorter than the header.

    Args:
        body: The table.
        name: What to call it in messages.

    Raises:
        BadTable: If the bytes are no such table.
    """
    try:
        table = _scan_csv_source(body, body[:_SAMPLE_BYTES], name)
        _refuse_hollow_table(body, len(table.collect_schema()) - 1, name)
        return table.collect()
    except pl.exceptions.PolarsError as error:
        reader = csv.reader(io.StringIO(body.decode("utf-8-sig", errors="replace"), newline=""))
        raise _bad_table(name, _first_long_line(reader) or _first_line(error)) from error


def require_columns(table: pl.DataFrame, name: str, *alternatives: frozenset[str]) -> None:
    """Check that a table has at least one column of each set of alternatives.

    Raises:
        BadTable: If none of a set is there.
    """
    for names in alternatives:
        if not names & set(table.columns):
            columns = [name for name in table.columns if name != ROW]
            raise BadTable(
                f"the header of {name}",
                must=f"have a column {' or '.join(sorted(names, reverse=True))}",
                found=columns[:20],
                remedy="Columns are separated by commas; name them as the documentation of the folder says.",
            )


def _scan_parquet(path: Path) -> pl.LazyFrame:
    return pl.scan_parquet(path, glob=False, hive_partitioning=False).with_row_index(ROW, offset=1)


def _scan_csv(path: Path) -> pl.LazyFrame:
    with path.open("rb") as file:
        sample = file.read(_SAMPLE_BYTES)
    return _scan_csv_source(path, sample, path.name)


def _scan_csv_source(source: Path | bytes, sample: bytes, name: str) -> pl.LazyFrame:
    if not sample.strip():
        raise _bad_table(name, "an empty file, and a header was expected")
    if sample.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _bad_table(name, "text in UTF-16, and UTF-8 was expected")
    # bare carriage returns as line ends: rare, and such files are small enough to turn around in memory
    is_old_mac = b"\r" in sample and b"\n" not in sample
    if is_old_mac:
        source = (source if isinstance(source, bytes) else source.read_bytes()).replace(b"\r", b"\n")
    _refuse_repeated_columns(source, name)
    return pl.scan_csv(
        source,
        infer_schema=False,
        glob=False,
        with_column_names=lambda names: [_column(name) for name in names],
        row_index_name=ROW,
        row_index_offset=1,
    )


def _column(name: str) -> str:
    """Return the name of a column; one that looks like a column of ours must not be taken for it."""
    stripped = name.strip()
    return f"column {stripped}" if is_hidden(stripped) else stripped


def _refuse_repeated_columns(source: Path | bytes, name: str) -> None:
    header = pl.scan_csv(source, infer_schema=False, glob=False, has_header=False, n_rows=1).collect()
    names = [str(cell or "").strip() for cell in (header.row(0) if header.height else ())]
    repeated = sorted(each for each, times in Counter(names).items() if times > 1)
    if repeated:
        raise _bad_table(name, f"columns of one name: {', '.join(repeated)}")


def _refuse_hollow_table(body: bytes, width: int, name: str) -> None:
    """Refuse a body of a few bytes that stands for many cells: very many columns, or rows that end early."""
    if width > _MOST_COLUMNS:
        raise _bad_table(name, f"{width} columns; at most {_MOST_COLUMNS} may be in one table")
    lines = body.count(b"\n") + body.count(b"\r") + 1
    if lines * width > max(_FREE_CELLS, 4 * (body.count(b",") + lines)):
        raise _bad_table(name, f"about {lines} rows of {width} columns, most of which end before the last column")


def _reason(path: Path, error: pl.exceptions.PolarsError) -> str:
    if path.suffix.lower() == ".parquet":
        return _first_line(error)
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        return _first_long_line(csv.reader(file)) or _first_line(error)


def _first_line(error: pl.exceptions.PolarsError) -> str:
    return str(error).strip().split("\n", maxsplit=1)[0]


def _first_long_line(reader: "_csv.Reader") -> str | None:
    """Find the first line of a CSV file with more fields than the header, the usual fault; None if there is none."""
    try:
        width = len(next(reader, []))
        for fields in reader:
            if len(fields) > width:
                return f"{len(fields)} fields in line {reader.line_num}, and the header names {width}"
    except csv.Error:
        return None
    return None


def _bad_table(name: str, reason: str) -> BadTable:
    return BadTable(
        f"file {name}",
        must="be a readable table (CSV in UTF-8 with a header, or Parquet)",
        found=reason,
        remedy="Mend or export it again, then ingest the folder again; what was read before is counted as duplicate.",
    )
