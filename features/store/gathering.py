"""Taking values of columns by position, many times faster for numbers than a data frame does it.

A data frame looks up a validity bit beside every value. Here the values are taken first, in one pass of numpy, and the
missing ones are marked afterwards.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Positions:
    """Which row each label takes its values from.

    Attributes:
        found: Positions, null where there is none. Shape (label,).
        index: The same with 0 where there is none.
        is_missing: Where there is none.
    """

    found: pl.Series
    index: NDArray[np.intp]
    is_missing: NDArray[np.bool_]

    @classmethod
    def of(cls, found: pl.Series) -> "Positions":
        """Return positions in the form that `take` needs."""
        index = found.fill_null(0).to_numpy().astype(np.intp, copy=False)
        return cls(found, index, found.is_null().to_numpy())

    def take(self, column: pl.Series) -> pl.Series:
        """Return the values of a column at the positions, null where there is none. Shape (label,)."""
        if not column.dtype.is_numeric() or column.is_empty():
            return column.gather(self.found)
        is_missing = self.is_missing
        if column.null_count():
            is_missing = is_missing | column.is_null().to_numpy().take(self.index, mode="clip")
            column = column.fill_null(0)
        values = column.rechunk().to_numpy().take(self.index, mode="clip")
        taken = pl.Series(column.name, pa.array(values, mask=is_missing))
        return taken.cast(column.dtype) if taken.dtype != column.dtype else taken
