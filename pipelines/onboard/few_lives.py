"""Learning from few failures: which model, fitted how, and how it does on lives it has not seen."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from features.domain.packs import Pack
from features.transforms.intervals import IntervalTable
from features.transforms.specification import FeatureSpecification
from models.calibration.half_level import conformal_half_level, conformal_scores
from models.prognosis.folds import machine_folds, rows_per_life
from models.prognosis.targets import LabelledVectors
from pipelines.building.build import fit_specification
from pipelines.building.tracks import LifeTrack
from pipelines.onboard.label_table import LabelTable, label_table
from pipelines.onboard.splits import Protocol, protocol_of
from pipelines.train.evaluation import Evaluation, Examination, constant_rate

if TYPE_CHECKING:
    from torch import nn

PATH, LIFE_STAGE = "degradation_path", "life_stage"
_NOMINAL = 0.45
_FEWEST_FOR_CONFORMAL = 9
_ROWS_PER_LIFE, _CHOOSING_FOLDS = 10, 6


@dataclass(frozen=True, slots=True)
class FewLives:
    """A model of few lives with what is known of it.

    Attributes:
        kind: `degradation_path` or `life_stage`.
        step: Width of a step of the curves, life units.
        network: From vectors to survival.
        specification: The features that it takes, fitted on all lives.
        rows: What it was fitted on.
        half_level: q of `models.calibration.half_level`.
        protocol: How it was judged.
        unseen: Rows by the fold's own features and model, and their curves. Shape (batch, time).
        evaluation: Figures on those rows, or None where no failure could be judged.
    """

    kind: str
    step: float
    network: "nn.Module"
    specification: FeatureSpecification
    rows: LabelTable
    half_level: float
    protocol: Protocol
    unseen: LabelTable
    curves: NDArray[np.float64]
    evaluation: Evaluation | None


def learn_few(
    pack: Pack, tracks: Sequence[LifeTrack], seed: int = 0, tell: Callable[[int, int], None] | None = None
) -> FewLives:
    """Judge a model of few lives on lives left out, then fit it on all.

    Args:
        pack: With a threshold it becomes a path to it, otherwise a hazard by life stage.
        tracks: Lives, the censored ones among them; one failure at least.
        seed: Of everything random.
        tell: Told of folds done.
    """
    kind = LIFE_STAGE if pack.threshold is None else PATH
    protocol = protocol_of(pack, tracks)
    unseen, curves = _left_out(pack, kind, protocol, seed, tell)
    specification = fit_specification(pack, tracks)
    rows = label_table(pack, specification, tracks)
    network = fit_network(pack, kind, specification, rows.rows, seed)
    half_level = _half_level(pack, unseen.rows, curves, seed)
    evaluation = _evaluation(pack, unseen.rows, curves, rows.rows, half_level)
    return FewLives(
        kind, pack.grid.step, network, specification, rows, half_level, protocol, unseen, curves, evaluation
    )


def fit_network(
    pack: Pack, kind: str, specification: FeatureSpecification, rows: LabelledVectors, seed: int = 0
) -> "nn.Module":
    """Fit a model of few lives on labelled rows.

    Raises:
        ValueError: If no life failed.
    """
    if kind == PATH and pack.threshold is not None:
        from models.prognosis.degradation import PathReading, PathSurvival, fit_path  # lazy: torch

        reading = PathReading.of(specification, pack.threshold)
        return PathSurvival(reading, fit_path(rows, reading), pack.grid)
    from models.prognosis.life_stage import LifeStageSurvival, choose_columns, fit_life_stage, wear_columns

    folds = machine_folds(rows.machine, min(_CHOOSING_FOLDS, len(np.unique(rows.machine))), seed)
    columns = choose_columns(rows, wear_columns(specification), folds)
    return LifeStageSurvival(fit_life_stage(rows, columns, seed), pack.grid)


def _left_out(
    pack: Pack, kind: str, protocol: Protocol, seed: int, tell: Callable[[int, int], None] | None
) -> tuple[LabelTable, NDArray[np.float64]]:
    from models.prognosis.curves import curves_of  # lazy: torch

    tables, curves = [], []
    for done, fold in enumerate(protocol.folds, start=1):
        specification = fit_specification(pack, fold.training)
        training = fold.kept(label_table(pack, specification, fold.training))
        judged = label_table(pack, specification, fold.judged)
        if training.rows.is_failure.any() and len(judged.rows):
            network = fit_network(pack, kind, specification, training.rows, seed)
            tables.append(judged)
            curves.append(curves_of(network, judged.rows.vectors, pack.grid.steps))
        if tell is not None:
            tell(done, len(protocol.folds))
    if not tables:
        empty = label_table(pack, fit_specification(pack, protocol.folds[0].judged), ())
        return empty, np.zeros((0, pack.grid.steps))
    return LabelTable.join(tables), np.concatenate(curves)


def _half_level(pack: Pack, rows: LabelledVectors, curves: NDArray[np.float64], seed: int) -> float:
    """Return the level of the interval: conformal over lives where they are enough, else never below nominal."""
    drawn, lives = _drawn(pack, rows, seed), len(np.unique(rows.life_id[rows.is_failure]))
    if not drawn.size:
        return _NOMINAL
    scores = conformal_scores(curves[drawn], pack.grid.step, rows.remaining[drawn])
    if lives >= _FEWEST_FOR_CONFORMAL:
        return conformal_half_level(curves[drawn], pack.grid.step, rows.remaining[drawn])
    return float(min(0.5, max(_NOMINAL, np.quantile(scores, 0.9))))


def _drawn(pack: Pack, rows: LabelledVectors, seed: int) -> NDArray[np.int64]:
    failed = np.flatnonzero(rows.is_failure)
    part = rows.take(failed)
    return failed[rows_per_life(part.life_id, part.age, pack.features.baseline, _ROWS_PER_LIFE, seed)]


def _evaluation(
    pack: Pack, unseen: LabelledVectors, curves: NDArray[np.float64], rows: LabelledVectors, half_level: float
) -> Evaluation | None:
    if not _drawn(pack, unseen, 0).size:
        return None
    examination = Examination(pack, unseen, constant_rate(rows))
    return examination.of_network(curves, IntervalTable.of_half_level(half_level))
