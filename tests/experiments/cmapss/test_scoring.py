import math
from dataclasses import replace

import numpy as np
import pytest

from experiments.cmapss.protocol import Estimate, Forecasts, Judged
from experiments.cmapss.scoring import band_figures, out_of_fold_figures, seed_figures
from experiments.cmapss.scoring import test_figures as figures_of_tests

CAP = 125.0
FORECASTS = Forecasts(
    unit=np.array([1, 2, 3]),
    estimate=Estimate(
        mean=np.array([100.0, 20.0, 125.0]),
        p05=np.array([90.0, 12.0, 100.0]),
        p50=np.array([101.0, 20.0, 125.0]),
        p95=np.array([125.0, 30.0, 125.0]),
    ),
    baseline=np.array([120.0, 10.0, 125.0]),
    by_seed=np.array([[125.0, 13.0, 125.0], [125.0, 16.0, 125.0]]),
)
ANSWERS = np.array([130.0, 10.0, 125.0])


def test_test_figures_by_hand() -> None:
    model, baseline = figures_of_tests(FORECASTS, ANSWERS, CAP)
    # clipped errors -25, 10, 0; raw errors -30, 10, 0
    assert model["rmse_clipped"] == pytest.approx(math.sqrt(725 / 3))
    assert model["score_clipped"] == pytest.approx(math.exp(25 / 13) - 1 + math.e - 1)
    assert model["rmse_raw"] == pytest.approx(math.sqrt(1000 / 3))
    assert model["score_raw"] == pytest.approx(math.exp(30 / 13) - 1 + math.e - 1)
    # 125 (clipped) within 90..125, 10 not within 12..30, 125 within 100..125
    assert model["coverage90"] == pytest.approx(2 / 3)
    assert model["width90"] == pytest.approx((35 + 18 + 25) / 3)
    assert baseline["rmse_clipped"] == pytest.approx(5 / math.sqrt(3))
    assert baseline["rmse_raw"] == pytest.approx(10 / math.sqrt(3))
    assert baseline["score_raw"] == pytest.approx(math.exp(10 / 13) - 1)
    assert list(baseline) == ["rmse_clipped", "score_clipped", "rmse_raw", "score_raw"]


def test_without_answers_every_test_figure_is_none_under_the_same_keys() -> None:
    known, unknown = figures_of_tests(FORECASTS, ANSWERS, CAP), figures_of_tests(FORECASTS, None, CAP)
    assert [list(each) for each in known] == [list(each) for each in unknown]
    assert {value for each in unknown for value in each.values()} == {None}


def test_out_of_fold_figures_by_hand() -> None:
    figures = out_of_fold_figures(Judged(FORECASTS, ANSWERS), CAP, seed=0)
    rmse, baseline_rmse = math.sqrt(725 / 3), 5 / math.sqrt(3)
    assert figures["rmse"] == pytest.approx(rmse)
    assert figures["baseline_rmse"] == pytest.approx(baseline_rmse)
    assert figures["difference"] == pytest.approx(rmse - baseline_rmse)
    assert figures["coverage90"] == pytest.approx(2 / 3)
    assert figures["width90"] == pytest.approx(26.0)


def test_seeds_are_scored_one_by_one() -> None:
    figures = seed_figures(Judged(FORECASTS, ANSWERS), CAP)
    # clipped errors 0, 3, 0 and 0, 6, 0; those of the baseline -5, 0, 0
    assert figures["rmse"] == pytest.approx([3 / math.sqrt(3), 6 / math.sqrt(3)])
    assert figures["mean"] == pytest.approx(4.5 / math.sqrt(3))
    assert figures["deviation"] == pytest.approx(math.sqrt(4.5) / math.sqrt(3))
    assert figures["better_than_baseline"] == 1


def test_bands_part_rows_by_their_true_remaining_life_by_hand() -> None:
    end, healthy = band_figures(FORECASTS, ANSWERS, CAP)  # 10 cycles; 130 and 125; nothing between
    assert (end["from"], end["to"], end["rows"]) == (0.0, 30.0, 1)
    assert (end["rmse"], end["baseline_rmse"], end["coverage90"], end["width90"]) == (10.0, 0.0, 0.0, 18.0)
    assert (healthy["from"], healthy["to"], healthy["rows"]) == (125.0, None, 2)
    assert healthy["rmse"] == pytest.approx(25 / math.sqrt(2))
    assert healthy["baseline_rmse"] == pytest.approx(5 / math.sqrt(2))
    assert healthy["coverage90"] == 1.0


def test_one_seed_has_no_deviation() -> None:
    one = replace(FORECASTS, by_seed=FORECASTS.by_seed[:1])
    assert seed_figures(Judged(one, ANSWERS), CAP)["deviation"] is None


def test_interval_of_the_difference_is_drawn_over_engines_not_rows() -> None:
    one_engine = Forecasts(np.ones(3, np.int64), FORECASTS.estimate, FORECASTS.baseline, FORECASTS.by_seed)
    low, high = _interval(one_engine)
    assert low == pytest.approx(high)  # a single engine leaves nothing to draw
    low, high = _interval(FORECASTS)
    difference = out_of_fold_figures(Judged(FORECASTS, ANSWERS), CAP, seed=0)["difference"]
    assert isinstance(difference, float)
    assert low < difference < high


def _interval(forecasts: Forecasts) -> tuple[float, float]:
    interval = out_of_fold_figures(Judged(forecasts, ANSWERS), CAP, seed=0)["difference_ci95"]
    assert isinstance(interval, list)
    low, high = interval
    return low, high
