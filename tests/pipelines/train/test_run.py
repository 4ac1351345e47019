"""A whole training on a small fleet, from stored telemetry to MLflow, with a search; cut off, resumed, as a project."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from features.domain.home import Home
from features.domain.identifiers import DEFAULT_TENANT
from features.packs.loader import load_pack
from models.prognosis.training import TrainingSettings
from models.registry.registry import CHALLENGER, ModelRegistry
from models.registry.tracking import PARENT, Tracking
from pipelines.errors import TrainingFailed
from pipelines.progress import Stages
from pipelines.train.run import TrainingOrder, train

pytestmark = [pytest.mark.integration, pytest.mark.slow]  # starts Ray

ROOT = Path(__file__).resolve().parents[3]
PACK = load_pack("pump")
SETTINGS = TrainingSettings(epochs=2, batch_rows=256, hidden=(16,), folds=3)


def tracking(home: Path) -> Tracking:
    return Tracking(Home(home).tracking_url, Home(home).artefacts)


def order(home: Path, **given: Any) -> TrainingOrder:
    return TrainingOrder(Home(home), PACK, DEFAULT_TENANT, [SETTINGS], workers=1, **given)


def kept(home: Path, run_id: str) -> dict[str, Path]:
    """Return the files that lie with a run, by their name below it."""
    (folder,) = Home(home).artefacts.glob(f"*/{run_id}/artifacts")
    return {str(file.relative_to(folder)): file for file in folder.rglob("*") if file.is_file()}


def test_training_leaves_all_that_a_data_scientist_looks_for(installation: Path) -> None:
    outcome = train(order(installation, trials=3), Stages())
    store, run_id = tracking(installation), outcome.run_id
    run = store.known(run_id)
    assert run.status == "FINISHED"
    _check_identity(store, run_id)
    _check_files(kept(installation, run_id))
    _check_trials(store, run_id)
    client, version = store.client(), ModelRegistry(store).version_of(outcome.model, CHALLENGER)
    assert version == outcome.version
    found = client.get_model_version(outcome.model, outcome.version)
    assert found.run_id == run_id
    with pytest.raises(TrainingFailed, match="is finished"):
        train(order(installation, trials=3, resume=run_id), Stages())
    store.finish(run_id, "KILLED")
    with pytest.raises(TrainingFailed, match="search_trials of run"):
        train(order(installation, trials=2, resume=run_id), Stages())


def _check_identity(store: Tracking, run_id: str) -> None:
    known, run = store.known(run_id), store.client().get_run(run_id)
    assert len(known.tags["data.sha256"]) == 64
    assert len(known.tags["mlflow.source.git.commit"]) == 40
    assert known.tags["feast.project"] == "millwright"
    assert {"feast.feature_service", "feast.feature_refs", "feature_sha256", "pack", "tenant"} <= set(known.tags)
    assert known.parameters["seed"] == "0"
    assert known.parameters["split_protocol"].startswith("by machine")
    assert known.parameters["0.all_16.epochs"] == "2"
    assert run.inputs is not None
    contexts = {each.tags[0].value: each.dataset for each in run.inputs.dataset_inputs}
    assert set(contexts) == {"training", "testing"}
    assert known.tags["data.sha256"].startswith(contexts["training"].digest)
    assert {"test_brier_skill", "baseline_brier_skill", "test_coverage90"} <= set(run.data.metrics)
    for loss in ("train_loss_0.all_16", "blind_loss_0.all_16"):
        assert [each.step for each in store.client().get_metric_history(run_id, loss)] == list(range(SETTINGS.epochs))
    assert "modes_told" in run.data.metrics
    assert run.data.metrics["condition_machines"] >= 1


def _check_files(files: dict[str, Path]) -> None:
    wanted = {"calibration.png", "predicted_against_true.png", "coverage.json", "coverage.md", "model_card.md"}
    wanted |= {"failure_modes.json", "state_detection.json", "bundle/condition.json"}
    wanted |= {"weights.npz", "split.json", "feature_specification.json", "bundle/manifest.json"}
    assert wanted <= set(files)
    lives = [name for name in files if name.startswith("lives/")]
    split = json.loads(files["split.json"].read_text())
    assert split["held_out"]
    assert not set(split["held_out"]) & set(split["training"])
    dealt = [name for fold in split["folds"] for name in fold]
    assert len(split["folds"]) == SETTINGS.folds
    assert len(dealt) == len(set(dealt))
    assert set(dealt) <= set(split["training"])
    assert 1 <= len(lives) <= len(split["held_out"])
    assert all(files[name].read_bytes().startswith(b"\x89PNG") for name in lives)
    rows = json.loads(files["coverage.json"].read_text())
    assert rows["coverage"][0]["group"] == "all"
    assert not [name for name in files if name.endswith((".pkl", ".pickle", ".pt", ".pth"))]
    with np.load(files["weights.npz"], allow_pickle=False) as weights:
        state = {name: torch.from_numpy(weights[name]) for name in weights.files}
    assert state["logits.weights.0"].shape[0] == SETTINGS.folds
    assert all(torch.isfinite(value).all() for value in state.values())


def _check_trials(store: Tracking, run_id: str) -> None:
    experiment = store.client().get_run(run_id).info.experiment_id
    trials = store.client().search_runs([experiment], f"tags.`{PARENT}` = '{run_id}'")
    assert len(trials) == 3
    assert all(trial.info.status == "FINISHED" for trial in trials)
    assert all("blind_loss" in trial.data.metrics for trial in trials)
    assert len({trial.data.params["learning_rate"] for trial in trials}) == 3
    assert "search_found" in store.known(run_id).parameters


def test_checkout_is_a_project_that_mlflow_runs(installation: Path, tmp_path: Path) -> None:
    given = {"home": str(installation), "workers": "1", "epochs": "1"}
    parameters = [word for name, value in given.items() for word in ("-P", f"{name}={value}")]
    command = [sys.executable, "-m", "mlflow", "run", str(ROOT), "-e", "train", "--env-manager=local", *parameters]
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "MLFLOW_TRACKING_URI": f"sqlite:///{tmp_path / 'caller.db'}",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3_000:]
    assert ModelRegistry(tracking(installation)).version_of("pump_prognosis", CHALLENGER) == "1"
