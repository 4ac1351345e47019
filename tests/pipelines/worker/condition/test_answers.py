import numpy as np

from features.domain.conditions import ConditionVerdict
from features.domain.identifiers import AssetId
from features.transforms.condition.answer import ConditionAnswer
from features.transforms.condition.state import initial_condition
from pipelines.worker.condition.answers import condition_of
from tests.features.transforms.condition.rig import MODEL, judged, rows_of
from tests.pipelines.building.machines import MINE


def test_sensors_that_do_not_stray_are_told_from_those_that_nobody_compared() -> None:
    shares = np.array([0.0, 0.75, np.nan, 0.25])
    answer = ConditionAnswer(ConditionVerdict.NORMAL, 0.5, 0.5, 100, shares)
    found = condition_of(MINE, AssetId("a"), answer, MODEL, 2_000_000, 1_000_000, "bundle")
    assert found.shares == (("current", 0.75), ("vibration", 0.25), ("pressure", 0.0))


def test_where_nothing_was_compared_there_are_no_shares() -> None:
    answer = ConditionAnswer(ConditionVerdict.UNDETERMINED, np.nan, np.nan, 0, np.full(4, np.nan))
    found = condition_of(MINE, AssetId("a"), answer, MODEL, 2_000_000, 1_000_000, "bundle")
    assert (found.score, found.shares) == (None, ())


def test_what_a_machine_borrows_is_told_with_how_many_lend() -> None:
    state = initial_condition(MODEL)
    answer = judged(rows_of(240), state)[-1]
    found = condition_of(MINE, AssetId("a"), answer, MODEL, 2_000_000, 1_000_000, "bundle", state)
    assert found.borrowed is not None
    assert 0.0 < found.borrowed < 0.8
    assert found.lenders == MODEL.table.machines


def test_a_memory_that_holds_no_numbers_any_more_is_told_of_without_what_it_borrows() -> None:
    state = initial_condition(MODEL)
    state.spread[:, 1, 1] = np.inf  # as readings of 1e50 leave it
    state.spread[:, 2, 2] = np.nan
    answer = ConditionAnswer(ConditionVerdict.UNDETERMINED, np.nan, np.nan, 0, np.full(4, np.nan))
    found = condition_of(MINE, AssetId("a"), answer, MODEL, 2_000_000, 1_000_000, "bundle", state)
    assert (found.score, found.borrowed) == (None, None)
