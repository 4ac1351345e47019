import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import polars as pl
import polars.selectors as cs

from features.domain.assets import Asset
from features.domain.events import EventKind
from features.domain.identifiers import DEFAULT_TENANT, AssetId
from features.domain.time import EPOCH
from features.quality.verdicts import SetAsideReason
from features.records.assets import AssetRecords
from features.records.events import EventRecords
from features.records.lives import LifeRecords
from features.telemetry.readings import READINGS
from pipelines.ingest.lines import MOST_CELLS, Batching, LineBatch, ingest_lines
from pipelines.ingest.report import IngestReport
from tests.pipelines.ingest.conftest import Plant
from tests.pipelines.ingest.small_pack import PACK

T0 = datetime(2026, 3, 1, 8, tzinfo=UTC)


def take(plant: Plant, lines: Iterable[str], batching: Batching | None = None) -> IngestReport:
    return ingest_lines(lines, PACK, DEFAULT_TENANT, plant.store, plant.records, batching=batching)


def early(asset: str) -> pl.DataFrame:
    """Return a reading that another process wrote."""
    row = {"asset": [asset], "signal": ["flow"], "time": [T0 - timedelta(days=1)], "value": [1.0], "revision": [0]}
    return pl.DataFrame(row, schema=READINGS)


def reading(asset: str, time: str, **signals: object) -> str:
    return json.dumps({"asset_id": asset, "time": time, "signals": signals})


def test_readings_and_events_are_kept(plant: Plant) -> None:
    report = take(
        plant,
        [
            reading("a", "2026-03-01T08:00:00Z", speed=1480.0, flow=None),
            reading("a", "2026-03-01T17:00:00+08:00", speed=1481, flow=7.25),
            "",
            '{"asset_id": "a", "time": "2026-03-01T09:30:00Z", "event": "failure", "failure_mode": "seal_leak",'
            ' "component": null, "note": null}',
        ],
    )
    assert plant.readings() == [
        ("a", "flow", T0 + timedelta(hours=1), 7.25),
        ("a", "speed", T0, 1480.0),
        ("a", "speed", T0 + timedelta(hours=1), 1481.0),
    ]
    (event,) = EventRecords(plant.records).list_all(DEFAULT_TENANT)
    assert (event.kind, event.failure_mode) == (EventKind.FAILURE, "seal_leak")
    take(plant, ['{"asset_id": "a", "time": "2026-03-01T09:10:00Z", "event": "error", "code": "E-104"}'])
    assert EventRecords(plant.records).list_all(DEFAULT_TENANT)[0].code == "E-104"
    assert (report.rows, report.written, report.events, report.lives, report.set_aside) == (2, 3, 1, 2, {})


def test_a_bare_life_count_becomes_its_stand_in_time(plant: Plant) -> None:
    take(
        plant,
        [
            '{"asset_id": "a", "life": 17, "signals": {"flow": 1}}',
            '{"asset_id": "a", "life": 17.5, "signals": {"flow": 2}}',
            '{"asset_id": "a", "life": 17.5, "event": "failure"}',
        ],
    )
    assert [time for _, _, time, _ in plant.readings()] == [
        EPOCH + timedelta(seconds=17),
        EPOCH + timedelta(seconds=17.5),
    ]
    assert EventRecords(plant.records).list_all(DEFAULT_TENANT)[0].at == EPOCH + timedelta(seconds=17.5)


def test_what_does_not_fit_is_set_aside_with_its_line(plant: Plant) -> None:
    lines = [
        '{"asset_id": "a", "time": "2026-03-01T08:00:00Z", "signals": {"speed": NaN, "flow": Infinity}}',
        reading("a", "2026-03-01T08:00:00", speed=1),
        reading("a", "2026-03-01T08:00:00Z", speed="fast", colour="red", flow=9999),
        "{not json",
        "[1, 2]",
        '{"asset_id": "a", "time": "2026-03-01T08:00:00Z", "signals": {}, "password": "x"}',
        '{"asset_id": "a", "time": "2026-03-01T08:00:00Z", "life": 3, "signals": {}}',
        '{"time": "2026-03-01T08:00:00Z", "signals": {"flow": 1}}',
        '{"asset_id": "a", "signals": {"flow": 1}}',
        '{"asset_id": "a", "time": "2026-03-01T08:00:00Z", "event": "exploded"}',
        '{"asset_id": "a\\ud800", "time": "2026-03-01T08:00:00Z", "signals": {"flow": 1}}',
        "[" * 100_000,
        '{"asset_id": "a", "time": "2026-03-01T08:00:00Z", "signals": {"speed": 1' + "0" * 400 + ', "time": 3}}',
    ]
    report = take(plant, lines)
    assert plant.readings() == []
    found = sorted((item.row, item.signal or "", item.reason.value) for item in plant.aside())
    assert found == [
        (1, "flow", "non_finite"),
        (1, "speed", "non_finite"),
        (2, "", "naive_time"),
        (3, "colour", "unknown_signal"),
        (3, "flow", "impossible_value"),
        (3, "speed", "not_a_number"),
        (4, "", "unreadable_line"),
        (5, "", "unreadable_line"),
        (6, "", "unreadable_line"),
        (7, "", "unreadable_line"),
        (8, "", "missing_asset"),
        (9, "", "missing_time"),
        (10, "", "unknown_event"),
        (11, "", "unreadable_line"),
        (12, "", "unreadable_line"),
        (13, "signals.time", "unknown_signal"),
        (13, "speed", "non_finite"),
    ]
    assert sum(report.set_aside.values()) == len(found)
    assert report.rows == 12


def test_a_key_twice_sets_the_line_aside_instead_of_dropping_one_of_its_values(plant: Plant) -> None:
    report = take(plant, ['{"asset_id": "a", "time": "2026-03-01T08:00:00Z", "signals": {"flow": 1.0, "flow": 2.0}}'])
    assert plant.readings() == []
    assert report.set_aside == {SetAsideReason.UNREADABLE_LINE: 1}


def test_the_other_values_of_a_line_are_kept(plant: Plant) -> None:
    report = take(plant, [reading("a", "2026-03-01T08:00:00Z", speed="fast", flow=0.1, running_hours=True)])
    assert plant.readings() == [("a", "flow", T0, 0.1)]
    assert report.set_aside == {SetAsideReason.NOT_A_NUMBER: 2}


def test_a_line_with_absurdly_many_signals_is_set_aside(plant: Plant) -> None:
    allowed = reading("a", "2026-03-01T08:00:00Z", **{f"s{number}": 1.0 for number in range(4_096)})
    excessive = reading("b", "2026-03-01T08:00:00Z", **{f"s{number}": 1.0 for number in range(4_097)})
    report = take(plant, [allowed, excessive])
    assert (report.readings, report.set_aside) == (4_096, {SetAsideReason.UNREADABLE_LINE: 1})
    assert "4097 signals in it; at most 4096" in plant.aside()[0].detail


def test_many_lines_are_cut_into_tables_within_a_bound_and_none_is_lost() -> None:
    batch = LineBatch("stdin")
    for number in range(3_000):
        batch.add(number + 1, reading("a", "2026-03-01T08:00:00Z", **{f"s{number}": 1.0, "flow": 2.0}))
    tables = list(batch.reading_tables())
    assert [row for table in tables for row in table["__row__"]] == list(range(1, 3_001))
    assert max(table.height * (table.width - 3) for table in tables) <= MOST_CELLS
    assert sum(table.select(cs.float().count()).sum_horizontal().item() for table in tables) == 6_000


def test_a_line_may_bear_its_revision(plant: Plant) -> None:
    line = json.loads(reading("a", "2026-03-01T08:00:00Z", flow=1.0))
    large = 2**60 + 1
    report = take(
        plant,
        [
            json.dumps(line | {"revision": large}),
            reading("a", "2026-03-01T08:00:00Z", flow=2.0),
            *(json.dumps(line | {"revision": bad}) for bad in (-1, 1.5, True, "x", 2**63, [1])),
            reading("a", "2026-03-01T09:00:00Z", flow=2.0, flow__rev=7, flow__q=3),
        ],
    )
    kept = plant.store.read(DEFAULT_TENANT).select("signal", "value", "revision").rows()
    assert kept == [("flow", 1.0, large), ("flow", 2.0, 7)]
    assert report.set_aside == {SetAsideReason.BAD_REVISION: 6}


def test_names_of_our_own_columns_mean_nothing_in_a_line(plant: Plant) -> None:
    signals = {"__row__": 3, "__time__": 4, "__offset__": 5, "revision": 6, "asset_id": 7, "flow": 1.0}
    report = take(plant, [json.dumps({"asset_id": "a", "time": "2026-03-01T08:00:00Z", "signals": signals})])
    assert plant.readings() == [("a", "flow", T0, 1.0)]
    assert report.set_aside == {SetAsideReason.UNKNOWN_SIGNAL: 5}


def test_another_process_may_describe_an_asset_while_the_stream_goes_on(plant: Plant) -> None:
    described = Asset(DEFAULT_TENANT, AssetId("a"), PACK.id, site="north")

    def lines() -> Iterable[str]:
        yield reading("b", "2026-03-01T08:00:00Z", flow=1.0)
        AssetRecords(plant.records).put(described)
        plant.store.write(DEFAULT_TENANT, early("a"))
        yield reading("a", "2026-03-01T08:00:00Z", flow=1.0)
        AssetRecords(plant.records).put(replace(described, site="south"))
        yield reading("a", "2026-03-01T09:00:00Z", flow=1.0)

    take(plant, lines(), Batching(lines=1))
    assert AssetRecords(plant.records).get(DEFAULT_TENANT, AssetId("a")).site == "south"
    (life,) = LifeRecords(plant.records).list_all(DEFAULT_TENANT, AssetId("a"))
    assert life.started_at == T0 - timedelta(days=1)


def test_batches_do_not_matter(plant: Plant) -> None:
    lines = [reading("a", f"2026-03-01T08:{minute:02}:00Z", flow=minute / 3) for minute in range(25)]
    first = take(plant, lines, Batching(lines=4, seconds=1e9))
    again = take(plant, reversed(lines), Batching(lines=7, seconds=1e9))
    assert (first.written, again.written, again.duplicates) == (25, 0, 25)


def test_a_slow_stream_is_written_as_it_comes(plant: Plant) -> None:
    now = 0.0
    seen: list[int] = []

    def slow() -> Iterable[str]:
        nonlocal now
        for minute in range(4):
            seen.append(len(plant.readings()))
            now += 0.6
            yield reading("a", f"2026-03-01T08:{minute:02}:00Z", flow=1.0)

    take(plant, slow(), Batching(lines=1000, seconds=0.5, clock=lambda: now))
    assert seen == [0, 0, 2, 2]


def test_lives_stand_while_the_stream_goes_on(plant: Plant) -> None:
    def lines() -> Iterable[str]:
        yield reading("a", "2026-03-01T08:00:00Z", flow=1.0)
        assert len(LifeRecords(plant.records).list_all(DEFAULT_TENANT)) == 1
        yield '{"asset_id": "a", "time": "2026-03-02T08:00:00Z", "event": "failure"}'
        assert len(LifeRecords(plant.records).list_all(DEFAULT_TENANT)) == 2
        yield reading("a", "2026-02-01T08:00:00Z", flow=1.0)

    report = take(plant, lines(), Batching(lines=1))
    assert report.lives == 2
    assert LifeRecords(plant.records).list_all(DEFAULT_TENANT)[0].started_at == datetime(2026, 2, 1, 8, tzinfo=UTC)
