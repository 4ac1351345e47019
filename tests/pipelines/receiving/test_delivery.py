import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from features.domain.arrivals import Arrival, ArrivalForm, Precision
from features.domain.assets import Asset
from features.domain.errors import Unavailable
from features.domain.identifiers import DEFAULT_TENANT, AssetId, TenantId
from features.quality.verdicts import SetAsideReason
from features.records.arrivals import ArrivalRecords
from features.records.assets import AssetRecords
from features.records.events import EventRecords
from features.records.lives import LifeRecords
from features.records.quarantine import QuarantineRecords
from features.spool.contract import SpooledRecord
from features.spool.errors import PoisonedRecords
from features.telemetry.errors import StoreFull, StoreUnavailable
from features.telemetry.store import WriteReport
from pipelines.ingest.intake import LOOK_AGAIN
from pipelines.receiving.delivery import Delivery
from pipelines.receiving.parcel import Parcel
from tests.pipelines.ingest.small_pack import COUNTING, PACK
from tests.pipelines.receiving.conftest import NOW, Yard

T0 = datetime(2026, 3, 1, 8, tzinfo=UTC)
EIGHT = int(T0.timestamp())
LINE, CSV = ArrivalForm.LINE_PROTOCOL, ArrivalForm.CSV


def reading(asset: str, time: str, **signals: object) -> str:
    return json.dumps({"asset_id": asset, "time": time, "signals": signals})


@dataclass
class Watched:
    """A store that counts its writes, and fails when it is told to."""

    inner: Any  # a store; only `write` is of interest here
    writes: int = 0
    failure: Exception | None = None

    def write(self, tenant: TenantId, readings: pl.DataFrame) -> WriteReport:
        if self.failure is not None:
            raise self.failure
        self.writes += 1
        report: WriteReport = self.inner.write(tenant, readings)
        return report

    def __getattr__(self, name: str) -> Any:  # whatever else a store does
        return getattr(self.inner, name)


def test_every_form_is_read_and_one_batch_is_one_write(yard: Yard) -> None:
    yard.arrive(reading("a", "2026-03-01T08:00:00Z", flow=1.0) + "\n" + reading("a", "2026-03-01T09:00:00Z", flow=2.0))
    yard.arrive(f"small,asset_id=b,tenant=other flow=3,speed=1480i {EIGHT}\n", LINE)
    yard.arrive(f"small,asset_id=c flow=4,flow__rev=2i,flow__q=0i {EIGHT}\n", LINE)
    yard.arrive("asset_id,time,flow\nd,2026-03-01T16:00:00+08:00,5\n", CSV)
    yard.arrive("asset_id,time,flow\ne,2026-03-01T08:00:00Z,6\n", CSV)
    store: Any = Watched(yard.store)
    Delivery(PACK, store, yard.records, clock=lambda: NOW)(yard.waiting)
    assert store.writes == 1
    assert [(asset, signal, value) for asset, signal, _, value in yard.readings()] == [
        ("a", "flow", 1.0),
        ("a", "flow", 2.0),
        ("b", "flow", 3.0),
        ("b", "speed", 1480.0),
        ("c", "flow", 4.0),
        ("d", "flow", 5.0),
        ("e", "flow", 6.0),
    ]
    assert yard.store.read(DEFAULT_TENANT, assets=["c"])["revision"].to_list() == [2]
    assert yard.aside() == []
    assert [life.asset for life in LifeRecords(yard.records).list_all(DEFAULT_TENANT)] == ["a", "b", "c", "d", "e"]


def test_what_does_not_fit_is_set_aside_under_its_own_delivery(yard: Yard) -> None:
    yard.arrive("{broken\n" + reading("a", "2026-03-01T08:00:00", flow=1.0))
    yard.arrive(f"small,asset_id=a flow=1 {EIGHT}\nsmall,asset_id=a flow= {EIGHT}\nsmall flow=1 {EIGHT}\n", LINE)
    yard.arrive("asset_id,time,flow\na,2026-03-01T08:00:00Z,1\na,2026-03-01T08:00:00Z,9999\n", CSV)
    yard.delivery()(yard.waiting)
    assert {(item.row, item.reason.value) for item in yard.aside()} == {
        (1, "unreadable_line"),
        (2, "naive_time"),
        (2, "unreadable_line"),
        (3, "missing_asset"),
        (2, "impossible_value"),
    }
    sources = {item.source for item in yard.aside()}
    assert len(sources) == 3
    assert all(source.startswith("http:") for source in sources)


def test_delivering_again_changes_nothing(yard: Yard) -> None:
    event = {"asset_id": "a", "time": "2026-03-01T09:00:00Z", "event": "failure"}
    yard.arrive(reading("a", "2026-03-01T08:00:00Z", flow=1.0, strange=2.0, speed="fast"))
    yard.arrive(json.dumps(event))
    yard.arrive(f"cpu,asset_id=host1 usage_idle=98.5 {EIGHT}\n", LINE)

    def state() -> tuple[object, ...]:
        records = yard.records
        return (
            yard.readings(),
            yard.aside(),
            AssetRecords(records).list_all(DEFAULT_TENANT),
            EventRecords(records).list_all(DEFAULT_TENANT),
            LifeRecords(records).list_all(DEFAULT_TENANT),
            QuarantineRecords(records).list_all(DEFAULT_TENANT),
            ArrivalRecords(records).list_all(DEFAULT_TENANT),
            yard.store.changes_since(0, 100),
        )

    deliver = yard.delivery()
    deliver(yard.waiting)
    first = state()
    deliver(yard.waiting)
    yard.delivery()(yard.waiting[1:])
    assert state() == first


def test_how_batches_are_cut_and_repeated_does_not_matter(yard: Yard) -> None:
    draw = random.Random(7)
    times = [f"2026-03-01T{8 + minute // 60:02}:{minute % 60:02}:00Z" for minute in range(120)]
    for time in draw.sample(times, len(times)):
        asset = draw.choice("abc")
        yard.arrive(reading(asset, time, flow=draw.random(), odd=1.0), channel=draw.choice(["http", "mqtt"]))
    deliver, place = yard.delivery(), 0
    while place < len(yard.waiting):
        size = draw.randint(1, 30)
        deliver(yard.waiting[place : place + size])
        place += draw.randint(max(1, size // 2), size)  # some come again
    counts = ArrivalRecords(yard.records).list_all(DEFAULT_TENANT)
    assert sum(count.readings for count in counts) == 240
    assert sum(sum(count.late) for count in counts) == 240
    assert sum(each.readings for each in QuarantineRecords(yard.records).list_all(DEFAULT_TENANT)) == 120
    assert len(yard.readings()) == 240


def test_lateness_is_counted_by_class(yard: Yard) -> None:
    ages = [-30, 0, 59, 60, 3599, 3600, 86_399, 86_400, 604_800]
    for age in ages:
        yard.arrive(reading("a", (NOW - timedelta(seconds=age)).isoformat(), flow=1.0), channel="mqtt")
    yard.delivery()(yard.waiting)
    (count,) = ArrivalRecords(yard.records).list_all(DEFAULT_TENANT)
    assert count.late == (3, 1, 1, 1, 1, 1, 1)
    assert (count.readings, count.channel, count.newest_time) == (9, "mqtt", NOW + timedelta(seconds=30))
    assert (count.first_at, count.last_at) == (NOW, NOW)


def test_life_counts_have_no_lateness(yard: Yard) -> None:
    yard.arrive('{"asset_id": "a", "life": 3, "signals": {"flow": 1}}')
    yard.arrive("asset_id,life,flow\na,7,6\n", CSV)
    yard.delivery(pack=COUNTING)(yard.waiting)
    (count,) = ArrivalRecords(yard.records).list_all(DEFAULT_TENANT)
    assert (count.readings, sum(count.late)) == (2, 0)


def test_what_is_received_for_a_dated_pack_must_give_its_time(yard: Yard) -> None:
    yard.arrive(reading("a", "2026-03-01T08:00:00Z", flow=1.0))
    yard.arrive('{"asset_id": "a", "life": 17, "signals": {"flow": 2}}')
    yard.arrive('{"asset_id": "a", "life": 17, "event": "failure"}')
    yard.arrive("asset_id,life,flow\na,7,6\n", CSV)
    yard.delivery()(yard.waiting)
    assert [item.reason for item in yard.aside()] == [SetAsideReason.BAD_LIFE] * 3
    assert all("must give its time" in item.detail for item in yard.aside())
    assert yard.readings() == [("a", "flow", T0, 1.0)]
    (life,) = LifeRecords(yard.records).list_all(DEFAULT_TENANT)
    assert (life.started_at, life.ended_at) == (T0, None)


def test_an_event_from_the_future_is_set_aside_and_a_planned_stop_may_lie_ahead(yard: Yard) -> None:
    def event(kind: str, at: datetime) -> str:
        return json.dumps({"asset_id": "a", "time": at.isoformat(), "event": kind})

    yard.arrive(reading("a", "2026-03-01T08:00:00Z", flow=1.0))
    yard.arrive(event("failure", datetime(2126, 1, 1, tzinfo=UTC)))
    yard.arrive(event("failure", NOW + timedelta(minutes=2)))
    yard.arrive(event("planned_stop", NOW + timedelta(days=400)))
    yard.arrive(event(" planned_stop", NOW + timedelta(days=300)))
    yard.arrive(event("repair", NOW + timedelta(seconds=30)))
    yard.arrive(event("inspection", datetime(1985, 1, 1, tzinfo=UTC)))
    yard.delivery(lambda: NOW + timedelta(days=1_000))(yard.waiting)  # what counts is when it arrived
    assert [item.reason for item in yard.aside()] == [SetAsideReason.IMPLAUSIBLE_CLOCK] * 3
    kept = EventRecords(yard.records).list_all(DEFAULT_TENANT, AssetId("a"))
    assert sorted(found.kind.value for found in kept) == ["inspection", "planned_stop", "repair"]
    (life,) = LifeRecords(yard.records).list_all(DEFAULT_TENANT)
    assert (life.started_at, life.ended_at) == (T0, None)


def test_lines_that_share_no_signals_make_no_table_of_their_square(yard: Yard) -> None:
    times = [(T0 + timedelta(seconds=number)).isoformat() for number in range(2_000)]
    yard.arrive("\n".join(reading("a", time, **{f"s{number}": 1.0}) for number, time in enumerate(times)))
    yard.delivery()(yard.waiting)
    assert len({signal for _, signal, _, _ in yard.readings()}) == 2_000
    assert yard.aside() == []


def test_tables_are_put_together_within_a_bound_of_cells() -> None:
    parcel = Parcel()
    for number in range(50):
        header = ",".join(f"s{number}_{column}" for column in range(20))
        row = "a,2026-03-01T08:00:00Z" + ",1" * 20 + "\n"
        body = f"asset_id,time,{header}\n{row * 500}".encode()
        parcel.add(Arrival(DEFAULT_TENANT, CSV, "http", NOW, body, Precision.SECONDS), number + 1)
    tables = [table for _, table in parcel.tables()]
    assert sum(table.height for table in tables) == 25_000
    assert 1 < len(tables) < 50
    assert max(table.height * table.width for table in tables) <= 4_000_000


@pytest.mark.parametrize(("columns", "rows"), [(5_000, 1), (1_000, 10_000)])
def test_a_table_that_is_far_larger_than_its_bytes_is_condemned(yard: Yard, columns: int, rows: int) -> None:
    header = ",".join(f"s{number}" for number in range(columns))
    yard.arrive(f"asset_id,time,{header}\n" + "a,2026-03-01T08:00:00Z\n" * rows, CSV)
    with pytest.raises(PoisonedRecords, match="1 records"):
        yard.delivery()(yard.waiting)


def test_a_truth_value_is_no_number_in_any_form(yard: Yard) -> None:
    yard.arrive(f"small,asset_id=a flow=t,speed=1480,odd=F {EIGHT}\nsmall,asset_id=a flow=2.5 {EIGHT + 1}\n", LINE)
    yard.arrive(reading("a", "2026-03-01T09:00:00Z", flow=True))
    yard.delivery()(yard.waiting)
    assert sorted((item.signal, item.reason.value) for item in yard.aside()) == [
        ("flow", "not_a_number"),
        ("flow", "not_a_number"),
        ("odd", "unknown_signal"),
    ]
    assert sorted(value for _, _, _, value in yard.readings()) == [2.5, 1480.0]


def test_tenants_stay_apart(yard: Yard) -> None:
    yard.arrive(reading("a", "2026-03-01T08:00:00Z", flow=1.0))
    yard.arrive(reading("a", "2026-03-01T08:00:00Z", flow=2.0), tenant=TenantId("other"))
    yard.delivery()(yard.waiting)
    assert [value for *_, value in yard.readings()] == [1.0]
    assert [value for *_, value in yard.readings(TenantId("other"))] == [2.0]
    assert len(ArrivalRecords(yard.records).list_all(TenantId("other"))) == 1


def test_what_cannot_be_read_is_named_and_nothing_of_its_batch_is_kept(yard: Yard) -> None:
    yard.arrive(reading("a", "2026-03-01T08:00:00Z", flow=1.0))
    yard.waiting.append(SpooledRecord(2, b"no arrival"))
    yard.arrive("asset_id,flow\na,1\n", CSV)
    with pytest.raises(PoisonedRecords) as poisoned:
        yard.delivery()(yard.waiting)
    assert list(poisoned.value.reasons) == [2]
    with pytest.raises(PoisonedRecords) as poisoned:
        yard.delivery()([yard.waiting[0], yard.waiting[2]])
    assert "time" in poisoned.value.reasons[3]
    assert yard.readings() == []


@pytest.mark.parametrize("failure", [StoreUnavailable("locked"), StoreFull("disk"), OSError("gone")])
def test_a_store_that_takes_nothing_condemns_no_record(yard: Yard, failure: Exception) -> None:
    yard.arrive(reading("a", "2026-03-01T08:00:00Z", flow=1.0))
    store: Any = Watched(yard.store, failure=failure)
    deliver = Delivery(PACK, store, yard.records, clock=lambda: NOW)
    with pytest.raises(Unavailable):
        deliver(yard.waiting)
    assert ArrivalRecords(yard.records).list_all(DEFAULT_TENANT) == []
    store.failure = None
    deliver(yard.waiting)
    assert len(yard.readings()) == 1
    assert len(LifeRecords(yard.records).list_all(DEFAULT_TENANT)) == 1
    assert ArrivalRecords(yard.records).list_all(DEFAULT_TENANT)[0].readings == 1


def test_lives_are_settled_even_if_the_process_ended_right_after_the_write(yard: Yard) -> None:
    yard.arrive(reading("a", "2026-03-01T08:00:00Z", flow=1.0))
    yard.delivery()(yard.waiting)
    LifeRecords(yard.records).replace(DEFAULT_TENANT, AssetId("a"), [])  # as if they had not been cut yet
    yard.delivery()(yard.waiting)
    assert len(LifeRecords(yard.records).list_all(DEFAULT_TENANT)) == 1


def test_clocks_are_judged_by_when_the_delivery_arrived(yard: Yard) -> None:
    time = "2026-03-01T08:30:00Z"
    yard.arrive(reading("a", time, flow=1.0), at=T0)
    yard.arrive(reading("b", time, flow=1.0), at=T0 + timedelta(minutes=29, seconds=30))
    yard.arrive(reading("c", "1980-01-06T00:00:00Z", flow=1.0))
    yard.delivery()(yard.waiting)
    assert [asset for asset, *_ in yard.readings()] == ["b"]
    assert [item.reason for item in yard.aside()] == [SetAsideReason.IMPLAUSIBLE_CLOCK] * 2
    assert "2026-03-01T08:00:00Z" in yard.aside()[0].detail


def cpu(asset: str, fields: str, seconds: int = 0) -> str:
    return f"cpu,asset_id={asset},host=x {fields} {EIGHT + seconds}\n"


def test_a_measurement_that_no_pack_claims_is_kept_in_quarantine(yard: Yard) -> None:
    yard.arrive(cpu("host1", 'usage_idle=98.5,note="calm"') + cpu("host1", "usage_idle=97", 60), LINE)
    yard.delivery()(yard.waiting)
    assert [(asset, signal, value) for asset, signal, _, value in yard.readings()] == [
        ("host1", "usage_idle", 98.5),
        ("host1", "usage_idle", 97.0),
    ]
    assert [(item.signal, item.reason.value) for item in yard.aside()] == [("note", "unknown_signal")]
    assert AssetRecords(yard.records).get(DEFAULT_TENANT, AssetId("host1")).pack == "cpu"
    assert AssetRecords(yard.records).list_all(DEFAULT_TENANT, PACK.id) == []
    assert LifeRecords(yard.records).list_all(DEFAULT_TENANT) == []
    (found,) = QuarantineRecords(yard.records).list_all(DEFAULT_TENANT, PACK.id, ["usage_idle"])
    assert (found.pack, found.readings, found.last_at) == ("cpu", 2, T0 + timedelta(seconds=60))


def test_another_measurement_never_writes_what_the_pack_claims(yard: Yard) -> None:
    yard.arrive(cpu("a", "speed=3,usage_idle=5") + f"small,asset_id=a flow=1 {EIGHT}\n", LINE)
    yard.delivery()(yard.waiting)
    assert [(signal, value) for _, signal, _, value in yard.readings()] == [("flow", 1.0), ("usage_idle", 5.0)]
    assert [(item.signal, item.reason.value) for item in yard.aside()] == [("speed", "other_pack")]
    assert AssetRecords(yard.records).get(DEFAULT_TENANT, AssetId("a")).pack == PACK.id


def test_an_asset_that_nobody_claimed_is_ours_once_our_measurement_speaks_of_it(yard: Yard) -> None:
    deliver = yard.delivery()
    yard.arrive(cpu("a", "usage_idle=5", -60), LINE)
    deliver(yard.waiting[-1:])
    yard.arrive(f"small,asset_id=a flow=1 {EIGHT}\n", LINE)
    deliver(yard.waiting[-1:])
    asset = AssetRecords(yard.records).get(DEFAULT_TENANT, AssetId("a"))
    assert (asset.pack, dict(asset.attributes)) == (PACK.id, {})
    assert yard.aside() == []
    assert len(LifeRecords(yard.records).list_all(DEFAULT_TENANT)) == 1


def test_an_asset_of_another_pack_stays_so(yard: Yard) -> None:
    AssetRecords(yard.records).put(Asset(DEFAULT_TENANT, AssetId("a"), "fan"))
    yard.arrive(f"small,asset_id=a flow=1 {EIGHT}\n", LINE)
    yard.delivery()(yard.waiting)
    assert [item.reason for item in yard.aside()] == [SetAsideReason.OTHER_PACK]
    assert yard.readings() == []


def test_what_other_processes_say_of_an_asset_is_heard_in_time(yard: Yard) -> None:
    moment = NOW
    deliver = yard.delivery(lambda: moment)
    yard.arrive(reading("a", "2026-03-01T08:00:00Z", flow=1.0))
    deliver(yard.waiting)
    AssetRecords(yard.records).put(Asset(DEFAULT_TENANT, AssetId("a"), "fan"))
    moment += 2 * LOOK_AGAIN
    yard.arrive(reading("a", "2026-03-01T09:00:00Z", flow=1.0))
    deliver(yard.waiting[1:])
    assert [item.reason for item in yard.aside()] == [SetAsideReason.OTHER_PACK]
    assert len(yard.readings()) == 1


def test_a_measurement_without_a_proper_name_is_set_aside(yard: Yard) -> None:
    yard.arrive(f"my-cpu,asset_id=a flow=1 {EIGHT}\n", LINE)
    yard.delivery()(yard.waiting)
    assert [(item.row, item.reason) for item in yard.aside()] == [(1, SetAsideReason.UNKNOWN_SIGNAL)]
    assert yard.readings() == []


def hours(times: Sequence[str], yard: Yard) -> list[float]:
    yard.arrive("\n".join(reading("a", time, flow=float(place)) for place, time in enumerate(times)))
    yard.delivery()(yard.waiting)
    found = [time for _, _, time, _ in yard.readings()]
    return [(time - found[0]) / timedelta(hours=1) for time in found]


def test_the_hour_that_clocks_show_twice_in_autumn_stays_two_hours(yard: Yard) -> None:
    day = "2025-10-26T"
    times = [f"{day}01:30:00+02:00", f"{day}02:30:00+02:00", f"{day}02:30:00+01:00", f"{day}03:30:00+01:00"]
    assert hours(times, yard) == [0, 1, 2, 3]
    assert [value for *_, value in yard.readings()] == [0, 1, 2, 3]


def test_the_hour_that_clocks_skip_in_spring_is_no_gap(yard: Yard) -> None:
    day = "2025-03-30T"
    assert hours([f"{day}01:30:00+01:00", f"{day}03:30:00+02:00", f"{day}04:30:00+02:00"], yard) == [0, 1, 2]
