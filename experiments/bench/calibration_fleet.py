"""Simulated machines whose remaining life is known, for judging intervals and probabilities."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import accumulate

import numpy as np
import polars as pl

from features.domain.events import EventKind, LifeEpoch
from features.domain.identifiers import DEFAULT_TENANT, AssetId
from features.domain.packs import Pack
from features.transforms.batch import LifeRows
from features.transforms.specification import FeatureSpecification, pack_signals
from models.prognosis.targets import LabelledVectors
from pipelines.building.tracks import LifeTrack
from pipelines.building.vectors import labelled_vectors
from pipelines.simulate.fleet import site_of
from pipelines.simulate.pump import PumpRecord, simulate_pump
from pipelines.simulate.settings import FleetSettings
from pipelines.simulate.signals import SIGNALS
from pipelines.train.data import label_frame

Progress = Callable[[int, int], None]
_PUMPS_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class Fleet:
    """Machines of one seed.

    Attributes:
        settings: Size, length, seed.
        replaces: Whether stations replace by running age, as they do; without it every life ends in a failure or
            with the record, and remaining life is known.
    """

    settings: FleetSettings
    replaces: bool

    def records(self, progress: Progress | None = None) -> Iterator[PumpRecord]:
        """Simulate one machine after the other."""
        for number in range(self.settings.pumps):
            site = site_of(self.settings, number // self.settings.pumps_per_station)
            if not self.replaces:
                site = replace(site, station=replace(site.station, replacement_age_hours=None))
            yield simulate_pump(self.settings, number, site)
            if progress is not None:
                progress(number + 1, self.settings.pumps)

    def replacement_age(self, number: int) -> float:
        """Return the running age at which a machine's station would replace it, hours."""
        age = site_of(self.settings, number // self.settings.pumps_per_station).station.replacement_age_hours
        return float("inf") if age is None else age


def tracks_of(fleet: Fleet, record: PumpRecord, pack: Pack) -> list[LifeTrack]:
    """Cut a machine's readings into its lives, as its maker would from the reported events."""
    draft = record.draft
    columns = [SIGNALS.index(name) for name in pack_signals(pack)]
    values = np.where(draft.missing, np.nan, draft.values)[:, columns]
    order = np.argsort(draft.time_us, kind="stable")
    time_us, tracks = draft.time_us[order], []
    ends = [fleet.settings.time_at(life.ended_at) for life in record.history.lives]
    starts = [fleet.settings.start, *ends]
    begin = 0
    for life, started_at, ended_at in zip(record.history.lives, starts, ends, strict=False):
        is_last = life.end is EventKind.END_OF_OBSERVATION
        stop = len(time_us) if is_last else int(np.searchsorted(time_us, ended_at.timestamp() * 1e6, side="right"))
        if stop > begin:
            part = order[begin:stop]
            asset, known_end = AssetId(record.machine.id), None if is_last else ended_at
            mode = life.failure_mode
            epoch = LifeEpoch(DEFAULT_TENANT, asset, life.number, started_at, known_end, life.end, mode)
            tracks.append(LifeTrack(epoch, time_us[begin:stop], LifeRows(time_us[begin:stop] / 1e6, values[part])))
        begin = max(begin, stop)
    return tracks


def training_rows(specification: FeatureSpecification, tracks: list[LifeTrack], progress: Progress) -> LabelledVectors:
    """Label the lives that a maker knows of, cut off or replaced in time as they are."""
    frames = []
    ordered = sorted(tracks, key=lambda track: len(track.time_us))  # lives of like length share a batch
    for start in range(0, len(ordered), 64):
        frames.append(label_frame(specification, DEFAULT_TENANT, ordered[start : start + 64]))
        progress(min(start + 64, len(ordered)), len(ordered))
    return labelled_vectors(pl.concat(frames), specification)


def judged_rows(specification: FeatureSpecification, fleet: Fleet, pack: Pack, progress: Progress) -> LabelledVectors:
    """Label machines that nobody replaces, at moments when their station would still have had them.

    Only moments are taken from which the record goes on for the whole grid, whatever happens: there remaining life,
    clipped at the cap, is known for every row, and which rows are taken does not hang on the outcome.
    """
    frames, waiting = [], []
    for number, record in enumerate(fleet.records(progress)):
        waiting.append((number, tracks_of(fleet, record, pack)))
        if len(waiting) == _PUMPS_AT_ONCE or number + 1 == fleet.settings.pumps:
            frames += [_known(specification, fleet, pack, place, tracks) for place, tracks in waiting]
            waiting = []
    rows = labelled_vectors(pl.concat(frames), specification)
    return rows.take(rows.age >= pack.features.minimum_life)


def _known(
    specification: FeatureSpecification, fleet: Fleet, pack: Pack, number: int, tracks: list[LifeTrack]
) -> pl.DataFrame:
    frame = label_frame(specification, DEFAULT_TENANT, tracks)
    length = frame.group_by("life_number").agg((pl.col("life") + pl.col("remaining")).max().alias("length"))
    lengths = dict(length.sort("life_number").iter_rows())
    numbers = sorted(lengths)
    later = [0.0, *accumulate(lengths[each] for each in reversed(numbers))]
    after = {each: later[place] for place, each in enumerate(reversed(numbers))}
    goes_on = pl.col("life_number").replace_strict(after, return_dtype=pl.Float64) + pl.col("remaining")
    return frame.filter((goes_on >= pack.grid.cap) & (pl.col("life") < fleet.replacement_age(number)))
