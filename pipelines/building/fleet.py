"""Features of a whole fleet, computed and joined to labels: Ray tasks, each with the assets between two."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import NamedTuple

import polars as pl

from features.domain.identifiers import AssetId, TenantId
from features.store.commits import Part
from features.store.feast_store import FeastFeatures
from features.store.joining import Join, specified_join
from features.store.names import ASSET
from features.store.revision import Revision
from features.store.rows import Snapshot
from features.transforms.specification import FeatureSpecification
from pipelines.building.build import LIVES_AT_ONCE, BuiltFeatures, Progress, computed_rows
from pipelines.building.tracks import LifeTrack

LABEL_TIME = "event_timestamp"
_ROW, _TASK = "__row", "__task"


def fleet_training_frame(
    features: FeastFeatures, labels: pl.DataFrame, tasks: int, progress: Progress | None = None
) -> pl.DataFrame:
    """Join features to labels as `FeastFeatures.training_frame` does, as tasks of a Ray that runs already.

    All tasks read one snapshot. Each reads only the parts that may hold rows of its assets, so it needs memory for
    these alone; after compaction a part holds few assets.

    Args:
        features: Whose offline rows; their folder must be reached from every machine of the cluster.
        labels: Columns tenant, asset, event_timestamp (UTC, microseconds) and whatever else; all are kept, in order.
        tasks: Into how many the assets are divided, about.
        progress: Told of tasks done.

    Raises:
        FeatureRowsMissing: If no rows were built.
    """
    import ray  # lazy: takes seconds to import

    snapshot = features.offline_snapshot()
    join = ray.put((snapshot, specified_join(features.specification)))
    task = ray.remote(_joined_part)
    parts = by_asset(labels, tasks)
    waiting = [task.remote(join, part) for part in parts]
    done: list[pl.DataFrame] = []
    for each in waiting:
        done.append(ray.get(each))
        if progress is not None:
            progress(len(done), len(waiting))
    return pl.concat(done).sort(_ROW).drop(_ROW)


def build_fleet(
    features: FeastFeatures,
    tenant: TenantId,
    tracks: Sequence[LifeTrack],
    tasks: int,
    progress: Progress | None = None,
    read_at: datetime | None = None,
) -> BuiltFeatures:
    """Compute and write features as `build_features` does, as tasks of a Ray that runs already.

    Each task computes the lives of its assets and writes their rows itself; all of them count with one commit.

    Args:
        features: The store; the place of its offline rows must be reached from every machine of the cluster.
        tenant: Whose machines.
        tracks: Lives with channels in the order of the specification's signals.
        tasks: Into how many the assets are divided, about.
        progress: Told of lives done.
        read_at: As for `build_features`.
    """
    import ray  # lazy: takes seconds to import

    ordered = sorted(tracks, key=lambda track: len(track.time_us))  # the order of labels, as without Ray
    labels: list[pl.DataFrame] = [pl.DataFrame()] * len(ordered)
    rows, versions, done = 0, 0, 0
    with features.rebuild_in_parts(tenant, read_at or datetime.now(UTC)) as (revision, staged):
        told, task = ray.put((revision, features.specification)), ray.remote(_built_part)
        places = divided([(track.epoch.asset, len(track.time_us)) for track in ordered], tasks)
        waiting = [task.remote(told, [ordered[place] for place in part]) for part in places]
        for part, each in zip(places, waiting, strict=True):
            built = ray.get(each)
            staged.extend(built.parts)
            for place, own in zip(part, built.labels, strict=True):
                labels[place] = own
            rows, versions, done = rows + built.rows, versions + built.versions, done + len(part)
            if progress is not None:
                progress(done, len(ordered))
    return BuiltFeatures(rows, versions, pl.concat(labels) if labels else pl.DataFrame())


def divided(lives: Sequence[tuple[AssetId, int]], tasks: int) -> list[list[int]]:
    """Divide lives between assets into parts with about the same number of rows.

    Args:
        lives: Asset and rows of each.
        tasks: How many parts, about.

    Returns:
        Places of lives; those of one asset are always together.
    """
    order = sorted(range(len(lives)), key=lambda place: lives[place][0])
    size = max(1, -(-sum(rows for _, rows in lives) // tasks))
    parts: list[list[int]] = []
    filled = size
    for _, group in groupby(order, key=lambda place: lives[place][0]):
        places = list(group)
        if filled >= size:
            parts.append([])
            filled = 0
        parts[-1].extend(places)
        filled += sum(lives[place][1] for place in places)
    return parts


def by_asset(labels: pl.DataFrame, tasks: int) -> list[pl.DataFrame]:
    """Divide labels between assets into parts of about the same size, each label with its row number.

    Returns:
        At least one part; labels of one asset are always together.
    """
    numbered = labels.with_row_index(_ROW).sort(ASSET, maintain_order=True)
    size = -(-labels.height // tasks)
    if size == 0:
        return [numbered]
    first = pl.col(_TASK).first().over(ASSET)  # place of an asset's first label
    divided = numbered.with_row_index(_TASK).with_columns(first // size)
    return divided.partition_by(_TASK, maintain_order=True, include_key=False)


def _joined_part(join: tuple[Snapshot, Join], labels: pl.DataFrame) -> pl.DataFrame:
    snapshot, how = join
    return labels.hstack(how.features_of(labels, LABEL_TIME, snapshot))


class _Built(NamedTuple):
    parts: list[Part]
    labels: list[pl.DataFrame]
    rows: int
    versions: int


def _built_part(told: tuple[Revision, FeatureSpecification], tracks: Sequence[LifeTrack]) -> _Built:
    (revision, specification), done = told, _Built([], [], 0, 0)
    for start in range(0, len(tracks), LIVES_AT_ONCE):
        some = tracks[start : start + LIVES_AT_ONCE]
        frame, labels = computed_rows(specification, revision.tenant, some)
        versions = revision.versions(frame, [track.span for track in some])
        parts = [*done.parts, *revision.rows.stage(versions, "")]
        done = _Built(parts, done.labels + labels, done.rows + frame.height, done.versions + versions.height)
    return done
