from datetime import timedelta

import numpy as np
import pytest

from features.domain.conditions import ConditionVerdict
from features.domain.events import EventKind
from features.domain.identifiers import DEFAULT_TENANT, AssetId
from features.domain.labels import Label
from models.condition.alarms.scored import Scored
from pipelines.alarms.healthy import healthy_rows, margin_seconds, only
from tests.pipelines.alarms.fleet import DAY, ended, pack, pumps


def test_last_stretch_of_a_life_is_not_known_to_be_healthy_however_it_ended() -> None:
    for machines in (pumps(), *(ended(pumps(), 0, 50.0, end) for end in (EventKind.FAILURE, EventKind.PART_REPLACED))):
        track = machines.tracks[0]
        rows = healthy_rows(track, 10.0 * DAY)
        last = track.rows.time[0] + 50.0 * DAY if track.epoch.ended_at else track.rows.time[-1]
        assert track.rows.time[rows].max() <= last - 10.0 * DAY < track.rows.time[~rows].min() + 0.2 * DAY


@pytest.mark.parametrize(("value", "is_left_out"), [("normal", False), ("OK", False), ("worn", True)])
def test_rows_under_a_label_that_tells_of_a_fault_are_left_out(value: str, is_left_out: bool) -> None:
    track = pumps().tracks[0]
    begin = track.epoch.started_at + timedelta(days=10)
    label = Label(DEFAULT_TENANT, AssetId("x"), begin, begin + timedelta(days=5), "state", value)
    rows = healthy_rows(track, 0.0, [label])
    assert (~rows).sum() == (60 if is_left_out else 0)


def test_margin_is_the_longest_horizon_of_the_pack() -> None:
    assert margin_seconds(pack()) == 720 * 3600.0


def test_other_rows_are_not_known() -> None:
    scored = Scored("m", np.arange(3.0), np.array([1.0, 2.0, 3.0]))
    np.testing.assert_array_equal(only(scored, np.array([True, False, True])).scores, [1.0, np.nan, 3.0])


def test_rows_that_are_not_known_are_not_known_to_be_normal_either() -> None:
    scored = Scored("m", np.arange(2.0), np.zeros(2), verdicts=(ConditionVerdict.NORMAL,) * 2)
    np.testing.assert_array_equal(only(scored, np.array([True, False])).known_scores, [0.0, np.nan])
