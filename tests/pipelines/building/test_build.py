from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest

from features.domain.events import Event, EventKind
from features.domain.identifiers import AssetId, TenantId
from features.domain.packs import EventRule, LifeRule
from features.store.revision import Span
from features.transforms.batch import LifeFeatures, LifeRows, compute
from features.transforms.events import LifeEvents
from features.transforms.specification import FeatureSpecification, pack_signals
from pipelines.building.build import build_features, feature_rows, fit_specification, label_rows
from pipelines.building.event_rows import event_moments, with_event_rows
from pipelines.building.tracks import LifeTrack
from tests.pipelines.building.machines import CALENDAR, COUNT, COUNTER, MINE, at, fan, track


def computed(rule: LifeRule, *tracks: LifeTrack) -> tuple[FeatureSpecification, list[LifeFeatures]]:
    specification = fit_specification(fan(rule), tracks)
    return specification, compute(specification, [each.rows for each in tracks])


@dataclass
class OfflineFiles:
    """Keeps the offline files of a feature store in memory."""

    specification: FeatureSpecification
    parts: list[pl.DataFrame] = field(default_factory=list)

    @contextmanager
    def rebuild_offline(
        self, tenant: TenantId, read_at: datetime
    ) -> Iterator[Callable[[pl.DataFrame, Sequence[Span]], int]]:
        new: list[pl.DataFrame] = []

        def take(rows: pl.DataFrame, spans: Sequence[Span]) -> int:
            within = [
                span
                for span in spans
                for at in rows.filter(asset=span.asset)["event_time"]
                if span.first <= at <= span.last
            ]
            assert len(within) == rows.height
            new.append(rows)
            return rows.height

        yield take
        self.parts += new

    @property
    def rows(self) -> pl.DataFrame:
        return pl.concat(self.parts).sort("tenant", "asset", "event_time")


def test_signals_of_pack_and_specification_are_the_same() -> None:
    for rule in (CALENDAR, COUNTER, COUNT):
        pack = fan(rule)
        specification, _ = computed(rule, track(pack, "a", 40))
        assert pack_signals(pack) == specification.signals


def test_specification_is_fitted_on_training_machines_alone() -> None:
    pack = fan()
    mine, other = track(pack, "a", 60), track(pack, "b", 60, seed=5)
    other.rows.values[:, 1] += 30.0
    alone = fit_specification(pack, [mine])
    assert fit_specification(pack, [mine, other], frozenset({AssetId("a")})) == alone
    assert fit_specification(pack, [mine, other]) != alone


def test_rows_at_standstill_teach_nothing_of_what_is_normal() -> None:
    pack = fan()
    one, other = track(pack, "a", 70), track(pack, "a", 70)
    other.rows.values[other.rows.values[:, 0] == 0.0, 1] = 49.0
    assert fit_specification(pack, [one]) == fit_specification(pack, [other])


def test_only_running_rows_become_feature_rows() -> None:
    life = track(fan(), "a", 21, number=2)
    specification, (_, features) = computed(CALENDAR, track(fan(), "b", 40), life)
    rows = feature_rows(specification, MINE, life, features)
    running = [hour for hour in range(21) if hour % 7 != 6]
    assert rows["event_time"].to_list() == [at(hour) for hour in running]
    assert rows["created_time"].equals(rows["event_time"].alias("created_time"))
    assert rows["life"].to_list() == running
    assert set(rows["life_number"]) == {2}
    assert set(rows["tenant"]) == {"mine"}
    np.testing.assert_array_equal(rows.select(specification.names).to_numpy(), features.vectors[running])
    assert rows.schema[specification.names[0]] == pl.Float32()


@pytest.mark.parametrize("extra", [0, 1])
def test_life_with_as_many_rows_as_features_is_not_turned_on_its_side(extra: int) -> None:
    specification, _ = computed(CALENDAR, track(fan(), "a", 40))
    count = len(specification.names) + extra
    life = track(fan(), "a", count + count // 6)
    (features,) = compute(specification, [life.rows])
    rows = feature_rows(specification, MINE, life, features)
    np.testing.assert_array_equal(rows.select(specification.names).to_numpy(), features.vectors[features.is_running])


def test_life_that_never_ran_gives_no_rows_and_no_labels() -> None:
    specification, _ = computed(CALENDAR, track(fan(), "a", 40))
    life = track(fan(), "b", 5)
    life.rows.values[:, 0] = 0.0
    (features,) = compute(specification, [life.rows])
    rows, labels = feature_rows(specification, MINE, life, features), label_rows(specification, MINE, life, features)
    assert rows.height == labels.height == 0
    other = track(fan(), "a", 40)
    (others,) = compute(specification, [other.rows])
    assert pl.concat([rows, feature_rows(specification, MINE, other, others)]).height > 0
    assert pl.concat([labels, label_rows(specification, MINE, other, others)]).height > 0


def test_labels_stand_label_every_apart_on_running_rows_and_count_down_to_the_failure() -> None:
    life = track(fan(), "a", 48)
    specification, (features,) = computed(CALENDAR, life)
    labels = label_rows(specification, MINE, life, features)
    assert labels["event_timestamp"].to_list() == [at(hour) for hour in (0, 10, 21, 30, 40)]  # at 20 it stood still
    assert labels["remaining"].to_list() == [47.0, 37.0, 26.0, 17.0, 7.0]
    assert labels["is_failure"].to_list() == [True] * 5
    assert labels.columns[:4] == ["tenant", "asset", "event_timestamp", "label_life"]
    assert labels.columns[4:] == ["remaining", "is_failure", "failure_mode"]


def test_life_goes_on_to_its_end_after_the_last_reading() -> None:
    life = track(fan(), "a", 48, ended_after=12.5)
    specification, (features,) = computed(CALENDAR, life)
    assert label_rows(specification, MINE, life, features)["remaining"].to_list() == [59.5, 49.5, 38.5, 29.5, 19.5]


def test_counted_life_goes_on_to_its_end_too() -> None:
    life = track(fan(COUNT), "a", 3, ended_after=1.0)  # rows of a bare count lie seconds apart: here 3600 of them
    specification, (_, features) = computed(COUNT, track(fan(COUNT), "b", 40), life)
    assert label_rows(specification, MINE, life, features)["remaining"].to_list() == [10800.0, 7200.0, 3600.0]


def test_remaining_life_by_a_counter_counts_running_hours_alone() -> None:
    life = track(fan(COUNTER), "a", 48, ended_after=12.5)
    specification, (features,) = computed(COUNTER, life)
    labels = label_rows(specification, MINE, life, features)
    # 42 of 48 hours were run; the first reading is the beginning, so 41 are counted.
    assert features.life[-1] == 41.0
    assert labels["remaining"][0] == 41.0
    hours = [(moment - at(0)).total_seconds() / 3600 for moment in labels["event_timestamp"]]
    assert labels["remaining"].to_list() == [41.0 - features.life[int(hour)] for hour in hours]


@pytest.mark.parametrize("end", [None, EventKind.PREVENTIVE_REPLACEMENT, EventKind.END_OF_OBSERVATION])
def test_life_that_did_not_fail_is_censored(end: EventKind | None) -> None:
    life = track(fan(), "a", 48, end=end)
    specification, (features,) = computed(CALENDAR, life)
    labels = label_rows(specification, MINE, life, features)
    assert not labels["is_failure"].any()
    assert labels["remaining"].to_list() == [47.0, 37.0, 26.0, 17.0, 7.0]


def test_build_writes_every_life_and_tells_how_far_it_is() -> None:
    tracks = [track(fan(), f"m-{index:03d}", 10 + index % 5) for index in range(130)]
    store = OfflineFiles(fit_specification(fan(), tracks))
    told: list[tuple[int, int]] = []
    built = build_features(store, MINE, tracks, lambda done, total: told.append((done, total)))  # type: ignore[arg-type]
    assert told == [(64, 130), (128, 130), (130, 130)]
    assert built.rows == store.rows.height == sum(int((each.rows.values[:, 0] > 100).sum()) for each in tracks)
    assert set(built.labels["asset"]) == {each.epoch.asset for each in tracks}
    assert built.versions == built.rows
    assert len(store.parts) == 3


def test_events_with_rows_of_their_own_have_labels_beside_those_that_stand_apart() -> None:
    own = track(fan(), "a", 60)
    plain = fit_specification(fan(), [own])
    asked = replace(plain, rule=replace(plain.rule, events=(EventRule(EventKind.ERROR),), at_events=(EventKind.ERROR,)))
    moments = (at(12.5), at(13.5), at(900))
    happened = LifeEvents.of([Event(MINE, AssetId("a"), moment, EventKind.ERROR) for moment in moments])
    times, values = with_event_rows(
        own.time_us, own.rows.values, event_moments(happened, asked.rule), last_us=int(own.time_us[-1])
    )
    told = LifeTrack(own.epoch, times, LifeRows(times / 1e6, values, happened))
    (life,) = compute(asked, [told.rows])
    labels = label_rows(asked, MINE, told, life)
    usual = label_rows(plain, MINE, own, compute(plain, [own.rows])[0])
    added = labels.join(usual, on="event_timestamp", how="anti").sort("event_timestamp")
    assert added["event_timestamp"].to_list() == [moment + timedelta(microseconds=1) for moment in moments[:2]]
    assert labels.height == usual.height + 2
    end = (own.time_us[-1] - own.time_us[0]) / 3.6e9
    np.testing.assert_allclose(added["remaining"].to_numpy(), [end - 12.5, end - 13.5], atol=1e-6)
