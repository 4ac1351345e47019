"""Reads NAB's recording of one machine and the windows around its faults."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from experiments.data_sets import present
from experiments.errors import DataSetUnusable
from models.condition.history import History

RECORDING, WINDOWS = "machine_temperature_system_failure.csv", "combined_windows.json"
_KEY = f"realKnownCause/{RECORDING}"


@dataclass(frozen=True, slots=True)
class Machine:
    """A recording with the windows that faults lie in.

    Attributes:
        history: One signal.
        windows: Begin and end of each, seconds as in the history. Shape (window, 2).
    """

    history: History
    windows: NDArray[np.float64]


def read_machine(folder: Path) -> Machine:
    """Read the recording.

    Raises:
        DataSetUnusable: If a file is missing or is not NAB's own.
    """
    recording, windows = present(folder / RECORDING), present(folder / WINDOWS)
    try:
        frame = pl.read_csv(recording).select(_seconds("timestamp"), pl.col("value").cast(pl.Float64)).sort("timestamp")
        named = json.loads(windows.read_text(encoding="utf-8"))[_KEY]
        edges = pl.DataFrame(named, schema=["begin", "end"], orient="row").select(_seconds("begin"), _seconds("end"))
    except (pl.exceptions.PolarsError, KeyError, ValueError, TypeError) as error:
        raise DataSetUnusable(f"{folder} must hold NAB's own files; {type(error).__name__}: {error}.") from error
    readings = frame["value"].to_numpy().astype(np.float64)[:, None]
    return Machine(History(frame["timestamp"].to_numpy().astype(np.float64), readings), edges.to_numpy())


def _seconds(column: str) -> pl.Expr:
    return pl.col(column).str.to_datetime(strict=True).dt.timestamp("us").cast(pl.Float64) / 1e6
