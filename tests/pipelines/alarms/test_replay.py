from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from features.domain.conditions import ConditionVerdict
from features.domain.events import Event, EventKind
from features.domain.identifiers import DEFAULT_TENANT, AssetId
from features.transforms.batch import LifeRows
from features.transforms.specification import pack_signals
from models.condition.alarms.budget import AlarmBudget
from models.condition.alarms.lifecycle import WEEK
from pipelines.alarms.judging import JudgedMachine
from pipelines.alarms.machines import Machines
from pipelines.alarms.order import Split
from pipelines.alarms.outcome import AlarmReplay
from pipelines.alarms.replay import replay_alarms
from pipelines.building.tracks import LifeTrack
from pipelines.errors import HistoryTooBrief, NothingToReplay
from tests.pipelines.alarms.fleet import BUDGET, DAY, ORDER, ended, pack, pumps, with_fault, with_rows


def days(found: AlarmReplay, seconds: float) -> float:
    return float(seconds - pumps().tracks[0].rows.time[0]) / DAY


def listed(found: AlarmReplay) -> int:
    """How often the alarms on the list count: each time that they stood, and anew after a week in one piece."""
    whole = [(each.returned or each.raised) - each.raised for each in found.alarms if each.times == 1]
    return sum(each.times for each in found.alarms) + sum(int(each // WEEK) for each in whole)


def test_threshold_keeps_the_budget_on_its_own_part_and_history_is_told() -> None:
    found = replay_alarms(pack(), pumps(), ORDER)
    assert found.fitted.reason is None
    assert found.threshold == found.fitted.threshold
    assert found.fitted.rate.bound <= 50.0
    assert found.healthy is not None
    assert found.healthy.machines == 6
    assert 6 * 2.0 < found.healthy.machine_weeks < 6 * 3.1
    assert found.is_kept == (found.healthy.per_100_machine_weeks <= 50.0)
    assert found.healthy.low < found.healthy.per_100_machine_weeks < found.healthy.bound
    assert sum(found.by_asset.values()) == sum(found.by_cause.values()) == len(found.alarms)
    assert listed(found) == found.healthy.alarms
    assert found.raised_notices == ()


def test_what_comes_later_has_no_part_in_the_threshold() -> None:
    assert (
        replay_alarms(pack(), with_fault(pumps(), 2, 45.0, 56.0), ORDER).fitted
        == replay_alarms(pack(), pumps(), ORDER).fitted
    )


def test_fault_is_an_alarm_that_names_machine_signal_and_time() -> None:
    found = replay_alarms(pack(), with_fault(pumps(), 2, 45.0, 50.0), ORDER)
    (alarm,) = [each for each in found.alarms if each.score > 8.0 or each.lead == "winding_temperature"][:1]
    assert alarm.asset == str(pumps().tracks[2].epoch.asset)
    assert alarm.gateway == "station"
    assert 45.0 <= days(found, alarm.raised) < 46.0
    assert alarm.returned is not None
    assert 50.0 <= days(found, alarm.returned) < 53.0


def test_too_little_history_is_no_threshold_and_no_alarm_but_a_reason() -> None:
    found = replay_alarms(pack(), pumps(), replace(ORDER, budget=AlarmBudget(5.0)))
    assert found.threshold is None
    assert "60 healthy machine-weeks" in str(found.fitted.reason)
    assert found.alarms == ()
    assert found.is_kept is None


@pytest.mark.parametrize("threshold", [None, 3.0])
def test_history_without_a_healthy_row_after_learning_is_told_for_what_it_is(threshold: float | None) -> None:
    brief = with_rows(pumps(), pumps().tracks[0].rows.time < pumps().tracks[0].rows.time[0] + 30.0 * DAY)
    with pytest.raises(HistoryTooBrief, match=r"first 14 days.*30 days before its end.*6 lives.*longest is 29.9 days"):
        replay_alarms(pack(), brief, replace(ORDER, margin=30.0 * DAY, threshold=threshold))


def test_threshold_of_ones_own_is_replayed_whatever_is_promised() -> None:
    found = replay_alarms(
        pack(), with_fault(pumps(), 2, 45.0, 50.0), replace(ORDER, budget=AlarmBudget(5.0), threshold=6.0)
    )
    assert found.threshold == 6.0
    assert found.fitted.threshold is None
    assert str(pumps().tracks[2].epoch.asset) in found.by_asset


def test_gateway_that_was_away_is_one_notice_for_all_machines() -> None:
    times = pumps().tracks[0].rows.time
    since = (times - times[0]) / DAY
    found = replay_alarms(pack(), with_rows(pumps(), (since < 46.0) | (since > 49.0)), ORDER)
    (notice,) = found.raised_notices
    assert (notice.kind.value, notice.gateway, notice.asset) == ("gateway_silent", "station", None)
    assert days(found, notice.seconds) == pytest.approx(45.9167 + 0.5, abs=0.01)  # six rows after the last


@pytest.mark.parametrize("kind", [EventKind.PLANNED_STOP, EventKind.SENSOR_REPLACED])
def test_planned_work_holds_an_alarm_back_and_is_told(kind: EventKind) -> None:
    machines = with_fault(pumps(), 2, 45.0, 45.8)
    asset = AssetId(str(machines.tracks[2].epoch.asset))
    event = Event(DEFAULT_TENANT, asset, machines.tracks[2].epoch.started_at + timedelta(days=44.9), kind)
    loud, quiet = (replay_alarms(pack(), each, ORDER) for each in (machines, replace(machines, events=[event])))
    at = [days(loud, each.raised) for each in loud.alarms if each.asset == asset]
    assert any(45.0 <= each < 45.8 for each in at)
    (held,) = [each for each in quiet.held if each.asset == asset]
    assert held.reason == kind.value
    assert not any(45.0 <= days(quiet, each.raised) < 45.8 for each in quiet.alarms if each.asset == asset)


def test_alarm_that_planned_work_held_back_is_in_no_rate() -> None:
    machines, order = with_fault(pumps(), 2, 45.0, 45.8), replace(ORDER, planned=5.0 * DAY, threshold=6.0)
    epoch = machines.tracks[2].epoch
    event = Event(DEFAULT_TENANT, epoch.asset, epoch.started_at + timedelta(days=44.9), EventKind.PLANNED_STOP)
    loud, quiet = (replay_alarms(pack(), each, order) for each in (machines, replace(machines, events=[event])))
    assert loud.all is not None
    assert quiet.all is not None
    assert (len(loud.held), len(quiet.held)) == (0, 1)
    assert listed(quiet) == quiet.all.alarms == loud.all.alarms - 1
    assert 0.4 < loud.all.machine_weeks - quiet.all.machine_weeks <= 5.0 / 7.0  # it does not always run


def test_failure_that_an_alarm_told_of_counts_and_its_machine_was_not_healthy() -> None:
    machines = ended(with_fault(pumps(), 2, 45.0, 56.0), 2, 52.0, EventKind.FAILURE)
    found = replay_alarms(pack(), machines, replace(ORDER, margin=7.0 * DAY))
    assert (found.foreseen.failures, found.foreseen.warned) == (1, 1)
    (alarm,) = [each for each in found.alarms if each.asset == str(machines.tracks[2].epoch.asset)][-1:]
    assert alarm.ended_by == "failure"
    assert not alarm.is_healthy


def test_split_by_machines_judges_those_that_set_no_threshold() -> None:
    order = replace(ORDER, split=Split.MACHINES, budget=AlarmBudget(60.0))
    found = replay_alarms(pack(), pumps(), order)
    assert found.split_at is None
    assert found.healthy is not None
    assert found.fitted.rate.machines + found.healthy.machines == 6
    assert found.healthy.machines > 0


def test_document_is_whole_and_writes_moments_as_it_is_told() -> None:
    found = replay_alarms(pack(), with_fault(pumps(), 2, 45.0, 50.0), ORDER)
    document = found.to_dict(lambda seconds: f"{seconds:.0f} s")
    assert document["budget"] == BUDGET.per_100_machine_weeks
    alarms = document["alarms"]
    assert isinstance(alarms, list)
    assert len(alarms) == len(found.alarms)
    assert all(each["raised"].endswith(" s") for each in alarms)
    assert not np.isnan(alarms[0]["score"])


@pytest.mark.parametrize("until", [0.0, 5.0, 40.0])
def test_machine_whose_sensor_is_missing_or_dies_is_replayed_with_the_others(until: float) -> None:
    machines, column = pumps(), pack_signals(pack()).index("motor_current")
    tracks = list(machines.tracks)
    track = tracks[1]
    values = track.rows.values.copy()
    values[track.rows.time >= track.rows.time[0] + until * DAY, column] = np.nan
    tracks[1] = LifeTrack(track.epoch, track.time_us, LifeRows(track.rows.time, values))
    found = replay_alarms(pack(), replace(machines, tracks=tracks), ORDER)
    assert found.unscored == 0
    assert found.healthy is not None
    assert found.healthy.machines == 6


def test_life_too_short_to_learn_from_is_counted_and_raises_nothing() -> None:
    machines = ended(pumps(), 1, 6.0, EventKind.FAILURE)
    found = replay_alarms(pack(), machines, ORDER)
    assert found.unscored == 1
    assert str(machines.tracks[1].epoch.asset) not in found.by_asset


def test_budget_that_a_fault_in_all_machines_breaks_is_broken_for_certain() -> None:
    machines = pumps()
    for place in range(6):
        machines = with_fault(machines, place, 36.0 + place, 56.0, by=60.0)
    found = replay_alarms(pack(), machines, ORDER)
    assert (found.is_kept, found.is_broken) == (False, True)


def test_nothing_to_replay_is_told() -> None:
    with pytest.raises(NothingToReplay, match="found none"):
        replay_alarms(pack(), Machines([]), ORDER)


def test_verdicts_of_a_bundle_are_the_causes_and_set_the_threshold() -> None:
    machines = with_fault(pumps(), 2, 45.0, 50.0)
    judged = {}
    for place, track in enumerate(machines.tracks):
        since = (track.rows.time - track.rows.time[0]) / DAY
        strays = (since >= 45.0) & (since < 50.0) & (place == 2)
        verdicts = tuple(ConditionVerdict.INSTRUMENT if each else ConditionVerdict.NORMAL for each in strays)
        scores = np.where(strays, 6.0, 0.5)
        judged[str(track.epoch.asset)] = JudgedMachine(track.time_us, scores, verdicts, ("flow",) * len(scores))
    found = replay_alarms(pack(), replace(machines, judged=judged, judged_by="b"), ORDER)
    assert found.threshold == 1.0  # nothing that is normal raises any
    (alarm,) = found.alarms
    assert (alarm.cause, alarm.lead, alarm.score) == ("instrument", "flow", 6.0)
    assert found.healthy is not None
    assert found.healthy.machine_weeks > 6 * 3.9  # no row is spent on learning
