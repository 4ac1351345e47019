from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_export.runtime.stream import AssetStreams, Outcome, StreamVector
from features.domain.events import Event, EventKind
from features.domain.identifiers import DEFAULT_TENANT, AssetId
from features.domain.time import time_of_life
from features.quality.verdicts import SetAsideReason
from features.transforms.batch import LifeFeatures, LifeRows, compute
from features.transforms.specification import FeatureSpecification
from tests.edge_export.machine import COUNT_SPECIFICATION, SPECIFICATION, healthy_rows, life_rows

FAN = AssetId("fan-1")
OTHER = AssetId("fan-2")


def row(rows: LifeRows, index: int) -> tuple[datetime, dict[str, object]]:
    signals: dict[str, object] = dict(zip(SPECIFICATION.signals, rows.values[index].tolist(), strict=True))
    return time_of_life(float(rows.time[index])), signals


def take(streams: AssetStreams, asset: AssetId, rows: LifeRows, index: int) -> Outcome:
    return streams.take(asset, *row(rows, index)).outcome


def event(at: datetime, kind: EventKind = EventKind.FAILURE, component: str | None = None) -> Event:
    return Event(DEFAULT_TENANT, FAN, at, kind, component=component)


def assert_same(found: StreamVector | None, features: LifeFeatures, index: int) -> None:
    """Compare bit by bit with the newest running row of the batch up to `index`."""
    running = np.flatnonzero(features.is_running[: index + 1])
    if not running.size:
        assert found is None
        return
    last = int(running[-1])
    assert found is not None
    np.testing.assert_array_equal(found.values, features.vectors[last])
    assert found.life == features.life[last]
    assert found.regime == features.regime[last]


@pytest.mark.parametrize("specification", [SPECIFICATION, COUNT_SPECIFICATION], ids=["calendar", "count"])
def test_every_row_equals_the_batch_twin_with_assets_interleaved(specification: FeatureSpecification) -> None:
    lives = [life_rows(rows=70, seed=5), life_rows(rows=40, seed=6)]
    batch = compute(specification, lives)
    streams = AssetStreams(specification)
    for index in range(70):
        for asset, rows, features in zip((FAN, OTHER), lives, batch, strict=True):
            if index < len(rows.time):
                assert take(streams, asset, rows, index) is Outcome.ACCEPTED
                assert_same(streams.newest(asset), features, index)


def test_the_lives_around_a_reset_equal_two_lives_of_the_batch_twin() -> None:
    rows = life_rows(rows=60, seed=9)
    first, second = LifeRows(rows.time[:25], rows.values[:25]), LifeRows(rows.time[25:], rows.values[25:])
    batch = compute(SPECIFICATION, [first, second])
    streams = AssetStreams(SPECIFICATION)
    for index in range(25):
        take(streams, FAN, rows, index)
    assert_same(streams.newest(FAN), batch[0], 24)
    between = row(rows, 24)[0] + timedelta(seconds=1)
    assert streams.take_event(event(between)) is Outcome.LIFE_ENDED
    assert streams.newest(FAN) is None
    for index in range(25, 60):
        take(streams, FAN, rows, index)
        assert_same(streams.newest(FAN), batch[1], index - 25)


def test_a_row_of_the_very_moment_of_the_end_belongs_to_the_life_that_ended() -> None:
    rows = healthy_rows(20)
    streams = AssetStreams(SPECIFICATION)
    for index in range(11):
        take(streams, FAN, rows, index)
    assert streams.take_event(event(row(rows, 10)[0])) is Outcome.LIFE_ENDED
    for index in range(11, 20):
        take(streams, FAN, rows, index)
    batch = compute(SPECIFICATION, [LifeRows(rows.time[11:], rows.values[11:])])[0]
    assert_same(streams.newest(FAN), batch, 8)


def test_an_end_that_comes_late_is_said_and_never_mixes_two_lives() -> None:
    rows = healthy_rows(20)
    streams = AssetStreams(SPECIFICATION)
    for index in range(15):
        take(streams, FAN, rows, index)
    assert streams.take_event(event(row(rows, 10)[0])) is Outcome.LIFE_ENDED_LATE
    batch = compute(SPECIFICATION, [LifeRows(rows.time[14:15], rows.values[14:15])])[0]
    assert_same(streams.newest(FAN), batch, 0)


def test_an_end_told_twice_or_before_the_last_one_changes_nothing() -> None:
    rows = healthy_rows(20)
    streams = AssetStreams(SPECIFICATION)
    for index in range(5):
        take(streams, FAN, rows, index)
    end = row(rows, 5)[0]
    assert streams.take_event(event(end)) is Outcome.LIFE_ENDED
    take(streams, FAN, rows, 6)
    newest = streams.newest(FAN)
    assert streams.take_event(event(end)) is Outcome.DUPLICATE
    assert streams.take_event(event(end - timedelta(hours=1))) is Outcome.LATE
    assert streams.newest(FAN) is newest


def test_only_events_that_end_a_life_reset_it() -> None:
    rows = healthy_rows(20)
    streams = AssetStreams(SPECIFICATION)
    take(streams, FAN, rows, 0)
    later = row(rows, 1)[0]
    assert streams.take_event(event(later, EventKind.INSPECTION)) is Outcome.NO_CHANGE
    assert streams.take_event(event(later, EventKind.PART_REPLACED, "seal")) is Outcome.NO_CHANGE
    assert streams.newest(FAN) is not None
    assert streams.take_event(event(later, EventKind.PART_REPLACED, "bearing")) is Outcome.LIFE_ENDED
    assert streams.newest(FAN) is None


def test_a_row_of_an_earlier_life_is_late() -> None:
    rows = healthy_rows(5)
    streams = AssetStreams(SPECIFICATION)
    streams.take_event(event(row(rows, 2)[0]))
    assert take(streams, FAN, rows, 1) is Outcome.LATE
    assert take(streams, FAN, rows, 2) is Outcome.LATE
    assert take(streams, FAN, rows, 3) is Outcome.ACCEPTED


def test_duplicates_and_late_rows_change_nothing() -> None:
    rows = healthy_rows(20)
    streams = AssetStreams(SPECIFICATION)
    take(streams, FAN, rows, 3)
    take(streams, FAN, rows, 4)
    newest = streams.newest(FAN)
    assert take(streams, FAN, rows, 4) is Outcome.DUPLICATE
    assert take(streams, FAN, rows, 3) is Outcome.LATE
    assert streams.newest(FAN) is newest


@settings(max_examples=30, deadline=None)
@given(st.permutations(["speed", "vibration", "temperature"]), st.integers(1, 12))
def test_the_signals_of_one_moment_may_come_apart_and_in_any_order(order: list[str], split: int) -> None:
    rows = healthy_rows(13)
    streams = AssetStreams(SPECIFICATION)
    for index in range(13):
        time, signals = row(rows, index)
        if index == split:
            for name in order:
                streams.take(FAN, time, {name: signals[name]})
        else:
            streams.take(FAN, time, signals)
    assert_same(streams.newest(FAN), compute(SPECIFICATION, [rows])[0], 12)


@pytest.mark.parametrize(("first", "second", "stays"), [(2.0, 3.0, 3.0), (3.0, 2.0, 3.0), (3.0, -1.0, -1.0)])
def test_of_two_values_of_one_key_the_larger_bytes_win_in_any_order(first: float, second: float, stays: float) -> None:
    rows = healthy_rows(5)
    time, signals = row(rows, 0)
    both, alone = AssetStreams(SPECIFICATION), AssetStreams(SPECIFICATION)
    both.take(FAN, time, {**signals, "vibration": first})
    taken = both.take(FAN, time, {**signals, "vibration": second})
    assert taken.conflicts == ("vibration",)
    alone.take(FAN, time, {**signals, "vibration": stays})
    found, expected = both.newest(FAN), alone.newest(FAN)
    assert found is not None
    assert expected is not None
    np.testing.assert_array_equal(found.values, expected.values)


def test_what_cannot_be_used_is_set_aside_with_its_reason_and_the_rest_is_taken() -> None:
    streams = AssetStreams(SPECIFICATION)
    time = row(healthy_rows(1), 0)[0]
    signals: dict[str, object] = {
        "speed": 1000.0, "vibration": float("inf"), "temperature": "warm", "noise": 1.0, "light": None
    }  # fmt: skip
    taken = streams.take(FAN, time, signals)
    assert taken.outcome is Outcome.ACCEPTED
    assert dict(taken.set_aside) == {
        "vibration": SetAsideReason.NON_FINITE,
        "temperature": SetAsideReason.NOT_A_NUMBER,
        "noise": SetAsideReason.UNKNOWN_SIGNAL,
        "light": SetAsideReason.UNKNOWN_SIGNAL,
    }
    assert dict(streams.take(FAN, time, {"speed": 10**400, "vibration": True}).set_aside) == {
        "speed": SetAsideReason.NON_FINITE,
        "vibration": SetAsideReason.NOT_A_NUMBER,
    }


def test_a_row_without_a_measurement_does_not_make_the_data_look_fresh() -> None:
    rows = healthy_rows(3)
    streams = AssetStreams(SPECIFICATION)
    take(streams, FAN, rows, 0)
    newest = streams.newest(FAN)
    assert streams.take(FAN, row(rows, 1)[0], dict.fromkeys(SPECIFICATION.signals)).outcome is Outcome.EMPTY
    assert streams.newest(FAN) is newest


def test_standstill_leaves_the_newest_vector_as_it_was() -> None:
    rows = healthy_rows(3)
    streams = AssetStreams(SPECIFICATION)
    take(streams, FAN, rows, 0)
    newest = streams.newest(FAN)
    assert streams.take(FAN, row(rows, 1)[0], {"speed": 0.0, "vibration": 0.1}).outcome is Outcome.ACCEPTED
    assert streams.newest(FAN) is newest
    assert streams.newest_time(FAN) == row(rows, 1)[0]


def test_there_is_room_for_so_many_assets_and_no_more() -> None:
    rows = healthy_rows(2)
    streams = AssetStreams(SPECIFICATION, capacity=1)
    assert take(streams, FAN, rows, 0) is Outcome.ACCEPTED
    assert take(streams, OTHER, rows, 0) is Outcome.FULL
    assert take(streams, FAN, rows, 1) is Outcome.ACCEPTED
    assert streams.assets == (FAN,)
