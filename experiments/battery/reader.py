"""Reads NASA's table of discharges and writes it as a bring-your-own folder."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from experiments.data_sets import present
from experiments.errors import DataSetUnusable

CELLS = ("B0005", "B0006", "B0007", "B0018")
"""Aged at 2 A and 24 °C; B0007 never gets down to 1.4 Ah."""

END_AH = 1.4
_COLUMNS = {"battery", "cycle_num", "capacity", "duration_s", "t_max"}


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell's discharges.

    Attributes:
        cycle: Numbers of discharges, ascending. Shape (time,).
        capacity: Ampere-hours, NaN where none was recorded. Shape (time,).
        duration: Seconds. Shape (time,).
        temperature: Highest of the discharge, degrees Celsius. Shape (time,).
    """

    name: str
    cycle: NDArray[np.float64]
    capacity: NDArray[np.float64]
    duration: NDArray[np.float64]
    temperature: NDArray[np.float64]

    @property
    def end(self) -> float | None:
        """The first discharge of 1.4 Ah or less, or None if there is none."""
        reached = np.flatnonzero(self.capacity <= END_AH)
        return float(self.cycle[reached[0]]) if reached.size else None


def read_cells(folder: Path, names: tuple[str, ...] = CELLS) -> list[Cell]:
    """Read the cells of the protocol.

    Raises:
        DataSetUnusable: If the table or a cell is missing.
    """
    table = pl.read_csv(present(folder / "cycles.csv"), infer_schema_length=None)
    if not set(table.columns) >= _COLUMNS:
        raise DataSetUnusable(f"cycles.csv must have the columns {', '.join(sorted(_COLUMNS))}; found {table.columns}.")
    return [_cell(table, name) for name in names]


def write_folder(cells: list[Cell], folder: Path) -> None:
    """Write telemetry and events: a cell fails at its first discharge of 1.4 Ah or less, and is not looked at later."""
    telemetry, events = [], []
    for cell in cells:
        end = cell.end
        last = float(cell.cycle[-1]) if end is None else end
        kept = cell.cycle <= last
        capacity = np.where(cell.capacity > 0, cell.capacity, np.nan)[kept]
        table = {"life": cell.cycle[kept], "capacity": capacity, "discharge_duration": cell.duration[kept]}
        frame = pl.DataFrame({**table, "highest_temperature": cell.temperature[kept]}).fill_nan(None)
        telemetry.append(frame.select(pl.lit(cell.name).alias("asset_id"), pl.all()))
        kind = "end_of_observation" if end is None else "failure"
        mode = None if end is None else "capacity_fade"
        events.append({"asset_id": cell.name, "life": last, "kind": kind, "failure_mode": mode})
    pl.concat(telemetry).write_csv(folder / "telemetry.csv")
    pl.DataFrame(events).write_csv(folder / "events.csv")


def _cell(table: pl.DataFrame, name: str) -> Cell:
    own = table.filter(pl.col("battery") == name).sort("cycle_num")
    if own.is_empty():
        raise DataSetUnusable(f"cycles.csv must hold discharges of {name}; found none. Take the publisher's own file.")
    columns = own.select(pl.col("cycle_num", "capacity", "duration_s", "t_max").cast(pl.Float64)).to_numpy().T
    return Cell(name, *(np.ascontiguousarray(column) for column in columns))
