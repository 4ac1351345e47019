"""What training reads: lives with the events of their machines, and nothing of what ends them."""

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from edge_export.runtime.stream import AssetStreams
from features.domain.events import Event, EventKind
from features.domain.home import Home
from features.domain.identifiers import DEFAULT_TENANT, AssetId
from features.domain.packs import EventRule, Pack
from features.domain.time import from_microseconds
from features.packs.loader import load_pack
from features.records.database import open_records
from features.records.events import EventRecords
from features.telemetry.sqlite import SqliteTelemetryStore
from features.transforms.batch import LifeFeatures, compute
from features.transforms.events import LifeEvents
from models.prognosis.targets import LabelledVectors
from pipelines.building.build import fit_specification, label_rows
from pipelines.building.tracks import LifeTrack
from pipelines.train.data import PreparedData, prepare, read_tracks, unseen_rows
from tests.pipelines.building.machines import MINE, at, fan, track
from tests.pipelines.worker.stores import readings, record

A = AssetId("a")
RULES = (
    EventRule(EventKind.ERROR, "e1"),
    EventRule(EventKind.REPAIR),
    EventRule(EventKind.PART_REPLACED),
    EventRule(EventKind.PART_REPLACED, "seal"),
)
PACK = replace(fan(), features=replace(fan().features, events=RULES))
SPECIFICATION = fit_specification(PACK, [track(PACK, "trained", 60)])
FAILED_AT = 49
ENDS = [EventKind.FAILURE, EventKind.PREVENTIVE_REPLACEMENT, EventKind.PART_REPLACED, EventKind.END_OF_OBSERVATION]


def event(hour: float, kind: EventKind, component: str | None = None, code: str | None = None) -> Event:
    return Event(MINE, A, at(hour), kind, component=component, code=code)


HISTORY = [
    event(-20, EventKind.PART_REPLACED, "seal"),
    event(10.5, EventKind.ERROR, code="e1"),
    event(30, EventKind.REPAIR),
    event(80.5, EventKind.ERROR, code="e1"),
]


def booked(end: EventKind) -> list[Event]:
    """Return an end of life, and what is booked in its very hour, as most maintenance of real records is."""
    return [
        event(FAILED_AT, end, "bearing" if end is EventKind.PART_REPLACED else None),
        event(FAILED_AT, EventKind.REPAIR),
        event(FAILED_AT, EventKind.PART_REPLACED, "seal"),
        event(FAILED_AT, EventKind.ERROR, code="e1"),
    ]


def stored(home: Home, pack: Pack, events: list[Event], end: EventKind) -> list[LifeTrack]:
    """Put two lives of a machine and its events into an installation, and read them as training does."""
    records = open_records(home.records_url)
    record(records, pack, "a", [each for each in events if each.ends_life("bearing")])
    EventRecords(records).put_all(events)
    EventRecords(records).put(replace(HISTORY[0], asset=AssetId("stranger")))
    with SqliteTelemetryStore(home.telemetry) as store:
        store.write(MINE, readings(pack, track(pack, "a", 50, end)))
        store.write(MINE, readings(pack, track(pack, "a", 50, None, start=50.0, seed=3)))
    records.dispose()
    return read_tracks(home, pack, MINE)


def features(tracks: list[LifeTrack]) -> list[LifeFeatures]:
    return compute(SPECIFICATION, [each.rows for each in tracks])


@pytest.mark.parametrize("end", ENDS)
def test_what_is_booked_at_the_moment_a_life_ends_is_in_no_row_of_that_life(tmp_path: Path, end: EventKind) -> None:
    happened = [*HISTORY, *booked(end)]
    tracks = stored(Home(tmp_path), PACK, happened, end)
    assert [each.epoch.number for each in tracks] == ([0] if end is EventKind.END_OF_OBSERVATION else [0, 1])
    assert tracks[0].time_us[-1] == int(at(FAILED_AT).timestamp() * 1e6)  # there is a row of that very moment
    known = [replace(each, rows=replace(each.rows, events=LifeEvents.of(HISTORY))) for each in tracks]
    with_end, without = features(tracks), features(known)
    np.testing.assert_array_equal(with_end[0].vectors, without[0].vectors)
    labels = [label_rows(SPECIFICATION, MINE, tracks[0], life) for life in (with_end[0], without[0])]
    assert labels[0].equals(labels[1])
    if len(tracks) > 1:
        assert not np.array_equal(with_end[1].vectors, without[1].vectors, equal_nan=True)
        since = with_end[1].vectors[:, SPECIFICATION.names.index("since_part_replaced__seal")]
        assert since[0] == 1.0  # hours after it was replaced at the end of the life before


def test_training_the_gateway_and_every_specification_agree_on_events(tmp_path: Path) -> None:
    happened = [*HISTORY, *booked(EventKind.FAILURE)]
    tracks = stored(Home(tmp_path), PACK, happened, EventKind.FAILURE)
    trained, streams = features(tracks), AssetStreams(SPECIFICATION)
    coming = sorted(happened, key=lambda each: each.at)
    for each, life in zip(tracks, trained, strict=True):
        for index, (time_us, values) in enumerate(zip(each.time_us.tolist(), each.rows.values.tolist(), strict=True)):
            while coming and coming[0].at < from_microseconds(time_us):
                streams.take_event(coming.pop(0))
            streams.take(A, from_microseconds(time_us), dict(zip(SPECIFICATION.signals, values, strict=True)))
            found = streams.newest(A)
            if life.is_running[index]:
                assert found is not None
                np.testing.assert_array_equal(found.values, life.vectors[index])
    plain = replace(SPECIFICATION, rule=replace(SPECIFICATION.rule, events=()))
    data = PreparedData(PACK, MINE, tracks, frozenset({A}), None, 0, None, None, "")  # type: ignore[arg-type]  # not asked
    asked, other = unseen_rows(SPECIFICATION, data), unseen_rows(plain, data)  # a champion may ask for what it likes
    assert asked.vectors.shape[1] == other.vectors.shape[1] + len(RULES) * 3
    np.testing.assert_array_equal(asked.vectors[:, : other.vectors.shape[1]], other.vectors)


@pytest.mark.slow  # fills a feature store
def test_rows_of_held_out_machines_from_the_feature_store_are_those_computed_anew(installation: Path) -> None:
    home, pack = Home(installation), load_pack("pump")
    data = prepare(home, pack, DEFAULT_TENANT, read_tracks(home, pack, DEFAULT_TENANT), 0.3)
    computed = unseen_rows(data.features.specification, data)
    assert len(data.held_out) > 100
    assert data.held_out.age.min() >= pack.features.minimum_life
    for each in fields(LabelledVectors):
        np.testing.assert_array_equal(getattr(data.held_out, each.name), getattr(computed, each.name), each.name)
