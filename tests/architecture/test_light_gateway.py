"""The gateway runtime starts with numpy and ONNX Runtime alone, in a fresh interpreter."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.source_tree import PACKAGES, ROOT

HEAVY = frozenset(
    {
        "torch", "ray", "feast", "mlflow", "bentoml", "pydantic", "sqlalchemy", "polars", "pandas", "pyarrow", "scipy",
        "fastapi", "influxdb_client", "onnx", "lightgbm", "yaml", "rich", "typer", "models", "pipelines", "serving",
    }
)  # fmt: skip
ALLOWED_ROOMS = (
    "features.domain",
    "features.spool",
    "features.quality",
    "features.transforms",
    "edge_export.bundle",
    "edge_export.runtime",
    "edge_export.errors",
)


def loaded_after(statement: str) -> set[str]:
    script = f"import json, sys\n{statement}\nprint(json.dumps(sorted(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr[-4000:]
    return set(json.loads(result.stdout.splitlines()[-1]))


@pytest.mark.parametrize("module", ["edge_export.runtime", "edge_export.runtime.__main__"])
def test_gateway_runtime_loads_nothing_heavy(module: str) -> None:
    assert loaded_after(f"import {module}") & HEAVY == set()


def test_gateway_runtime_loads_its_own_rooms_alone() -> None:
    ours = {name for name in loaded_after("import edge_export.runtime") if name.partition(".")[0] in PACKAGES}
    strangers = {name for name in ours if not name.startswith(ALLOWED_ROOMS)} - {"features", "edge_export"}
    assert strangers == set()


def files_left_at_home(home: Path, statement: str) -> list[str]:
    """Run a statement in a bare environment, as a gateway would, and list what it left in the home folder."""
    bare = {"HOME": str(home), "PATH": "", "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run([sys.executable, "-c", statement], cwd=ROOT, env=bare, check=True)
    return [path.name for path in home.rglob("*") if path.is_file()]


def test_gateway_runtime_reports_to_nobody(tmp_path: Path) -> None:
    """ONNX Runtime from 1.29 on reports to its maker on Linux too, unless it is told not to before it is imported."""
    assert files_left_at_home(tmp_path, "import edge_export.runtime.session") == []


def test_planted_report_is_seen(tmp_path: Path) -> None:
    assert files_left_at_home(tmp_path, "import pathlib; (pathlib.Path.home() / 'id').touch()") == ["id"]


def test_planted_heavy_import_is_seen() -> None:
    assert "yaml" in loaded_after("import yaml") & HEAVY
