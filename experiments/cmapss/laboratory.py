"""Learns from engines with the product's own parts: feature store, Ray trainer, calibration, baseline."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from experiments.cmapss.protocol import DRAW_SEED, FIRST_CYCLE, Column, Estimate, Learned, Vectors
from features.domain.identifiers import DEFAULT_TENANT
from features.domain.packs import Pack
from features.store.feast_store import open_features
from features.transforms.intervals import bounds
from features.transforms.specification import FeatureSpecification
from features.transforms.survival import mean_life
from models.prognosis.baseline import Regressor, fit_baseline, fit_tree_ensemble
from models.prognosis.folds import machine_folds
from models.prognosis.network import group_survival
from models.prognosis.targets import LabelledVectors
from models.prognosis.training import TrainingSettings
from pipelines.building.build import fit_specification
from pipelines.building.tracks import LifeTrack
from pipelines.building.vectors import labelled_vectors, training_rows
from pipelines.train.intervals import level_rule
from pipelines.train.trainer import RayRun, train_prognosis


@dataclass(frozen=True, slots=True)
class RayLaboratory:
    """What every training of the experiment shares.

    Attributes:
        pack: The turbofan pack.
        home: Scratch folder for the feature store.
        candidates: Settings to try; the same for every fold and subset, chosen within each training.
        run: How Ray runs a training.
    """

    pack: Pack
    home: Path
    candidates: Sequence[TrainingSettings]
    run: RayRun

    def learn(self, tracks: Sequence[LifeTrack], baseline_folds: int) -> Learned:
        """Fit features, network, intervals and baseline on these lives and nothing else."""
        specification, rows = self.training_rows(tracks)
        with ThreadPoolExecutor(1) as beside:  # the trees grow on what Ray leaves idle
            growing = beside.submit(self._trees, rows, baseline_folds)
            layout, rule = specification.layout, level_rule(self.pack, regimes=0)  # each engine flies in all regimes
            trained = train_prognosis(rows, self.pack.grid, FIRST_CYCLE, self.candidates, self.run, rule, layout)
            trees = growing.result()
        step, cap = self.pack.grid.step, self.pack.grid.cap

        def estimate(vectors: Vectors) -> tuple[Estimate, Column]:
            by_seed = group_survival(trained.ensemble, vectors, trained.settings.folds)
            survival = by_seed.mean(axis=0)
            regime = np.full(len(vectors), -1)  # intervals know stages of life, not regimes
            low, median, high = bounds(survival, step, trained.intervals.table, regime)
            means = np.stack([mean_life(each, step) for each in by_seed])
            return Estimate(mean_life(survival, step), low, median, high), means

        def baseline(vectors: Vectors) -> Column:
            if not trees:
                return np.full(len(vectors), np.nan)
            mean = np.mean([model.predict(vectors) for model in trees], axis=0)
            return np.asarray(np.clip(mean, 0.0, cap), np.float64)

        return Learned(specification, estimate, baseline)

    def training_rows(self, tracks: Sequence[LifeTrack]) -> tuple[FeatureSpecification, LabelledVectors]:
        """Fit the features on these lives and bring their rows through the feature store."""
        specification = fit_specification(self.pack, tracks)
        _, frame = training_rows(open_features(self.home, specification), DEFAULT_TENANT, tracks)
        return specification, labelled_vectors(frame, specification)

    def _trees(self, rows: LabelledVectors, folds: int) -> Sequence[Regressor]:
        cap = self.pack.grid.cap
        if folds == 0:
            return []
        if folds == 1:
            return [fit_tree_ensemble(rows.vectors, np.minimum(rows.remaining, cap))]
        return fit_baseline(rows, machine_folds(rows.machine, folds, DRAW_SEED), cap).models
