"""A rig in SKAB's files, with faults whose beginning and end are known."""

import datetime as dt
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SENSORS = ("Accelerometer1RMS", "Current", "Pressure")
BEGIN = dt.datetime(2020, 3, 9, 10, 0, 0)
FAULT = slice(560, 960)


def write_rig(folder: Path, recordings: int = 2, size: float = 6.0) -> None:
    """Write a healthy recording and some with a fault in each folder."""
    _write(folder / "anomaly-free" / "anomaly-free.csv", _noise(2700, 0), None)
    for number, name in enumerate(("other", "valve1", "valve2")):
        for recording in range(recordings):
            readings = _noise(1150, 10 * number + recording + 1)
            readings[FAULT, 1] += size
            _write(folder / name / f"{recording}.csv", readings, FAULT)


def _noise(rows: int, seed: int) -> NDArray[np.float64]:
    return np.random.default_rng(seed).normal(size=(rows, len(SENSORS)))


def _write(path: Path, readings: NDArray[np.float64], fault: slice | None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    anomaly, change = np.zeros(len(readings)), np.zeros(len(readings))
    if fault is not None:
        anomaly[fault] = 1.0
        change[[fault.start, fault.stop]] = 1.0
    lines = [";".join(("datetime", *SENSORS, *(("anomaly", "changepoint") if fault else ())))]
    for row, values in enumerate(readings):
        labels = (f"{anomaly[row]}", f"{change[row]}") if fault else ()
        lines.append(";".join((str(BEGIN + dt.timedelta(seconds=row)), *(f"{value:.6f}" for value in values), *labels)))
    path.write_text("\n".join(lines) + "\n")
