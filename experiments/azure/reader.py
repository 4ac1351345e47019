"""Reads Microsoft's sample and writes it as a bring-your-own folder, without what the published features give away."""

from enum import StrEnum
from pathlib import Path

import polars as pl

from experiments.data_sets import present
from experiments.errors import DataSetUnusable

QUANTITIES = ("volt", "rotate", "pressure", "vibration")
KNOWN_AFTER_HOURS = 13
"""A row is stamped with the start of its 12 hours, and looks about one hour past their end."""

_MOST_DAYS = 30
_STAMP = "%Y-%m-%dT%H:%M:%SZ"


class Errors(StrEnum):
    """When errors are said to have happened: to see how much hangs on it."""

    BOOKED = "booked"
    HOUR_LATER = "hour_later"
    OTHER_DAYS = "other_days"


def write_folder(source: Path, folder: Path, errors: Errors = Errors.BOOKED) -> None:
    """Write telemetry, events and assets.

    Of the published features only means and deviations of 12 hours are taken: `failure` and `label_e` are answers, and
    errors and replacements come from the logs, each at its own time.

    Raises:
        DataSetUnusable: If a file is missing or not of the publisher's form.
    """
    read_telemetry(source / "features_12h.parquet").write_parquet(folder / "telemetry.parquet")
    read_events(source, errors).write_csv(folder / "events.csv")
    machines = pl.read_csv(present(source / "PdM_machines.csv"))
    machines.select(_asset(), pl.col("model"), years_in_service=pl.col("age")).write_csv(folder / "assets.csv")


def read_telemetry(path: Path) -> pl.DataFrame:
    """Read means and deviations of 12 hours, stamped with the time from which they are known."""
    table = pl.read_parquet(present(path))
    names = {f"{name}_rolling{theirs}_12": f"{name}_{ours}" for name in QUANTITIES for theirs, ours in _STATISTICS}
    missing = sorted({*names, "dt_truncated", "machineID"} - set(table.columns))
    if missing:
        raise DataSetUnusable(f"{path.name} must have the columns {', '.join(missing)}; it has not.")
    known = pl.col("dt_truncated").cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    rows = table.select(
        _asset(),
        (known + pl.duration(hours=KNOWN_AFTER_HOURS)).alias("time"),
        *(pl.col(theirs).cast(pl.Float64).alias(ours) for theirs, ours in names.items()),
    )
    return rows.unique(["asset_id", "time"], keep="first", maintain_order=True)


def read_events(source: Path, errors: Errors = Errors.BOOKED) -> pl.DataFrame:
    """Read failures, replacements and errors, with the component or the code of each."""
    tables = (
        ("PdM_failures.csv", "failure", "failure", "failure_mode"),
        ("PdM_maint.csv", "comp", "part_replaced", "component"),
        ("PdM_errors.csv", "errorID", "error", "code"),
    )
    parts = [
        pl.read_csv(present(source / name), try_parse_dates=True).select(
            _asset(),
            (pl.col("datetime") + _moved(kind, errors)).dt.strftime(_STAMP).alias("time"),
            pl.lit(kind).alias("kind"),
            pl.col(column).alias(detail),
        )
        for name, column, kind, detail in tables
    ]
    return pl.concat(parts, how="diagonal")


_STATISTICS = (("mean", "mean"), ("std", "sd"))


def _moved(kind: str, errors: Errors) -> pl.Expr:
    """Return by how much an event is moved; days are drawn anew for each error, its hour stays."""
    if kind != "error" or errors is Errors.BOOKED:
        return pl.duration(hours=0)
    if errors is Errors.HOUR_LATER:
        return pl.duration(hours=1)
    days = pl.int_range(-_MOST_DAYS, _MOST_DAYS + 1).sample(pl.len(), with_replacement=True, seed=0)
    return pl.duration(days=days)


def _asset() -> pl.Expr:
    return (pl.lit("machine-") + pl.col("machineID").cast(pl.String).str.zfill(3)).alias("asset_id")
