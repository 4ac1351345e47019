import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from features.domain.identifiers import DEFAULT_TENANT
from features.domain.packs import LifeSource
from features.quality.verdicts import SetAsideReason
from features.records.quarantine import QuarantineRecords
from pipelines.ingest.folder import ingest_folder
from pipelines.ingest.judging import Claims, judged
from pipelines.ingest.keys import keyed
from tests.pipelines.ingest.conftest import Plant
from tests.pipelines.ingest.small_pack import PACK

T0 = datetime(2026, 3, 1, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_numbers_of_an_unknown_signal_are_kept_in_quarantine_and_a_note_says_so(plant: Plant) -> None:
    plant.file(
        "telemetry.csv",
        "asset_id,time,flow,flwo,a b,state\na,2026-03-01T08:00:00Z,5,6,1,on\na,2026-03-01T09:00:00Z,5,inf,,\n",
    )
    report = plant.ingest()
    assert ("a", "flwo", T0, 6.0) in plant.readings()
    assert (report.readings, report.quarantined) == (3, 1)
    assert report.set_aside == {SetAsideReason.UNKNOWN_SIGNAL: 2, SetAsideReason.NON_FINITE: 1}
    (note,) = report.notes
    assert "flwo" in note
    assert "typo" in note
    plant.ingest()
    records = QuarantineRecords(plant.records)
    (found,) = records.list_all(DEFAULT_TENANT, PACK.id, [signal.id for signal in PACK.signals])
    assert (found.asset, found.signal, found.pack, found.first_at, found.readings) == ("a", "flwo", "small", T0, 1)
    assert records.list_all(DEFAULT_TENANT, PACK.id, ["flwo"]) == []


def test_a_revision_reaches_the_reading_and_a_correction_replaces(plant: Plant) -> None:
    plant.file(
        "telemetry.csv",
        "asset_id,time,flow,speed,revision,flow__rev,flow__q\n"
        "a,2026-03-01T08:00:00Z,9,1480,1,3.0,0\na,2026-03-01T09:00:00Z,9,1480,,,0\n",
    )
    first = plant.ingest()
    kept = plant.store.read(DEFAULT_TENANT).select("signal", "time", "revision").rows()
    assert kept == [("flow", T0, 3), ("flow", T0 + HOUR, 0), ("speed", T0, 1), ("speed", T0 + HOUR, 0)]
    assert first.revised == 2
    assert "column flow__q of telemetry.csv is ignored: verdicts are given here, not taken" in first.notes
    plant.file(
        "telemetry.csv", "asset_id,time,flow,revision\na,2026-03-01T08:00:00Z,1,4\na,2026-03-01T08:00:00Z,99,2\n"
    )
    second = plant.ingest()
    assert plant.readings()[0] == ("a", "flow", T0, 1.0)
    assert (second.replaced, second.conflicts, second.revised) == (1, 2, 2)


@pytest.mark.parametrize("revision", ["-1", "1.5", "x", "nan", "9223372036854775808", "true"])
def test_what_is_no_revision_sets_the_row_or_the_cell_aside(plant: Plant, revision: str) -> None:
    time = "2026-03-01T08:00:00Z"
    plant.file("telemetry.csv", f"asset_id,time,flow,speed,flow__rev\na,{time},5,1480,{revision}\n")
    assert plant.ingest().set_aside == {SetAsideReason.BAD_REVISION: 1}
    assert plant.readings() == [("a", "speed", T0, 1480.0)]
    plant.file("telemetry.csv", f"asset_id,time,flow,revision\nb,{time},5,{revision}\n")
    assert plant.ingest().set_aside == {SetAsideReason.BAD_REVISION: 1}
    assert [asset for asset, *_ in plant.readings()] == ["a"]
    assert revision in plant.aside()[-1].detail


def test_a_revision_as_large_as_a_store_can_hold_is_kept_exactly(plant: Plant) -> None:
    plant.file("telemetry.csv", f"asset_id,time,flow,revision\na,2026-03-01T08:00:00Z,5,{2**63 - 1}\n")
    plant.ingest()
    assert plant.store.read(DEFAULT_TENANT)["revision"].to_list() == [2**63 - 1]


def test_columns_are_judged_alike_whether_many_or_alone(plant: Plant) -> None:
    """Finite numbers of unknown signals are taken together; whatever is odd in one shows in that one only."""
    names = ["asset", "value", "signal", "revision_of", "fine", "endless", "revised", "words"]
    cells = {
        "asset_id": ["a", "a"],
        "time": [T0, T0 + HOUR],
        "revision": [2, None],
        **{name: [1.5, None] for name in names[:5]},
        "endless": [float("inf"), 1.5],
        "revised": [1.5, 2.5],
        "revised__rev": [7, -1],
        "words": ["1.5", "x"],
    }
    pl.DataFrame(cells, strict=False).write_parquet(plant.folder / "telemetry.parquet")
    report = plant.ingest()
    kept = plant.store.read(DEFAULT_TENANT).select("signal", "time", "value", "revision").rows()
    assert sorted(kept) == sorted(
        [(name, T0, 1.5, 2) for name in names[:5]]
        + [("endless", T0 + HOUR, 1.5, 0), ("revised", T0, 1.5, 7), ("words", T0, 1.5, 2)]
    )
    assert report.set_aside == {
        SetAsideReason.NON_FINITE: 1,
        SetAsideReason.BAD_REVISION: 1,
        SetAsideReason.UNKNOWN_SIGNAL: 1,
    }


def test_a_very_wide_row_is_judged_in_no_time() -> None:
    cells = {"__row__": [1], "asset_id": ["a"], "time": ["2026-03-01T08:00:00Z"]}
    rows = keyed(pl.DataFrame(cells | {f"s{number}": [1.5] for number in range(4_000)}), "", frozenset())
    begin = time.process_time()
    assert judged(rows, "", Claims({})).quarantined.height == 4_000
    assert time.process_time() - begin < 2.0  # far less in fact


def test_absurd_clocks_are_set_aside_and_life_counts_are_not_clocks(plant: Plant) -> None:
    ahead = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    soon = (datetime.now(UTC) + timedelta(seconds=30)).isoformat()
    times = ["1970-01-01T00:00:07Z", "1989-12-31T23:59:59Z", "1990-01-01T00:00:00Z", ahead, soon]
    plant.file("telemetry.csv", "asset_id,time,flow\n" + "".join(f"a,{time},5\n" for time in times))
    report = plant.ingest()
    assert report.set_aside == {SetAsideReason.IMPLAUSIBLE_CLOCK: 3}
    assert [item.row for item in plant.aside()] == [1, 2, 4]
    assert "1990-01-01T00:00:00Z" in plant.aside()[0].detail
    assert len(plant.readings()) == 2
    plant.file("telemetry.csv", "asset_id,life,flow\na,1,5\n")
    assert plant.ingest().set_aside == {}


def test_a_pack_that_counts_life_may_have_times_that_stand_in_for_it(plant: Plant) -> None:
    plant.file("telemetry.csv", "asset_id,time,flow\na,1970-01-01T00:00:07Z,5\n")
    counting = replace(PACK, life=replace(PACK.life, source=LifeSource.COUNT, signal=None))
    report = ingest_folder(plant.folder, counting, DEFAULT_TENANT, plant.store, plant.records)
    assert (report.written, report.set_aside) == (1, {})


def test_hidden_columns_cannot_be_smuggled_in(plant: Plant) -> None:
    plant.file("telemetry.csv", "asset_id,time,flow,__time__,__source__\na,2026-03-01T08:00:00Z,5,2020,x\n")
    report = plant.ingest()
    assert plant.readings() == [("a", "flow", T0, 5.0)]
    assert report.set_aside == {SetAsideReason.UNKNOWN_SIGNAL: 2}
