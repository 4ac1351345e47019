"""A plant for each test; its empty stores are made once and copied."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pipelines.worker.condition.machines import Plant, machine


@pytest.fixture(scope="session")
def empty_plant(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with empty stores."""
    folder = tmp_path_factory.mktemp("plant")
    opened = Plant(folder, ())
    opened.watch()
    opened.close()
    return folder


@pytest.fixture
def plant(empty_plant: Path, tmp_path: Path) -> Iterator[Plant]:
    """A plant with three machines behind one gateway."""
    shutil.copytree(empty_plant, tmp_path / "plant")
    opened = Plant(tmp_path / "plant", tuple(map(machine, "abc")))
    yield opened
    opened.close()
