"""No signal names its label, yet together, smoothed, and against the machine's own past, they tell something."""

import numpy as np
import polars as pl
import pytest
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped] # scikit-learn has no types
from sklearn.metrics import roc_auc_score  # type: ignore[import-untyped] # scikit-learn has no types

from pipelines.simulate.fleet import SimulatedFleet
from pipelines.simulate.signals import SENSORS, SIGNALS


@pytest.fixture(scope="module")
def labelled(fleet: SimulatedFleet) -> pl.DataFrame:
    failures = fleet.truth.lives.filter(pl.col("end") == "failure").select("asset_id", failed_at="ended_at")
    impossible = [-999.0, 65_535.0]
    rows = fleet.telemetry.unique(["asset_id", "time"], keep="first").sort("time")
    return (
        rows.with_columns(
            pl.when(pl.col(signal).is_finite() & pl.col(signal).is_in(impossible).not_()).then(pl.col(signal))
            for signal in SIGNALS
        )
        .filter(pl.col("speed") > 300)
        .join_asof(failures.sort("failed_at"), left_on="time", right_on="failed_at", by="asset_id", strategy="forward")
        .with_columns(fails_soon=(pl.col("failed_at") - pl.col("time") <= pl.duration(days=7)).fill_null(value=False))
        .sort("asset_id", "time")
    )


@pytest.mark.parametrize("signal", SIGNALS)
def test_no_raw_signal_separates_failure_within_seven_days(labelled: pl.DataFrame, signal: str) -> None:
    rows = labelled.drop_nulls(signal)
    area = float(roc_auc_score(rows["fails_soon"].to_numpy(), rows[signal].to_numpy()))
    assert max(area, 1 - area) < 0.97


def test_smoothed_signals_forecast_failures_on_other_pumps_but_never_perfectly(labelled: pl.DataFrame) -> None:
    recent = [
        (
            (pl.col(signal).rolling_mean(24, min_samples=1) - pl.col(signal).rolling_mean(360, min_samples=1))
            / pl.col(signal).std()
        )
        .over("asset_id")
        .fill_null(0.0)
        .alias(signal)
        for signal in SENSORS
    ]
    inputs = labelled.select("asset_id", "fails_soon", *recent)
    pumps = sorted(set(labelled["asset_id"]))
    unseen = inputs["asset_id"].is_in(pumps[::4]).to_numpy()
    x, y = inputs.select(SENSORS).to_numpy(), inputs["fails_soon"].to_numpy()
    model = LogisticRegression(max_iter=300).fit(x[~unseen][::3], y[~unseen][::3])
    area = float(roc_auc_score(y[unseen], model.predict_proba(x[unseen])[:, 1]))
    assert 0.75 < area < 0.97
    assert np.mean(y) < 0.15
