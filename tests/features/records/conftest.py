from collections.abc import Iterator
from pathlib import Path
from shutil import copyfile

import pytest
from sqlalchemy import Engine

from features.records.database import open_records


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("records") / "template.sqlite"
    open_records(f"sqlite:///{path}").dispose()
    return path


@pytest.fixture
def records(template: Path, tmp_path: Path) -> Iterator[Engine]:
    path = tmp_path / "records.sqlite"
    copyfile(template, path)
    engine = open_records(f"sqlite:///{path}")
    yield engine
    engine.dispose()
