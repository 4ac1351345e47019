import numpy as np

from features.domain.conditions import ConditionVerdict
from features.domain.identifiers import AssetId
from features.transforms.condition.answer import ConditionAnswer
from pipelines.worker.condition.answers import condition_of
from tests.pipelines.building.machines import MINE

SENSORS = ("heat", "shake", "leak", "current")


def test_sensors_that_do_not_stray_are_told_from_those_that_nobody_compared() -> None:
    shares = np.array([0.0, 0.75, np.nan, 0.25])
    answer = ConditionAnswer(ConditionVerdict.NORMAL, 0.5, 0.5, 100, shares)
    found = condition_of(MINE, AssetId("a"), answer, SENSORS, 2_000_000, 1_000_000, "bundle")
    assert found.shares == (("shake", 0.75), ("current", 0.25), ("heat", 0.0))


def test_where_nothing_was_compared_there_are_no_shares() -> None:
    answer = ConditionAnswer(ConditionVerdict.UNDETERMINED, np.nan, np.nan, 0, np.full(4, np.nan))
    found = condition_of(MINE, AssetId("a"), answer, SENSORS, 2_000_000, 1_000_000, "bundle")
    assert (found.score, found.shares) == (None, ())
