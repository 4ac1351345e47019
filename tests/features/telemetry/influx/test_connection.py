"""What goes over the wire to each generation of InfluxDB."""

from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from features.domain.errors import InvalidValue
from features.domain.identifiers import DEFAULT_TENANT, TenantId
from features.telemetry.errors import RefusedReadings, StoreRefused
from features.telemetry.influx.connection import InfluxConnection
from features.telemetry.influx.places import Place
from features.telemetry.influx.server import InfluxServer
from features.telemetry.influx.store import InfluxTelemetryStore
from features.telemetry.line_protocol.writer import write_lines
from tests.features.telemetry.contract import at, frame
from tests.features.telemetry.influx.fake import FakeInflux, Fault

NOW = datetime(2026, 3, 2, tzinfo=UTC)
ROWS = frame(("a", "speed", at(0), 1.0, 0), ("a", "power", at(0), 2.0, 3), ("a", "flow", at(0), 3.0, 0))


def store_on(fake: FakeInflux, folder: Path, **more: object) -> InfluxTelemetryStore:
    server = InfluxServer(fake.url, "plant", org="acme", token=fake.token, **more)  # type: ignore[arg-type]
    signals = [("speed", 1), ("power", 2), ("flow", 3)]
    return InfluxTelemetryStore(server, "pump", signals, folder / "changes.sqlite", now=lambda: NOW)


@pytest.mark.parametrize(
    ("version", "path", "precision", "bucket"),
    [
        ("1.6.7~rc0", "/write", "u", None),
        ("1.8.10", "/api/v2/write", "us", "plant"),
        ("v2.7.1", "/api/v2/write", "us", "plant"),
        ("3.0.1", "/api/v2/write", "us", "plant"),
    ],
)
@pytest.mark.parametrize("gzip", [True, False])
def test_each_generation_is_written_to_in_its_own_way(
    tmp_path: Path, version: str, path: str, precision: str, bucket: str | None, gzip: bool
) -> None:
    with FakeInflux(version, token="t0ken").running() as fake, store_on(fake, tmp_path, gzip=gzip) as store:
        store.write(DEFAULT_TENANT, ROWS)
        (write,) = [each for each in fake.requests if "write" in each.path]
        assert (write.path, write.query["precision"], write.query.get("bucket")) == (path, precision, bucket)
        assert write.headers["authorization"] == "Token t0ken"
        assert write.headers.get("content-encoding") == ("gzip" if gzip else None)
        assert write.body == b"pump,asset_id=a,tenant=local flow=3.0,power=2.0,power__rev=3i,speed=1.0 1772323200000000"
        assert store.read(DEFAULT_TENANT).height == 3


def test_values_are_bound_and_never_part_of_a_question(tmp_path: Path) -> None:
    evil = "x' OR 'a' = 'a"
    for version in ("1.6.7", "v2.7.1", "3.0.1"):
        with FakeInflux(version).running() as fake, store_on(fake, tmp_path / version) as store:
            store.write(DEFAULT_TENANT, ROWS)
            assert store.read(TenantId(evil)).is_empty()
            assert store.read(DEFAULT_TENANT, assets=[evil]).is_empty()
            assert all(evil not in each.query.get("q", "") for each in fake.requests)


@pytest.mark.parametrize("signal", ['speed" FROM "x', "a'b", "a\\b", "a;b", "a\nb", "", "time", "tenant", "speed__q"])
def test_a_name_that_would_not_stay_a_name_is_refused(tmp_path: Path, signal: str) -> None:
    with FakeInflux().running() as fake, store_on(fake, tmp_path) as store:
        with pytest.raises(RefusedReadings):
            store.write(DEFAULT_TENANT, frame(("a", signal, at(0), 1.0, 0)))
        with pytest.raises(RefusedReadings):
            store.read(DEFAULT_TENANT, signals=[signal])
        with pytest.raises(RefusedReadings):
            InfluxTelemetryStore(InfluxServer(fake.url, "plant"), "pump", [(signal, 1)], tmp_path / "other.sqlite")
        assert not any("write" in each.path for each in fake.requests)


@pytest.mark.parametrize("asset", ["", "back\\slash", "line\nbreak"])
def test_an_asset_that_cannot_be_a_tag_is_refused(tmp_path: Path, asset: str) -> None:
    readings = frame((asset, "speed", at(0), 1.0, 0))
    with (
        FakeInflux().running() as fake,
        store_on(fake, tmp_path) as store,
        pytest.raises(RefusedReadings, match="an asset"),
    ):
        store.write(DEFAULT_TENANT, readings)


def test_a_time_that_influxdb_cannot_count_is_refused(tmp_path: Path) -> None:
    with FakeInflux().running() as fake, store_on(fake, tmp_path) as store:
        for year in (1600, 2300):
            with pytest.raises(RefusedReadings, match="1678 to 2261"):
                store.write(DEFAULT_TENANT, frame(("a", "speed", datetime(year, 1, 1, tzinfo=UTC), 1.0, 0)))


@pytest.mark.parametrize(
    "url",
    [
        "influx:8086",
        "ftp://influx",
        "http://",
        "http://me:secret@influx:8086",
        "http://influx?token=secret",
        "http://a:x",
    ],
)
def test_an_address_that_cannot_be_right_is_refused_without_showing_secrets(url: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        InfluxServer(url, "plant")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "wrong", [{"database": 'a"b'}, {"database": "a/b"}, {"retention_days": {1: 0}}, {"timeout_seconds": 0}]
)
def test_settings_that_cannot_be_right_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidValue):
        InfluxServer(**{"url": "http://influx", "database": "plant", **wrong})  # type: ignore[arg-type]


def test_the_version_is_taken_from_health_where_ping_does_not_tell() -> None:
    with FakeInflux("v2.7.1").running() as fake:
        fake.faults += [
            Fault("/ping", 204, headers={"X-Influxdb-Version": "unknown"}),
            Fault("/health", 200, b'{"status":"pass","version":"v2.7.4"}'),
        ]
        connection = InfluxConnection(InfluxServer(fake.url, "plant"))
        assert (connection.version.text, connection.version.major) == ("v2.7.4", 2)
        connection.close()


def test_grades_with_the_same_retention_share_a_place(tmp_path: Path) -> None:
    for version, places in (
        ("1.6.7", {"plant", "plant/grade2"}),
        ("v2.7.1", {"plant", "plant_grade2"}),
        ("3.0.1", {"plant", "plant_grade2"}),
    ):
        with FakeInflux(version).running() as fake:
            with store_on(fake, tmp_path / version, retention_days={2: 30, 3: 30}) as store:
                store.write(DEFAULT_TENANT, ROWS)
                assert store.read(DEFAULT_TENANT).height == 3
                assert store.read_wide(DEFAULT_TENANT, signals=["speed", "flow"]).rows() == [("a", at(0), 1.0, 3.0)]
                assert store.span(DEFAULT_TENANT).rows() == [("a", at(0), at(0), 3)]
            assert fake.points.keys() == places
            (graded,) = places - {"plant"}
            assert [sorted(point) for point in fake.points[graded].values()] == [["flow", "power", "power__rev"]]


def test_what_is_older_than_its_retention_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    with FakeInflux().running() as fake, store_on(fake, tmp_path, retention_days={2: 30}) as store:
        old = datetime(2026, 1, 1, tzinfo=UTC)
        with pytest.raises(RefusedReadings, match="30 days"):
            store.write(DEFAULT_TENANT, frame(("a", "power", old, 1.0, 0), ("a", "speed", old, 1.0, 0)))
        assert store.read(DEFAULT_TENANT).is_empty()
        assert store.write(DEFAULT_TENANT, frame(("a", "speed", old, 1.0, 0))).written == 1


@pytest.mark.parametrize("version", ["1.6.7", "v2.7.1"])
def test_a_place_with_another_retention_is_not_changed(tmp_path: Path, version: str) -> None:
    with FakeInflux(version).running() as fake:
        with store_on(fake, tmp_path, retention_days={2: 30}) as store:
            store.write(DEFAULT_TENANT, ROWS)
        with store_on(fake, tmp_path, retention_days={2: 7}) as store, pytest.raises(StoreRefused, match="7 days"):
            store.write(DEFAULT_TENANT, ROWS)


def test_a_token_that_may_not_list_buckets_can_still_write(tmp_path: Path) -> None:
    with FakeInflux("v2.7.1", databases=("plant",)).running() as fake, store_on(fake, tmp_path) as store:
        fake.faults.append(Fault("/api/v2/buckets", 403, b'{"code":"forbidden"}'))
        assert store.write(DEFAULT_TENANT, ROWS).written == 3


def test_an_unknown_organisation_is_named(tmp_path: Path) -> None:
    with FakeInflux("v2.7.1").running() as fake:
        server = InfluxServer(fake.url, "plant", org="nobody")
        store = InfluxTelemetryStore(server, "pump", [], tmp_path / "changes.sqlite")
        with store, pytest.raises(StoreRefused, match="nobody"):
            store.write(DEFAULT_TENANT, ROWS)


def test_version_three_says_that_it_cannot_delete(tmp_path: Path) -> None:
    with FakeInflux("3.0.1").running() as fake, store_on(fake, tmp_path) as store:
        store.write(DEFAULT_TENANT, ROWS)
        with pytest.raises(StoreRefused, match="retention"):
            store.forget(DEFAULT_TENANT, ["speed"], NOW)


@pytest.mark.integration
def test_a_real_server_keeps_each_grade_in_its_retention_policy(influxd: str, tmp_path: Path) -> None:
    server = InfluxServer(influxd, "graded", retention_days={2: 100_000})
    signals = [("speed", 1), ("power", 2), ("flow", 3)]
    with InfluxTelemetryStore(server, "pump", signals, tmp_path / "changes.sqlite") as store:
        assert store.write(DEFAULT_TENANT, ROWS).written == 3
        assert store.read(DEFAULT_TENANT).height == 3
        question = 'SHOW RETENTION POLICIES ON "graded"; SELECT * FROM "graded"."grade2"."pump"'
        _, found = httpx.get(f"{influxd}/query", params={"q": question}, trust_env=False).json()["results"]
        assert "power" in found["series"][0]["columns"]
        assert "speed" not in found["series"][0]["columns"]
        assert store.forget(DEFAULT_TENANT, ["flow"], NOW) == 1
        assert sorted(store.read(DEFAULT_TENANT)["signal"]) == ["power", "speed"]


@pytest.mark.integration
def test_what_the_second_write_api_is_sent_arrives_exactly(victoria: str) -> None:
    values = [0.1, -1.5, 1480.0, 123456.789, 0.001]  # it keeps about 15 digits below the largest of a block
    rows = [("a b,=c", "speed", at(minute), value, 7) for minute, value in enumerate(values)]
    connection = InfluxConnection(InfluxServer(victoria, "plant"))
    try:
        assert connection.version.writes_v2
        connection.send(write_lines(frame(*rows), measurement="pump", tenant="local"), Place("plant"))
        question = {"match[]": '{tenant="local"}'}
        httpx.get(f"{victoria}/internal/force_flush", trust_env=False)
        exported = httpx.get(f"{victoria}/api/v1/export", params=question, trust_env=False)
    finally:
        connection.close()
    found = {line["metric"]["__name__"]: line for line in map(httpx.Response.json, _lines(exported))}
    assert found["pump_speed"]["values"] == values
    assert found["pump_speed"]["metric"]["asset_id"] == "a b,=c"
    assert found["pump_speed"]["timestamps"] == [int(at(minute).timestamp() * 1000) for minute in range(5)]
    assert found["pump_speed__rev"]["values"] == [7] * 5


def _lines(response: httpx.Response) -> list[httpx.Response]:
    return [httpx.Response(200, content=line) for line in response.text.splitlines()]
