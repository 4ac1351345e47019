"""The quality of measurements out of the real stores, through the routes."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest
from starlette.testclient import TestClient

from features.domain.home import Home
from features.quality.verdicts import Namur, Verdict
from features.records.arrivals import ArrivalCount, ArrivalRecords
from features.records.database import open_records
from features.records.signal_states import SignalState, SignalStates
from features.telemetry.readings import READINGS, VERDICTS
from features.telemetry.sqlite import SqliteTelemetryStore
from serving.app import build_app
from serving.parts import Wiring
from serving.settings import Settings
from serving.wire_telemetry import QualityOut, TelemetryOut
from tests.serving.conftest import LOOPBACK
from tests.serving.fakes import LOCAL, NOW, RIVAL, asset, small_house

MINUTE = timedelta(minutes=1)
P01 = asset("p-01").id
BAD = range(50, 60)


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    home = Home(tmp_path)
    records = open_records(home.records_url)
    states, arrivals = SignalStates(records), ArrivalRecords(records)
    with SqliteTelemetryStore(tmp_path / "telemetry.db") as telemetry:
        fill(telemetry, states, arrivals)
        made = small_house()
        made.ledger.forecasts = []
        wiring = Wiring()
        parts = replace(made.parts(), telemetry=telemetry, point_states=states, arrivals=arrivals)
        wiring.attach(Settings(), parts)
        yield TestClient(build_app(wiring), base_url="http://localhost", client=LOOPBACK)
    records.dispose()


def fill(telemetry: SqliteTelemetryStore, states: SignalStates, arrivals: ArrivalRecords) -> None:
    """An hour of two signals of two tenants' machines; the last ten readings of one repeat the same value."""
    times = [NOW - MINUTE * (60 - place) for place in range(60)]
    for tenant in (LOCAL, RIVAL):
        rows = [
            (P01, signal, time, 42.0 if place in BAD and signal == "flow" else float(place), 0)
            for signal in ("flow", "speed")
            for place, time in enumerate(times)
        ]
        telemetry.write(tenant, pl.DataFrame(rows, schema=READINGS, orient="row"))
    verdicts = pl.DataFrame(
        [(P01, "flow", times[place], int(Verdict.FLAT)) for place in BAD], schema=VERDICTS, orient="row"
    )
    telemetry.mark(LOCAL, verdicts, assets=[P01], signals=["flow", "speed"])
    states.put_all(LOCAL, P01, [SignalState("flow", Namur.FAILURE, Verdict.FLAT, times[50])])
    count = ArrivalCount(LOCAL, P01, "http", times[0], NOW, times[-1], 120, (120, 0, 0, 0, 0, 0, 0))
    arrivals.note([count], [], after=0, upto=1)


def test_quality(client: TestClient) -> None:
    found = QualityOut.model_validate_json(client.get("/v1/assets/p-01/quality").content)
    flow = next(point for point in found.points if point.signal == "flow")
    assert (flow.namur, flow.readings, flow.suspect, flow.newest_age_seconds) == ("F", 60, {"flat": 10}, 60.0)
    assert found.last_arrival == NOW
    assert found.arrivals[0].late[0].readings == 120


def test_telemetry(client: TestClient) -> None:
    answer = client.get("/v1/assets/p-01/telemetry?signals=flow,speed")
    flow, speed = TelemetryOut.model_validate_json(answer.content).series
    assert (flow.measured, flow.suspect.measured) == (50, 10)
    assert flow.suspect.values == [42.0] * 10
    assert set(flow.suspect.verdicts) == {"flat"}
    assert (speed.measured, speed.suspect.measured) == (60, 0)


def test_pages(client: TestClient) -> None:
    page = client.get("/assets/p-01?lang=zh").text
    assert "重复同一数值" in page
    assert "120 个读数中有 95% 在 60 秒内到达" in page
    assert "1 measuring point is not normal" in client.get("/?lang=en").text
