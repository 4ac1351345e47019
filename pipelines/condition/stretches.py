"""Which stretches of machines are known to be healthy, so that what is usual may be learnt from them."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.domain.events import Event, EventKind
from features.domain.identifiers import AssetId
from features.domain.labels import Label
from features.domain.packs import Pack
from features.domain.time import microseconds
from pipelines.alarms.healthy import healthy_rows, margin_seconds
from pipelines.building.tracks import LifeTrack

FEWEST_ROWS = 100
_MOVES_LEVELS = frozenset({EventKind.SENSOR_REPLACED, EventKind.RECIPE_CHANGED, EventKind.PREVENTIVE_REPLACEMENT})
_IF_UNNAMED = frozenset({EventKind.REPAIR, EventKind.PART_REPLACED})


@dataclass(frozen=True, slots=True)
class Sampling:
    """How much is taken of how many machines, so that a fit takes seconds whatever the size of a fleet.

    Attributes:
        machines: At most so many, those with the longest stretches first.
        blocks: Blocks of rows of each machine, as far apart as its stretch allows: seasons differ.
        block_rows: Rows of a block.
    """

    machines: int
    blocks: int
    block_rows: int


TAUGHT = Sampling(machines=12, blocks=3, block_rows=300)
JUDGED = Sampling(machines=4, blocks=2, block_rows=250)


@dataclass(frozen=True, slots=True)
class Healthy:
    """Blocks of rows of one machine in which it is known to be healthy and nothing was changed.

    Attributes:
        spans: First and last moment of each block, both inside, microseconds since EPOCH; in time order.
        rows: Rows in them.
    """

    asset: AssetId
    spans: tuple[tuple[int, int], ...]
    rows: int


def healthy_stretches(
    tracks: Iterable[LifeTrack],
    pack: Pack,
    assets: Collection[AssetId],
    events: Sequence[Event],
    labels: Sequence[Label],
    sampling: Sampling,
) -> list[Healthy]:
    """Choose healthy stretches, one of each machine.

    A stretch ends the pack's longest horizon before the end of a life, before the last row of one that goes on, and
    before whatever moved levels: a replaced instrument, a new recipe, a replacement, or a repair that names no part.
    Upkeep that names its part goes through: how far that moves a reading belongs to what is usual. Rows that a label
    calls faulty are in none.

    Args:
        tracks: Lives of any machines.
        pack: Says the longest horizon.
        assets: Machines that may be looked at; of no other is anything read.
        events: Of any machines.
        labels: Of any machines.
        sampling: How much to take.

    Returns:
        Those with most rows first, then by name; machines with fewer than `FEWEST_ROWS` in a row are left out.
    """
    longest: dict[AssetId, NDArray[np.int64]] = {}
    cuts_of, labels_of = _cuts(events), _by_asset(labels)
    for track in tracks:
        asset = track.epoch.asset
        if asset not in assets:
            continue
        cuts = np.array(sorted(cuts_of.get(asset, ())), np.int64)
        run = _longest_run(track, margin_seconds(pack), cuts, labels_of.get(asset, ()))
        if len(run) > len(longest.get(asset, ())):
            longest[asset] = run
    order = sorted(longest, key=lambda asset: (-len(longest[asset]), asset))
    enough = [asset for asset in order if len(longest[asset]) >= FEWEST_ROWS]
    return [_sampled(asset, longest[asset], sampling) for asset in enough[: sampling.machines]]


def _cuts(events: Iterable[Event]) -> dict[AssetId, list[int]]:
    found: dict[AssetId, list[int]] = {}
    for event in events:
        if _moves_levels(event):
            found.setdefault(event.asset, []).append(microseconds(event.at))
    return found


def _by_asset(labels: Iterable[Label]) -> dict[AssetId, list[Label]]:
    found: dict[AssetId, list[Label]] = {}
    for label in labels:
        found.setdefault(label.asset, []).append(label)
    return found


def _moves_levels(event: Event) -> bool:
    return event.kind in _MOVES_LEVELS or (event.kind in _IF_UNNAMED and event.component is None)


def _longest_run(
    track: LifeTrack, margin: float, cuts: NDArray[np.int64], labels: Sequence[Label]
) -> NDArray[np.int64]:
    """Return the times of the longest run of healthy rows between two cuts, microseconds. Shape (row,)."""
    is_healthy = healthy_rows(track, margin, labels)
    times, reach = track.time_us, round(margin * 1e6)
    for cut in cuts.tolist():
        is_healthy &= (times <= cut - reach) | (times > cut)
    part = np.searchsorted(cuts, times, side="left")  # a row of the moment of an event lies before it
    begins = is_healthy & np.concatenate([[True], ~is_healthy[:-1] | (np.diff(part) > 0)])
    number = np.cumsum(begins)
    counts = np.bincount(number[is_healthy], minlength=1)
    return np.asarray(times[is_healthy & (number == int(counts.argmax()))], np.int64)


def _sampled(asset: AssetId, times: NDArray[np.int64], sampling: Sampling) -> Healthy:
    if len(times) <= sampling.blocks * sampling.block_rows:
        return Healthy(asset, ((int(times[0]), int(times[-1])),), len(times))
    starts = np.linspace(0, len(times) - sampling.block_rows, sampling.blocks).astype(np.int64).tolist()
    spans = tuple((int(times[start]), int(times[start + sampling.block_rows - 1])) for start in starts)
    return Healthy(asset, spans, sampling.blocks * sampling.block_rows)
