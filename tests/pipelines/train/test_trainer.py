"""Training on a real Ray on this machine: two workers, a killed worker, and a worker in another directory."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest
import torch

from models.prognosis.targets import LabelledVectors
from models.prognosis.training import TrainingSettings
from pipelines.errors import NothingToTrain
from pipelines.train.cluster import ON_LOOPBACK, ray_cluster
from pipelines.train.trainer import RayRun, TrainedPrognosis, scaling, train_prognosis
from tests.models.prognosis.toys import GRID, toy_rows
from tests.pipelines.train.clusters import ROOT

EPOCHS, WORKERS, FOLDS = 6, 2, 4


@pytest.fixture(scope="module")
def _ray() -> Iterator[None]:
    with ray_cluster(WORKERS):
        yield


@pytest.fixture
def storage() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


@pytest.fixture(scope="module")
def left_alone(_ray: None) -> TrainedPrognosis:
    """The result of a training whose processes nobody kills."""
    with tempfile.TemporaryDirectory() as folder:
        return train_prognosis(long_rows(), GRID, 4.0, [LONG], each_epoch(Path(folder)))


SETTINGS = TrainingSettings(epochs=EPOCHS, batch_rows=64, folds=FOLDS, learning_rate=1e-2, hidden=(16,), dropout=0.1)
LONG = replace(SETTINGS, epochs=5)


def long_rows() -> LabelledVectors:
    """Return so many rows that an epoch is long enough to be killed in."""
    return toy_rows(machines=40, rows=150)


def each_epoch(storage: Path, name: str | None = None) -> RayRun:
    """Return a run that reports every epoch, so that it can be cut off between any two."""
    return RayRun(storage, WORKERS, name=name, report_seconds=0.0)


def same(one: TrainedPrognosis, other: TrainedPrognosis) -> None:
    """Check that two trainings came to the same network and the same intervals, bit by bit."""
    for name, value in one.ensemble.state_dict().items():
        assert torch.equal(value, other.ensemble.state_dict()[name]), name
    np.testing.assert_array_equal(one.unseen, other.unseen)
    assert one.intervals.table == other.intervals.table
    assert one.last_metrics["best_epoch"] == other.last_metrics["best_epoch"]


DRIVEN = "driven"


def drive(storage: str) -> None:
    """Train in this process: the program of a driver that is killed."""
    with ray_cluster(WORKERS):
        train_prognosis(long_rows(), GRID, 4.0, [LONG], each_epoch(Path(storage), name=DRIVEN))


def noted(storage: Path) -> bool:
    """Say whether Ray has taken note of a checkpoint: it counts from the moment when every worker has reported."""
    snapshots = [file.read_text() for file in storage.glob("*/checkpoint_manager_snapshot.json")]
    return any("checkpoint_" in text for text in snapshots)


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
            if noted(self.storage) and (victims := train_processes()):
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
        assert sorted(set(trained.fold[:, 0].tolist())) == list(range(FOLDS))
        assert not trained.ensemble.training

    def test_one_worker_and_two_come_to_the_same_figures(self, storage: Path) -> None:
        rows, settings = toy_rows(machines=40), replace(SETTINGS, dropout=0.0)
        one, two = (train_prognosis(rows, GRID, 4.0, [settings], RayRun(storage, workers)) for workers in (1, 2))
        assert (one.last_metrics["workers"], two.last_metrics["workers"]) == (1, 2)
        assert two.last_metrics["blind_loss"] == pytest.approx(one.last_metrics["blind_loss"], abs=1e-3)
        np.testing.assert_allclose(two.unseen, one.unseen, atol=1e-3)
        for bound in ("low", "high"):
            first, second = (np.array(getattr(each.intervals.table, bound)) for each in (one, two))
            np.testing.assert_allclose(first, second, atol=1e-3)

    def test_few_reports_come_to_the_result_of_one_after_every_epoch(
        self, storage: Path, left_alone: TrainedPrognosis
    ) -> None:
        few = RayRun(storage, WORKERS, report_seconds=3600.0)
        trained = train_prognosis(long_rows(), GRID, 4.0, [LONG], few)
        assert len(list(storage.glob("*/checkpoint_2*"))) == 1
        assert trained.last_metrics["epoch"] == LONG.epochs - 1
        same(trained, left_alone)

    def test_killed_worker_comes_back_and_the_result_is_that_of_a_training_left_alone(
        self, storage: Path, left_alone: TrainedPrognosis
    ) -> None:
        killer = Killer(storage)
        killer.start()
        began = time.monotonic()
        trained = train_prognosis(long_rows(), GRID, 4.0, [LONG], each_epoch(storage))
        killer.done.set()
        killer.join()
        assert killer.killed, f"nothing was killed in {time.monotonic() - began:.0f} s"
        assert trained.last_metrics["resumed_at"] > 0
        assert trained.last_metrics["epoch"] == LONG.epochs - 1
        assert trained.last_metrics["workers"] == WORKERS
        same(trained, left_alone)

    def test_killed_driver_is_followed_by_another_that_comes_to_the_same_result(
        self, storage: Path, left_alone: TrainedPrognosis
    ) -> None:
        program = f"from tests.pipelines.train.test_trainer import drive; drive({str(storage)!r})"
        driver = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.DEVNULL)
        try:
            while not noted(storage):
                assert driver.poll() is None, "the driver ended before it was killed"
                time.sleep(0.02)
        finally:
            driver.kill()
            driver.wait()
        trained = train_prognosis(long_rows(), GRID, 4.0, [LONG], each_epoch(storage, name=DRIVEN))
        assert trained.last_metrics["resumed_at"] > 0
        assert trained.last_metrics["epoch"] == LONG.epochs - 1
        same(trained, left_alone)

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
        assert all(Path(file).is_relative_to(ROOT) for file in files.values())
        assert len(files) == 4

    def test_cluster_within_a_cluster_leaves_it_running(self) -> None:
        import ray

        with ray_cluster(1):
            assert ray.is_initialized()
        assert ray.is_initialized()


@pytest.mark.integration
@pytest.mark.slow  # starts Ray
def test_every_socket_of_a_local_ray_is_on_loopback() -> None:
    """In a process of its own: Ray reads where to listen when it is imported, which another test may have done."""
    environment = {name: value for name, value in os.environ.items() if name not in ON_LOOPBACK}
    command = [sys.executable, "-W", "ignore", str(Path(__file__).with_name("local_ray.py"))]
    done = subprocess.run(
        command, env={**environment, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3_000:]
    assert json.loads(done.stdout.splitlines()[-1]) == {"raylets": 1, "outside": []}


@pytest.mark.parametrize(
    ("resources", "workers", "use_gpu"),
    [
        ({"CPU": 4.0}, 1, False),
        ({"CPU": 16.0, "GPU": 1.0, "accelerator_type:H200": 1.0}, 1, True),
        ({"CPU": 16.0, "GPU": 1.0}, 2, False),
        ({"CPU": 64.0, "GPU": 4.0}, 3, True),
        ({"CPU": 4.0, "GPU": 0.0}, 1, False),
    ],
)
def test_workers_train_on_gpus_where_the_cluster_has_one_for_each(
    resources: dict[str, float], workers: int, use_gpu: bool
) -> None:
    found = scaling(resources, workers)
    assert (found.num_workers, found.use_gpu) == (workers, use_gpu)


def test_too_few_failures_are_refused_before_ray_is_asked(tmp_path: Path) -> None:
    rows = toy_rows(machines=20, censored_share=0.0)
    few = replace(rows, is_failure=rows.is_failure & (rows.machine < 9))
    with pytest.raises(NothingToTrain, match="found 9"):
        train_prognosis(few, GRID, 4.0, [SETTINGS], RayRun(tmp_path))
