"""Joining features to the labels of a whole fleet: Ray tasks, each with the assets between two."""

from collections.abc import Callable

import polars as pl

from features.store.feast_store import FeastFeatures
from features.store.joining import Join, specified_join
from features.store.names import ASSET
from features.store.rows import Snapshot

LABEL_TIME = "event_timestamp"
_ROW, _TASK = "__row", "__task"
Progress = Callable[[int, int], None]


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
