"""The protocol: out-of-fold on training engines, then one look at the test file.

Two ways of scoring that may never share a table: labels clipped at 125 cycles, or raw. A model whose forecast
is capped cannot be good at the second.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from experiments.cmapss.reader import Engine, engine_tracks
from features.domain.events import EventKind
from features.domain.identifiers import DEFAULT_TENANT
from features.domain.packs import Pack
from features.store.feast_store import open_features
from features.transforms.batch import compute
from features.transforms.specification import FeatureSpecification
from features.transforms.survival import mean_life, quantile
from models.prognosis.baseline import Regressor, fit_baseline, fit_tree_ensemble
from models.prognosis.conformal import interval
from models.prognosis.folds import machine_folds, rows_per_life
from models.prognosis.network import survival_of
from models.prognosis.targets import LabelledVectors
from models.prognosis.training import TrainingSettings
from pipelines.building.build import fit_specification
from pipelines.building.tracks import LifeTrack
from pipelines.building.vectors import labelled_vectors, training_rows
from pipelines.train.trainer import RayRun, TrainedPrognosis, train_prognosis

FIRST_CYCLE, CYCLES_PER_ENGINE, DRAW_SEED = 20, 10, 0
OUTER_FOLDS = 5


@dataclass(frozen=True, slots=True)
class Forecasts:
    """Forecasts of remaining life with what came true, cycles. Every array has shape (batch,).

    Attributes:
        unit: Engine of each row.
        truth: True remaining life, not clipped; empty where answers are missing.
        baseline: Mean forecast of the fixed LightGBM.
    """

    unit: NDArray[np.int64]
    truth: NDArray[np.float64]
    mean: NDArray[np.float64]
    p05: NDArray[np.float64]
    p50: NDArray[np.float64]
    p95: NDArray[np.float64]
    baseline: NDArray[np.float64]

    @staticmethod
    def join(parts: Sequence["Forecasts"]) -> "Forecasts":
        """Put parts below one another."""
        names = Forecasts.__slots__
        return Forecasts(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


@dataclass(frozen=True, slots=True)
class Laboratory:
    """What every training of the experiment shares.

    Attributes:
        pack: The turbofan pack.
        home: Scratch folder for the feature store and checkpoints.
    """

    pack: Pack
    home: Path
    settings: TrainingSettings
    run: RayRun

    def rows(
        self, tracks: Sequence[LifeTrack], training: frozenset[str] | None
    ) -> tuple[FeatureSpecification, LabelledVectors, list[str]]:
        """Fit features on training engines and build the rows of all tracks through the feature store.

        Returns:
            The specification, the rows, and the asset of each machine index.
        """
        chosen = None if training is None else frozenset(t.epoch.asset for t in tracks if t.epoch.asset in training)
        specification = fit_specification(self.pack, tracks, chosen)
        features = open_features(self.home, specification)
        _, frame = training_rows(features, DEFAULT_TENANT, tracks)
        return specification, labelled_vectors(frame, specification), sorted({t.epoch.asset for t in tracks})

    def train(self, rows: LabelledVectors) -> TrainedPrognosis:
        """Train with the product's own trainer."""
        return train_prognosis(rows, self.pack.grid, FIRST_CYCLE, self.settings, self.run)


def out_of_fold(laboratory: Laboratory, engines: list[Engine], fold_index: int) -> Forecasts:
    """Forecast one fold's engines by models, features and calibration that never saw them.

    Args:
        laboratory: Pack, store and trainer.
        engines: All engines of the training file.
        fold_index: Which fold, from 0.

    Returns:
        Ten forecasts for each engine of the fold.
    """
    tracks = engine_tracks(engines, laboratory.pack, EventKind.FAILURE)
    fold = machine_folds(np.arange(len(engines)), OUTER_FOLDS, DRAW_SEED)
    assets = [track.epoch.asset for track in tracks]
    seen = frozenset(asset for asset, number in zip(assets, fold, strict=True) if number != fold_index)
    _, rows, names = laboratory.rows(tracks, seen)
    is_seen = np.array([names[machine] in seen for machine in rows.machine])
    training = rows.take(is_seen)
    drawn = rows_per_life(rows.life_id, rows.age, FIRST_CYCLE, CYCLES_PER_ENGINE, DRAW_SEED)
    judged = rows.take(drawn[~is_seen[drawn]])
    cap = laboratory.pack.grid.cap
    trees = fit_tree_ensemble(training.vectors, np.minimum(training.remaining, cap))
    trained = laboratory.train(training)
    unit = np.array([int(names[machine].rsplit("-", 1)[1]) for machine in judged.machine])
    return forecast(trained, [trees], judged.vectors, unit, judged.remaining, laboratory.pack)


def test_forecasts(
    laboratory: Laboratory, engines: list[Engine], tests: list[Engine], answers: NDArray[np.float64] | None
) -> Forecasts:
    """Train on every training engine and forecast each test engine at its last cycle."""
    tracks = engine_tracks(engines, laboratory.pack, EventKind.FAILURE)
    specification, rows, _ = laboratory.rows(tracks, None)
    trained = laboratory.train(rows)
    fold = machine_folds(rows.machine, OUTER_FOLDS, DRAW_SEED)
    trees = fit_baseline(rows, fold, laboratory.pack.grid.cap).models
    test_tracks = engine_tracks(tests, laboratory.pack, EventKind.END_OF_OBSERVATION)
    last = np.stack([life.vectors[-1] for life in compute(specification, [track.rows for track in test_tracks])])
    truth = np.empty(0) if answers is None else answers
    return forecast(trained, trees, last, np.array([engine.unit for engine in tests]), truth, laboratory.pack)


def forecast(
    trained: TrainedPrognosis,
    trees: Sequence[Regressor],
    vectors: NDArray[np.float32],
    unit: NDArray[np.int64],
    truth: NDArray[np.float64],
    pack: Pack,
) -> Forecasts:
    """Forecast by the calibrated ensemble, and by the baseline beside it."""
    survival, step = survival_of(trained.ensemble, vectors).mean(axis=0), pack.grid.step
    low, high = interval(survival, step, trained.half_level)
    baseline = np.clip(np.mean([model.predict(vectors) for model in trees], axis=0), 0.0, pack.grid.cap)
    return Forecasts(unit, truth, mean_life(survival, step), low, quantile(survival, step, 0.5), high, baseline)
