"""Machines of which every reading is at hand, for judging a network that looks at readings."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from experiments.bench.calibration_fleet import Fleet, tracks_of
from experiments.cmapss.protocol import CYCLES_PER_ENGINE, DRAW_SEED, drawn_cycles
from experiments.cmapss.reader import engine_tracks, read_engines
from features.domain.events import EventKind
from features.domain.identifiers import DEFAULT_TENANT
from features.domain.packs import Pack
from features.packs.loader import load_pack
from features.transforms.scores import life_scores
from features.transforms.specification import FeatureSpecification
from models.prognosis.dilated_training import LifeReadings
from models.prognosis.folds import rows_per_life
from models.prognosis.targets import LabelledVectors
from pipelines.building.tracks import LifeTrack
from pipelines.building.vectors import labelled_vectors, machines_of
from pipelines.simulate.settings import FleetSettings
from pipelines.train.data import label_frame

Draw = Callable[[LabelledVectors, Sequence[str]], NDArray[np.int64]]
"""Rows to judge by, given labelled rows and the names of their machines in the order of `LabelledVectors.machine`."""


@dataclass(frozen=True, slots=True)
class Machines:
    """Machines to train on and, others of them, to judge by.

    Attributes:
        name: What is told of them.
        pack: Their type.
        tracks: Their lives.
        draw: Which rows are judged.
    """

    name: str
    pack: Pack
    tracks: Sequence[LifeTrack]
    draw: Draw


def cmapss_machines(folder: Path, subset: str, engines: int | None = None) -> Machines:
    """Return the training engines of a subset, judged at the cycles of `experiments.cmapss.protocol`.

    Args:
        folder: That holds NASA's files; those of the test engines are not opened.
        subset: FD001 to FD004.
        engines: Only the first so many.
    """
    pack, found = load_pack("turbofan"), read_engines(folder / f"train_{subset}.txt")[:engines]
    tracks = engine_tracks(found, pack, EventKind.FAILURE)
    cycles = {str(track.epoch.asset): each for track, each in zip(tracks, drawn_cycles(found), strict=True)}

    def draw(rows: LabelledVectors, names: Sequence[str]) -> NDArray[np.int64]:
        is_drawn = [age in cycles[names[machine]] for machine, age in zip(rows.machine, rows.age, strict=True)]
        return np.flatnonzero(is_drawn)

    return Machines(subset, pack, tracks, draw)


def pump_machines(settings: FleetSettings, progress: Callable[[int, int], None]) -> Machines:
    """Simulate pumps that nobody replaces before they fail, judged ten times in each life.

    Only rows are judged from which the record goes on for the whole grid, this life or the next ones: there remaining
    life, clipped at the cap, is known, and which rows are taken does not hang on the outcome.
    """
    pack, fleet = load_pack("pump"), Fleet(settings, replaces=False)
    tracks = [track for record in fleet.records(progress) for track in tracks_of(fleet, record, pack)]

    def draw(rows: LabelledVectors, names: Sequence[str]) -> NDArray[np.int64]:
        known = np.flatnonzero(recorded_after(rows) >= pack.grid.cap)
        life, age = rows.life_id[known], rows.age[known]
        return known[rows_per_life(life, age, pack.features.minimum_life, CYCLES_PER_ENGINE, DRAW_SEED)]

    return Machines("pump", pack, tracks, draw)


def recorded_after(rows: LabelledVectors) -> NDArray[np.float64]:
    """Return how long each row's machine is on record after it, in later lives too, life units. Shape (batch,)."""
    lives, first, index = np.unique(rows.life_id, return_index=True, return_inverse=True)
    lengths = np.zeros(len(lives))
    np.maximum.at(lengths, index, rows.age + rows.remaining)
    until = np.cumsum(lengths)  # lives of a machine have numbers one after the other
    machine = rows.machine[first]
    ends = until[np.searchsorted(machine, machine, side="right") - 1]
    return np.asarray((ends - until)[index] + rows.remaining, np.float64)


@dataclass(frozen=True, slots=True)
class LabelledReadings:
    """Labelled vectors and what lies behind them.

    Attributes:
        rows: The vectors.
        readings: Behind them.
        machines: Names of the machines, in the order of `LabelledVectors.machine`.
    """

    rows: LabelledVectors
    readings: LifeReadings
    machines: tuple[str, ...]


def labelled_readings(specification: FeatureSpecification, tracks: Sequence[LifeTrack]) -> LabelledReadings:
    """Label the lives, and say of each row at which of its life's running readings it stands.

    Args:
        specification: Whose features and regimes.
        tracks: The lives.

    Returns:
        The rows whose regime is known.
    """
    frames, scores, lives, places = [], [], list[NDArray[np.int64]](), list[NDArray[np.int64]]()
    for number, track in enumerate(tracks):
        frame = label_frame(specification, DEFAULT_TENANT, [track]).filter(pl.col("regime") >= 0)
        own = life_scores(specification, track.rows)
        is_told = ~np.isnan(own).all(axis=1)  # a row at standstill tells nothing
        moments = frame["time_us"].to_numpy()
        # The newest reading that tells something, at the label or before it.
        place = np.searchsorted(track.time_us[is_told], moments, side="right") - 1
        frames.append(frame)
        scores.append(own[is_told])
        lives.append(np.full(len(place), number))
        places.append(place.astype(np.int64))
    frame = pl.concat(frames)
    longest = max(1, *(len(each) for each in scores))
    padded = np.full((len(tracks), longest, len(specification.sensors)), np.nan, np.float32)
    for filled, each in zip(padded, scores, strict=True):
        filled[: len(each)] = each
    readings = LifeReadings(padded, np.concatenate(lives), np.concatenate(places))
    return LabelledReadings(labelled_vectors(frame, specification), readings, machines_of(frame))
