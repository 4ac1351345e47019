"""Rows of machines that an ensemble saw, and of machines that it did not, under the features of its bundle."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from features.domain.identifiers import TenantId
from features.transforms.specification import FeatureSpecification
from models.prognosis.targets import LabelledVectors
from pipelines.building.build import LIVES_AT_ONCE, Progress
from pipelines.building.tracks import LifeTrack
from pipelines.building.vectors import labelled_vectors, machines_of
from pipelines.errors import NothingToDistil
from pipelines.gateway.teacher import KeptEnsemble
from pipelines.train.data import label_frame


@dataclass(frozen=True, slots=True)
class SplitRows:
    """Rows to learn from and rows to be judged by.

    Attributes:
        training: Of machines that stand in a fold of the ensemble.
        fold: Fold of each of them in each deal. Shape (batch, deal).
        unseen: Of machines that no member saw, from the age on at which a forecast is given.
    """

    training: LabelledVectors
    fold: NDArray[np.int64]
    unseen: LabelledVectors


def split_rows(
    version: str,
    specification: FeatureSpecification,
    tenant: TenantId,
    tracks: Sequence[LifeTrack],
    kept: KeptEnsemble,
    progress: Progress | None = None,
) -> SplitRows:
    """Compute the rows of all lives and part them as the training of the ensemble did; new machines are unseen ones.

    Raises:
        NothingToDistil: If there are no lives, or none on one of the two sides.
    """
    if not tracks:
        raise NothingToDistil(version, "no life of any machine")
    frame = _frame(specification, tenant, tracks, progress)
    fold_by_machine = kept.fold_by_machine
    taught = frame.filter(pl.col("asset").is_in(sorted(fold_by_machine)))
    others = frame.filter(~pl.col("asset").is_in(sorted(kept.seen)))
    training, unseen = labelled_vectors(taught, specification), labelled_vectors(others, specification)
    unseen = unseen.take(unseen.age >= specification.rule.minimum_life)
    if not len(training) or not len(unseen):
        found = f"{len(training)} rows of machines that it saw, {len(unseen)} of machines that it did not"
        raise NothingToDistil(version, found)
    fold = np.array([fold_by_machine[name] for name in machines_of(taught)], np.int64)
    return SplitRows(training, fold[training.machine], unseen)


def _frame(
    specification: FeatureSpecification, tenant: TenantId, tracks: Sequence[LifeTrack], progress: Progress | None
) -> pl.DataFrame:
    ordered = sorted(tracks, key=lambda track: len(track.time_us))  # lives of like length share a batch
    parts = []
    for start in range(0, len(ordered), LIVES_AT_ONCE):
        parts.append(label_frame(specification, tenant, ordered[start : start + LIVES_AT_ONCE]))
        if progress is not None:
            progress(min(start + LIVES_AT_ONCE, len(ordered)), len(ordered))
    return pl.concat(parts)
