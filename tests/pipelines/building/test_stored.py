import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from features.domain.errors import InvalidValue
from features.store.rows import OfflineRows
from pipelines.__main__ import build_app
from tests.features.store.versions import Version, versions

ROWS: list[Version] = [("mine", "a", at, at, at) for at in range(4)]


@pytest.mark.parametrize("is_elsewhere", [False, True])
def test_tidying_tells_of_every_view_and_forgets_rows_of_the_pack_alone(
    is_elsewhere: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "elsewhere" if is_elsewhere else tmp_path / "features" / "offline"
    if is_elsewhere:
        monkeypatch.setenv("MILLWRIGHT_OFFLINE_URL", place.as_uri())
    for view in ("pump_condition_1", "other_condition_1"):
        for each in ROWS:
            OfflineRows.at(place / view).append(versions(each))
    arguments = ["features", "tidy", "--home", str(tmp_path), "--pack", "pump", "--retention", "1", "--json"]
    result = CliRunner().invoke(build_app("features"), arguments)
    assert result.exit_code == 0
    told = {
        each["view"]: (each["parts_before"], each["parts"], each["rows"]) for each in json.loads(result.stdout)["views"]
    }
    assert told == {"other_condition_1": (4, 1, 4), "pump_condition_1": (4, 0, 0)}


def test_rows_of_machines_without_dates_are_not_forgotten(tmp_path: Path) -> None:
    arguments = ["features", "tidy", "--home", str(tmp_path), "--pack", "turbofan", "--retention", "1"]
    result = CliRunner().invoke(build_app("features"), arguments)
    assert isinstance(result.exception, InvalidValue)
