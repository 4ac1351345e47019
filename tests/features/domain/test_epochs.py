from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.domain.epochs import EPOCH_BEGINS, Baselines, EpochCause, Reach, Relearn, epochs_of, footing
from features.domain.events import Event, EventKind
from features.domain.identifiers import AssetId, SignalId, TenantId

MINE, PUMP = TenantId("mine"), AssetId("p-01")
T0 = datetime(2026, 3, 1, tzinfo=UTC)
HEAT, SHAKE, SEAL = SignalId("bearing_temperature"), SignalId("vibration"), SignalId("seal_pressure")
BASELINES = Baselines((HEAT, SHAKE, SEAL), {"bearing": (HEAT, SHAKE), "密封": (SEAL,)})


def day(number: float) -> datetime:
    return T0 + timedelta(days=number)


def event(kind: EventKind, at: float = 5, component: str | None = None, note: str | None = None) -> Event:
    return Event(MINE, PUMP, day(at), kind, component=component, note=note)


EVENTS = st.lists(
    st.builds(
        event,
        st.sampled_from(EventKind),
        st.integers(0, 6),
        st.sampled_from([None, "bearing", "vibration", "unknown"]),
        st.sampled_from([None, "by hand"]),
    ),
    max_size=10,
)


@pytest.mark.parametrize(
    ("told", "reach", "relearnt"),
    [
        (event(EventKind.SENSOR_REPLACED, component="vibration"), Reach.SIGNAL, {SHAKE: Relearn.OFFSET}),
        (
            event(EventKind.SENSOR_REPLACED, component="bearing"),
            Reach.COMPONENT,
            {HEAT: Relearn.OFFSET, SHAKE: Relearn.OFFSET},
        ),
        (event(EventKind.SENSOR_REPLACED, component="Seal-Pressure "), Reach.SIGNAL, {SEAL: Relearn.OFFSET}),
        (event(EventKind.PART_REPLACED, component="密封"), Reach.COMPONENT, {SEAL: Relearn.BASELINE}),
        (event(EventKind.SENSOR_REPLACED, component="泵"), Reach.ALL, dict.fromkeys(BASELINES.signals, 1)),
        (event(EventKind.SENSOR_REPLACED, component="door"), Reach.ALL, dict.fromkeys(BASELINES.signals, 1)),
        (event(EventKind.REPAIR), Reach.ALL, dict.fromkeys(BASELINES.signals, 3)),
        (event(EventKind.PART_REPLACED, component="bearing"), Reach.COMPONENT, {HEAT: 3, SHAKE: 3}),
        (event(EventKind.RECIPE_CHANGED, component="bearing"), Reach.ALL, dict.fromkeys(BASELINES.signals, 2)),
    ],
)
def test_only_what_the_event_touched_is_learnt_anew_and_its_reach_is_told(
    told: Event, reach: Reach, relearnt: dict[SignalId, int]
) -> None:
    first, second = epochs_of(MINE, PUMP, T0, [told], BASELINES)
    assert (first.started_at, first.ended_at, second.started_at, second.ended_at) == (T0, day(5), day(5), None)
    assert (first.causes, first.relearnt) == ((), {})
    assert second.causes == (EpochCause(told.kind, told.component, reach),)
    assert second.relearnt == relearnt


def test_events_of_one_moment_begin_one_epoch_and_the_farthest_reaching_counts() -> None:
    together = [event(EventKind.SENSOR_REPLACED, component="vibration"), event(EventKind.PART_REPLACED, 5, "bearing")]
    _, second = epochs_of(MINE, PUMP, T0, together, BASELINES)
    assert second.relearnt == {HEAT: Relearn.BASELINE, SHAKE: Relearn.BASELINE}
    assert len(second.causes) == 2


def test_failures_stops_and_other_machines_begin_no_epoch() -> None:
    others = [
        *(event(kind) for kind in EventKind if kind not in EPOCH_BEGINS),
        Event(MINE, AssetId("p-02"), day(5), EventKind.REPAIR),
        Event(TenantId("theirs"), PUMP, day(5), EventKind.REPAIR),
        event(EventKind.REPAIR, at=0),
    ]
    assert len(epochs_of(MINE, PUMP, T0, others, BASELINES)) == 1


@settings(max_examples=60)
@given(st.data(), EVENTS)
def test_late_doubled_and_shuffled_events_end_in_the_same_epochs(data: st.DataObject, events: list[Event]) -> None:
    told = epochs_of(MINE, PUMP, T0, events, BASELINES)
    again = data.draw(st.lists(st.sampled_from(events), max_size=5) if events else st.just([]))
    assert epochs_of(MINE, PUMP, T0, data.draw(st.permutations(events + again)), BASELINES) == told


@settings(max_examples=60)
@given(EVENTS)
def test_epochs_follow_each_other_without_gap_or_overlap(events: list[Event]) -> None:
    epochs = epochs_of(MINE, PUMP, T0, events, BASELINES)
    assert [epoch.number for epoch in epochs] == list(range(len(epochs)))
    assert [epoch.ended_at for epoch in epochs] == [*(epoch.started_at for epoch in epochs[1:]), None]
    assert all(epoch.relearnt and epoch.causes for epoch in epochs[1:])


def test_a_new_instrument_leaves_the_spread_standing_and_other_signals_alone() -> None:
    events = [
        event(EventKind.PART_REPLACED, 3, "bearing"),
        event(EventKind.RECIPE_CHANGED, 5),
        event(EventKind.SENSOR_REPLACED, 8, "vibration"),
    ]
    epochs = epochs_of(MINE, PUMP, T0, events, BASELINES)
    found = footing(epochs, SHAKE, day(9))
    assert (found.offset_from, found.level_from, found.spread_from) == (day(8), day(5), day(3))
    found = footing(epochs, SEAL, day(9))
    assert (found.offset_from, found.level_from, found.spread_from) == (day(5), day(5), T0)


def test_an_event_after_the_moment_asked_for_is_not_known_then() -> None:
    epochs = epochs_of(MINE, PUMP, T0, [event(EventKind.REPAIR, 4)], BASELINES)
    assert footing(epochs, SEAL, day(3.9)).spread_from == T0
    assert footing(epochs, SEAL, day(4)).spread_from == day(4)
