"""A laboratory without Ray, Feast and networks: it learns by least squares and remembers what it was handed."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from experiments.cmapss.protocol import Column, Estimate, Learned, Vectors
from features.domain.packs import Pack
from features.packs.loader import load_pack
from features.transforms.batch import compute
from pipelines.building.build import fit_specification
from pipelines.building.tracks import LifeTrack


@dataclass(slots=True)
class DrawingBoard:
    """Learns quickly.

    Attributes:
        handed: The tracks of each call of `learn`.
        baseline_folds: What each call asked for.
        specifications: Hash of the features of each call.
        judged: Vectors that forecasts were asked for.
    """

    pack: Pack = field(default_factory=lambda: load_pack("turbofan"))
    handed: list[Sequence[LifeTrack]] = field(default_factory=list)
    baseline_folds: list[int] = field(default_factory=list)
    specifications: list[str] = field(default_factory=list)
    judged: list[Vectors] = field(default_factory=list)

    def learn(self, tracks: Sequence[LifeTrack], baseline_folds: int) -> Learned:
        """Fit a line in the first features."""
        specification = fit_specification(self.pack, tracks)
        self.handed.append(tracks)
        self.baseline_folds.append(baseline_folds)
        self.specifications.append(specification.sha256)
        vectors = np.concatenate([life.vectors for life in compute(specification, [track.rows for track in tracks])])
        remaining = np.concatenate([track.rows.time[-1] - track.rows.time for track in tracks])
        cap = self.pack.grid.cap
        weights = np.linalg.lstsq(self._design(vectors), np.minimum(remaining, cap), rcond=None)[0]

        def line(asked: Vectors) -> Column:
            return np.asarray(np.clip(self._design(asked) @ weights, 0.0, cap), np.float64)

        def estimate(asked: Vectors) -> tuple[Estimate, Column]:
            self.judged.append(asked)
            mean = line(asked)
            held = Estimate(mean, np.maximum(mean - 20.0, 0.0), mean, np.minimum(mean + 20.0, cap))
            return held, np.stack([mean, mean])

        return Learned(specification, estimate, line)

    def _design(self, vectors: Vectors) -> Column:
        wide = np.nan_to_num(vectors.astype(np.float64))
        return np.column_stack([np.ones(len(wide)), wide[:, :40]])
