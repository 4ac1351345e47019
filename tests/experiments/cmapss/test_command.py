import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from experiments.cmapss import report
from experiments.cmapss.command import run
from experiments.cmapss.protocol import Estimate, Forecasts
from experiments.cmapss.reader import read_subset
from pipelines.progress import Stages
from tests.experiments.cmapss.drawing_board import DrawingBoard
from tests.experiments.cmapss.nasa_files import write_subset

TEST_KEYS = ["rmse_clipped", "score_clipped", "rmse_raw", "score_raw", "coverage90", "width90"]
OOF_KEYS = ["rmse", "baseline_rmse", "difference", "difference_ci95", "coverage90", "width90"]


def quiet_stages() -> Stages:
    return Stages(Console(file=io.StringIO()))


def run_on(folder: Path, answers: bool, predictions: Path | None = None) -> dict[str, object]:
    write_subset(folder, "FD002", training=16, tests=5, answers=answers)
    return run(DrawingBoard(), read_subset(folder, "FD002"), quiet_stages(), predictions)


def test_figures_have_exactly_the_agreed_keys(tmp_path: Path) -> None:
    figures = run_on(tmp_path, answers=True)
    assert list(figures) == ["subset", *TEST_KEYS, "oof", "baseline", "seeds", "by_remaining"]
    oof, baseline = figures["oof"], figures["baseline"]
    assert isinstance(oof, dict)
    assert isinstance(baseline, dict)
    assert list(oof) == OOF_KEYS
    assert list(baseline) == TEST_KEYS[:4]
    assert oof["difference"] == pytest.approx(oof["rmse"] - oof["baseline_rmse"])
    json.dumps(figures, allow_nan=False)


def test_without_answers_test_figures_are_null_and_predictions_are_still_written(tmp_path: Path) -> None:
    with_answers, without = tmp_path / "with.csv", tmp_path / "without.csv"
    run_on(tmp_path / "with", answers=True, predictions=with_answers)
    figures = run_on(tmp_path / "without", answers=False, predictions=without)
    assert [figures[key] for key in TEST_KEYS] == [None] * 6
    assert set(dict(figures["baseline"]).values()) == {None}  # type: ignore[call-overload]  # a figure is any object
    assert None not in dict(figures["oof"]).values()  # type: ignore[call-overload]  # as above
    json.dumps(figures, allow_nan=False)
    assert without.read_bytes() == with_answers.read_bytes()


def test_predictions_come_by_unit_under_the_agreed_header() -> None:
    estimate = Estimate(np.array([30.5, 20.25]), np.array([10.0, 5.0]), np.array([30.0, 20.0]), np.array([50.0, 40.0]))
    text = report.predictions_csv(Forecasts(np.array([2, 1]), estimate, np.array([0.0, 0.0]), np.zeros((1, 2))))
    assert text == "unit,mean,p05,p50,p95\n1,20.25,5.0,20.0,40.0\n2,30.5,10.0,30.0,50.0\n"


def test_predictions_are_ordered_within_themselves(tmp_path: Path) -> None:
    run_on(tmp_path, answers=False, predictions=tmp_path / "p.csv")
    rows = list(csv.DictReader((tmp_path / "p.csv").read_text().splitlines()))
    assert [row["unit"] for row in rows] == ["1", "2", "3", "4", "5"]
    for row in rows:
        assert 0 <= float(row["p05"]) <= float(row["p50"]) <= float(row["p95"]) <= 125


def test_protocols_never_share_a_table(tmp_path: Path) -> None:
    figures = {**run_on(tmp_path, answers=True), "rmse_clipped": 11.5, "rmse_raw": 13.25}
    text = io.StringIO()
    report.show(figures, Console(file=text, width=120))
    titles = [line for line in text.getvalue().splitlines() if line.startswith("C-MAPSS")]
    assert len(titles) == 4
    assert "out of fold" in titles[0]
    assert "clipped at 125" in titles[1]
    assert "by true remaining life, labels clipped at 125" in titles[2]
    assert "raw" in titles[3]
    raw = text.getvalue().partition(titles[3])[2]
    assert "13.250" in raw
    assert "11.500" not in raw
    assert "11.500" in text.getvalue()


def test_people_are_told_that_answers_are_missing(tmp_path: Path) -> None:
    text = io.StringIO()
    report.show(run_on(tmp_path, answers=False), Console(file=text, width=120))
    assert "answers of this subset are missing" in text.getvalue()
