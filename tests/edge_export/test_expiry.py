"""No answer of the runtime, nor of the gateway, has expired when it is given."""

import json
from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge_export.runtime.gateway import Gateway, GatewayPlan
from edge_export.runtime.requests import VectorRequest
from edge_export.runtime.runtime import Runtime
from edge_export.runtime.stream import StreamVector
from features.domain.forecasts import ForecastStatus
from features.domain.identifiers import AssetId, TenantId
from features.domain.time import format_time, parse_time
from tests.edge_export.machine import CALIBRATION, sample_vectors

T0 = datetime(2026, 1, 1, 12, tzinfo=UTC)
VECTORS = sample_vectors()
SHARED = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@SHARED
@given(age=st.timedeltas(timedelta(hours=-1), timedelta(hours=20)), row=st.integers(0, len(VECTORS) - 1))
def test_forecast_holds_when_it_is_issued_and_never_longer_than_its_data(
    age: timedelta, row: int, runtime: Runtime
) -> None:
    vector = StreamVector(T0, VECTORS[row], float(VECTORS[row][0]), 1)
    (made,) = runtime.forecast([VectorRequest(TenantId("local"), AssetId("fan-1"), vector)], T0 + age)
    assert made.valid_until > made.issued_at
    if made.status is ForecastStatus.OK:
        assert made.valid_until <= T0 + timedelta(hours=CALIBRATION.ttl)


@SHARED
@given(
    gaps=st.lists(st.floats(0.1, 12.0), min_size=1, max_size=8),
    late=st.floats(0.0, 30.0),
    at_the_end=st.booleans(),
)
def test_gateway_gives_no_answer_that_has_expired(
    gaps: list[float], late: float, at_the_end: bool, runtime: Runtime
) -> None:
    times = [T0 + timedelta(hours=sum(gaps[: place + 1])) for place in range(len(gaps))]
    as_of = times[-1] + timedelta(hours=late)
    gateway = Gateway(runtime, GatewayPlan(TenantId("local"), None if at_the_end else 1, as_of))
    signals = {"speed": 1000.0, "vibration": 2.0, "temperature": 40.0}
    answers = []
    for number, time in enumerate(times, start=1):
        line = json.dumps({"asset_id": "fan-1", "time": format_time(time), "signals": signals})
        answers += list(gateway.answers(line.encode(), number))
    answers += list(gateway.last_answers())
    forecasts = [each for each in answers if "valid_until" in each]
    assert forecasts
    for each in forecasts:
        assert parse_time(str(each["valid_until"])) > as_of == parse_time(str(each["issued_at"]))
