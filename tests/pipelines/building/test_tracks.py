from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl

from features.domain.events import Event, EventKind, LifeEpoch, life_epochs
from features.domain.identifiers import AssetId, TenantId
from features.domain.packs import EventRule, FeatureRule
from features.domain.time import microseconds
from pipelines.building.tracks import LifeTrack, life_tracks, running_values

MINE = TenantId("mine")
T0 = datetime(2026, 1, 1, tzinfo=UTC)
SIGNALS = ("flow", "speed")


def at(hour: float) -> datetime:
    return T0 + timedelta(hours=hour)


def wide(**hours: list[float]) -> pl.DataFrame:
    """Return hourly readings of assets; the flow is the hour, the speed was never measured at hour 3."""
    listed = [
        (asset, at(hour), 10.0 * hour if hour != 3 else None, hour) for asset, each in hours.items() for hour in each
    ]
    kinds = {"asset": pl.String(), "time": pl.Datetime("us", "UTC"), "speed": pl.Float64(), "flow": pl.Float64()}
    return pl.DataFrame(listed, schema=pl.Schema(kinds), orient="row")


def lives(asset: str, *ends: tuple[float, EventKind]) -> list[LifeEpoch]:
    events = [Event(MINE, AssetId(asset), at(hour), kind) for hour, kind in ends]
    return life_epochs(MINE, AssetId(asset), T0, events, "pump")


def hours(tracks: list[LifeTrack]) -> list[list[float]]:
    return [[(us - microseconds(T0)) / 3.6e9 for us in track.time_us.tolist()] for track in tracks]


def test_readings_are_cut_where_lives_end_and_the_last_moment_belongs_to_the_old_life() -> None:
    epochs = lives("a", (3, EventKind.FAILURE), (5, EventKind.PREVENTIVE_REPLACEMENT))
    tracks = life_tracks(wide(a=[0, 1, 2, 3, 4, 5, 6, 7]), epochs, SIGNALS)
    assert hours(tracks) == [[0, 1, 2, 3], [4, 5], [6, 7]]
    assert [track.epoch.number for track in tracks] == [0, 1, 2]
    assert [track.epoch.is_failure for track in tracks] == [True, False, False]


def test_channels_stand_in_the_order_asked_for_and_null_becomes_nan() -> None:
    (track,) = life_tracks(wide(a=[2, 3]), lives("a"), SIGNALS)
    np.testing.assert_array_equal(track.rows.values, [[2.0, 20.0], [3.0, np.nan]])
    np.testing.assert_array_equal(track.rows.time, track.time_us / 1e6)


def test_life_without_readings_has_no_track() -> None:
    epochs = lives("a", (1, EventKind.FAILURE), (2, EventKind.FAILURE), (9, EventKind.FAILURE))
    tracks = life_tracks(wide(a=[4, 5]), epochs, SIGNALS)
    assert [track.epoch.number for track in tracks] == [2]


def test_readings_after_the_end_of_observation_belong_to_no_life() -> None:
    epochs = lives("a", (2, EventKind.END_OF_OBSERVATION))
    assert hours(life_tracks(wide(a=[1, 2, 3, 4]), epochs, SIGNALS)) == [[1, 2]]


def test_assets_are_kept_apart_and_strangers_left_out() -> None:
    epochs = [*lives("b"), *lives("a", (1, EventKind.FAILURE))]
    tracks = life_tracks(wide(a=[1, 2], b=[1, 2], c=[1, 2]), epochs, SIGNALS)
    assert [(track.epoch.asset, track.epoch.number) for track in tracks] == [("a", 0), ("a", 1), ("b", 0)]


def test_epochs_may_come_in_any_order() -> None:
    epochs = lives("a", (3, EventKind.FAILURE), (5, EventKind.FAILURE))
    forwards = life_tracks(wide(a=[1, 4, 6]), epochs, SIGNALS)
    assert (
        hours(list(life_tracks(wide(a=[1, 4, 6]), epochs[::-1], SIGNALS))) == hours(list(forwards)) == [[1], [4], [6]]
    )


def test_events_of_all_lives_of_an_asset_go_with_each_of_its_lives() -> None:
    repair = Event(MINE, AssetId("a"), at(2), EventKind.REPAIR)
    error = Event(MINE, AssetId("a"), at(5), EventKind.ERROR, code="e1")
    other = Event(MINE, AssetId("c"), at(5), EventKind.ERROR, code="e2")
    epochs = [*lives("a", (3, EventKind.FAILURE)), *lives("b")]
    tracks = life_tracks(wide(a=[1, 4], b=[1]), epochs, SIGNALS, [error, other, repair])
    happened = [track.rows.events for track in tracks]
    assert [None if each is None else each.kind for each in happened] == [(error.kind, repair.kind)] * 2 + [()]
    assert [track.rows.events for track in life_tracks(wide(a=[1, 4]), epochs, SIGNALS)] == [None, None]


def test_channels_of_all_tracks_are_stacked() -> None:
    tracks = life_tracks(wide(a=[1, 2], b=[4]), [*lives("a"), *lives("b")], SIGNALS)
    np.testing.assert_array_equal(running_values(tracks, [1]), [[10.0], [20.0], [40.0]])
    assert running_values([], [0, 1]).shape == (0, 2)


def test_events_with_rows_of_their_own_stand_in_the_life_in_which_they_are_known() -> None:
    epochs = lives("a", (2, EventKind.FAILURE))
    errors = [Event(MINE, AssetId("a"), at(hour), EventKind.ERROR, code="e1") for hour in (0.5, 2, 3.5, 9)]
    rule = FeatureRule(
        *((), (5.0,), 1.0, 1.0, 1.0, 1.0), events=(EventRule(EventKind.ERROR),), at_events=(EventKind.ERROR,)
    )
    tracks = life_tracks(wide(a=[0, 1, 2, 3, 4]), epochs, SIGNALS, errors, rule)
    us = 1 / 3.6e9
    assert hours(tracks) == [
        [0, 0.5 + us, 1, 2],
        [3, 3.5 + us, 4, 9 + us],
    ]  # that of hour 2 came before a first reading
    assert np.isnan(tracks[0].rows.values[1]).all()
