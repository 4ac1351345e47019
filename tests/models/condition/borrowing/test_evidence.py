import numpy as np
import pytest

from models.condition.borrowing.evidence import Sums, evidence_of
from models.condition.history import History
from tests.models.condition.machines import healthy


def test_sums_of_parts_are_those_of_the_whole_and_agree_with_numpy() -> None:
    rows = healthy(300).readings.copy()
    rows[10:40, 1] = np.nan
    none = Sums.none(rows[0])
    whole, parts = none.with_rows(rows), none.with_rows(rows[:130]).plus(none.with_rows(rows[130:]))
    for sums in (whole, parts):
        np.testing.assert_allclose(sums.mean, np.nanmean(rows, axis=0))
        np.testing.assert_allclose(np.exp(sums.log_deviation), np.nanstd(rows, axis=0))
        assert sums.count.tolist() == [300, 270, 300, 300]


def test_nobody_knows_the_scatter_of_three_rows_or_of_a_signal_that_stands_still() -> None:
    rows = np.array([[1e6, 1.0], [1e6, 2.0], [1e6, 3.0], [1e6, np.nan]])
    assert np.isnan(Sums.none(rows[0]).with_rows(rows).log_deviation).all()


def test_only_what_was_measured_counts_as_seen() -> None:
    history = healthy(200, interval=60.0)
    history.readings[50:150, 2] = np.nan
    evidence = evidence_of(history, 600.0, 50, history.interval())
    assert evidence.seconds.tolist() == [12_000.0, 12_000.0, 6_000.0, 12_000.0]
    assert evidence.smoothed_seconds.tolist() == [9_000.0] * 4


def test_a_machine_that_has_not_begun_says_nothing() -> None:
    evidence = evidence_of(History(np.empty(0), np.empty((0, 3))), 600.0, 50, 60.0)
    assert np.isnan(evidence.raw.mean).all()
    assert evidence.seconds.tolist() == pytest.approx([0.0] * 3)
