"""What is watched: feature vectors of every asset over the calendar, what the model says of them, what came true."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_export.runtime.runtime import Runtime
from edge_export.runtime.summary import summarise
from features.transforms.batch import LifeFeatures, compute
from features.transforms.specification import FeatureSpecification
from features.transforms.survival import failure_probability
from pipelines.building.tracks import LifeTrack

_DAY_US = 86_400_000_000
_LIVES_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class WatchedRows:
    """Rows about `label_every` life units apart, of every life.

    Attributes:
        day: Days since 1970, with their fraction. Shape (batch,).
        asset: Index into `assets`. Shape (batch,).
        vectors: Features; NaN where unknown. Shape (batch, feature).
        regime: -1 where unknown. Shape (batch,).
        risk: Probability of failure within the longest horizon; NaN where there is no forecast. Shape (batch,).
        expected: Failures that the model expected from this row to the next of the life. Shape (batch,).
        failed: Failures that there were. Shape (batch,).
        assets: Names of the assets.
        names: Names of the features.
    """

    day: NDArray[np.float64]
    asset: NDArray[np.int64]
    vectors: NDArray[np.float32]
    regime: NDArray[np.int64]
    risk: NDArray[np.float64]
    expected: NDArray[np.float64]
    failed: NDArray[np.bool_]
    assets: tuple[str, ...]
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.day)


def watched_rows(
    specification: FeatureSpecification, tracks: Sequence[LifeTrack], runtime: Runtime | None
) -> WatchedRows:
    """Compute features of lives, thin them out, and let the model forecast each row.

    Args:
        specification: What to compute.
        tracks: Lives with channels in the order of the specification's signals, one or more.
        runtime: The champion, which takes that specification; None watches inputs alone.

    Returns:
        The rows. What is expected up to the next row is 1 - S of the row's own curve there; the last row of a life
        looks ahead to the moment that ended it, that of a life still going on to its last reading, that is nowhere.
    """
    assets = tuple(sorted({str(track.epoch.asset) for track in tracks}))
    parts = []
    for first in range(0, len(tracks), _LIVES_AT_ONCE):
        some = tracks[first : first + _LIVES_AT_ONCE]
        lives = compute(specification, [track.rows for track in some])
        parts += [_of_life(specification, runtime, track, life) for track, life in zip(some, lives, strict=True)]
    index = np.repeat(
        [assets.index(str(track.epoch.asset)) for track in tracks], [len(day) for day, *_ in parts]
    ).astype(np.int64)
    day, vectors, regime, risk, expected, failed = (np.concatenate(column) for column in zip(*parts, strict=True))
    return WatchedRows(day, index, vectors, regime, risk, expected, failed, assets, specification.names)


def _of_life(
    specification: FeatureSpecification, runtime: Runtime | None, track: LifeTrack, life: LifeFeatures
) -> tuple[NDArray[np.generic], ...]:
    running = np.flatnonzero(life.is_running)
    bucket = np.floor(life.life[running] / specification.rule.label_every)
    kept = running[np.flatnonzero(np.diff(bucket, prepend=-np.inf) > 0)]
    answered = (life.regime[kept] >= 0) & (life.life[kept] >= specification.rule.minimum_life)
    risk, expected = np.full(len(kept), np.nan), np.zeros(len(kept))
    if runtime is not None and answered.any():
        curves = runtime.survival(life.vectors[kept][answered])
        risk[answered] = summarise(curves, runtime.calibration, life.regime[kept][answered]).p_fail[:, -1]
        ahead = np.append(np.diff(life.life[kept]), life.life[-1] - life.life[kept[-1]])[answered]
        expected[answered] = _within(curves.astype(np.float64), runtime.calibration.grid_step, ahead)
    failed = np.zeros(len(kept), np.bool_)
    if len(kept):
        failed[-1] = track.epoch.is_failure and answered[-1]
    return track.time_us[kept] / _DAY_US, life.vectors[kept], life.regime[kept], risk, expected, failed


def _within(curves: NDArray[np.float64], step: float, ahead: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return each curve's probability of failure within its own span."""
    span = np.minimum(ahead, step * curves.shape[1])
    pairs = zip(curves, span, strict=True)
    found = [failure_probability(curve[None, :], step, np.array([one]))[0, 0] for curve, one in pairs]
    return np.asarray(found, np.float64)
