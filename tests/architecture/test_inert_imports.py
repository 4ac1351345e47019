"""Importing a module of ours does nothing: no file, folder, socket, process or environment read."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.source_tree import ROOT, code

EXEMPT: dict[str, str] = {}
"""Beginnings of an effect as the probe prints it, with the reason. The list only shrinks."""


def effects(directory: Path, modules: list[str], home: Path) -> list[str]:
    result = subprocess.run(
        [sys.executable, "-m", "tests.architecture.import_probe", str(directory), *modules],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{directory}:{ROOT}", "MPLBACKEND": "Agg", "HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr[-4000:]
    found: list[str] = json.loads(result.stdout.splitlines()[-1])
    return found


def test_importing_anything_of_ours_does_nothing(tmp_path: Path) -> None:
    modules = [source.module for source in code() if not source.module.endswith("__main__")]
    found = [each for each in effects(ROOT, modules, tmp_path) if not each.startswith(tuple(EXEMPT))]
    assert found == []


@pytest.mark.parametrize(
    ("text", "effect"),
    [
        ("from pathlib import Path\nPath('made').mkdir()", "os.mkdir"),
        ("open('made.txt', 'w')", "open"),
        ("import os\nHOME = os.environ.get('HOME')", "environment HOME"),
        ("import socket\nsocket.socket().bind(('127.0.0.1', 0))", "socket.bind"),
        ("import subprocess\nsubprocess.run(['/bin/true'])", "subprocess.Popen"),
        ("import sqlite3\nsqlite3.connect(':memory:')", "sqlite3.connect"),
    ],
)
def test_planted_effect_is_found(tmp_path: Path, text: str, effect: str) -> None:
    (tmp_path / "planted_effect.py").write_text("import os\nos.chdir(os.path.dirname(__file__))\n" + text, "utf-8")
    found = effects(tmp_path, ["planted_effect"], tmp_path)
    assert any(each.startswith("planted_effect.py") and effect in each for each in found), found


def test_exemptions_only_shrink() -> None:
    assert len(EXEMPT) == 0
