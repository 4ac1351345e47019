"""A training that is handed to a cluster of its own machine with `ray job submit`."""

import json
import re
import subprocess
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from features.domain.home import Home
from models.registry.registry import CHALLENGER, ModelRegistry
from models.registry.tracking import Tracking
from pipelines.train.cluster import ON_LOOPBACK
from tests.pipelines.train.clusters import RAY, ROOT, free_port, head, let_in, reachable_from_outside, wait_for

pytestmark = [pytest.mark.integration, pytest.mark.slow]  # starts a cluster

_LARGEST = 10_000_000
"""A checkout without its tests, documents, data and history, in bytes."""


def test_training_is_submitted_and_succeeds_with_a_small_checkout_and_all_sockets_on_loopback(
    installation: Path,
) -> None:
    training = ["python", "-m", "pipelines", "train", "--home", str(installation), "--workers", "1", "--epochs", "1"]
    submit = ["job", "submit", "--submission-id", "training", "--working-dir", ".", "--", *training, "--json"]
    port, inside = free_port(), let_in() | ON_LOOPBACK
    serving = ["--num-cpus", "3", "--dashboard-host", "127.0.0.1", "--dashboard-port", str(port)]
    with head(inside, *serving) as started:
        wait_for(port)
        environment = {**inside, "RAY_API_SERVER_ADDRESS": f"http://127.0.0.1:{port}"}
        with pytest.raises(HTTPError, match="401"):
            urlopen(f"http://127.0.0.1:{port}/api/jobs/", timeout=30)
        told = _ray(submit, environment)
        assert "succeeded" in _ray(["job", "status", "training"], environment)
        assert reachable_from_outside(started.process) == []
        _check_what_was_shipped(started.folder)
    outcome = re.search(r"^\{$.*^\}$", told, re.DOTALL | re.MULTILINE)
    assert outcome is not None, told
    assert json.loads(outcome[0])["training"]["ray_workers"] == 1
    store = Tracking(Home(installation).tracking_url, Home(installation).artefacts)
    assert ModelRegistry(store).version_of("pump_prognosis", CHALLENGER) == "1"


def _check_what_was_shipped(folder: Path) -> None:
    (shipped,) = (each for each in folder.glob("**/working_dir_files/_ray_pkg_*") if each.is_dir())
    names = {each.name for each in shipped.iterdir()}
    assert {"pipelines", "models", "features"} <= names
    assert not {"tests", "docs", "var", ".git", ".venv"} & names
    assert sum(file.stat().st_size for file in shipped.rglob("*") if file.is_file()) < _LARGEST


def _ray(arguments: list[str], environment: dict[str, str]) -> str:
    done = subprocess.run([RAY, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr)[-3_000:]
    return done.stdout
