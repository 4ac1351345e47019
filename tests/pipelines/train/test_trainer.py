"""Training on a real Ray on this machine: two workers, a killed worker, and a worker in another directory."""

import os
import signal
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest

from models.prognosis.training import TrainingSettings
from pipelines.errors import NothingToTrain
from pipelines.train.cluster import ray_cluster
from pipelines.train.trainer import RayRun, train_prognosis
from tests.models.prognosis.toys import GRID, toy_rows

EPOCHS, WORKERS, FOLDS = 6, 2, 4


@pytest.fixture(scope="module")
def _ray() -> Iterator[None]:
    with ray_cluster(WORKERS):
        yield


@pytest.fixture
def storage() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


SETTINGS = TrainingSettings(epochs=EPOCHS, batch_rows=64, folds=FOLDS, learning_rate=1e-2, hidden=(16,), dropout=0.1)


def train_processes() -> list[psutil.Process]:
    """Return the processes of Ray's training workers that this process has started."""
    found = []
    for process in psutil.Process().children(recursive=True):
        try:
            title = " ".join(process.cmdline())
        except psutil.Error:
            continue
        if "ray::" in title and "RayTrainWorker" in title:
            found.append(process)
    return found


class Killer(threading.Thread):
    """Kills one training worker, once, as soon as Ray has taken note of the first checkpoint."""

    def __init__(self, storage: Path) -> None:
        super().__init__(daemon=True)
        self.storage, self.killed, self.done = storage, 0, threading.Event()

    def run(self) -> None:
        while not self.done.wait(0.02):
            # A checkpoint counts from the moment when every worker has reported: then Ray writes it down here.
            noted = [file.read_text() for file in self.storage.glob("*/checkpoint_manager_snapshot.json")]
            if any("checkpoint_" in text for text in noted) and (victims := train_processes()):
                os.kill(victims[-1].pid, signal.SIGKILL)
                self.killed = victims[-1].pid
                return


@pytest.mark.integration
@pytest.mark.slow  # starts Ray
@pytest.mark.usefixtures("_ray")
class TestOnRay:
    def test_two_workers_train_one_ensemble_and_its_calibration(self, storage: Path) -> None:
        rows = toy_rows(machines=40)
        trained = train_prognosis(rows, GRID, 4.0, [SETTINGS], RayRun(storage, WORKERS))
        assert trained.settings == SETTINGS
        assert trained.last_metrics["workers"] == WORKERS
        assert trained.last_metrics["epoch"] == EPOCHS - 1
        assert trained.last_metrics["resumed_at"] == 0
        assert trained.unseen.shape == (len(rows), GRID.steps)
        assert ((trained.unseen >= 0) & (trained.unseen <= 1)).all()
        assert (np.diff(trained.unseen, axis=1) <= 1e-9).all()
        assert trained.intervals.table.stages == 1
        assert 0 <= trained.intervals.table.low[0][0] < 0.5 < trained.intervals.table.high[0][0] <= 1
        assert sorted(set(trained.fold.tolist())) == list(range(FOLDS))
        assert not trained.ensemble.training

    def test_killed_worker_comes_back_and_training_ends_from_the_last_checkpoint(self, storage: Path) -> None:
        rows = toy_rows(machines=40, rows=300)  # an epoch long enough to be killed in
        killer = Killer(storage)
        killer.start()
        began = time.monotonic()
        trained = train_prognosis(rows, GRID, 4.0, [replace(SETTINGS, epochs=8)], RayRun(storage, WORKERS))
        killer.done.set()
        killer.join()
        assert killer.killed, f"nothing was killed in {time.monotonic() - began:.0f} s"
        assert trained.last_metrics["resumed_at"] > 0
        assert trained.last_metrics["epoch"] == 7
        assert trained.last_metrics["workers"] == WORKERS

    def test_worker_in_another_directory_imports_our_packages(self) -> None:
        import ray

        @ray.remote
        def imported() -> dict[str, str]:
            import importlib

            with tempfile.TemporaryDirectory() as folder:
                os.chdir(folder)
                names = ("features.domain.time", "models.prognosis.loss", "edge_export.issuing", "pipelines.train.loop")
                files = {name: str(importlib.import_module(name).__file__) for name in names}
                os.chdir("/")
            return files

        files = ray.get(imported.remote())
        root = Path(__file__).resolve().parents[3]
        assert all(Path(file).is_relative_to(root) for file in files.values())
        assert len(files) == 4

    def test_cluster_within_a_cluster_leaves_it_running(self) -> None:
        import ray

        with ray_cluster(1):
            assert ray.is_initialized()
        assert ray.is_initialized()


def test_too_few_failures_are_refused_before_ray_is_asked(tmp_path: Path) -> None:
    rows = toy_rows(machines=20, censored_share=0.0)
    few = replace(rows, is_failure=rows.is_failure & (rows.machine < 9))
    with pytest.raises(NothingToTrain, match="found 9"):
        train_prognosis(few, GRID, 4.0, [SETTINGS], RayRun(tmp_path))
