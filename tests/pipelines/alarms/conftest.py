"""Records of a small plant, copied from one that was made once."""

from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import copyfile

import pytest

from features.records.assets import AssetRecords
from features.records.database import Records, open_records
from tests.pipelines.alarms.plant import ASSETS


@pytest.fixture(scope="session")
def plant_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("plant") / "template.sqlite"
    engine = open_records(f"sqlite:///{path}")
    AssetRecords(engine).put_all(ASSETS)
    engine.dispose()
    return path


@pytest.fixture
def plant_copy(plant_file: Path, tmp_path: Path) -> Iterator[Callable[[], Records]]:
    """Give a function that opens the records of another such plant."""
    engines: list[Records] = []

    def another() -> Records:
        path = tmp_path / f"records-{len(engines)}.sqlite"
        copyfile(plant_file, path)
        engines.append(open_records(f"sqlite:///{path}"))
        return engines[-1]

    yield another
    for engine in engines:
        engine.dispose()


@pytest.fixture
def records(plant_copy: Callable[[], Records]) -> Records:
    return plant_copy()
