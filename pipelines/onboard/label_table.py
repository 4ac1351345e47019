"""Feature rows with their labels, straight from lives: what few lives are learned from, and feasibility looks at."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.domain.identifiers import DEFAULT_TENANT
from features.domain.packs import Pack
from features.transforms.batch import LifeFeatures, compute
from features.transforms.specification import FeatureSpecification
from models.prognosis.targets import LabelledVectors
from pipelines.building.build import label_rows
from pipelines.building.tracks import LifeTrack


@dataclass(frozen=True, slots=True)
class LabelTable:
    """Labelled rows, and whose they are.

    Attributes:
        rows: Machines are numbered by their name among all of the tracks.
        asset: Name of the machine of each row. Shape (batch,).
        time_us: Microseconds since EPOCH. Shape (batch,).
        life_number: Which life of the machine. Shape (batch,).
    """

    rows: LabelledVectors
    asset: NDArray[np.str_]
    time_us: NDArray[np.int64]
    life_number: NDArray[np.int64]

    def take(self, rows: NDArray[np.bool_] | NDArray[np.int64]) -> "LabelTable":
        """Return some of the rows, by index or mask."""
        return LabelTable(self.rows.take(rows), self.asset[rows], self.time_us[rows], self.life_number[rows])

    @property
    def modes(self) -> NDArray[np.str_]:
        """Failure mode of each row, empty where unknown. Shape (batch,)."""
        return np.full(len(self.rows), "") if self.rows.mode is None else self.rows.mode

    @staticmethod
    def join(parts: Sequence["LabelTable"]) -> "LabelTable":
        """Put tables of different machines below one another; machines and lives are numbered anew."""
        asset = np.concatenate([part.asset for part in parts])
        number = np.concatenate([part.life_number for part in parts])
        lives = np.char.add(np.char.add(asset, "#"), number.astype(np.str_))
        rows = LabelledVectors(
            np.concatenate([part.rows.vectors for part in parts]),
            np.concatenate([part.rows.remaining for part in parts]),
            np.concatenate([part.rows.is_failure for part in parts]),
            np.asarray(np.unique(asset, return_inverse=True)[1], np.int64),
            np.asarray(np.unique(lives, return_inverse=True)[1], np.int64),
            np.concatenate([part.rows.age for part in parts]),
            np.concatenate([part.rows.regime for part in parts]),
            np.concatenate([part.modes for part in parts]),
        )
        return LabelTable(rows, asset, np.concatenate([part.time_us for part in parts]), number)


def label_table(pack: Pack, specification: FeatureSpecification, tracks: Sequence[LifeTrack]) -> LabelTable:
    """Compute features and labels of lives, where the regime is known and from the pack's minimum life on."""
    if not tracks:
        return _empty(specification)
    computed = compute(specification, [track.rows for track in tracks])
    pairs = zip(tracks, computed, strict=True)
    parts = [_part(specification, track, life, pack.features.minimum_life) for track, life in pairs]
    kept = [part for part in parts if len(part.rows)]
    return LabelTable.join(kept) if kept else _empty(specification)


def _part(specification: FeatureSpecification, track: LifeTrack, life: LifeFeatures, first_age: float) -> LabelTable:
    labels = label_rows(specification, DEFAULT_TENANT, track, life)
    kept = np.isin(track.time_us, labels["event_timestamp"].dt.timestamp("us").to_numpy())
    is_known = (life.regime[kept] >= 0) & (life.life[kept] >= first_age)
    count, rows = int(is_known.sum()), np.flatnonzero(kept)[is_known]
    labelled = LabelledVectors(
        life.vectors[rows],
        labels["remaining"].to_numpy().astype(np.float64)[is_known],
        labels["is_failure"].to_numpy().astype(np.bool_)[is_known],
        np.zeros(count, np.int64),
        np.zeros(count, np.int64),
        life.life[rows],
        life.regime[rows],
        labels["failure_mode"].fill_null("").to_numpy().astype(np.str_)[is_known],
    )
    asset = np.full(count, track.epoch.asset)
    return LabelTable(labelled, asset, track.time_us[rows], np.full(count, track.epoch.number, np.int64))


def _empty(specification: FeatureSpecification) -> LabelTable:
    none = np.zeros(0)
    whole = none.astype(np.int64)
    vectors = np.zeros((0, len(specification.names)), np.float32)
    rows = LabelledVectors(vectors, none, none.astype(np.bool_), whole, whole, none, whole)
    return LabelTable(rows, none.astype(np.str_), whole, whole)
