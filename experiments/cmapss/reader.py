"""Reads NASA's own text files: 26 numbers a row, separated by spaces, no header."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from experiments.errors import DataSetUnusable
from features.domain.events import EventKind, LifeEpoch
from features.domain.identifiers import DEFAULT_TENANT, AssetId
from features.domain.packs import Pack
from features.domain.time import EPOCH, time_of_life
from features.transforms.batch import LifeRows
from pipelines.building.build import pack_signals
from pipelines.building.tracks import LifeTrack

SUBSETS = ("FD001", "FD002", "FD003", "FD004")
_COLUMNS = 26
_FIRST_SETTING = 2


@dataclass(frozen=True, slots=True)
class Engine:
    """One engine's record.

    Attributes:
        unit: Its number in the file.
        cycle: Cycle numbers, ascending. Shape (time,).
        values: Three settings, then 21 sensors, in the file's units. Shape (time, channel).
    """

    unit: int
    cycle: NDArray[np.float64]
    values: NDArray[np.float64]


def read_engines(path: Path) -> list[Engine]:
    """Read a training or test file.

    Raises:
        DataSetUnusable: If the file is missing or not of NASA's form.
    """
    table = _read(path)
    if table.ndim != 2 or table.shape[1] != _COLUMNS or not np.isfinite(table).all():
        raise DataSetUnusable(
            f"{path.name} must hold rows of {_COLUMNS} finite numbers; found shape {table.shape}. "
            "Download it again: `python -m experiments cmapss-download`."
        )
    units = np.unique(table[:, 0])
    engines = [table[table[:, 0] == unit] for unit in units]
    for rows in engines:
        if not np.array_equal(rows[:, 1], np.arange(1, len(rows) + 1)):
            raise DataSetUnusable(
                f"Cycles of unit {rows[0, 0]:g} in {path.name} must count from 1 without a gap. Download it again."
            )
    return [Engine(int(rows[0, 0]), rows[:, 1], rows[:, _FIRST_SETTING:]) for rows in engines]


def read_answers(path: Path, engines: int) -> NDArray[np.float64] | None:
    """Read true remaining lives of the test engines, or return None where the file is missing.

    Raises:
        DataSetUnusable: If there is not one answer per engine.
    """
    if not path.exists():
        return None
    answers = _read(path)
    if answers.shape != (engines,):
        raise DataSetUnusable(
            f"{path.name} must hold one number for each of {engines} engines; found shape {answers.shape}. "
            "Download it again."
        )
    return answers


def engine_tracks(engines: list[Engine], pack: Pack, end: EventKind) -> list[LifeTrack]:
    """Bring engines into the form of any other machine: one life each, ended as told."""
    names: list[str] = [signal.id for signal in pack.signals]
    columns = [names.index(name) for name in pack_signals(pack)]
    tracks = []
    for engine in engines:
        last = time_of_life(float(engine.cycle[-1]))
        epoch = LifeEpoch(DEFAULT_TENANT, AssetId(f"engine-{engine.unit:03d}"), 0, EPOCH, last, end)
        time_us = (engine.cycle * 1_000_000).astype(np.int64)
        tracks.append(LifeTrack(epoch, time_us, LifeRows(engine.cycle, engine.values[:, columns])))
    return tracks


def _read(path: Path) -> NDArray[np.float64]:
    try:
        return np.loadtxt(path, dtype=np.float64)
    except (OSError, ValueError) as error:
        raise DataSetUnusable(
            f"{path} must be a readable C-MAPSS file: {error}. "
            "Name the folder that holds it with --data, or download it: `python -m experiments cmapss-download`."
        ) from error
