"""Lets champion and challenger forecast the same moments of machines that neither has seen."""

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from edge_export.runtime.runtime import Runtime
from edge_export.runtime.summary import summarise
from features.domain.assets import Asset
from features.domain.identifiers import AssetId, TenantId
from features.domain.packs import Pack
from features.transforms.batch import LifeFeatures, compute
from models.calibration.censoring import row_weights
from pipelines.building.build import label_rows
from pipelines.building.tracks import LifeTrack
from pipelines.promote.trial import Answers, Trial

_STAGES = ("young", "middle", "old")


def contest(
    pack: Pack,
    tenant: TenantId,
    tracks: Sequence[LifeTrack],
    champion: Runtime,
    challenger: Runtime,
    assets: Mapping[AssetId, Asset] | None = None,
) -> Trial:
    """Forecast every labelled moment by both, each by its own features.

    Args:
        pack: Says horizons and costs.
        tenant: Whose machines.
        tracks: Lives of machines that neither has seen, channels in the order of `pack_signals`.
        champion: The one that serves.
        challenger: The one that would.
        assets: Their model and site, by which they are grouped as well; None knows none.

    Returns:
        Both models' answers. Moments are those that the challenger's specification labels, from the age on at which
        forecasts are given; regimes are told by it as well.
    """
    specification = challenger.specification
    lives = compute(specification, [track.rows for track in tracks])
    labels = [label_rows(specification, tenant, track, life) for track, life in zip(tracks, lives, strict=True)]
    kept = [
        np.flatnonzero(np.isin(track.time_us, label["event_timestamp"].dt.timestamp("us").to_numpy()))
        for track, label in zip(tracks, labels, strict=True)
    ]
    frame, number = pl.concat(labels), np.repeat(np.arange(len(kept)), [len(rows) for rows in kept])
    age = np.concatenate([life.life[rows] for life, rows in zip(lives, kept, strict=True)])
    is_old_enough = age >= pack.features.minimum_life
    regime = np.concatenate([life.regime[rows] for life, rows in zip(lives, kept, strict=True)])
    named = frame["asset"].to_numpy()[is_old_enough]
    remaining, is_failure = (frame[name].to_numpy()[is_old_enough] for name in ("remaining", "is_failure"))
    return Trial(
        pack,
        _answers(champion, compute(champion.specification, [track.rows for track in tracks]), kept, is_old_enough),
        _answers(challenger, lives, kept, is_old_enough),
        remaining,
        is_failure,
        frame["asset"].rank("dense").to_numpy().astype(np.int64)[is_old_enough],
        {
            "operating regime": regime[is_old_enough].astype(str),
            "life stage": _stage(age[is_old_enough]),
            **_groups_of(named, assets or {}),
        },
        row_weights(remaining, is_failure, age[is_old_enough], number[is_old_enough], pack.grid.cap),
    )


def _answers(
    runtime: Runtime,
    lives: Sequence[LifeFeatures],
    kept: Sequence[NDArray[np.int64]],
    is_old_enough: NDArray[np.bool_],
) -> Answers:
    """Return what a model says of the kept rows of each life; nothing where the regime is unknown."""
    vectors = np.concatenate([life.vectors[rows] for life, rows in zip(lives, kept, strict=True)])[is_old_enough]
    regime = np.concatenate([life.regime[rows] for life, rows in zip(lives, kept, strict=True)])[is_old_enough]
    told = summarise(runtime.survival(vectors), runtime.calibration, regime)
    known = regime >= 0
    return Answers(
        np.where(known[:, None], told.p_fail, np.nan),
        np.where(known, told.p05, np.nan),
        np.where(known, told.p95, np.nan),
    )


def _stage(age: NDArray[np.float64]) -> NDArray[np.str_]:
    """Return a third of all ages for each row: by age alone, which is known at the moment of the forecast."""
    edges = np.quantile(age, (1 / 3, 2 / 3)) if len(age) else np.zeros(2)
    return np.asarray(_STAGES)[np.searchsorted(edges, age, side="right")]


def _groups_of(named: NDArray[np.object_], assets: Mapping[AssetId, Asset]) -> dict[str, NDArray[np.str_]]:
    told: dict[str, NDArray[np.str_]] = {}
    for kind in ("model", "site"):
        codes = np.array([getattr(assets.get(AssetId(str(name))), kind, None) or "unknown" for name in named], np.str_)
        if len(np.unique(codes)) > 1:
            told[kind] = codes
    return told
