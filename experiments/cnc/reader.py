"""Reads the milling experiments and writes them as a bring-your-own folder: one machine, one duty cycle each."""

import io
from pathlib import Path

import polars as pl

from experiments.data_sets import present
from experiments.errors import DataSetUnusable

EXPERIMENTS = 18
ROWS_PER_PART = 10_000
_STAGES = (
    "starting",
    "prep",
    "layer 1 up",
    "layer 1 down",
    "layer 2 up",
    "layer 2 down",
    "layer 3 up",
    "layer 3 down",
    "repositioning",
    "end",
)
_QUANTITIES = {
    "CurrentFeedback": "current",
    "DCBusVoltage": "dc_bus_voltage",
    "OutputCurrent": "output_current",
    "OutputVoltage": "output_voltage",
    "OutputPower": "output_power",
}
SIGNALS = {
    f"{axis}_{name}": f"{axis.lower()}_{ours}" for axis in ("X1", "Y1", "S1") for name, ours in _QUANTITIES.items()
}


def write_folder(source: Path, folder: Path) -> None:
    """Write telemetry and labels of all experiments.

    Raises:
        DataSetUnusable: If a file is missing or not of the publisher's form.
    """
    conditions = pl.read_csv(present(source / "train.csv"))
    if conditions.height != EXPERIMENTS or "tool_condition" not in conditions.columns:
        raise DataSetUnusable(
            f"train.csv must tell tool_condition of {EXPERIMENTS} experiments; found {conditions.shape}."
        )
    tables = [read_experiment(source / f"experiment_{number:02d}.csv", number) for number in range(1, EXPERIMENTS + 1)]
    pl.concat(tables).write_parquet(folder / "telemetry.parquet")
    labels = {
        "asset_id": ["mill"] * EXPERIMENTS,
        "from": [float(number) for number in range(1, EXPERIMENTS + 1)],
        "to": [float(number + 1) for number in range(1, EXPERIMENTS + 1)],
        "target": ["tool_condition"] * EXPERIMENTS,
        "value": conditions["tool_condition"].to_list(),
    }
    pl.DataFrame(labels).write_csv(folder / "labels.csv")


def read_experiment(path: Path, number: int) -> pl.DataFrame:
    """Read one experiment; a file may have bare carriage returns as line ends.

    Raises:
        DataSetUnusable: If it is missing or not of the publisher's form.
    """
    text = present(path).read_text(encoding="ascii").replace("\r\n", "\n").replace("\r", "\n")
    table = pl.read_csv(io.StringIO(text), infer_schema_length=None)
    missing = sorted({*SIGNALS, "Machining_Process", "M1_CURRENT_FEEDRATE"} - set(table.columns))
    if missing or table.height > ROWS_PER_PART:
        raise DataSetUnusable(
            f"{path.name} must have the columns {missing} and {ROWS_PER_PART} rows at most; it has not."
        )
    stage = pl.col("Machining_Process").str.to_lowercase()
    return table.with_row_index("row").select(
        pl.lit("mill").alias("asset_id"),
        (number + pl.col("row") / ROWS_PER_PART).alias("life"),
        pl.lit(float(number)).alias("experiment"),
        stage.replace_strict({name: float(place) for place, name in enumerate(_STAGES)}).alias("stage"),
        pl.col("M1_CURRENT_FEEDRATE").cast(pl.Float64).alias("feed_rate"),
        *(pl.col(theirs).cast(pl.Float64).alias(ours) for theirs, ours in SIGNALS.items()),
    )
