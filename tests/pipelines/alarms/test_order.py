import numpy as np
import pytest

from features.domain.alarms import Told
from features.packs.loader import load_pack
from models.condition.alarms.scored import Scored
from pipelines.alarms.order import Asked, Split
from pipelines.errors import InvalidAlarmOrder

ASKED = Asked(None, 0.95, None, None, 10.0, 60.0, None, None)


def test_what_nobody_said_the_pack_says() -> None:
    order = ASKED.order(load_pack("pump"))
    assert order.budget.per_100_machine_weeks == 5.0
    assert order.margin == 720 * 3600.0
    assert (order.life.on_delay, order.life.off_delay, order.split) == (600.0, 3600.0, Split.TIME)


def test_alarm_far_above_its_threshold_stands_although_it_stood_higher_before() -> None:
    rule = ASKED.order(load_pack("pump")).life.at(2.0)
    minutes = 60.0 * np.arange(3 * 1440.0)
    (told,) = Scored("m", minutes, np.where(minutes < 3600.0, 12.0, 5.0)).transitions(rule)
    assert told.told is Told.RAISED


def test_bare_count_of_life_needs_to_know_what_a_week_is() -> None:
    turbofan = load_pack("turbofan")
    with pytest.raises(InvalidAlarmOrder, match="how many cycles pass in a week"):
        ASKED.order(turbofan)
    order = Asked(10.0, 0.95, None, 2.0, 10.0, 60.0, 14.0, 3.0).order(turbofan)
    assert (order.budget.week, order.split, order.margin, order.threshold) == (14.0, Split.MACHINES, 4.0, 3.0)


def test_week_of_ones_own_is_refused_where_there_are_dates() -> None:
    with pytest.raises(InvalidAlarmOrder, match="Leave --week out"):
        Asked(None, 0.95, None, None, 10.0, 60.0, 14.0, None).order(load_pack("pump"))
