"""Reads NASA's own text files: 26 numbers a row, separated by spaces, no header."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from experiments.cmapss.published import FILES, PublishedFile
from experiments.errors import DataSetUnusable
from features.domain.events import EventKind, LifeEpoch
from features.domain.identifiers import DEFAULT_TENANT, AssetId
from features.domain.packs import Pack
from features.domain.time import EPOCH, time_of_life
from features.transforms.batch import LifeRows
from features.transforms.events import LifeEvents
from features.transforms.specification import pack_signals
from pipelines.building.tracks import LifeTrack

_COLUMNS = 26
_FIRST_SETTING = 2
_REMEDY = (
    "Name the folder that holds NASA's files with --data, or download them: "
    "`python -m experiments cmapss-download --out DIR`."
)


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


@dataclass(frozen=True, slots=True)
class Subset:
    """One of the four data sets.

    Attributes:
        name: FD001 to FD004.
        training: Engines recorded until they failed.
        tests: Engines whose record ends some time before.
        answers: Cycles that each test engine had left; None where the file is missing. Shape (batch,).
        departures: What is not as NASA published it, in words.
    """

    name: str
    training: list[Engine]
    tests: list[Engine]
    answers: NDArray[np.float64] | None
    departures: tuple[str, ...]


def read_subset(folder: Path, name: str) -> Subset:
    """Read and check all files of a subset.

    Raises:
        DataSetUnusable: If the folder or a file is missing or not of NASA's form; answers may be missing.
    """
    if not folder.is_dir():
        raise DataSetUnusable(f"The folder {folder} must exist and hold NASA's files; it does not. {_REMEDY}")
    names = (f"train_{name}.txt", f"test_{name}.txt", f"RUL_{name}.txt")
    paths = [folder / each for each in names]
    training, tests = read_engines(paths[0]), read_engines(paths[1])
    answers = read_answers(paths[2], len(tests)) if paths[2].exists() else None
    return Subset(name, training, tests, answers, departures([path for path in paths if path.exists()]))


def departures(paths: Sequence[Path], files: Sequence[PublishedFile] = FILES) -> tuple[str, ...]:
    """Say in words which files are not byte for byte those that NASA published."""
    known = {file.name: file.sha256 for file in files if file.sha256 is not None}
    return tuple(
        f"{path.name} is not NASA's original: figures cannot be compared with anybody else's"
        for path in paths
        if path.name in known and hashlib.sha256(path.read_bytes()).hexdigest() != known[path.name]
    )


def read_engines(path: Path) -> list[Engine]:
    """Read a training or test file.

    Raises:
        DataSetUnusable: If the file is missing or not of NASA's form.
    """
    table = _read(path, _COLUMNS)
    units = np.unique(table[:, 0])
    if units[0] < 1 or (units != np.floor(units)).any():
        raise DataSetUnusable(f"{path.name} must number engines 1, 2, …; found {units[:5].tolist()}. {_REMEDY}")
    engines = [table[table[:, 0] == unit] for unit in units]
    for rows in engines:
        if not np.array_equal(rows[:, 1], np.arange(1, len(rows) + 1)):
            raise DataSetUnusable(
                f"Cycles of engine {rows[0, 0]:g} in {path.name} must count from 1 without a gap; "
                f"they do not. {_REMEDY}"
            )
    return [Engine(int(rows[0, 0]), rows[:, 1], rows[:, _FIRST_SETTING:]) for rows in engines]


def read_answers(path: Path, engines: int) -> NDArray[np.float64]:
    """Read the true remaining lives of the test engines, cycles. Shape (batch,).

    Raises:
        DataSetUnusable: If there is not one answer per engine.
    """
    answers = _read(path, 1)[:, 0]
    if len(answers) != engines or (answers < 0).any():
        raise DataSetUnusable(
            f"{path.name} must hold one remaining life for each of {engines} engines, none negative; "
            f"found {len(answers)} numbers from {answers.min():g}. {_REMEDY}"
        )
    return answers


def engine_tracks(engines: Sequence[Engine], pack: Pack, end: EventKind) -> list[LifeTrack]:
    """Bring engines into the form of any other machine: one life each, ended as told."""
    names: list[str] = [signal.id for signal in pack.signals]
    columns = [names.index(name) for name in pack_signals(pack)]
    tracks = []
    for engine in engines:
        last = time_of_life(float(engine.cycle[-1]))
        epoch = LifeEpoch(DEFAULT_TENANT, AssetId(f"engine-{engine.unit:03d}"), 0, EPOCH, last, end)
        time_us = (engine.cycle * 1_000_000).astype(np.int64)
        tracks.append(LifeTrack(epoch, time_us, LifeRows(engine.cycle, engine.values[:, columns], LifeEvents.none())))
    return tracks


def _read(path: Path, columns: int) -> NDArray[np.float64]:
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataSetUnusable(f"{path} must be a readable C-MAPSS file: {error}. {_REMEDY}") from error
    while lines and not lines[-1].strip():
        lines.pop()
    if not lines:
        raise DataSetUnusable(f"{path} must hold rows of numbers; it is empty. {_REMEDY}")
    try:
        table = np.loadtxt(lines, dtype=np.float64, ndmin=2, comments=None)
    except ValueError as error:
        raise _first_broken(path, lines, columns) from error
    if table.shape != (len(lines), columns) or not np.isfinite(table).all():
        raise _first_broken(path, lines, columns)
    return table


def _first_broken(path: Path, lines: Sequence[str], columns: int) -> DataSetUnusable:
    number, line = next(
        (pair for pair in enumerate(lines, start=1) if not _is_row(pair[1], columns)), (len(lines), lines[-1])
    )
    return DataSetUnusable(
        f"Line {number} of {path} must hold {columns} finite numbers; found {len(line.split())} words in "
        f"{line[:60]!r}. {_REMEDY}"
    )


def _is_row(line: str, columns: int) -> bool:
    try:
        values = [float(word) for word in line.split()]
    except ValueError:
        return False
    return len(values) == columns and bool(np.isfinite(values).all())
