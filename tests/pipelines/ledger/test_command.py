import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from features.domain.assets import Asset
from features.domain.events import EventKind, LifeEpoch
from features.domain.forecasts import Forecast, ForecastStatus
from features.domain.home import Home
from features.domain.identifiers import AssetId
from features.records.assets import AssetRecords
from features.records.database import open_records
from features.records.forecasts import ForecastLedger
from features.records.lives import LifeRecords
from pipelines.__main__ import build_app
from tests.models.prognosis.forecasts import HOUR, MINE, T0, forecast_of
from tests.models.prognosis.ledger.lives import Known

KNOWN = Known()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Turbines whose life is a bare count: no readings are needed to tell it."""
    made = Home(tmp_path_factory.mktemp("ledger"))
    records = open_records(made.records_url)
    epoch = T0.replace(year=1970, month=1, day=1)
    forecasts: list[Forecast] = []
    for number, length in enumerate((90, 110, 130, 70)):
        name = AssetId(f"e-{number}")
        AssetRecords(records).put(Asset(MINE, name, "turbofan"))
        ended = epoch + length * HOUR / 3600
        LifeRecords(records).replace(MINE, name, [LifeEpoch(MINE, name, 0, epoch, ended, EventKind.FAILURE)])
        for age in range(0, length, 10) if number < 3 else ():
            said = forecast_of(KNOWN.after(float(age)), asset=name, name=f"{name}-{age}", horizons=(30.0, 60.0))
            at = epoch + age * HOUR / 3600
            forecasts.append(replace(said, issued_at=at, valid_until=at + 10 * HOUR / 3600, life_unit="cycles"))
    silent = replace(forecasts[0], id="silent", status=ForecastStatus.STALE, life=None, horizons=(), reason="no")
    ForecastLedger(records).append_all([(each, b"") for each in (*forecasts, silent)])
    records.dispose()
    return made


def run(home: Home, *words: str) -> str:
    arguments = [*words, "--home", str(home.root), "--pack", "turbofan", "--tenant", MINE]
    done = CliRunner().invoke(build_app(words[0]), arguments)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_report_tells_what_became_of_every_forecast(home: Home) -> None:
    found = json.loads(run(home, "ledger", "report", "--json"))
    assert (found["issued"], found["unscored"]) == (34, {"stale": 1})
    assert found["lives"] == {"failure": 3}
    assert found["savings"]["known_before"] == 1
    assert [each["horizon"] for each in found["calibration"]] == [30.0, 60.0]
    assert found["lead_times"][0]["quantiles"].keys() == {"p10", "p50", "p90"}


def test_report_of_one_asset_and_for_people(home: Home) -> None:
    assert json.loads(run(home, "ledger", "report", "--asset", "e-0", "--json"))["lives"] == {"failure": 1}
    told = run(home, "ledger", "report")
    assert "Calibration" in told
    assert "run to failure" in told


def test_scores_are_recorded_by_command_and_then_a_decision_knows_what_life_is_worth(home: Home) -> None:
    assert json.loads(run(home, "ledger", "score", "--json")) == {"assets": 4, "scored": 4}
    assert json.loads(run(home, "ledger", "score", "--json"))["scored"] == 0
    assert json.loads(run(home, "ledger", "score", "--again", "--json"))["scored"] == 4
    found = json.loads(run(home, "decide", "e-0", "--windows", "5,20", "--json"))
    assert found["call"] in {"now", "then", "wait"}
    assert [each["after"] for each in found["options"]][:2] == [5.0, 20.0]
    assert found["at"] is None
    assert "e-0" in run(home, "decide", "e-0")


def test_windows_are_put_on_record_and_listed(home: Home, tmp_path: Path) -> None:
    file = tmp_path / "windows.csv"
    file.write_text("site,start,end\n,2026-12-01T06:00:00Z,PT8H\n")
    app = build_app("windows")
    where = ["--home", str(home.root), "--tenant", MINE, "--json"]
    loaded = CliRunner().invoke(app, ["windows", "load", str(file), *where])
    assert json.loads(loaded.stdout) == {"windows": 1, "sites": [""]}
    listed = CliRunner().invoke(app, ["windows", "list", *where])
    expected = [{"site": "", "start": "2026-12-01T06:00:00Z", "end": "2026-12-01T14:00:00Z"}]
    assert json.loads(listed.stdout)["windows"] == expected


def test_decision_about_a_machine_of_another_pack_is_refused(home: Home) -> None:
    where = ["--home", str(home.root), "--pack", "pump", "--tenant", MINE]
    done = CliRunner().invoke(build_app("decide"), ["decide", "e-0", *where])
    assert "be of pack pump" in str(done.exception)
