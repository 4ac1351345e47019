"""Whatever is done, an InfluxDB store and an SQLite store answer alike: reports, readings, verdicts, spans, counts."""

import itertools
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.domain.identifiers import TenantId
from features.telemetry.influx.server import InfluxServer
from features.telemetry.influx.store import InfluxTelemetryStore
from features.telemetry.readings import VERDICTS
from features.telemetry.sqlite import SqliteTelemetryStore
from features.telemetry.store import TelemetryStore
from tests.features.telemetry.contract import T0, at, frame
from tests.features.telemetry.influx.fake import FakeInflux

Step = Callable[[TelemetryStore, TenantId], object]

ASSETS, SIGNALS = ["a", "b b,=c"], ["speed", "flow", "of,nobody="]
_tenants = (TenantId(f"parity-{number}") for number in itertools.count())
_databases = (f"parity{number}" for number in itertools.count())
_minutes = st.integers(0, 5)
_rows = st.lists(
    st.tuples(
        st.sampled_from(ASSETS),
        st.sampled_from(SIGNALS),
        _minutes.map(lambda minute: T0 + timedelta(days=40 * minute)),
        st.sampled_from([0.0, -0.0, 1.5, -1.5, 5e-324, 1.7e308]),
        st.sampled_from([-1, 0, 0, 0, 1, 2**63 - 1]),
    ),
    max_size=20,
)


def day(minute: int) -> datetime:
    """Return one of a few times, so far apart that a store looks at them in several steps."""
    return T0 + timedelta(days=40 * minute)


@st.composite
def _steps(draw: st.DrawFn, can_forget: bool) -> Step:
    kind = draw(st.sampled_from(["write", "write", "write", "mark", "forget"] if can_forget else ["write", "mark"]))
    if kind == "write":
        rows = draw(_rows)
        return lambda store, tenant: store.write(tenant, frame(*rows))
    if kind == "forget":
        gone, before = draw(st.lists(st.sampled_from(SIGNALS), max_size=2)), draw(_minutes)
        return lambda store, tenant: store.forget(tenant, gone, day(before))
    assets = draw(st.lists(st.sampled_from(ASSETS), unique=True, max_size=2))
    signals = draw(st.lists(st.sampled_from(SIGNALS), unique=True, max_size=2))
    first, last = sorted((draw(_minutes), draw(_minutes)))
    keys = [(a, s, day(minute)) for a in assets for s in signals for minute in range(first, last)]
    chosen = draw(st.lists(st.sampled_from(keys), unique=True)) if keys else []
    rows_marked = [(*key, draw(st.integers(1, 9))) for key in chosen]
    marks = pl.DataFrame(rows_marked, schema=VERDICTS, orient="row")
    start, end = day(first), day(last)
    return lambda store, tenant: store.mark(tenant, marks, assets=assets, signals=signals, start=start, end=end)


def answers(store: TelemetryStore, tenant: TenantId, cursor: int) -> list[object]:
    """Return all that a store says of a tenant, in a form that compares."""
    changes = [each for each in store.changes_since(cursor, 1000) if each.tenant == tenant]
    wide = [store.read_wide(tenant, signals=SIGNALS, with_suspect=suspect).rows() for suspect in (True, False)]
    narrow = store.read_wide(tenant, signals=["flow"], assets=["a"], start=day(1), end=day(3))
    return [
        [(*row, str(row[3])) for row in store.read(tenant).rows()],
        store.read(tenant, assets=["a"], signals=["speed"], start=day(1)).rows(),
        *wide,
        narrow.rows(),
        store.read_verdicts(tenant).rows(),
        store.read_verdicts(tenant, assets=["a"], signals=["flow"], end=day(2)).rows(),
        store.first_times(tenant, [*ASSETS, "stranger"]),
        store.span(tenant).rows(),
        [(each.asset, each.first, each.last) for each in changes],
    ]


def last_cursor(store: TelemetryStore) -> int:
    return max((each.cursor for each in store.changes_since(0, 1_000_000)), default=0)


def agree(influx: TelemetryStore, sqlite: TelemetryStore, steps: list[Step]) -> None:
    tenant = next(_tenants)
    cursors = [
        max((each.cursor for each in store.changes_since(0, 1_000_000)), default=0) for store in (influx, sqlite)
    ]
    for step in steps:
        assert step(influx, tenant) == step(sqlite, tenant)
    ours = answers(influx, tenant, cursors[0])
    assert ours == answers(sqlite, tenant, cursors[1])


def often(examples: int) -> settings:
    """Try so many examples, and take one store for all of them."""
    return settings(max_examples=examples, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[SqliteTelemetryStore]:
    with SqliteTelemetryStore(tmp_path / "telemetry.sqlite") as opened:
        yield opened


@pytest.fixture
def two_places(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[InfluxTelemetryStore]:
    with FakeInflux(request.param).running() as fake:
        server = InfluxServer(fake.url, "plant", org="acme", retention_days={2: 100_000})
        with store_on(server, tmp_path) as opened:
            yield opened


def store_on(server: InfluxServer, folder: Path) -> InfluxTelemetryStore:
    return InfluxTelemetryStore(server, "pump", [("speed", 1), ("flow", 2)], folder / "changes.sqlite")


@pytest.mark.parametrize("two_places", ["1.6.7", "v2.7.1"], indirect=True)
@often(12)
@given(steps=st.lists(_steps(can_forget=True), max_size=6))
def test_both_stores_answer_alike(
    two_places: InfluxTelemetryStore, sqlite: SqliteTelemetryStore, steps: list[Step]
) -> None:
    agree(two_places, sqlite, steps)


@pytest.mark.parametrize("two_places", ["3.0.1"], indirect=True)
@often(12)
@given(steps=st.lists(_steps(can_forget=False), max_size=6))
def test_both_stores_answer_alike_where_the_server_cannot_delete(
    two_places: InfluxTelemetryStore, sqlite: SqliteTelemetryStore, steps: list[Step]
) -> None:
    agree(two_places, sqlite, steps)


@pytest.mark.integration
@often(40)
@given(steps=st.lists(_steps(can_forget=True), max_size=6))
def test_both_stores_answer_alike_on_a_real_server(
    influxd: str, tmp_path: Path, sqlite: SqliteTelemetryStore, steps: list[Step]
) -> None:
    for retention in ({}, {2: 100_000}):
        with store_on(InfluxServer(influxd, "parity", retention_days=retention), tmp_path) as influx:
            agree(influx, sqlite, steps)


def test_a_correction_is_good_again_until_it_is_judged_anew(sqlite: SqliteTelemetryStore, tmp_path: Path) -> None:
    with FakeInflux().running() as fake, store_on(InfluxServer(fake.url, "plant", org="acme"), tmp_path) as influx:
        for store in (sqlite, influx):
            store.write(TenantId("t"), frame(("a", "speed", at(0), 1.0, 0)))
            marks = pl.DataFrame([("a", "speed", at(0), 3)], schema=VERDICTS, orient="row")
            assert store.mark(TenantId("t"), marks, assets=["a"], signals=["speed"]) == 1
            assert store.read_wide(TenantId("t"), signals=["speed"]).is_empty()
            store.write(TenantId("t"), frame(("a", "speed", at(0), 2.0, 1)))
            assert store.read_verdicts(TenantId("t")).is_empty()
            assert store.read_wide(TenantId("t"), signals=["speed"])["speed"].to_list() == [2.0]
