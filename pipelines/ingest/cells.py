"""Single cells: blank or not, and as plain JSON for what is set aside."""

import math
from collections.abc import Mapping
from datetime import date

import polars as pl

from pipelines.ingest.origin import is_hidden


def blank_rows(chunk: pl.DataFrame) -> pl.Series:
    """Say of each row whether it holds nothing: no cell, or only blank ones."""
    columns = [column for column in chunk.get_columns() if not is_hidden(column.name)]
    blank = pl.Series(values=[True], dtype=pl.Boolean).new_from_index(0, chunk.height)
    for column in columns:
        is_text = column.dtype == pl.String()
        blank &= (column.str.strip_chars() == "").fill_null(True) if is_text else column.is_null()
        if not blank.any():
            break
    return blank


def is_blank(cell: object) -> bool:
    """Say whether a cell holds nothing."""
    return cell is None or (isinstance(cell, str) and not cell.strip())


def text_of(cell: object) -> str | None:
    """Return a cell as stripped text, or None where it is blank."""
    return None if is_blank(cell) else str(cell).strip()


def content_of(cells: Mapping[str, object]) -> dict[str, object]:
    """Return the cells that hold something as plain JSON; NaN and infinities, which JSON lacks, as text."""
    return {name: _plain(cell) for name, cell in cells.items() if not is_blank(cell)}


def _plain(cell: object) -> object:
    if isinstance(cell, float):
        return cell if math.isfinite(cell) else str(cell)
    if isinstance(cell, date):  # a datetime is one too
        return cell.isoformat()
    return cell if isinstance(cell, str | int) else str(cell)
