"""State detection on a stream of lines, against the streaming step run by hand over the same rows."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from numpy.typing import NDArray

import edge_export.runtime.condition as streams_module
from edge_export.runtime.condition import NOT_COMPUTED, ConditionStreams
from features.domain.conditions import ConditionVerdict
from features.domain.events import Event, EventKind
from features.domain.identifiers import DEFAULT_TENANT, AssetId
from features.domain.time import life_of_time
from features.transforms.condition.answer import Circumstances, ConditionAnswer, ConditionRow
from features.transforms.condition.model import ConditionModel
from features.transforms.condition.state import ConditionState, forget_levels, initial_condition
from features.transforms.condition.step import advance
from tests.edge_export.fan_condition import CONDITION_TABLE
from tests.features.transforms.condition.rig import company

MODEL = ConditionModel.of(CONDITION_TABLE)
SIGNALS = CONDITION_TABLE.signals
A, B = AssetId("a"), AssetId("b")
T0 = datetime(2026, 3, 1, tzinfo=UTC)


def at(hour: float) -> datetime:
    return T0 + timedelta(hours=hour)


def rows(count: int, seed: int = 0, fault: int | None = None) -> NDArray[np.float64]:
    """Return hourly rows of a fan; from the row `fault` on its sensors stray by ten times their noise."""
    rng = np.random.default_rng(seed)
    values = np.empty((count, 4))
    values[:, 0] = 1000.0 * np.exp(0.05 * rng.standard_normal(count))
    values[:, 1] = 20.0 + rng.standard_normal(count)
    values[:, 2:] = np.array([2.0, 40.0]) + rng.standard_normal((count, 2)) * np.array([0.2, 1.2])
    if fault is not None:
        values[fault:, 2:] += np.array([2.0, 12.0])
    return values


def signals(row: NDArray[np.float64]) -> dict[str, object]:
    return {name: float(value) for name, value in zip(SIGNALS, row, strict=True) if not np.isnan(value)}


def stepped(state: ConditionState, hour: float, row: NDArray[np.float64], **beside: float) -> ConditionAnswer:
    good = np.zeros(4, np.int8)
    known = Circumstances(**beside)  # type: ignore[arg-type]  # numbers of either kind
    return advance(MODEL, state, ConditionRow(life_of_time(at(hour)), row, good, good, known))


def told(streams: ConditionStreams, asset: AssetId = A) -> ConditionAnswer:
    standing = streams.standing(asset)
    assert standing is not None
    return standing.answer


def assert_same(one: ConditionAnswer, other: ConditionAnswer) -> None:
    assert (one.verdict, one.seen_rows, one.evidence) == (other.verdict, other.seen_rows, other.evidence)
    assert np.array_equal([one.score, one.risk], [other.score, other.risk], equal_nan=True)
    assert np.array_equal(one.shares, other.shares, equal_nan=True)


def test_machines_side_by_side_are_told_what_the_step_tells_to_the_bit() -> None:
    """Neighbours are asked about at every row here, and only where it matters by the stream."""
    machines = {name: rows(70, seed, fault=50) for seed, name in enumerate((A, B, AssetId("c")))}
    machines[A][5, 3] = machines[B][6, 0] = np.nan
    streams, states = ConditionStreams(MODEL), {name: initial_condition(MODEL) for name in machines}
    found: set[ConditionVerdict] = set()
    for hour in range(70):
        for name, values in machines.items():
            others = [state for other, state in states.items() if other != name and not np.isnan(state.seconds)]
            known, together = company(MODEL, states[name], others)
            expected = stepped(states[name], hour, values[hour], neighbours=known, neighbours_straying=together)
            assert streams.take(name, at(hour), signals(values[hour]))
            assert_same(told(streams, name), expected)
            found.add(expected.verdict)
    assert len(found) >= 2


def test_a_row_in_two_parts_is_one_row() -> None:
    whole, parts = ConditionStreams(MODEL), ConditionStreams(MODEL)
    for hour, row in enumerate(rows(50, fault=40)):
        given = signals(row)
        whole.take(A, at(hour), given)
        parts.take(A, at(hour), {name: given[name] for name in SIGNALS[2:]})
        assert parts.take(A, at(hour), {name: given[name] for name in SIGNALS[:2]})
        assert_same(told(parts), told(whole))


def test_rows_sent_again_are_told_with_the_next_one_and_change_nothing() -> None:
    streams, state = ConditionStreams(MODEL), initial_condition(MODEL)
    first, second = rows(2)
    expected = stepped(state, 0, first)
    taken = [streams.take(A, at(0), signals(first)) for _ in range(4)]
    assert taken == [True, False, False, False]
    assert_same(told(streams), expected)
    streams.take(A, at(1), signals(second))
    assert_same(told(streams), stepped(state, 1, second, rows_repeated=3))
    assert told(streams).verdict is ConditionVerdict.DATA_PATH


def test_older_rows_and_rows_of_nothing_are_passed_over() -> None:
    streams = ConditionStreams(MODEL)
    assert streams.standing(A) is None
    assert not streams.take(A, at(0), {"noise": 1.0, "vibration": None, "speed": "fast"})
    assert streams.standing(A) is None
    first, second = rows(2)
    assert streams.take(A, at(1), signals(first))
    before = told(streams)
    assert not streams.take(A, at(0), signals(second))
    assert told(streams) is before


def test_of_more_machines_than_there_is_room_for_nothing_is_said() -> None:
    streams = ConditionStreams(MODEL, capacity=1)
    assert streams.take(A, at(0), signals(rows(1)[0]))
    assert not streams.take(B, at(0), signals(rows(1)[0]))
    streams.take_event(Event(DEFAULT_TENANT, B, at(1), EventKind.REPAIR))
    assert streams.standing(B) is None


@pytest.mark.parametrize(
    ("kind", "component", "names", "spread", "reported"),
    [
        (EventKind.SENSOR_REPLACED, "Vibration", ("vibration",), 100.0, False),
        (EventKind.REPAIR, None, CONDITION_TABLE.sensors, None, False),
        (EventKind.REPAIR, "Bearing", ("vibration",), None, False),
        (EventKind.RECIPE_CHANGED, None, (), None, True),
        (EventKind.INSPECTION, None, (), None, False),
    ],
)
@pytest.mark.parametrize("is_late", [False, True])
def test_what_an_event_changed_is_learnt_anew(
    kind: EventKind, component: str | None, names: tuple[str, ...], spread: float | None, reported: bool, is_late: bool
) -> None:
    streams, state, values = ConditionStreams(MODEL), initial_condition(MODEL), rows(46)
    event = Event(DEFAULT_TENANT, A, at(39.5), kind, component=component)
    for hour in range(40):
        streams.take(A, at(hour), signals(values[hour]))
        stepped(state, hour, values[hour])
    if is_late:
        streams.take(A, at(40), signals(values[40]))
        stepped(state, 40, values[40])
    streams.take_event(event)
    streams.take_event(event)  # told twice
    state = forget_levels(MODEL, state, names, spread) if names else state
    for hour in range(41 if is_late else 40, 46):
        streams.take(A, at(hour), signals(values[hour]))
        is_first = hour == (41 if is_late else 40)
        assert_same(told(streams), stepped(state, hour, values[hour], is_change_reported=reported and is_first))


def test_an_event_before_the_first_row_of_a_machine_changes_nothing() -> None:
    streams, row = ConditionStreams(MODEL), rows(1)[0]
    streams.take_event(Event(DEFAULT_TENANT, A, at(-1), EventKind.RECIPE_CHANGED))
    assert streams.standing(A) is None
    streams.take(A, at(0), signals(row))
    assert_same(told(streams), stepped(initial_condition(MODEL), 0, row))


@pytest.mark.parametrize("machines", [(A,), (A, B)])
def test_the_silence_of_a_gateway_is_told_of_several_machines_alone(machines: tuple[AssetId, ...]) -> None:
    streams, values = ConditionStreams(MODEL), rows(12)
    for hour in (*range(10), 20):
        for place, name in enumerate(machines):
            streams.take(name, at(hour + 0.1 * place), signals(values[min(hour, 11)]))
    for name in machines:
        evidence = {each.name for each in told(streams, name).evidence}
        assert ("gateway_silent_intervals" in evidence) is (len(machines) > 1)


def test_machines_one_after_the_other_are_no_silence_of_their_gateway() -> None:
    streams, values = ConditionStreams(MODEL), rows(12)
    for name in (A, B):
        for hour in (*range(10), 20):
            streams.take(name, at(hour), signals(values[min(hour, 11)]))
    assert told(streams, B).verdict is not ConditionVerdict.DATA_PATH


@pytest.mark.parametrize("value", [1e300, -1e300, 1e15])
def test_a_number_of_no_machine_is_no_reading_and_leaves_no_trace(value: float) -> None:
    streams, state, values = ConditionStreams(MODEL), initial_condition(MODEL), rows(42)
    for hour in range(41):
        given = signals(values[hour]) | ({"vibration": value} if hour == 40 else {})
        streams.take(A, at(hour), given)
        known = values[hour].copy()
        known[2] = np.nan if hour == 40 else known[2]
        expected = stepped(state, hour, known)
    assert told(streams).score == expected.score
    streams.take(A, at(41), signals(values[41]))
    assert_same(told(streams), stepped(state, 41, values[41]))


def test_what_cannot_be_computed_is_said_and_the_machine_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    streams, values = ConditionStreams(MODEL), rows(3)
    streams.take(A, at(0), signals(values[0]))

    def fail(model: ConditionModel, state: ConditionState, row: ConditionRow) -> tuple[ConditionState, ConditionAnswer]:
        raise np.linalg.LinAlgError("Singular matrix")

    with monkeypatch.context() as patched:
        patched.setattr(streams_module, "condition_step", fail)
        streams.take(A, at(1), signals(values[1]))
    assert told(streams).verdict is ConditionVerdict.UNDETERMINED
    assert [each.name for each in told(streams).evidence] == [NOT_COMPUTED]
    streams.take(A, at(2), signals(values[2]))
    assert_same(told(streams), stepped(initial_condition(MODEL), 2, values[2]))
