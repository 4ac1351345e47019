"""Who is judged by whom: machines not seen, or with a single machine blocks of time with an embargo."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from features.domain.packs import Pack
from pipelines.building.tracks import LifeTrack
from pipelines.onboard.label_table import LabelTable

MOST_FOLDS = 8


@dataclass(frozen=True, slots=True)
class Fold:
    """One part that is judged.

    Attributes:
        training: Lives to learn from.
        judged: Lives to judge.
        embargo_us: Training rows so close in time to a judged life are left out, microseconds; 0 where the machines
            differ.
    """

    training: tuple[LifeTrack, ...]
    judged: tuple[LifeTrack, ...]
    embargo_us: int = 0

    def kept(self, table: LabelTable) -> LabelTable:
        """Leave out of a table of training rows what the embargo forbids."""
        if not self.embargo_us:
            return table
        begin = min(int(track.time_us[0]) for track in self.judged) - self.embargo_us
        end = max(int(track.time_us[-1]) for track in self.judged) + self.embargo_us
        return table.take((table.time_us < begin) | (table.time_us > end))


@dataclass(frozen=True, slots=True)
class Protocol:
    """How a model is judged, in words, and its folds."""

    words: str
    folds: tuple[Fold, ...]


def protocol_of(pack: Pack, tracks: Sequence[LifeTrack]) -> Protocol:
    """Deal lives into folds: by machine where there are two or more of them, else by blocks of time."""
    machines = sorted({track.epoch.asset for track in tracks})
    if len(machines) > 1:
        folds = tuple(_by_machine(tracks, machines))
        return Protocol(f"{len(folds)} folds of machines; no machine is judged by a model that has seen it", folds)
    embargo = pack.features.windows[-1] * pack.life.seconds_per_unit
    folds = tuple(_by_time(tracks, round(embargo * 1e6)))
    words = (
        f"a single machine: {len(folds)} blocks of time, with {pack.features.windows[-1]:g} {pack.life.unit} between a "
        "block and what it is judged by; how it does on other machines is not known"
    )
    return Protocol(words, folds)


def _by_machine(tracks: Sequence[LifeTrack], machines: Sequence[str]) -> Iterator[Fold]:
    failing = {track.epoch.asset for track in tracks if track.epoch.is_failure}
    ordered = sorted(machines, key=lambda machine: (machine not in failing, machine))
    count = min(len(machines), MOST_FOLDS)
    fold = {machine: place % count for place, machine in enumerate(ordered)}
    for index in range(count):
        judged = tuple(track for track in tracks if fold[track.epoch.asset] == index)
        yield Fold(tuple(track for track in tracks if fold[track.epoch.asset] != index), judged)


def _by_time(tracks: Sequence[LifeTrack], embargo_us: int) -> Iterator[Fold]:
    ordered = sorted(tracks, key=lambda track: int(track.time_us[0]))
    blocks = np.array_split(np.arange(len(ordered)), min(len(ordered), MOST_FOLDS))
    for block in blocks:
        inside = set(block.tolist())
        judged = tuple(ordered[place] for place in block)
        others = tuple(track for place, track in enumerate(ordered) if place not in inside)
        if others:
            yield Fold(others, judged, embargo_us)
