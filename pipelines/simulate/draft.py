"""The rows of one pump on their way from the instruments to whoever receives them."""

from dataclasses import dataclass

import numpy as np

from pipelines.simulate.arrays import BoolArray, CodeArray, FloatArray, IntArray


@dataclass(slots=True)
class Draft:
    """The rows of one pump on their way through the data path.

    Attributes:
        time_us: Time of the reading, as written. Shape (row,).
        arrived_us: When it arrived, by a right clock. Shape (row,).
        measured_us: When it was measured in truth. Shape (row,).
        values: Shape (row, channel), in the order of `SIGNALS`.
        missing: Which values were not measured. Shape (row, channel).
        copied: Which rows have a copy; they are left alone afterwards. Shape (row,).
        value_codes: What happened to a value, by `codes.CODES`. Shape (row, channel).
        row_codes: What happened to the whole row, likewise. Shape (row,).
    """

    time_us: IntArray
    arrived_us: IntArray
    measured_us: IntArray
    values: FloatArray
    missing: BoolArray
    copied: BoolArray
    value_codes: CodeArray
    row_codes: CodeArray

    def keep(self, rows: BoolArray) -> None:
        """Drop all other rows."""
        self.time_us, self.arrived_us, self.measured_us = (
            self.time_us[rows],
            self.arrived_us[rows],
            self.measured_us[rows],
        )
        self.values, self.missing, self.copied = self.values[rows], self.missing[rows], self.copied[rows]
        self.value_codes, self.row_codes = self.value_codes[rows], self.row_codes[rows]

    def append(self, rows: IntArray, arrived_us: IntArray, values: FloatArray) -> None:
        """Append copies of some rows with these values."""
        self.copied[rows] = True
        self.time_us = np.concatenate([self.time_us, self.time_us[rows]])
        self.arrived_us = np.concatenate([self.arrived_us, arrived_us])
        self.measured_us = np.concatenate([self.measured_us, self.measured_us[rows]])
        self.values = np.concatenate([self.values, values])
        self.missing = np.concatenate([self.missing, self.missing[rows]])
        self.copied = np.concatenate([self.copied, np.ones(len(rows), dtype=np.bool_)])
        self.value_codes = np.concatenate([self.value_codes, self.value_codes[rows]])
        self.row_codes = np.concatenate([self.row_codes, self.row_codes[rows]])

    def rows_between(self, begin_us: int, end_us: int) -> IntArray:
        """Return the first row of every measurement within these true times (the end outside), by time."""
        inside = np.flatnonzero((self.measured_us >= begin_us) & (self.measured_us < end_us) & (self.row_codes == 0))
        _, first = np.unique(self.measured_us[inside], return_index=True)
        return inside[first]
