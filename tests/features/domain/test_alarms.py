from datetime import UTC, datetime, timedelta

import pytest

from features.domain.alarms import Acknowledged, Alarm, AlarmEntry, KeptThreshold, Stage, Told, alarm_id
from features.domain.conditions import ConditionVerdict
from features.domain.errors import InvalidValue
from features.domain.identifiers import AssetId, TenantId

MINE, P1 = TenantId("mine"), AssetId("p-1")
T0 = datetime(2026, 1, 1, tzinfo=UTC)


def alarm(stage: Stage = Stage.UNACKNOWLEDGED) -> Alarm:
    name, cause = alarm_id(MINE, P1, T0), ConditionVerdict.UNDETERMINED
    return Alarm(MINE, name, P1, "pump", "g", stage, cause, "flow", 3.0, 2.0, "m", T0, T0, T0)


def entry(told: Told, hours: float = 1.0, reason: str | None = None) -> AlarmEntry:
    return AlarmEntry(P1, T0 + timedelta(hours=hours), told, ConditionVerdict.MACHINE, "speed", 5.0, reason)


def test_it_returns_and_waits_for_somebody_or_is_over_if_somebody_has_seen_it() -> None:
    returned = alarm().after(entry(Told.RETURNED))
    assert (returned.stage, returned.returned_at) == (Stage.RETURNED, T0 + timedelta(hours=1))
    assert returned.after(entry(Told.ACKNOWLEDGED, 2, "Li")).stage is Stage.NORMAL
    seen = alarm().after(entry(Told.ACKNOWLEDGED, 1, "Li"))
    assert (seen.stage, seen.acknowledged) == (Stage.ACKNOWLEDGED, Acknowledged(T0 + timedelta(hours=1), "Li"))
    assert seen.after(entry(Told.RETURNED, 2)).stage is Stage.NORMAL
    assert alarm().after(entry(Told.RETURNED, 2, "repair")).stage is Stage.NORMAL


def test_standing_again_and_worse_ask_for_attention_anew() -> None:
    seen = alarm().after(entry(Told.ACKNOWLEDGED, 1, "Li"))
    worse = seen.after(entry(Told.WORSENED, 2))
    assert (worse.stage, worse.acknowledged, worse.cause, worse.lead) == (
        Stage.UNACKNOWLEDGED, None, ConditionVerdict.MACHINE, "speed",
    )  # fmt: skip
    assert (worse.over, worse.times, worse.stood_since) == (2.5, 1, T0)
    again = alarm().after(entry(Told.RETURNED)).after(entry(Told.AGAIN, 3))
    assert (again.times, again.returned_at, again.stood_since) == (2, None, T0 + timedelta(hours=3))


def test_what_is_held_back_changes_nothing_and_another_machines_entry_is_refused() -> None:
    assert alarm().after(entry(Told.SUPPRESSED)) == alarm()
    with pytest.raises(InvalidValue, match="be p-1"):
        alarm().after(AlarmEntry(AssetId("p-2"), T0, Told.RETURNED, ConditionVerdict.MACHINE))


def test_an_alarm_is_one_and_the_same_for_whoever_raises_it() -> None:
    assert alarm_id(MINE, P1, T0) == alarm_id(MINE, P1, T0.astimezone())
    others = {
        alarm_id(TenantId("x"), P1, T0),
        alarm_id(MINE, AssetId("p-2"), T0),
        alarm_id(MINE, P1, T0 + timedelta(1)),
    }
    assert len(others | {alarm_id(MINE, P1, T0)}) == 4


@pytest.mark.parametrize("threshold", [0.0, -1.0, float("nan"), float("inf")])
def test_a_threshold_is_a_positive_number(threshold: float) -> None:
    with pytest.raises(InvalidValue, match="be a positive number"):
        KeptThreshold(MINE, "pump", "m", threshold, 5.0, 0.95, 4.0, 100.0, T0)
