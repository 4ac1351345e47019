import numpy as np
import pytest
from sklearn.metrics import average_precision_score  # type: ignore[import-untyped]  # ships no types

from experiments.azure.scoring import WarningFigures, WarningRule, Watched, average_precision, choose_threshold, warn

HOUR = 3_600_000_000
RULE = WarningRule(lead_hours=24.0, hold_hours=72.0)


def watched(hours: int = 336, failures: tuple[float, ...] = (200.0,)) -> Watched:
    time_us = np.arange(0, hours + 1, 12, dtype=np.int64) * HOUR
    ends = {"a": np.array([int(each * HOUR) for each in failures], np.int64)}
    return Watched(np.full(len(time_us), "a"), time_us, ends)


def warned_at(*hours: float, failures: tuple[float, ...] = (200.0,)) -> WarningFigures:
    rows = watched(failures=failures)
    score = np.isin(rows.time_us // HOUR, hours).astype(np.float64)
    return warn(score, 0.5, rows, RULE)


def test_warning_a_day_ahead_counts_and_a_late_one_is_neither_right_nor_false() -> None:
    assert warned_at(156).recall == 1.0
    late = warned_at(192)
    assert late.recall == 0.0
    assert late.false_per_100_machine_weeks == 0.0


def test_warning_that_no_failure_follows_is_false_by_machine_and_week() -> None:
    found = warned_at(24)
    assert found.recall == 0.0
    assert found.false_per_100_machine_weeks == pytest.approx(50.0)  # one in two weeks of one machine


def test_alarm_that_never_ends_counts_again_and_again() -> None:
    rows = watched()
    always = warn(np.ones(len(rows.time_us)), 0.5, rows, RULE)
    # One each 72 hours: at 0, 72, 144, 216, 288; the one at 144 is right.
    assert always.recall == 1.0
    assert always.false_per_100_machine_weeks == pytest.approx(200.0)


def test_failure_that_was_warned_of_twice_counts_once() -> None:
    assert warned_at(132, 144).recall == 1.0
    assert warned_at(132, 144, failures=(200.0, 320.0)).recall == 0.5


def test_threshold_keeps_the_budget() -> None:
    generator = np.random.default_rng(0)
    rows = watched(hours=12_000, failures=tuple(range(500, 12_000, 500)))
    near = np.array([any(0 < end - time <= 72 * HOUR for end in rows.failures_us["a"]) for time in rows.time_us])
    score = near + generator.standard_normal(len(near))
    tight, wide = (choose_threshold(score, rows, RULE, budget) for budget in (5.0, 60.0))
    assert tight.false_per_100_machine_weeks <= 5.0
    assert wide.false_per_100_machine_weeks <= 60.0
    assert wide.recall >= tight.recall
    assert choose_threshold(score, watched(hours=12_000, failures=()), RULE, 0.0).recall == 0.0


def test_threshold_chosen_on_some_machines_keeps_the_budget_on_others() -> None:
    budget, kept = 30.0, 0
    for seed in range(16):
        generator = np.random.default_rng(seed)
        seen, other = watched(hours=12_000, failures=()), watched(hours=12_000, failures=())
        threshold = choose_threshold(generator.random(len(seen.time_us)), seen, RULE, budget).threshold
        found = warn(generator.random(len(other.time_us)), threshold, other, RULE)
        kept += found.false_per_100_machine_weeks <= budget
    assert kept >= 14  # the bound is one of the rate itself, at 95 %; both counts are of chance


def test_average_precision_is_that_of_another_library() -> None:
    generator = np.random.default_rng(1)
    score, outcome = generator.integers(0, 9, 300).astype(np.float64), generator.random(300) < 0.2
    assert average_precision(score, outcome) == pytest.approx(average_precision_score(outcome, score))
    assert np.isnan(average_precision(score, np.zeros(300, np.bool_)))


def test_lead_of_exactly_a_day_is_in_time_and_one_of_an_hour_less_is_not() -> None:
    ends = {"a": np.array([200 * HOUR], np.int64)}
    for at_us, recall in ((176 * HOUR + 1, 1.0), (177 * HOUR, 0.0)):
        rows = Watched(np.array(["a", "a"]), np.array([0, at_us], np.int64), ends)
        assert warn(np.array([0.0, 1.0]), 0.5, rows, RULE).recall == recall
