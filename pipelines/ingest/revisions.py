"""Revisions of readings: a whole number that rises with each correction by the source.

A table may carry a column `revision` for all signals of a row, and `<signal>__rev` for one of them. An empty cell
says nothing; without any, the revision is 0.
"""

import polars as pl

from pipelines.ingest.origin import is_hidden

REVISION = "revision"
_OF_SIGNAL = "__rev"
_VERDICT_OF_SIGNAL = "__q"

BAD = -1
"""Stands for a revision that is none."""

_LARGEST_EXACT = 2.0**53


def is_beside_signals(name: str) -> bool:
    """Say whether a column speaks of another one: its revision, or a verdict, which is ours to give and is ignored."""
    return not is_hidden(name) and name.endswith((_OF_SIGNAL, _VERDICT_OF_SIGNAL))


def is_verdict(name: str) -> bool:
    """Say whether a column holds verdicts on a signal."""
    return not is_hidden(name) and name.endswith(_VERDICT_OF_SIGNAL)


def row_revisions(rows: pl.DataFrame) -> pl.Series:
    """Return the revision of each row, null where it has none, `BAD` where it is not a whole number from 0 on."""
    return _whole(rows[REVISION]) if REVISION in rows.columns else _null(rows.height)


def revision_column(signal: str) -> str:
    """Return the name of the column that holds the revisions of one signal."""
    return f"{signal}{_OF_SIGNAL}"


def signal_revisions(column: pl.Series, of_rows: pl.Series) -> pl.Series:
    """Return the revision of each reading of a signal, with `BAD` as above.

    Args:
        column: The `revision_column` of the signal.
        of_rows: What `row_revisions` gave.
    """
    own = _whole(column)
    return own.zip_with(own.is_not_null(), of_rows).fill_null(0)


def _whole(column: pl.Series) -> pl.Series:
    """Return whole numbers; text in decimal digits and floats without a fraction are such."""
    is_text = column.dtype == pl.String()
    present = column.str.strip_chars() if is_text else column
    stated = (present != "") if is_text else present.is_not_null()
    if not (is_text or (present.dtype.is_numeric())):
        whole = _null(column.len())
    else:
        number = present.cast(pl.Float64, strict=False)
        is_whole = number.is_finite() & (number == number.floor()) & (number.abs() < _LARGEST_EXACT)
        from_float = number.set(~is_whole.fill_null(False), None).cast(pl.Int64, strict=False)
        exact = _null(column.len()) if present.dtype.is_float() else present.cast(pl.Int64, strict=False)
        whole = exact.zip_with(exact.is_not_null(), from_float)
    sound = (whole >= 0).fill_null(False)
    return whole.set(~sound, BAD).set(~stated.fill_null(False), None)


def _null(length: int) -> pl.Series:
    return pl.Series(REVISION, [None], dtype=pl.Int64).new_from_index(0, length)
