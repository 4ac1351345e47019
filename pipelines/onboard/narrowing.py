"""Readings without the channels that a narrower pack does not read."""

from collections.abc import Sequence
from dataclasses import replace

from features.domain.packs import Pack
from features.transforms.batch import LifeRows
from features.transforms.specification import pack_signals
from pipelines.building.tracks import LifeTrack
from pipelines.onboard.states.stretches import Stretch


def narrowed_tracks(tracks: Sequence[LifeTrack], whole: Pack, kept: Pack) -> list[LifeTrack]:
    """Return lives with the channels of the narrower pack, in its order."""
    columns = _columns(whole, kept)
    if columns is None:
        return list(tracks)
    rows = [LifeRows(track.rows.time, track.rows.values[:, columns], track.rows.events) for track in tracks]
    return [replace(track, rows=each) for track, each in zip(tracks, rows, strict=True)]


def narrowed_stretches(stretches: Sequence[Stretch], whole: Pack, kept: Pack) -> list[Stretch]:
    """Return stretches with the channels of the narrower pack, in its order."""
    columns = _columns(whole, kept)
    if columns is None:
        return list(stretches)
    return [replace(stretch, values=stretch.values[:, columns]) for stretch in stretches]


def _columns(whole: Pack, kept: Pack) -> list[int] | None:
    before, after = pack_signals(whole), pack_signals(kept)
    return None if before == after else [before.index(name) for name in after]
