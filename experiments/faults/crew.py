"""Processes that do the work of a trial: fresh ones, with nothing of the command's threads, one for each core.

A worker is a module of this package that is run by name. It reads one JSON object, its task, from standard input and
writes JSON lines: `{"done": 12}` while it works, and one `{"result": {...}}` at the end.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock
from typing import IO, Any

from experiments.faults.errors import TrialBroken

Document = dict[str, Any]  # Any: what JSON holds
_ONE_THREAD = {"POLARS_MAX_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
_ROOT = Path(__file__).resolve().parents[2]


def run_crew(module: str, tasks: Sequence[Mapping[str, object]], tell: Callable[[int], None]) -> list[Document]:
    """Do every task in a process of its own, as many at once as there are cores, and return their results in order.

    Args:
        module: The module that does one task.
        tasks: What each process is to do.
        tell: Told of every step done, from several threads.

    Raises:
        TrialBroken: If a process ends without a result.
    """
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        return list(pool.map(lambda task: _run_one(module, task, tell), tasks))


def counting(tell: Callable[[int, int], None], total: int | None) -> Callable[[int], None]:
    """Return what adds up steps that several threads tell of."""
    lock, done = Lock(), 0

    def add(steps: int) -> None:
        nonlocal done
        with lock:
            done += steps
            tell(done, total or done)

    return add


def read_task() -> Document:
    """Return the task of this worker."""
    task: Document = json.loads(sys.stdin.read())
    return task


def say_done(steps: int) -> None:
    """Tell of steps done since it was last told."""
    _say({"done": steps})


def say_result(result: Mapping[str, object]) -> None:
    """Hand over the result."""
    _say({"result": result})


def scratch_folder() -> Path:
    """Return where trials put their files: memory where there is such a folder, since no trial here needs a disk.

    What a kill leaves is the same on every file system, and lost power is computed, not suffered.
    """
    memory = Path("/dev/shm")
    return memory if memory.is_dir() and os.access(memory, os.W_OK) else Path(tempfile.gettempdir())


def _say(document: Mapping[str, object]) -> None:
    sys.stdout.write(json.dumps(document) + "\n")
    sys.stdout.flush()


def _run_one(module: str, task: Mapping[str, object], tell: Callable[[int], None]) -> Document:
    command = [sys.executable, "-m", module]
    environment = {**os.environ, **_ONE_THREAD}
    with subprocess.Popen(
        command, cwd=_ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as worker:
        result = _converse(worker, task, tell)
    if worker.returncode != 0 or result is None:
        raise TrialBroken(f"{module} must end with a result; it ended with {worker.returncode}, see above")
    return result


def _converse(
    worker: "subprocess.Popen[str]", task: Mapping[str, object], tell: Callable[[int], None]
) -> Document | None:
    given, answers = _pipes(worker)
    given.write(json.dumps(task))
    given.close()
    result: Document | None = None
    for line in answers:
        document = json.loads(line)
        tell(document.get("done", 0))
        result = document.get("result", result)
    return result


def _pipes(worker: "subprocess.Popen[str]") -> tuple[IO[str], IO[str]]:
    if worker.stdin is None or worker.stdout is None:  # it was asked for both
        raise TrialBroken("a worker must have its pipes")
    return worker.stdin, worker.stdout
