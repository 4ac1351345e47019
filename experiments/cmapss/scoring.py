"""Figures of a C-MAPSS run, each with its protocol."""

import numpy as np

from experiments.cmapss.protocol import Forecasts
from models.prognosis.metrics import bootstrap_difference, coverage, phm08_score, root_mean_square

Figures = dict[str, object]


def test_figures(forecasts: Forecasts, cap: float) -> Figures:
    """Score test engines, with labels clipped at the cap and raw; null where answers are missing."""
    names = ("rmse_clipped", "score_clipped", "rmse_raw", "score_raw", "coverage90", "width90")
    if forecasts.truth.size == 0:
        missing: Figures = dict.fromkeys(names)
        return {**missing, "width90": float(np.mean(forecasts.p95 - forecasts.p05))} | {
            "baseline": dict.fromkeys(names[:4])
        }
    truth = np.minimum(forecasts.truth, cap)
    return {
        **_point_figures(forecasts.mean, forecasts.truth, cap),
        "coverage90": coverage(forecasts.p05, forecasts.p95, truth),
        "width90": float(np.mean(forecasts.p95 - forecasts.p05)),
        "baseline": _point_figures(forecasts.baseline, forecasts.truth, cap),
    }


def out_of_fold_figures(forecasts: Forecasts, cap: float, seed: int) -> Figures:
    """Score out-of-fold forecasts, labels clipped at the cap, paired with the baseline by engine."""
    truth = np.minimum(forecasts.truth, cap)
    error, baseline_error = forecasts.mean - truth, forecasts.baseline - truth
    rmse, baseline_rmse = root_mean_square(error), root_mean_square(baseline_error)
    return {
        "rmse": rmse,
        "baseline_rmse": baseline_rmse,
        "difference": rmse - baseline_rmse,
        "difference_ci95": list(bootstrap_difference(error, baseline_error, forecasts.unit, seed)),
        "coverage90": coverage(forecasts.p05, forecasts.p95, truth),
        "width90": float(np.mean(forecasts.p95 - forecasts.p05)),
    }


def _point_figures(mean: np.ndarray, truth: np.ndarray, cap: float) -> Figures:
    clipped, raw = mean - np.minimum(truth, cap), mean - truth
    return {
        "rmse_clipped": root_mean_square(clipped),
        "score_clipped": phm08_score(clipped),
        "rmse_raw": root_mean_square(raw),
        "score_raw": phm08_score(raw),
    }
