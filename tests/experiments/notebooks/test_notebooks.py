"""Notebooks are readable, hold no results and no path of a machine, and run from beginning to end."""

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[3]
NOTEBOOKS = sorted((ROOT / "experiments" / "notebooks").glob("*.ipynb"))
_PATH = re.compile(r"(?<![\w.:])(/(home|root|work|tmp|opt|usr|var|Users)/|[A-Z]:\\)")
_SECONDS = 240
"""Many times what a notebook may take on a quiet machine."""
_RUN = """
import sys, nbformat
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], as_version=4)
NotebookClient(notebook, timeout=float(sys.argv[2]), kernel_name="python3").execute()
"""

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def faults(text: str) -> list[str]:
    """Return what is wrong with a notebook as it is stored."""
    document = json.loads(text)
    cells = document["cells"]
    found = [f"cell {cell['id']} has results" for cell in cells if cell.get("outputs") or cell.get("execution_count")]
    found += [f"cell {cell['id']} has metadata" for cell in cells if cell["metadata"]]
    found += [f"line names a path: {line}" for line in text.splitlines() if _PATH.search(line)]
    if (document["nbformat"], document["nbformat_minor"]) != (4, 5):
        found.append("it is not of format 4.5")
    if (
        set(document["metadata"]) - {"kernelspec", "language_info"}
        or document["metadata"]["kernelspec"]["name"] != "python3"
    ):
        found.append("its metadata tell of a machine")
    if text != json.dumps(document, indent=1, ensure_ascii=False) + "\n":
        found.append("it is not written one string a line")
    if not (cells and cells[0]["cell_type"] == "markdown" and cells[0]["source"][0].startswith("# ")):
        found.append("it does not begin with a title")
    return found


def test_there_are_notebooks() -> None:
    assert NOTEBOOKS


@each_notebook
def test_notebook_is_stored_without_results_and_without_a_trace_of_a_machine(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    nbformat.validate(nbformat.reads(text, as_version=4))  # type: ignore[no-untyped-call]  # has none
    assert faults(text) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"outputs": []', '"outputs": [{}]'),
        ('"execution_count": null', '"execution_count": 3'),
        ("import shutil", "# /home/me/data"),
        ('"nbformat_minor": 5', '"nbformat_minor": 4'),
        ('"name": "python3"', '"name": "my-env"'),
        ('"cells": [', '"cells":  ['),
        ('"# ', '"'),
    ],
)
def test_planted_faults_are_found(old: str, new: str) -> None:
    text = (ROOT / "experiments" / "notebooks" / "add_a_feature.ipynb").read_text(encoding="utf-8")
    assert old in text
    assert faults(text.replace(old, new, 1))


@pytest.mark.slow
@each_notebook
def test_notebook_runs_from_beginning_to_end_and_leaves_nothing_behind(path: Path, tmp_path: Path) -> None:
    where, temporary = tmp_path / "here", tmp_path / "temporary"
    where.mkdir()
    temporary.mkdir()
    told = {"PYTHONPATH": str(ROOT), "TMPDIR": str(temporary), "IPYTHONDIR": str(tmp_path / "ipython")}
    command = [sys.executable, "-W", "ignore", "-c", _RUN, str(path), str(_SECONDS)]
    with tempfile.TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True) as short:  # for Ray's sockets
        env = {**os.environ, **told, "RAY_TMPDIR": short}
        run = subprocess.run(command, cwd=where, env=env, capture_output=True, text=True, timeout=_SECONDS, check=False)
    assert run.returncode == 0, run.stderr[-3_000:]
    assert list(where.iterdir()) == []
    assert not list(temporary.glob("millwright-*"))
