"""Verdicts between numpy, which judges, and polars, which stores."""

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from features.telemetry.readings import VERDICTS


def verdict_table(
    asset: str, signals: Sequence[str], time_us: NDArray[np.int64], verdicts: NDArray[np.int8]
) -> pl.DataFrame:
    """Return the readings of one asset that are not good, in the form `VERDICTS`.

    Args:
        asset: Whose.
        signals: Order of the columns.
        time_us: Microseconds since 1970. Shape (row,).
        verdicts: Values of `Verdict`. Shape (row, signal).
    """
    rows, columns = np.nonzero(verdicts)
    frame = pl.DataFrame(
        {
            "signal": np.asarray(signals, dtype=object)[columns].tolist(),
            "time": time_us[rows],
            "verdict": verdicts[rows, columns].astype(np.int64),
        },
        schema={"signal": pl.String, "time": pl.Int64, "verdict": pl.Int64},
    )
    time = pl.col("time").cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    return frame.select(pl.lit(asset).alias("asset"), "signal", time, "verdict").select(*VERDICTS.names())
