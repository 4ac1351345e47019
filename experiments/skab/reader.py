"""Reads SKAB's files as they are published: columns apart by semicolons, times without zone at about one a second."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from experiments.errors import DataSetUnusable
from models.condition.history import History

FOLDERS = ("other", "valve1", "valve2")
HEALTHY = "anomaly-free/anomaly-free.csv"
LABELS = ("anomaly", "changepoint")
_TIME = "datetime"


@dataclass(frozen=True, slots=True)
class Recording:
    """One file.

    Attributes:
        name: Folder and file, for example "valve1/3".
        history: Readings of the eight sensors.
        is_anomalous: Shape (row,).
        is_changepoint: Shape (row,).
    """

    name: str
    history: History
    is_anomalous: NDArray[np.bool_]
    is_changepoint: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Rig:
    """All of SKAB.

    Attributes:
        sensors: Names of the columns of readings.
        healthy: The recording without faults.
        recordings: Those with faults, by folder and number.
    """

    sensors: tuple[str, ...]
    healthy: History
    recordings: tuple[Recording, ...]


def read_rig(folder: Path) -> Rig:
    """Read every recording.

    Raises:
        DataSetUnusable: If a folder is missing or empty, a file has other columns, or a number is missing.
    """
    healthy = _read(folder / HEALTHY, ())
    sensors = tuple(name for name in healthy.columns if name != _TIME)
    recordings = []
    for name in FOLDERS:
        files = sorted((folder / name).glob("*.csv"), key=lambda file: (len(file.stem), file.stem))
        if not files:
            raise DataSetUnusable(f"{folder / name} must hold SKAB's recordings; found none. Name SKAB's folder.")
        recordings += [_recording(f"{name}/{file.stem}", _read(file, LABELS), sensors) for file in files]
    return Rig(sensors, _history(healthy, sensors), tuple(recordings))


def _recording(name: str, frame: pl.DataFrame, sensors: Sequence[str]) -> Recording:
    if missing := sorted(set(sensors) - set(frame.columns)):
        raise DataSetUnusable(f"{name} must have the healthy recording's sensors; it lacks {', '.join(missing)}.")
    anomaly, change = (frame[label].to_numpy() > 0.5 for label in LABELS)
    return Recording(name, _history(frame, sensors), anomaly, change)


def _history(frame: pl.DataFrame, sensors: Sequence[str]) -> History:
    seconds = frame[_TIME].dt.timestamp("us").to_numpy() / 1e6
    return History(np.asarray(seconds, np.float64), frame.select(sensors).to_numpy().astype(np.float64))


def _read(path: Path, labels: Sequence[str]) -> pl.DataFrame:
    if not path.is_file():
        raise DataSetUnusable(f"{path} must be a file of SKAB; found none. Name SKAB's folder with --data.")
    try:
        frame = pl.read_csv(path, separator=";").with_columns(pl.col(_TIME).str.to_datetime("%Y-%m-%d %H:%M:%S"))
    except pl.exceptions.PolarsError as error:
        raise DataSetUnusable(f"{path} must be SKAB's own file; {error}. Take it anew.") from error
    numbers = [name for name in frame.columns if name != _TIME]
    if missing := sorted(set(labels) - set(numbers)):
        raise DataSetUnusable(f"{path} must have columns {', '.join(labels)}; it lacks {', '.join(missing)}.")
    if frame.null_count().sum_horizontal().item() > 0:
        raise DataSetUnusable(f"{path} must have a number in every cell; some are missing. Take it anew.")
    return frame.sort(_TIME, maintain_order=True)
