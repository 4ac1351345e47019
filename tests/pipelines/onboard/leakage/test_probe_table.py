import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.metrics import roc_auc_score  # type: ignore[import-untyped]  # ships no types

from experiments.bench.leaks_planted import clean_table
from pipelines.onboard.leakage.probe_table import area, rank_correlation


def test_area_and_rank_correlation_are_those_of_other_libraries() -> None:
    generator = np.random.default_rng(0)
    scores, other = generator.integers(0, 6, 200).astype(np.float64), generator.standard_normal(200)
    labels = generator.random(200) < 0.3
    assert area(scores, labels) == pytest.approx(roc_auc_score(labels, scores))
    assert rank_correlation(scores, other) == pytest.approx(spearmanr(scores, other).statistic)


def test_unknown_values_are_passed_over_and_constants_correlate_with_nothing() -> None:
    first = np.array([1.0, np.nan, 2.0, 3.0, 4.0])
    assert rank_correlation(first, first) == pytest.approx(1.0)
    assert rank_correlation(np.ones(5), first) == 0.0


def test_lives_keep_their_rows_in_order() -> None:
    table = clean_table(machines=3)
    lives = table.lives()
    assert [len(life.rows) for life in lives] == [int((table.life_id == each).sum()) for each in range(3)]
    assert all((np.diff(table.age[life.rows]) > 0).all() for life in lives)
