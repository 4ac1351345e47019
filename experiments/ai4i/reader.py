"""Reads AI4I 2020: readings of every part, and its flags apart from them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from experiments.data_sets import present
from experiments.errors import DataSetUnusable
from features.domain.packs import Pack
from features.transforms.specification import pack_signals
from pipelines.onboard.states.stretches import Stretch

FILE = "ai4i2020.csv"
MODES = ("TWF", "HDF", "PWF", "OSF")
"""RNF is left out: it is drawn by chance."""

_FAILED = "Machine_failure"
_VARIANTS = {"L": 0.0, "M": 1.0, "H": 2.0}
_SIGNALS = {
    "Air temperature [K]": "air_temperature",
    "Process temperature [K]": "process_temperature",
    "Rotational speed [rpm]": "spindle_speed",
    "Torque [Nm]": "spindle_torque",
    "Tool wear [min]": "tool_wear",
}


@dataclass(frozen=True, slots=True)
class Parts:
    """All parts in the order in which they were made.

    Attributes:
        stretches: One by part, with readings and nothing else.
        has_failed: Shape (part,).
        modes: Which of `MODES` it failed by. Shape (part, mode).
    """

    stretches: tuple[Stretch, ...]
    has_failed: NDArray[np.bool_]
    modes: NDArray[np.bool_]


def read_parts(folder: Path, pack: Pack) -> Parts:
    """Read the file.

    Raises:
        DataSetUnusable: If it is missing or not of the publisher's form.
    """
    path = present(folder / FILE)
    try:
        table = pl.read_csv(path)
        variant = pl.col("Type").replace_strict(_VARIANTS, return_dtype=pl.Float64).alias("variant")
        readings = table.select(variant, *(pl.col(theirs).cast(pl.Float64).alias(o) for theirs, o in _SIGNALS.items()))
        flags = table.select(pl.col(_FAILED, *MODES).cast(pl.Int64) == 1)
    except pl.exceptions.PolarsError as error:
        raise DataSetUnusable(f"{path} must be the publisher's own file; {error}. Take it anew.") from error
    values = readings.select(pack_signals(pack)).to_numpy().astype(np.float64)
    if not np.isfinite(values).all():
        raise DataSetUnusable(f"{path} must have a number in every cell; some are missing. Take it anew.")
    stretches = tuple(
        Stretch("mill", np.array([part * 1_000_000], np.int64), values[part : part + 1], None)
        for part in range(len(values))
    )
    return Parts(stretches, flags[_FAILED].to_numpy(), flags.select(MODES).to_numpy())
