import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import polars as pl
import pytest

from features.domain.events import EventKind
from features.domain.identifiers import DEFAULT_TENANT, AssetId, IdentifierScheme
from features.domain.time import EPOCH
from features.quality.verdicts import SetAsideReason
from features.records.assets import AssetRecords
from features.records.events import EventRecords
from features.records.labels import LabelRecords
from features.records.lives import LifeRecords
from pipelines.ingest.errors import BadTable, NoTelemetry
from pipelines.ingest.folder import ingest_folder
from tests.pipelines.ingest.conftest import Plant
from tests.pipelines.ingest.small_pack import PACK

T0 = datetime(2026, 3, 1, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)

MESSY = """\
asset_id,time,speed,flow,running_hours,colour
a,2026-03-01T08:00:00Z,1480,12.5,1,
a,2026-03-01T17:00:00+08:00,1481,,2,
a,2026-03-01T10:00:00,1482,12,3,
a,,1482,12,3,
a,soon,1482,12,3,
,2026-03-01T08:00:00Z,1,1,1,
*,2026-03-01T08:00:00Z,1,1,1,
a,2026-03-01T11:00:00Z,fast,nan,4,red
a,2026-03-01T12:00:00Z,99999,inf,5,

b,2026-03-01T08:00:00Z,-0,-3,,
"""
EXPECTED_ASIDE = [
    (3, None, "naive_time"),
    (4, None, "missing_time"),
    (5, None, "bad_time"),
    (6, None, "missing_asset"),
    (7, None, "bad_asset_id"),
    (8, "speed", "not_a_number"),
    (8, "flow", "non_finite"),
    (9, "speed", "impossible_value"),
    (9, "flow", "non_finite"),
    (8, "colour", "unknown_signal"),
]
EXPECTED_READINGS = [
    ("a", "flow", T0, 12.5),
    ("a", "running_hours", T0, 1.0),
    ("a", "running_hours", T0 + HOUR, 2.0),
    ("a", "running_hours", T0 + 3 * HOUR, 4.0),
    ("a", "running_hours", T0 + 4 * HOUR, 5.0),
    ("a", "speed", T0, 1480.0),
    ("a", "speed", T0 + HOUR, 1481.0),
    ("b", "flow", T0, -3.0),
    ("b", "speed", T0, 0.0),
]


def test_what_fits_is_kept_and_everything_else_is_set_aside_with_row_signal_and_reason(plant: Plant) -> None:
    plant.file("telemetry.csv", MESSY)
    report = plant.ingest()
    assert plant.readings() == EXPECTED_READINGS
    items = plant.aside()
    assert sorted((item.row, item.signal or "", item.reason) for item in items) == sorted(
        (row, signal or "", reason) for row, signal, reason in EXPECTED_ASIDE
    )
    assert {item.source for item in items} == {"telemetry.csv"}
    assert report.set_aside == Counter(reason for _, _, reason in EXPECTED_ASIDE)
    assert (report.rows, report.readings, report.written, report.assets) == (10, 9, 9, 2)


def test_set_aside_items_carry_words_and_content(plant: Plant) -> None:
    plant.file("telemetry.csv", MESSY)
    plant.ingest()
    (row,) = plant.aside(SetAsideReason.NAIVE_TIME)
    assert row.content["time"] == "2026-03-01T10:00:00"
    assert row.content["speed"] == "1482"
    assert "2026-03-01T10:00:00" in row.detail
    (cell,) = plant.aside(SetAsideReason.IMPOSSIBLE_VALUE)
    assert cell.content == {"asset_id": "a", "time": "2026-03-01T12:00:00Z", "value": "99999"}
    assert "0 to 3000" in cell.detail


def test_ingesting_again_changes_nothing_and_counts_duplicates(plant: Plant) -> None:
    plant.file("telemetry.csv", MESSY)
    plant.file("events.csv", "asset_id,time,kind\na,2026-03-01T09:30:00Z,failure\n")
    plant.file("assets.csv", "asset_id,site,identifier_gs1\na,north,4006381333931\n")
    first = plant.ingest()
    state = (plant.readings(), plant.aside(), AssetRecords(plant.records).list_all(DEFAULT_TENANT))
    cursor = plant.store.changes_since(0, 100)[-1].cursor
    second = plant.ingest()
    assert (plant.readings(), plant.aside(), AssetRecords(plant.records).list_all(DEFAULT_TENANT)) == state
    assert plant.store.changes_since(cursor, 100) == []
    assert (second.written, second.duplicates) == (0, first.written)
    assert second.set_aside == first.set_aside
    assert (second.assets, second.events, second.lives) == (first.assets, first.events, first.lives)


def test_rows_of_every_chunk_are_numbered_by_their_place_in_the_file(plant: Plant) -> None:
    plant.file("telemetry.csv", MESSY)
    report = ingest_folder(plant.folder, PACK, DEFAULT_TENANT, plant.store, plant.records, chunk_rows=3)
    assert plant.readings() == EXPECTED_READINGS
    assert {(item.row, item.signal, item.reason.value) for item in plant.aside()} == set(EXPECTED_ASIDE)
    assert report.rows == 10


def test_conflicting_rows_are_counted_and_the_rule_of_the_store_decides(plant: Plant) -> None:
    plant.file(
        "telemetry.csv",
        "asset_id,time,flow\na,2026-03-01T08:00:00Z,5\na,2026-03-01T08:00:00Z,4\na,2026-03-01T16:00:00+08:00,5\n",
    )
    report = plant.ingest()
    assert (report.written, report.duplicates, report.conflicts, report.readings) == (1, 1, 1, 3)
    assert plant.readings() == [("a", "flow", T0, 5.0)]


def test_a_bare_life_count_becomes_its_stand_in_time(plant: Plant) -> None:
    plant.file("telemetry.csv", "asset_id,life,flow\na,1,5\na,2.5,6\na,x,7\na,,8\n")
    plant.file("events.csv", "asset_id,life,kind\na,2.5,failure\n")
    report = plant.ingest()
    seconds = [timedelta(seconds=1), timedelta(seconds=2.5)]
    assert plant.readings() == [("a", "flow", EPOCH + seconds[0], 5.0), ("a", "flow", EPOCH + seconds[1], 6.0)]
    assert report.set_aside == {SetAsideReason.BAD_LIFE: 1, SetAsideReason.MISSING_TIME: 1}
    assert LifeRecords(plant.records).list_all(DEFAULT_TENANT)[0].is_failure


def test_beside_a_time_a_life_column_is_a_signal_like_any_other(plant: Plant) -> None:
    plant.file("telemetry.csv", "asset_id,time,life,flow\na,2026-03-01T08:00:00Z,7,5\n")
    report = plant.ingest()
    assert plant.readings() == [("a", "flow", T0, 5.0), ("a", "life", T0, 7.0)]
    assert (report.quarantined, report.set_aside) == (1, {})


def test_parquet_is_read_as_it_is_typed(plant: Plant) -> None:
    (plant.folder / "telemetry").mkdir()
    shanghai = timezone(8 * HOUR)
    pl.DataFrame(
        {
            "asset_id": ["a", "a", "a"],
            "time": [T0.astimezone(shanghai), T0 + HOUR, None],
            "speed": [1480, 99_999, 1],
            "flow": [float("nan"), None, 2.0],
            "running_hours": ["7", "x", "1"],
        }
    ).write_parquet(plant.folder / "telemetry" / "part-1.parquet")
    pl.DataFrame(
        {
            "asset_id": ["b", "b"],
            "time": [T0.replace(tzinfo=None), (T0 + HOUR).replace(tzinfo=None)],
            "flow": [1.0, 2.0],
        }
    ).write_parquet(plant.folder / "telemetry" / "part-2.parquet")
    report = plant.ingest()
    assert plant.readings() == [("a", "running_hours", T0, 7.0), ("a", "speed", T0, 1480.0)]
    found = {(item.source, item.row, item.signal, item.reason.value) for item in plant.aside()}
    assert found == {
        ("telemetry/part-1.parquet", 1, "flow", "non_finite"),
        ("telemetry/part-1.parquet", 2, "speed", "impossible_value"),
        ("telemetry/part-1.parquet", 2, "running_hours", "not_a_number"),
        ("telemetry/part-1.parquet", 3, None, "missing_time"),
        ("telemetry/part-2.parquet", 1, None, "naive_time"),
        ("telemetry/part-2.parquet", 2, None, "naive_time"),
    }
    assert report.rows == 5
    assert plant.aside(SetAsideReason.NON_FINITE)[0].content["value"] == "nan"


@pytest.mark.parametrize("names", [[b"a", b"\xff"], [["a"], ["b"]], [{"id": "a"}, {"id": "b"}]])
def test_identities_of_a_strange_type_are_set_aside(plant: Plant, names: list[object]) -> None:
    table = pl.DataFrame({"asset_id": names, "time": [T0, T0], "flow": [1.0, 2.0]})
    (plant.folder / "telemetry").mkdir()
    table.write_parquet(plant.folder / "telemetry" / "part-1.parquet")
    report = plant.ingest()
    assert report.rows == report.readings + sum(report.set_aside.values())
    assert set(report.set_aside) == {SetAsideReason.BAD_ASSET_ID}


def test_csv_and_parquet_of_the_same_data_end_in_the_same_state(plant: Plant, tmp_path: Path) -> None:
    table = pl.DataFrame(
        {
            "asset_id": ["a", "b"],
            "time": [T0, T0 + timedelta(microseconds=123_456)],
            "flow": [0.1, 1 / 3],
            "speed": [None, 1480.0],
        }
    )
    table.write_parquet(plant.folder / "telemetry.parquet")
    plant.ingest()
    (plant.folder / "telemetry.parquet").unlink()
    table.with_columns(pl.col("time").dt.strftime("%Y-%m-%dT%H:%M:%S%.fZ")).write_csv(plant.folder / "telemetry.csv")
    report = plant.ingest()
    assert (report.written, report.duplicates, report.conflicts) == (0, 3, 0)


def test_assets_come_with_identifiers_and_attributes(plant: Plant) -> None:
    plant.file("telemetry.csv", "asset_id,time,flow\na,2026-03-01T08:00:00Z,5\nundescribed,2026-03-01T08:00:00Z,5\n")
    plant.file(
        "assets.csv",
        "asset_id,model,batch,site,commissioned,identifier_handle,identifier_gs1,rated_flow\n"
        "a,KX,7,north,2020-01-01T00:00:00Z,88.118.8/a,4006381333931,120\n"
        "b,KX,7,north,2020-01-01,88.118.8/a,123,\n",
    )
    report = plant.ingest()
    assets = AssetRecords(plant.records)
    described = assets.get(DEFAULT_TENANT, AssetId("a"))
    assert (described.pack, described.model, described.batch, described.site) == ("small", "KX", "7", "north")
    assert described.commissioned == datetime(2020, 1, 1, tzinfo=UTC)
    assert [(name.scheme, name.is_primary) for name in described.identifiers] == [
        (IdentifierScheme.HANDLE, True),
        (IdentifierScheme.GS1, False),
    ]
    assert dict(described.attributes) == {"rated_flow": "120"}
    other = assets.get(DEFAULT_TENANT, AssetId("b"))
    assert (other.model, other.commissioned, other.identifiers) == ("KX", None, ())
    assert assets.get(DEFAULT_TENANT, AssetId("undescribed")).pack == "small"
    assert {(item.row, item.signal, item.reason.value) for item in plant.aside()} == {
        (2, "commissioned", "naive_time"),
        (2, "identifier_handle", "identifier_taken"),
        (2, "identifier_gs1", "bad_identifier"),
    }
    assert report.assets == 3


def test_a_later_description_holds_and_an_identifier_can_move(plant: Plant) -> None:
    plant.file("telemetry.csv", "asset_id,time,flow\na,2026-03-01T08:00:00Z,5\n")
    plant.file("assets.csv", "asset_id,site,identifier_handle\na,north,88.1/x\nb,north,88.1/y\n")
    plant.ingest()
    plant.file("assets.csv", "asset_id,site,identifier_handle\na,south,88.1/z\nb,north,88.1/x\n")
    assert plant.ingest().set_aside == {}
    a, b = AssetRecords(plant.records).list_all(DEFAULT_TENANT)
    assert (a.site, a.identifiers[0].value, b.identifiers[0].value) == ("south", "88.1/z", "88.1/x")


def test_lives_begin_with_commissioning_or_the_first_reading_and_end_with_events(plant: Plant) -> None:
    plant.file(
        "telemetry.csv",
        "asset_id,time,flow\n"
        "a,2026-03-02T08:00:00Z,5\na,2026-03-01T08:00:00Z,5\n"
        "late,2026-03-01T08:00:00Z,5\nplain,2026-03-01T08:00:00Z,5\n",
    )
    plant.file(
        "assets.csv",
        "asset_id,commissioned\na,2026-01-01T00:00:00Z\nlate,2026-05-01T00:00:00Z\nunseen,\n",
    )
    plant.file(
        "events.csv",
        "asset_id,time,kind,failure_mode,component,note\n"
        "a,2026-03-03T00:00:00Z,failure,seal_leak,,\n"
        "a,2026-03-04T00:00:00Z,repair,,seal,\n"
        "a,2026-03-05T00:00:00Z,part_replaced,,rotor,\n"
        "plain,2026-03-05T00:00:00Z,exploded,,,\n"
        "plain,2026-03-05T00:00:00,failure,,,\n",
    )
    report = plant.ingest()
    lives = LifeRecords(plant.records)
    of_a = lives.list_all(DEFAULT_TENANT, AssetId("a"))
    assert [(life.started_at, life.end, life.failure_mode) for life in of_a] == [
        (datetime(2026, 1, 1, tzinfo=UTC), EventKind.FAILURE, "seal_leak"),
        (datetime(2026, 3, 3, tzinfo=UTC), EventKind.PART_REPLACED, None),
        (datetime(2026, 3, 5, tzinfo=UTC), None, None),
    ]
    assert [life.started_at for life in lives.list_all(DEFAULT_TENANT, AssetId("late"))] == [T0]
    assert lives.list_all(DEFAULT_TENANT, AssetId("unseen")) == []
    assert (report.events, report.lives) == (3, 5)
    assert len(EventRecords(plant.records).list_all(DEFAULT_TENANT)) == 3
    assert {(item.source, item.row, item.reason.value) for item in plant.aside()} == {
        ("events.csv", 4, "unknown_event"),
        ("events.csv", 5, "naive_time"),
    }


def test_errors_of_one_moment_are_told_apart_by_their_codes_which_are_texts(plant: Plant) -> None:
    plant.file("telemetry.csv", "asset_id,time,flow\na,2026-03-01T08:00:00Z,5\n")
    plant.file(
        "events.csv",
        "asset_id,time,kind,component,code\n"
        "a,2026-03-01T09:00:00Z,error,,0104\na,2026-03-01T09:00:00Z,error,,error2\na,2026-03-01T09:00:00Z,error,,\n"
        "a,2026-03-01T09:00:00Z,part_replaced,comp1,\n",
    )
    assert plant.ingest().events == 4
    found = EventRecords(plant.records).list_all(DEFAULT_TENANT)
    assert {(event.kind.value, event.detail) for event in found} == {
        ("error", None),
        ("error", "0104"),
        ("error", "error2"),
        ("part_replaced", "comp1"),
    }
    (life,) = LifeRecords(plant.records).list_all(DEFAULT_TENANT)
    assert life.end is None


def test_labels_are_kept_and_bad_ones_set_aside(plant: Plant) -> None:
    plant.file("telemetry.csv", "asset_id,time,flow\na,2026-03-01T08:00:00Z,5\n")
    plant.file(
        "labels.csv",
        "asset_id,from,to,target,value,by\n"
        "a,2026-03-01T08:00:00Z,2026-03-01T09:00:00Z,cavitation,1,me\n"
        "a,1,2.5,worn,yes,me\n"
        "a,2026-03-01T08:00:00Z,2026-03-01T08:00:00Z,cavitation,1,me\n"
        "a,1,2,,1,me\na,1,,worn,1,me\n,1,2,worn,1,me\n",
    )
    report = plant.ingest()
    labels = LabelRecords(plant.records).list_all(DEFAULT_TENANT)
    assert [(label.start, label.target, label.value) for label in labels] == [
        (EPOCH + timedelta(seconds=1), "worn", "yes"),
        (T0, "cavitation", "1"),
    ]
    assert report.labels == 2
    assert report.set_aside == {
        SetAsideReason.BAD_LABEL: 2,
        SetAsideReason.MISSING_TIME: 1,
        SetAsideReason.MISSING_ASSET: 1,
    }
    assert "column by of labels.csv is ignored: it has no meaning there" in report.notes


def test_truth_and_unknown_files_are_left_alone_with_a_line(plant: Plant) -> None:
    plant.file("telemetry.csv", "asset_id,time,flow\na,2026-03-01T08:00:00Z,5\n")
    plant.file("truth/telemetry.csv", "asset_id,time,flow\na,2026-03-01T08:00:00Z,6\n")
    plant.file("readme.txt", "hello")
    plant.file("waveforms.csv", "asset_id\n")
    plant.file("telemetry/notes.txt", "hello")
    report = plant.ingest()
    assert report.conflicts == 0
    assert [note.split(" ")[0] for note in report.notes] == [
        "readme.txt",
        "telemetry/notes.txt",
        "truth/",
        "waveforms.csv",
    ]


def test_an_asset_of_another_pack_gets_no_readings_of_this_one(plant: Plant) -> None:
    plant.file("telemetry.csv", "asset_id,time,flow\na,2026-03-01T08:00:00Z,5\nb,2026-03-01T08:00:00Z,5\n")
    plant.ingest()
    assets = AssetRecords(plant.records)
    assets.put(replace(assets.get(DEFAULT_TENANT, AssetId("a")), pack="fan"))
    report = plant.ingest()
    assert report.set_aside == {SetAsideReason.OTHER_PACK: 1}
    assert assets.get(DEFAULT_TENANT, AssetId("a")).pack == "fan"


def test_a_folder_without_telemetry_is_refused(plant: Plant, tmp_path: Path) -> None:
    plant.file("events.csv", "asset_id,time,kind\n")
    with pytest.raises(NoTelemetry):
        plant.ingest()
    plant.folder = tmp_path / "nowhere"
    with pytest.raises(NoTelemetry, match="nowhere"):
        plant.ingest()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("telemetry.csv", "asset,time\n1,2\n"),
        ("telemetry.csv", "asset_id,flow\na,1\n"),
        ("events.csv", "asset_id,time\na,b\n"),
    ],
)
def test_a_table_without_its_key_columns_is_refused(plant: Plant, name: str, content: str) -> None:
    plant.file("telemetry.csv", "asset_id,time,flow\na,2026-03-01T08:00:00Z,5\n")
    plant.file(name, content)
    with pytest.raises(BadTable, match=name):
        plant.ingest()


def test_a_table_with_a_header_alone_is_an_empty_one(plant: Plant) -> None:
    plant.file("telemetry.csv", "asset_id,time,flow\n")
    assert plant.ingest().to_dict()["readings"] == 0


def test_progress_is_told_and_the_report_is_plain_json(plant: Plant) -> None:
    plant.file("telemetry.csv", MESSY)
    told: list[tuple[str, int]] = []
    report = ingest_folder(
        plant.folder, PACK, DEFAULT_TENANT, plant.store, plant.records, lambda source, rows: told.append((source, rows))
    )
    assert told[-1] == ("telemetry.csv", 11)
    document = json.loads(json.dumps(report.to_dict()))
    assert document["set_aside"]["non_finite"] == 2
