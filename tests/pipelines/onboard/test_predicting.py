from pathlib import Path

import polars as pl

from features.domain.events import EventKind
from pipelines.onboard.bringing import BroughtFolder
from pipelines.onboard.predicting import forecast_columns, newest_lives, write_predictions
from tests.pipelines.building.machines import track
from tests.pipelines.onboard.machines import PACK, brought, fleet


def test_newest_life_of_each_machine_counts_unless_it_failed() -> None:
    old, new = track(PACK, "a", 20), track(PACK, "a", 10, end=None, number=1, start=30)
    failed = track(PACK, "b", 20)
    censored = track(PACK, "c", 20, end=EventKind.END_OF_OBSERVATION)
    assert newest_lives([new, old, failed, censored]) == [new, censored]


def test_columns_are_those_of_the_design() -> None:
    expected = ("asset_id", "at", "status", "p05", "p50", "p95", "mean", "p_fail@24", "p_fail@72")
    assert forecast_columns(PACK) == expected


def test_without_a_model_every_machine_gets_a_row_that_says_so(tmp_path: Path) -> None:
    pl.DataFrame({"asset_id": ["fan-x0"], "time": ["2026-01-01T00:00:00Z"]}).write_csv(tmp_path / "telemetry.csv")
    tracks = fleet(2)
    folder = BroughtFolder(tmp_path, tracks, {}, brought(tracks))
    assert write_predictions(tmp_path / "out", PACK, folder, None, {}) == {"forecasts.csv": 2}
    lines = (tmp_path / "out" / "forecasts.csv").read_text().splitlines()
    assert lines[1] == "fan-x0,2026-01-03T11:00:00Z,unavailable,,,,,,"
