"""Figures of a C-MAPSS run, each with its protocol."""

import itertools

import numpy as np
from numpy.typing import NDArray

from experiments.cmapss.protocol import Column, Forecasts, Judged
from models.prognosis.metrics import bootstrap_difference, coverage, phm08_score, root_mean_square

Figures = dict[str, object]

POINT_KEYS = ("rmse_clipped", "score_clipped", "rmse_raw", "score_raw")
INTERVAL_KEYS = ("coverage90", "width90")
BANDS = (0.0, 30.0, 75.0, 125.0, np.inf)
"""True remaining lives that figures are told apart by, cycles: the end, where it matters, and on to healthy engines."""


def test_figures(forecasts: Forecasts, answers: NDArray[np.float64] | None, cap: float) -> tuple[Figures, Figures]:
    """Score test engines, with labels clipped at the cap and raw.

    Args:
        forecasts: One row per test engine, in the order of the answers.
        answers: True remaining lives, cycles; None where they are missing. Shape (batch,).
        cap: Where labels are clipped, cycles.

    Returns:
        Figures of the network and of the baseline; every one is None where answers are missing.
    """
    if answers is None:
        return dict.fromkeys((*POINT_KEYS, *INTERVAL_KEYS)), dict.fromkeys(POINT_KEYS)
    intervals = _interval_figures(forecasts, np.minimum(answers, cap))
    model = {**_point_figures(forecasts.estimate.mean, answers, cap), **intervals}
    return model, _point_figures(forecasts.baseline, answers, cap)


def out_of_fold_figures(judged: Judged, cap: float, seed: int) -> Figures:
    """Score out-of-fold forecasts, labels clipped at the cap, paired with the baseline by engine."""
    truth, forecasts = np.minimum(judged.truth, cap), judged.forecasts
    error, baseline_error = forecasts.estimate.mean - truth, forecasts.baseline - truth
    rmse, baseline_rmse = root_mean_square(error), root_mean_square(baseline_error)
    return {
        "rmse": rmse,
        "baseline_rmse": baseline_rmse,
        "difference": rmse - baseline_rmse,
        "difference_ci95": list(bootstrap_difference(error, baseline_error, forecasts.unit, seed)),
        **_interval_figures(forecasts, truth),
    }


def seed_figures(judged: Judged, cap: float) -> Figures:
    """Score each seed's own networks out of fold, labels clipped at the cap.

    Returns:
        RMSE of each seed, their mean and standard deviation, and how many were better than the baseline.
    """
    truth, forecasts = np.minimum(judged.truth, cap), judged.forecasts
    rmse = [root_mean_square(mean - truth) for mean in forecasts.by_seed]
    baseline_rmse = root_mean_square(forecasts.baseline - truth)
    return {
        "rmse": rmse,
        "mean": float(np.mean(rmse)),
        "deviation": float(np.std(rmse, ddof=1)) if len(rmse) > 1 else None,
        "better_than_baseline": sum(each < baseline_rmse for each in rmse),
    }


def band_figures(forecasts: Forecasts, truth: Column, cap: float) -> list[Figures]:
    """Score forecasts apart by true remaining life, labels clipped at the cap; nobody knows the band beforehand.

    The bands differ in difficulty more than models do, and a random cycle falls into others than the end of a test
    record: totals of the two can be compared only through them.

    Returns:
        For each band of `BANDS` with a row in it: its bounds, its rows, RMSE of network and baseline, and the interval.
    """
    found: list[Figures] = []
    for least, most in itertools.pairwise(BANDS):
        rows = (truth >= least) & (truth < most)
        if rows.any():
            low, high = forecasts.estimate.p05[rows], forecasts.estimate.p95[rows]
            label = np.minimum(truth[rows], cap)
            found.append(
                {
                    "from": least,
                    "to": most if np.isfinite(most) else None,
                    "rows": int(rows.sum()),
                    "rmse": root_mean_square(forecasts.estimate.mean[rows] - label),
                    "baseline_rmse": root_mean_square(forecasts.baseline[rows] - label),
                    "coverage90": coverage(low, high, label),
                    "width90": float(np.mean(high - low)),
                }
            )
    return found


def _point_figures(mean: Column, truth: Column, cap: float) -> Figures:
    clipped, raw = mean - np.minimum(truth, cap), mean - truth
    values = (root_mean_square(clipped), phm08_score(clipped), root_mean_square(raw), phm08_score(raw))
    return dict(zip(POINT_KEYS, values, strict=True))


def _interval_figures(forecasts: Forecasts, truth: Column) -> Figures:
    low, high = forecasts.estimate.p05, forecasts.estimate.p95
    return {"coverage90": coverage(low, high, truth), "width90": float(np.mean(high - low))}
