"""Imports run downwards only. The contracts stand in pyproject.toml; here they are run, and shown to bite."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.source_tree import PACKAGES, ROOT

LINT = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(cache_dir=None, no_logo=True))"


def lint(directory: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", LINT], cwd=directory, capture_output=True, text=True, check=False)


@pytest.fixture
def copied_code(tmp_path: Path) -> Path:
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_every_contract_is_kept() -> None:
    result = lint(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(
    ("room", "line", "contract"),
    [
        ("features/domain", "import models", "layers"),
        ("features/domain", "import numpy", "domain and spool know the standard library alone"),
        ("features/transforms", "import polars", "transforms and quality know numpy alone"),
        ("models", "def late():\n    import ray", "only pipelines know ray"),
        ("edge_export/runtime", "import features.records", "the gateway runtime stays small"),
    ],
)
def test_planted_import_breaks_its_contract(copied_code: Path, room: str, line: str, contract: str) -> None:
    (copied_code / room / "planted.py").write_text(line + "\n", encoding="utf-8")
    result = lint(copied_code)
    assert result.returncode != 0
    assert f"{contract} BROKEN" in result.stdout
