import threading
from pathlib import Path

import pytest

from features.domain.home import Home
from pipelines.errors import BackgroundFailed, WorkerRunning
from pipelines.worker.background import Background
from pipelines.worker.worker import Worker
from tests.pipelines.building.machines import MINE, fan


def test_jobs_end_with_the_worker() -> None:
    ended = []

    def job(stop: threading.Event) -> None:
        stop.wait()
        ended.append("job")

    background = Background({"one": job, "two": job}, threading.Event())
    background.start()
    assert background.wait(0.0) is False
    background.close()
    assert ended == ["job", "job"]
    assert background.wait(0.0) is True


def test_worker_ends_when_a_job_fails_and_so_do_the_other_jobs() -> None:
    stop = threading.Event()

    def broken(stop: threading.Event) -> None:
        raise ValueError("broken")

    def sound(stop: threading.Event) -> None:
        stop.wait()

    background = Background({"broken": broken, "sound": sound}, stop)
    background.start()
    with pytest.raises(BackgroundFailed, match="broken"):
        background.wait(10.0)
    background.close()
    assert stop.is_set()


def test_closing_what_never_started_is_allowed() -> None:
    Background({"one": lambda stop: None}, threading.Event()).close()


def test_jobs_end_when_another_worker_has_taken_the_lease(tmp_path: Path) -> None:
    stop = threading.Event()

    def job(stop: threading.Event) -> None:
        stop.wait()

    slow = Worker(Home(tmp_path), fan(), MINE, "one", lease_seconds=0.0)
    other = Worker(Home(tmp_path), fan(), MINE, "two", lease_seconds=30.0)
    with pytest.raises(WorkerRunning, match="taken it"), Background({"job": job}, stop) as background:
        slow.run(background.wait, 0.01)
    assert stop.is_set()
    assert "job" not in {thread.name for thread in threading.enumerate()}
    other.close()
