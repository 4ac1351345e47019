"""One owner per vendor, and rooms that know little. Function-level imports count as much as those at the top."""

import sys
from collections.abc import Iterable

import pytest

from tests.architecture.source_tree import PACKAGES, Source, code, imports, is_in, planted

OWNERS: dict[str, tuple[str, ...]] = {
    "ray": ("pipelines",),
    "feast": ("features.store", "experiments"),
    "redis": ("features.store",),
    "fsspec": ("features.store",),
    "mlflow": ("models.registry", "pipelines"),
    "bentoml": ("serving",),
    "fastapi": ("serving",),
    "starlette": ("serving",),
    "uvicorn": ("serving", "experiments"),
    "jinja2": ("serving",),
    "plotly": ("serving",),
    "prometheus_client": ("serving",),
    "sqlalchemy": ("features.records", "serving"),
    "alembic": ("features.records", "serving"),
    "influxdb_client": ("features.telemetry", "experiments"),
    "aiomqtt": ("pipelines",),
    "paho": ("pipelines",),
    "packaging": ("pipelines",),
    "psutil": ("pipelines", "experiments"),
    "polars": ("features.telemetry", "features.store", "pipelines", "experiments"),
    "pyarrow": ("features.telemetry", "features.store", "pipelines", "experiments"),
    "pandas": ("features.store", "models.registry", "pipelines", "experiments"),
    "yaml": ("features.packs",),
    "pydantic": ("features.packs", "features.store", "edge_export", "pipelines", "serving", "experiments"),
    "pydantic_settings": ("pipelines", "serving"),
    "torch": ("models", "edge_export", "pipelines"),
    "lightgbm": ("models",),
    "captum": ("models",),
    "onnx": ("edge_export", "models.registry"),
    "onnxscript": ("edge_export",),
    "onnxruntime": ("edge_export",),
    "typer": ("pipelines", "serving", "experiments", "edge_export"),
    "rich": ("pipelines", "serving", "experiments"),
    "httpx": ("pipelines", "serving", "experiments"),
    "matplotlib": ("models", "pipelines", "experiments"),
}
"""Which rooms may import which vendor. Nobody else may, not even inside a function."""

KNOWS: dict[str, frozenset[str]] = {
    "features.domain": frozenset(),
    "features.spool": frozenset(),
    "features.quality": frozenset({"numpy"}),
    "features.transforms": frozenset({"numpy"}),
    "features.packs": frozenset({"pydantic", "pydantic_core", "yaml"}),
    "edge_export.runtime": frozenset({"numpy", "onnxruntime"}),
    "models.calibration": frozenset({"numpy"}),
}
"""The narrow rooms: what they know beyond the standard library, and of ours only `ROOMS_SEEN`."""

ROOMS_SEEN: dict[str, tuple[str, ...]] = {
    "features.domain": ("features.domain",),
    "features.spool": ("features.spool", "features.domain"),
    "features.quality": ("features.quality", "features.domain"),
    "features.transforms": ("features.transforms", "features.quality", "features.domain"),
    "features.packs": ("features.packs", "features.domain"),
    "edge_export.runtime": (
        "edge_export.runtime",
        "edge_export.bundle",
        "edge_export.errors",
        "features.domain",
        "features.spool",
        "features.quality",
        "features.transforms",
    ),
    "models.calibration": ("models.calibration", "features.transforms", "features.domain"),
}


def foreign_vendors(sources: Iterable[Source]) -> list[str]:
    return [
        f"{source.path}:{found.line}: {found.package} belongs to {', '.join(OWNERS[found.package])}"
        for source in sources
        for found in imports(source)
        if found.package in OWNERS and not any(is_in(source.module, owner) for owner in OWNERS[found.package])
    ]


def knows_too_much(sources: Iterable[Source]) -> list[str]:
    return [
        f"{source.path}:{found.line}: {room} must not know {found.module}"
        for source in sources
        for room in KNOWS
        if is_in(source.module, room)
        for found in imports(source)
        if not _may_know(room, found.module)
    ]


def _may_know(room: str, module: str) -> bool:
    package = module.partition(".")[0]
    if package in PACKAGES:
        return any(is_in(module, seen) for seen in ROOMS_SEEN[room])
    return package in sys.stdlib_module_names or package in KNOWS[room]


def test_each_vendor_is_known_to_its_owner_alone() -> None:
    assert foreign_vendors(code()) == []


def test_narrow_rooms_stay_narrow() -> None:
    assert knows_too_much(code()) == []


@pytest.mark.parametrize(
    ("module", "text"),
    [
        ("serving.pages", "from ray import train"),
        ("pipelines.train", "def late():\n    import feast.infra"),
        ("models.networks", "import importlib\nimportlib.import_module('mlflow.onnx')"),
        ("edge_export.runtime_like", "from sqlalchemy import select"),
        ("experiments.cmapss", "import torch.nn"),
    ],
)
def test_planted_vendor_is_found(module: str, text: str) -> None:
    assert len(foreign_vendors([planted(text, module)])) == 1


@pytest.mark.parametrize(
    ("module", "text"),
    [
        ("features.domain.time", "import numpy"),
        ("features.transforms.window", "from features.packs import loader"),
        ("edge_export.runtime.engine", "def late():\n    from pydantic import BaseModel"),
        ("edge_export.runtime", "from edge_export.parity import check"),
    ],
)
def test_planted_knowledge_is_found(module: str, text: str) -> None:
    assert len(knows_too_much([planted(text, module)])) == 1
