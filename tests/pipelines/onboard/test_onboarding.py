"""From folders to forecasts by the command itself: few failures with a threshold, none at all, named states."""

import csv
import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from edge_export.bundle.shelf import BundleShelf
from features.packs.writing import write_pack
from pipelines.__main__ import build_app
from pipelines.drafting.command import document_of
from pipelines.drafting.profile import profile_folder
from pipelines.drafting.proposing import propose
from tests.pipelines.onboard.machines import write_states_folder

BATTERY = Path("experiments/battery/pack")


def onboard(pack: Path, data: Path, home: Path, out: Path | None = None) -> dict[str, object]:
    arguments = ["onboard", "--pack", str(pack), "--data", str(data), "--home", str(home), "--json"]
    done = CliRunner().invoke(build_app("onboard"), arguments + ([] if out is None else ["--predict", str(out)]))
    assert done.exit_code == 0, done.output
    found: dict[str, object] = json.loads(done.stdout)
    return found


def write_cells(folder: Path, failed: int, running: int) -> None:
    """Write cells that fade to 1.4 Ah at their own rate, and others on their way."""
    folder.mkdir(parents=True)
    generator = np.random.default_rng(0)
    parts, events = [], []
    for index in range(failed + running):
        cycle = np.arange(1.0, 160.0)
        capacity = 1.9 - (0.005 + 0.0005 * index) * cycle + 0.002 * generator.standard_normal(len(cycle))
        end = int(np.flatnonzero(capacity <= 1.4)[0]) + 1 if index < failed else 50
        cell = f"cell-{index}"
        parts.append(
            pl.DataFrame({"life": cycle[:end], "capacity": capacity[:end]}).with_columns(asset_id=pl.lit(cell))
        )
        if index < failed:
            events.append({"asset_id": cell, "life": float(end), "kind": "failure"})
    pl.concat(parts).write_csv(folder / "telemetry.csv")
    if events:
        pl.DataFrame(events).write_csv(folder / "events.csv")


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.slow  # makes an MLflow store, exports a bundle
def test_few_failures_with_a_threshold_end_in_a_bundle_and_forecasts(tmp_path: Path) -> None:
    write_cells(tmp_path / "data", failed=4, running=2)
    found = onboard(BATTERY, tmp_path / "data", tmp_path / "home", tmp_path / "out")
    models = found["models"]
    assert isinstance(models, dict)
    assert models["life"]["model"] == "degradation_path"
    assert models["life"]["test"]["rmse"] < 15
    assert BundleShelf(tmp_path / "home" / "bundles").versions("li_ion_cell") == ["1"]
    assert "No machine that may teach was known to be healthy" in _card(tmp_path / "home")  # cells fade from the first
    rows = read(tmp_path / "out" / "forecasts.csv")
    columns = ["asset_id", "at", "status", "p05", "p50", "p95", "mean", "p_fail@10", "p_fail@30", "p_fail@60"]
    assert list(rows[0]) == columns
    assert [(row["asset_id"], row["at"], row["status"]) for row in rows] == [
        ("cell-4", "50.0", "ok"),
        ("cell-5", "50.0", "ok"),
    ]
    truth = {"cell-4": 0.5 / 0.007 - 50, "cell-5": 0.5 / 0.0075 - 50}
    for row in rows:
        assert float(row["p05"]) <= truth[row["asset_id"]] <= float(row["p95"])
        assert float(row["p_fail@10"]) <= float(row["p_fail@30"]) <= float(row["p_fail@60"])


def _card(home: Path) -> str:
    (card,) = (home / "bundles").rglob("model_card.md")
    return card.read_text(encoding="utf-8")


@pytest.mark.slow
def test_no_failure_gives_no_model_and_rows_that_say_so(tmp_path: Path) -> None:
    write_cells(tmp_path / "data", failed=0, running=3)
    found = onboard(BATTERY, tmp_path / "data", tmp_path / "home", tmp_path / "out")
    assert found["models"] == {}
    rows = read(tmp_path / "out" / "forecasts.csv")
    assert {row["status"] for row in rows} == {"unavailable"}
    assert {row["mean"] for row in rows} == {""}


@pytest.mark.slow
def test_cycles_without_labels_get_a_state_and_waveforms_a_reasoned_no(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    write_states_folder(data)
    (data / "waveforms.csv").write_text("asset_id,life,signal,rate_hz,samples\n")
    write_pack(
        tmp_path / "pack", document_of(propose(profile_folder(data), "oven")), {"format": 1, "failure_modes": []}, ()
    )
    found = onboard(tmp_path / "pack", data, tmp_path / "home", tmp_path / "out")
    feasibility = found["feasibility"]
    assert isinstance(feasibility, dict)
    assert "waveforms.csv is not used" in feasibility["data"]["notes"][0]
    rows = read(tmp_path / "out" / "states.csv")
    assert list(rows[0]) == ["asset_id", "at", "target", "value", "probability"]
    assert [(row["at"], row["value"]) for row in rows] == [("9.29", "cold"), ("10.29", "hot"), ("11.29", "cold")]
    assert not (tmp_path / "out" / "detections.csv").exists()
