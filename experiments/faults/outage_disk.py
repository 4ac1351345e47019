"""A disk that runs full under the real application: refused with 507, nothing acknowledged is lost, and it recovers."""

import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from experiments.bench.errors import PartMissing
from experiments.faults.errors import TrialBroken
from experiments.faults.outage_hung import Tell
from experiments.faults.outage_results import DiskFigures, Part, Planted

MUTANTS = ("takes though full", "stays full")
DISK_MIB = 40
_ROOT = Path(__file__).resolve().parents[2]
_SCRIPT = 'mount -t tmpfs -o size="$0" tmpfs "$1" && shift && exec "$@"'
_WORKER = "experiments.faults.outage_disk_worker"


def disk_part(tell: Tell) -> Part:
    """Show first that planted faults are seen, then fill the disk in earnest.

    Raises:
        PartMissing: If no small disk can be had here.
    """
    started = time.perf_counter()
    caught: dict[str, bool] = {}
    for number, mutant in enumerate(MUTANTS):
        caught[mutant] = not disk_run(mutant).is_sound
        tell(number + 1, len(MUTANTS) + 1)
    return Part(disk_run(None), Planted.of(caught), time.perf_counter() - started)


def disk_run(mutant: str | None) -> DiskFigures:
    """Fill a small disk of memory in a process that alone sees it: with the process it is gone, however that ends.

    Raises:
        PartMissing: If no small disk can be had here.
    """
    with tempfile.TemporaryDirectory() as folder:
        inside = _inside(folder)
        _check(inside)
        command = [*inside, sys.executable, "-m", _WORKER, folder, mutant or ""]
        answer = subprocess.run(command, cwd=_ROOT, stdout=subprocess.PIPE, text=True, check=False)
    if answer.returncode != 0:
        raise TrialBroken(f"the process on the small disk must end well; it ended with {answer.returncode}, see above")
    return DiskFigures(**json.loads(answer.stdout))


def _inside(folder: str) -> list[str]:
    """Return the beginning of a command that runs with a small disk at a folder, in a name space of its own."""
    program = shutil.which("unshare")
    if program is None:
        raise PartMissing("the program unshare is not installed, so no small disk can be made that is sure to go away")
    return [program, "--map-root-user", "--mount", "sh", "-c", _SCRIPT, f"{DISK_MIB}m", folder]


def _check(inside: list[str]) -> None:
    tried = subprocess.run([*inside, "true"], capture_output=True, text=True, check=False)
    if tried.returncode != 0:
        raise PartMissing(f"a small disk may not be mounted here: {' '.join(tried.stderr.split())}")
