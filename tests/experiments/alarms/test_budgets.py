import pytest

from experiments.alarms.budgets import keep_on_scores
from models.condition.alarms.budget import AlarmBudget


def test_budget_is_kept_on_drawn_scores() -> None:
    found = keep_on_scores(range(2), AlarmBudget(5.0))
    assert (found.seeds, found.over, found.broken, found.silent) == (2, 0, 0, 0)
    assert max(found.bounds) <= 5.0
    assert found.is_right


def test_fleet_without_a_threshold_is_not_called_kept() -> None:
    found = keep_on_scores([0], AlarmBudget(0.5))
    assert (found.silent, found.is_right) == (1, False)
    assert found.rates == ()


@pytest.mark.parametrize("key", ["budget_kept", "over", "rates"])
def test_document_has_what_is_asked(key: str) -> None:
    assert key in keep_on_scores([0], AlarmBudget(0.5)).to_dict()
