from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from shutil import copyfile

import pytest

from features.domain.identifiers import DEFAULT_TENANT
from features.quality.verdicts import SetAsideReason
from features.records.database import Records, open_records
from features.records.set_aside import SetAside, SetAsideItem
from features.telemetry.sqlite import SqliteTelemetryStore
from pipelines.ingest.folder import ingest_folder
from pipelines.ingest.report import IngestReport
from tests.pipelines.ingest.small_pack import PACK


@dataclass
class Plant:
    """A folder of data beside the stores of an installation."""

    folder: Path
    store: SqliteTelemetryStore
    records: Records

    def file(self, name: str, content: str | bytes) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)

    def ingest(self) -> IngestReport:
        return ingest_folder(self.folder, PACK, DEFAULT_TENANT, self.store, self.records)

    def readings(self) -> list[tuple[str, str, datetime, float]]:
        return self.store.read(DEFAULT_TENANT).select("asset", "signal", "time", "value").rows()

    def aside(self, reason: SetAsideReason | None = None) -> list[SetAsideItem]:
        return SetAside(self.records).list_all(DEFAULT_TENANT, reason=reason)


@pytest.fixture(scope="session")
def records_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("records") / "template.sqlite"
    open_records(f"sqlite:///{path}").dispose()
    return path


@pytest.fixture
def plant(tmp_path: Path, records_template: Path) -> Iterator[Plant]:
    (tmp_path / "data").mkdir()
    copyfile(records_template, tmp_path / "records.sqlite")
    records = open_records(f"sqlite:///{tmp_path / 'records.sqlite'}")
    with SqliteTelemetryStore(tmp_path / "telemetry.sqlite") as store:
        yield Plant(tmp_path / "data", store, records)
    records.dispose()
