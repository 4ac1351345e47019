"""Write a fleet as a bring-your-own folder, with its truth in a sub-folder that ingest never reads."""

from pathlib import Path
from typing import Literal

import polars as pl

from pipelines.simulate.condition import condition_truth
from pipelines.simulate.errors import FolderNotEmpty
from pipelines.simulate.fleet import SimulatedFleet
from pipelines.simulate.settings import FleetSettings

TableFormat = Literal["parquet", "csv"]

_TRUTH = ("lives", "courses", "damage", "visible", "defects", "arrivals", "event_arrivals")
_MEASUREMENT_TRUTH = ("instrument_faults", "faulty_readings")
_OPERATION_TRUTH = ("operation_changes",)
_CONDITIONS = "conditions"
_RFC3339 = "%Y-%m-%dT%H:%M:%S%.fZ"


def write_fleet(
    fleet: SimulatedFleet, folder: Path, table_format: TableFormat = "parquet", *, overwrite: bool = False
) -> list[Path]:
    """Write `telemetry`, `events.csv`, `assets.csv` and `truth/`.

    Args:
        fleet: What to write.
        folder: Where to; it is made if absent.
        table_format: Form of the telemetry and of the truth. Events and assets are CSV in any case.
        overwrite: Whether files of an earlier fleet may be replaced. Other files are left alone.

    Returns:
        The files written.

    Raises:
        FolderNotEmpty: If the folder holds anything and `overwrite` is not set.
    """
    check_folder(folder, overwrite=overwrite)
    (folder / "truth").mkdir(parents=True, exist_ok=True)
    for stale in _possible_files(folder):
        stale.unlink(missing_ok=True)
    truth = {name: getattr(fleet.truth, name) for name in _truth_names(fleet.settings)}
    truth[_CONDITIONS] = condition_truth(fleet)
    written = [_write(fleet.telemetry, folder / f"telemetry.{table_format}")]
    written += [_write(fleet.events, folder / "events.csv"), _write(fleet.assets, folder / "assets.csv")]
    return written + [_write(table, folder / "truth" / f"{name}.{table_format}") for name, table in truth.items()]


def check_folder(folder: Path, *, overwrite: bool) -> None:
    """Refuse a folder that holds anything, unless it may be overwritten.

    Raises:
        FolderNotEmpty: If it does, and may not.
    """
    if not overwrite and folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FolderNotEmpty(folder)


def _possible_files(folder: Path) -> list[Path]:
    """List the files that a fleet in the other format would have left, so that no folder holds two fleets."""
    names = (*_TRUTH, *_MEASUREMENT_TRUTH, *_OPERATION_TRUTH, _CONDITIONS)
    stems = [folder / "telemetry", *(folder / "truth" / name for name in names)]
    return [stem.with_suffix(suffix) for stem in stems for suffix in (".parquet", ".csv")]


def _truth_names(settings: FleetSettings) -> tuple[str, ...]:
    """Name the tables of the truth; those of measurement and operation only where it was asked for."""
    has_faults = settings.instrument_fault_rate > 0 or settings.path_fault_rate > 0
    measurement = _MEASUREMENT_TRUTH if has_faults else ()
    return (*_TRUTH, *measurement, *(_OPERATION_TRUTH if settings.operation_change_rate > 0 else ()))


def _write(table: pl.DataFrame, path: Path) -> Path:
    if path.suffix == ".parquet":
        table.write_parquet(path)
        return path
    times = [name for name, dtype in table.schema.items() if isinstance(dtype, pl.Datetime)]
    table.with_columns(pl.col(name).dt.strftime(_RFC3339) for name in times).write_csv(path)
    return path
