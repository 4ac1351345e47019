from dataclasses import replace

import numpy as np
import pytest

from features.domain.events import Event, EventKind
from features.domain.identifiers import AssetId
from features.domain.labels import Label
from features.domain.time import microseconds
from pipelines.building.tracks import LifeTrack
from pipelines.condition.stretches import FEWEST_ROWS, Healthy, Sampling, healthy_stretches
from tests.pipelines.building.machines import MINE, at, fan, track

PACK = fan()
MARGIN = 72  # hours: the pack's longest horizon, and rows come every hour
WHOLE = Sampling(9, 1, 10_000)
A, B = AssetId("a"), AssetId("b")


def found(
    *tracks: LifeTrack,
    events: tuple[Event, ...] = (),
    labels: tuple[Label, ...] = (),
    sampling: Sampling = WHOLE,
    assets: frozenset[AssetId] = frozenset({A, B}),
) -> list[Healthy]:
    return healthy_stretches(tracks, PACK, assets, events, labels, sampling)


def hours(healthy: Healthy) -> list[tuple[float, float]]:
    zero = microseconds(at(0))
    return [((first - zero) / 3.6e9, (last - zero) / 3.6e9) for first, last in healthy.spans]


@pytest.mark.parametrize("end", [EventKind.FAILURE, EventKind.PREVENTIVE_REPLACEMENT, None])
def test_the_last_stretch_of_a_life_is_not_known_to_be_healthy(end: EventKind | None) -> None:
    (one,) = found(track(PACK, "a", 300, end=end))
    assert hours(one) == [(0, 299 - MARGIN)]
    assert one.rows == 300 - MARGIN


def test_a_machine_that_may_not_be_looked_at_is_not() -> None:
    tracks = (track(PACK, "a", 300), track(PACK, "b", 300))
    assert [each.asset for each in found(*tracks, assets=frozenset({B}))] == [B]


def test_of_several_lives_the_one_with_the_longest_stretch_counts() -> None:
    first, second = track(PACK, "a", 300), track(PACK, "a", 400, number=1, start=500)
    assert hours(found(first, second)[0]) == [(500, 899 - MARGIN)]


def test_too_short_a_stretch_is_none() -> None:
    rows = MARGIN + FEWEST_ROWS
    assert len(found(track(PACK, "a", rows, end=None))) == 1
    assert found(track(PACK, "a", rows - 1, end=None)) == []


@pytest.mark.parametrize(
    ("kind", "component", "cuts"),
    [
        (EventKind.SENSOR_REPLACED, "vibration", True),
        (EventKind.RECIPE_CHANGED, None, True),
        (EventKind.REPAIR, None, True),
        (EventKind.REPAIR, "strainer", False),
        (EventKind.INSPECTION, None, False),
    ],
)
def test_what_moves_levels_ends_a_stretch_and_is_foreseen(kind: EventKind, component: str | None, cuts: bool) -> None:
    event = Event(MINE, A, at(310.5), kind, component=component)
    (one,) = found(track(PACK, "a", 600, end=None), events=(event, replace(event, asset=B)))
    assert hours(one) == ([(0, 310 - MARGIN)] if cuts else [(0, 599 - MARGIN)])


def test_rows_that_a_label_calls_faulty_are_in_no_stretch() -> None:
    faulty = Label(MINE, A, at(150), at(160), "state", "leaking")
    (one,) = found(track(PACK, "a", 500, end=None), labels=(faulty, replace(faulty, value="normal", start=at(100))))
    assert hours(one) == [(160, 499 - MARGIN)]


def test_blocks_lie_as_far_apart_as_the_stretch_allows() -> None:
    (one,) = found(track(PACK, "a", 1000, end=None), sampling=Sampling(9, 3, 50))
    last = 999 - MARGIN
    assert one.rows == 150
    assert hours(one)[0] == (0, 49)
    assert hours(one)[2] == (last - 49, last)
    assert all(end - begin == 49 for begin, end in hours(one))


def test_the_longest_stretches_are_taken_and_the_order_of_lives_does_not_matter() -> None:
    tracks = [track(PACK, name, 300 + 10 * place, end=None) for place, name in enumerate("abc")]
    every = frozenset(AssetId(name) for name in "abc")
    one = found(*tracks, assets=every, sampling=Sampling(2, 1, 10_000))
    assert [each.asset for each in one] == ["c", "b"]
    assert one == found(*reversed(tracks), assets=every, sampling=Sampling(2, 1, 10_000))
    assert np.all([each.rows > 200 for each in one])
