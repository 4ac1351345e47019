from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from numpy.typing import NDArray

from features.domain.epochs import Baselines, epochs_of
from features.domain.events import Event, EventKind
from features.domain.identifiers import AssetId, SignalId
from models.condition.alarms.alarm import AlarmRule
from models.condition.borrowing.adaptation import AdaptationSettings, Followed, Follower, touched_by
from models.condition.history import History
from tests.models.condition.fleets import BETWEEN, MINE, SMALL, machine, oftener, prior

PUMP, HEAT, SHAKE = AssetId("p-01"), SignalId("heat"), SignalId("shake")
PART = 20
"""Rows of a part."""

FOLLOWER = Follower(
    AlarmRule(3.0, release=0.0),
    AdaptationSettings(part_seconds=PART * 60.0, quarantine=4, begin_seconds=5 * PART * 60.0),
)
NONE, ALL, ONE = np.zeros(4, np.bool_), np.ones(4, np.bool_), np.array([True, False, False, False])
BEGUN = 15 * PART
OWN = machine(400, rows=50 * PART)
SCATTER = BETWEEN / 2


def follow(history: History, machine: Followed | None = None) -> tuple[Followed, NDArray[np.bool_]]:
    machine = FOLLOWER.start(prior().belief(SMALL)) if machine is None else machine
    alarms = []
    for seconds, row in zip(history.seconds.tolist(), history.readings, strict=True):
        machine, _, alarm = FOLLOWER.step(machine, seconds, row)
        alarms.append(alarm.is_on)
    return machine, np.array(alarms)


def moved(by: NDArray[np.float64] | float, signals: NDArray[np.bool_]) -> History:
    """The machine with its signals moved by so many deviations from a row on."""
    readings = OWN.readings.copy()
    readings[BEGUN:] += np.asarray(by) * signals * SCATTER
    return History(OWN.seconds, readings)


def test_a_machine_without_fault_becomes_known_and_raises_no_alarm() -> None:
    followed, alarms = follow(OWN)
    assert not alarms.any()
    assert followed.belief.shares["own"] > 0.9
    away = (followed.normal.level.center - OWN.readings.mean(axis=0)) / SCATTER
    assert (np.abs(away) < 0.4).all()


@pytest.mark.parametrize("rows", [1, 25 * PART], ids=["sudden", "creeping"])
def test_a_fault_without_event_raises_an_alarm_that_lasts_and_is_never_learnt(rows: int) -> None:
    grown = np.clip(np.arange(1, len(OWN) - BEGUN + 1) / rows, 0.0, 1.0)[:, None]
    followed, alarms = follow(moved(8.0 * grown, ONE))
    assert not alarms[:BEGUN].any()
    assert alarms[-10 * PART :].all()
    away = (followed.normal.level.center - OWN.readings.mean(axis=0)) / SCATTER
    assert np.abs(away[0]) < 1.0


def test_after_a_new_instrument_its_zero_is_learnt_anew_and_other_signals_stay_known() -> None:
    history = moved(8.0, ONE)
    before, _ = follow(history.part(slice(None, BEGUN)))
    changed = FOLLOWER.changed(before, levels=ONE, spreads=NONE)
    assert changed.renewed.tolist() == ONE.tolist()
    np.testing.assert_array_equal(changed.belief.level.center[1:], before.belief.level.center[1:])
    followed, alarms = follow(history.part(slice(BEGUN, None)), changed)
    assert not alarms.any()
    assert not followed.renewed.any()
    assert followed.normal.level.center[0] == pytest.approx(history.readings[BEGUN:, 0].mean(), abs=0.5 * SCATTER[0])


def test_after_a_repair_all_is_learnt_anew_and_a_fault_after_it_is_found() -> None:
    history = moved(np.array([4.0, -4.0, 4.0, -4.0]), ALL)
    history.readings[-10 * PART :, 2] += 8.0 * SCATTER[2]
    before, _ = follow(history.part(slice(None, BEGUN)))
    _, alarms = follow(history.part(slice(BEGUN, None)), FOLLOWER.changed(before, ALL, ALL))
    assert not alarms[: -10 * PART].any()
    assert alarms[-8 * PART :].all()


def test_a_signal_whose_event_has_just_come_is_not_judged() -> None:
    before, _ = follow(OWN.part(slice(None, BEGUN)))
    changed = FOLLOWER.changed(before, levels=ONE, spreads=NONE)
    _, condition, _ = FOLLOWER.step(changed, float(OWN.seconds[BEGUN]), OWN.readings[BEGUN])
    assert np.isnan(condition.shares).tolist() == ONE.tolist()


@pytest.mark.parametrize("times", [1, 3], ids=["as the fleet", "oftener"])
def test_what_an_event_touched_is_not_judged_for_some_days_however_many_rows_come_in_them(times: int) -> None:
    changed = FOLLOWER.changed(FOLLOWER.start(prior().belief(SMALL)), levels=ONE, spreads=NONE)
    history = oftener(OWN.part(slice(None, 6 * PART + 1)), times)
    early, _ = follow(history.part(slice(None, (5 * PART - 1) * times)), changed)
    later, _ = follow(history.part(slice((5 * PART - 1) * times, None)), early)
    assert early.renewed.tolist() == ONE.tolist()
    assert not later.renewed.any()
    assert later.learnt.seconds.tolist() == pytest.approx([5 * PART * 60.0] * 4, rel=0.02)


def test_time_in_which_a_machine_stands_still_was_not_measured() -> None:
    history = OWN.part(slice(None, 3 * PART))
    history = History(history.seconds + 86_400.0 * (np.arange(len(history)) >= PART), history.readings)
    followed, _ = follow(history)
    assert (followed.learnt.plus(followed.part.evidence)).seconds.tolist() == pytest.approx([3 * PART * 60.0] * 4)


def test_an_epoch_resets_what_its_event_can_have_changed() -> None:
    def reset(kind: EventKind, component: str | None) -> list[list[bool]]:
        begin = datetime(2026, 3, 1, tzinfo=UTC)
        event = Event(MINE, PUMP, begin + timedelta(days=1), kind, component=component)
        epoch = epochs_of(MINE, PUMP, begin, [event], Baselines((HEAT, SHAKE)))[-1]
        return [each.tolist() for each in touched_by(epoch, (HEAT, SHAKE))]

    assert reset(EventKind.SENSOR_REPLACED, SHAKE) == [[False, True], [False, False]]
    assert reset(EventKind.RECIPE_CHANGED, None) == [[True, True], [False, False]]
    assert reset(EventKind.REPAIR, None) == [[True, True], [True, True]]
