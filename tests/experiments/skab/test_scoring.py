import math

import numpy as np
import pytest
from sklearn.metrics import f1_score  # type: ignore[import-untyped]  # ships no types

from experiments.skab.scoring import nab_score, row_figures

CHANGES = [np.array([100.0, 500.0]), np.array([50.0])]
NONE = [np.empty(0), np.empty(0)]


def test_rows_are_counted_over_all_recordings_together() -> None:
    generator = np.random.default_rng(0)
    told = [generator.uniform(size=size) > 0.5 for size in (30, 70)]
    true = [generator.uniform(size=size) > 0.4 for size in (30, 70)]
    found = row_figures(told, true)
    one, other = np.concatenate(told), np.concatenate(true)
    assert found.f1 == pytest.approx(f1_score(other, one))
    assert found.false_alarm_rate == pytest.approx((one & ~other).sum() / (~other).sum())
    assert found.missing_alarm_rate == pytest.approx((~one & other).sum() / other.sum())


def test_silence_is_0_and_a_detection_at_every_change_is_100() -> None:
    assert nab_score(NONE, CHANGES) == pytest.approx(0.0)
    assert nab_score(CHANGES, CHANGES) == pytest.approx(100.0)


def test_later_detections_count_less_and_the_first_in_a_window_counts_alone() -> None:
    soon, late = ([np.array([100.0 + since]), np.empty(0)] for since in (5.0, 50.0))
    assert nab_score(NONE, CHANGES) < nab_score(late, CHANGES) < nab_score(soon, CHANGES)
    again = [np.array([105.0, 120.0, 130.0]), np.empty(0)]
    assert nab_score(again, CHANGES) == nab_score(soon, CHANGES)


def test_false_detection_costs_at_most_its_weight_and_less_shortly_after_a_window() -> None:
    best = 2.0 / (1.0 + math.exp(-5.0)) - 1.0
    unit = 100.0 / (3.0 * (best + 1.0))
    far = [np.array([20.0, *CHANGES[0]]), CHANGES[1]]  # before any window
    assert nab_score(far, CHANGES) == pytest.approx(100.0 - 0.11 * unit)
    near = [np.array([*CHANGES[0], 166.0]), CHANGES[1]]  # six seconds after a window
    assert 100.0 - 0.11 * unit < nab_score(near, CHANGES) < 100.0


def test_without_changes_there_is_no_score() -> None:
    assert math.isnan(nab_score(NONE, NONE))
