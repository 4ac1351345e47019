"""Fits a feature specification on training machines and fills the feature store with its rows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import polars as pl
from numpy.typing import NDArray

from features.domain.identifiers import AssetId, TenantId
from features.domain.packs import LifeRule, LifeSource, Pack
from features.domain.time import microseconds
from features.store.feast_store import FeastFeatures
from features.transforms.batch import LifeFeatures, compute
from features.transforms.regimes import fit_regimes
from features.transforms.specification import FeatureSpecification, condition_spans, pack_signals, specification_of
from pipelines.building.event_rows import event_moments
from pipelines.building.tracks import LifeTrack, running_values

Progress = Callable[[int, int], None]
"""Called with what is done and what there is to do."""

LIVES_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class BuiltFeatures:
    """What a build wrote.

    Attributes:
        rows: Feature rows computed.
        versions: Versions of rows written: rows that are new or not what they were.
        labels: One row per label: tenant, asset, event_timestamp, label_life, remaining (life units),
            is_failure, failure_mode (of the failure that ended the life; null where unknown or none).
    """

    rows: int
    versions: int
    labels: pl.DataFrame


def fit_specification(
    pack: Pack, tracks: Sequence[LifeTrack], training: frozenset[AssetId] | None = None
) -> FeatureSpecification:
    """Fit the regime table of a pack on its training machines.

    Args:
        pack: Says which signals and how wide a regime is.
        tracks: Lives with channels in the order of `pack_signals`.
        training: Machines to fit on; None for all. No other machine is looked at.

    Returns:
        The specification with the fitted table.
    """
    signals = pack_signals(pack)
    chosen = [track for track in tracks if training is None or track.epoch.asset in training]
    values = running_values(chosen, range(len(signals)))
    if pack.regimes.running_signal is not None:
        values = values[values[:, signals.index(pack.regimes.running_signal)] > pack.regimes.running_above]
    conditions = values[:, [signals.index(name) for name in pack.regimes.signals]]
    sensors = values[:, [signals.index(name) for name in pack.features.signals]]
    return specification_of(pack, fit_regimes(conditions, sensors, condition_spans(pack), pack.regimes.tolerance))


def build_features(
    features: FeastFeatures,
    tenant: TenantId,
    tracks: Sequence[LifeTrack],
    progress: Progress | None = None,
    read_at: datetime | None = None,
) -> BuiltFeatures:
    """Compute the features of every life and add to the offline store what is new or not what it was.

    Args:
        features: The store, opened for the specification.
        tenant: Whose machines.
        tracks: Lives with channels in the order of the specification's signals.
        progress: Told of lives done.
        read_at: A moment before the tracks were read, from which on corrections are known; by default the present.

    Returns:
        How many rows there are, and the labels for training.
    """
    specification = features.specification
    ordered = sorted(tracks, key=lambda track: len(track.time_us))  # lives of like length share a batch
    rows, versions, labels = 0, 0, []
    with features.rebuild_offline(tenant, read_at or datetime.now(UTC)) as take:
        for start in range(0, len(ordered), LIVES_AT_ONCE):
            part = ordered[start : start + LIVES_AT_ONCE]
            frame, own = computed_rows(specification, tenant, part)
            versions += take(frame, [track.span for track in part])
            labels += own
            rows += frame.height
            if progress is not None:
                progress(start + len(part), len(ordered))
    return BuiltFeatures(rows, versions, pl.concat(labels) if labels else pl.DataFrame())


def computed_rows(
    specification: FeatureSpecification, tenant: TenantId, tracks: Sequence[LifeTrack]
) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    """Compute some lives together; return all their feature rows, and the labels of each."""
    pairs = list(zip(tracks, compute(specification, [track.rows for track in tracks]), strict=True))
    frame = pl.concat([feature_rows(specification, tenant, track, life) for track, life in pairs])
    return frame, [label_rows(specification, tenant, track, life) for track, life in pairs]


def feature_rows(
    specification: FeatureSpecification, tenant: TenantId, track: LifeTrack, life: LifeFeatures
) -> pl.DataFrame:
    """Return one life's running rows in the form the feature store takes, as if observed at their own times."""
    kept = life.is_running
    side = _side(tenant, track, kept).with_columns(
        life=pl.Series(life.life[kept]), regime=pl.Series(life.regime[kept]), time_us=pl.Series(track.time_us[kept])
    )
    moment = pl.from_epoch("time_us", time_unit="us").dt.replace_time_zone("UTC")
    named = side.with_columns(moment.alias("event_time"), moment.alias("created_time"))
    return named.hstack(pl.DataFrame(life.vectors[kept], schema=list(specification.names)))


def label_rows(
    specification: FeatureSpecification, tenant: TenantId, track: LifeTrack, life: LifeFeatures
) -> pl.DataFrame:
    """Return labels of one life, about `label_every` life units apart, and one at each event with a row of its own.

    Remaining life is counted to the moment that ended the life, which may lie after the last reading; where a
    counter tells life, to its last reading. The life still going on is censored at the end of the record.
    """
    kept = np.zeros(len(life.life), np.bool_)
    is_told = np.isin(track.time_us, event_moments(track.rows.events, specification.rule))
    running = np.flatnonzero(life.is_running & ~is_told)
    bucket = np.floor(life.life[running] / specification.rule.label_every)
    kept[running[np.flatnonzero(np.diff(bucket, prepend=-np.inf) > 0)]] = True
    kept |= is_told & life.is_running
    moment = pl.from_epoch("time_us", time_unit="us").dt.replace_time_zone("UTC").alias("event_timestamp")
    frame = _side(tenant, track, kept).with_columns(time_us=pl.Series(track.time_us[kept]))
    return frame.select("tenant", "asset", moment, label_life="life_number").with_columns(
        remaining=pl.Series(_life_at_end(specification.life, track, life) - life.life[kept]),
        is_failure=pl.lit(track.epoch.is_failure),
        failure_mode=pl.lit(track.epoch.failure_mode if track.epoch.is_failure else None, dtype=pl.String),
    )


def _life_at_end(rule: LifeRule, track: LifeTrack, life: LifeFeatures) -> float:
    last = float(life.life[-1])
    if track.epoch.ended_at is None or rule.source is LifeSource.COUNTER:
        return last
    silent_us = microseconds(track.epoch.ended_at) - int(track.time_us[-1])
    return last + silent_us / 1e6 / rule.seconds_per_unit


def _side(tenant: TenantId, track: LifeTrack, kept: NDArray[np.bool_]) -> pl.DataFrame:
    count = int(kept.sum())
    return pl.DataFrame(
        {
            "tenant": pl.Series([tenant], dtype=pl.String).new_from_index(0, count),
            "asset": pl.Series([track.epoch.asset], dtype=pl.String).new_from_index(0, count),
            "life_number": pl.Series([track.epoch.number], dtype=pl.Int64).new_from_index(0, count),
        }
    )
