from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from features.domain.events import Event, EventKind
from features.domain.identifiers import DEFAULT_TENANT, AssetId
from features.domain.packs import Pack
from features.domain.time import from_microseconds
from features.packs.loader import load_pack
from features.quality.batch import judge
from features.quality.rules import quality_rules
from features.quality.state import reset
from features.quality.verdicts import Namur, Verdict
from features.records.cursors import Cursors
from features.records.database import Records, open_records
from features.records.events import EventRecords
from features.records.leases import Leases
from features.records.signal_states import SignalStates
from features.telemetry.readings import READINGS
from features.telemetry.sqlite import SqliteTelemetryStore
from pipelines.errors import WorkerRunning
from pipelines.quality import refresh as refreshing
from pipelines.quality.portions import judge_all
from pipelines.quality.refresh import QualityRefresh
from pipelines.quality.tables import verdict_table
from pipelines.shards import Shard
from pipelines.simulate.scored import ScoredPump, scored_pump
from pipelines.simulate.settings import FleetSettings
from pipelines.worker.tenure import Tenure

PUMP = AssetId("p-01")


@pytest.fixture(scope="module")
def pack() -> Pack:
    return load_pack("pump")


@pytest.fixture(scope="module")
def pump() -> ScoredPump:
    """Four days at a few minutes with a transmitter that gets stuck now and then."""
    settings = FleetSettings(
        pumps=4, days=4, interval_minutes=15, seed=3, instrument_fault_rate=700, instrument_kinds=("stuck", "spike")
    )
    return scored_pump(settings)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteTelemetryStore]:
    with SqliteTelemetryStore(tmp_path / "telemetry.sqlite") as opened:
        yield opened


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    engine = open_records(f"sqlite:///{tmp_path / 'records.sqlite'}")
    yield engine
    engine.dispose()


def made(
    store: SqliteTelemetryStore,
    records: Records,
    pack: Pack,
    shard: Shard = Shard(),  # noqa: B008  # it is frozen
    check: Callable[[], None] | None = None,
) -> QualityRefresh:
    stores = EventRecords(records), Cursors(records), SignalStates(records)
    return QualityRefresh(store, *stores, pack, lambda _, asset: asset == PUMP, shard, check)


def sorted_rows(pump: ScoredPump, pack: Pack) -> tuple[np.ndarray, np.ndarray]:
    """Return the pump's rows by time, each moment once, as far as its values are plausible."""
    _, places = np.unique(pump.time_us, return_index=True)
    values = pump.values[places].copy()
    for column, signal in enumerate(pack.signals):
        values[~((values[:, column] >= signal.low) & (values[:, column] <= signal.high)), column] = np.nan
    return pump.time_us[places], values


def table(pack: Pack, time_us: np.ndarray, values: np.ndarray) -> pl.DataFrame:
    """Return rows as readings."""
    rows, columns = np.nonzero(np.isfinite(values))
    names = np.array([signal.id for signal in pack.signals], dtype=object)
    frame = pl.DataFrame({"signal": names[columns].tolist(), "time": time_us[rows], "value": values[rows, columns]})
    time = pl.col("time").cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    return frame.select(pl.lit(PUMP).alias("asset"), "signal", time, "value", pl.lit(0, pl.Int64).alias("revision"))


def test_stored_verdicts_are_those_of_the_whole_life_however_its_readings_came(
    store: SqliteTelemetryStore, records: Records, pack: Pack, pump: ScoredPump
) -> None:
    time_us, values = sorted_rows(pump, pack)
    refresh = made(store, records, pack)
    expected = verdict_table(
        PUMP, quality_rules(pack).names, time_us, judge(quality_rules(pack), time_us, values).verdicts
    ).sort("asset", "signal", "time")
    assert set(expected["verdict"]) & {Verdict.FLAT, Verdict.SPIKE}
    rows = len(time_us)
    late = slice(rows // 3, rows // 3 + 7)
    rest = np.r_[0 : late.start, late.stop : rows]
    for part in np.array_split(rest, 4):
        store.write(DEFAULT_TENANT, table(pack, time_us[part], values[part]))
        refresh.catch_up()
    store.write(DEFAULT_TENANT, table(pack, time_us[late], values[late]))
    refresh.catch_up()
    assert store.read_verdicts(DEFAULT_TENANT).equals(expected)
    assert refresh.catch_up().rows == 0


def test_what_was_left_is_gone_on_with_after_a_restart_too(
    store: SqliteTelemetryStore, records: Records, pack: Pack, pump: ScoredPump
) -> None:
    time_us, values = sorted_rows(pump, pack)
    half = len(time_us) // 2
    for part in (slice(0, half), slice(half, None)):
        store.write(DEFAULT_TENANT, table(pack, time_us[part], values[part]))
        made(store, records, pack).catch_up()
    whole = judge(quality_rules(pack), time_us, values)
    expected = verdict_table(PUMP, quality_rules(pack).names, time_us, whole.verdicts).sort("asset", "signal", "time")
    assert store.read_verdicts(DEFAULT_TENANT).equals(expected)


def test_worker_that_sleeps_while_it_judges_and_is_overtaken_writes_nothing(
    store: SqliteTelemetryStore,
    records: Records,
    pack: Pack,
    pump: ScoredPump,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    time_us, values = sorted_rows(pump, pack)
    names, whole = quality_rules(pack).names, judge(quality_rules(pack), time_us, values)
    suspect = np.flatnonzero(whole.verdicts.any(axis=1))
    late, rest = suspect[:3], np.delete(np.arange(len(time_us)), suspect[:3])
    slept, other = (
        Tenure(Leases(records), Shard(), owner, seconds) for owner, seconds in (("one", 0.0), ("two", 60.0))
    )
    slept.take()

    def judge_and_sleep(*given: Any) -> Any:
        """Let the other take over, with readings that came meanwhile, before the first one's judgement is stored."""
        found = judge_all(*given)
        monkeypatch.setattr(refreshing, "judge_all", judge_all)
        other.take()
        store.write(DEFAULT_TENANT, table(pack, time_us[late], values[late]))
        made(store, records, pack, check=other.confirm).catch_up()
        return found

    store.write(DEFAULT_TENANT, table(pack, time_us[rest], values[rest]))
    monkeypatch.setattr(refreshing, "judge_all", judge_and_sleep)
    with pytest.raises(WorkerRunning, match="has taken it"):
        made(store, records, pack, check=slept.confirm).catch_up()
    expected = verdict_table(PUMP, names, time_us, whole.verdicts).sort("asset", "signal", "time")
    assert store.read_verdicts(DEFAULT_TENANT).equals(expected)


def test_newer_readings_alone_are_judged_without_looking_at_the_old_ones_again(
    store: SqliteTelemetryStore, records: Records, pack: Pack, pump: ScoredPump
) -> None:
    time_us, values = sorted_rows(pump, pack)
    refresh = made(store, records, pack)
    store.write(DEFAULT_TENANT, table(pack, time_us[:-3], values[:-3]))
    assert refresh.catch_up().rows == len(time_us) - 3
    store.write(DEFAULT_TENANT, table(pack, time_us[-3:], values[-3:]))
    assert refresh.catch_up().rows == 3


def test_a_sensor_that_was_replaced_is_learned_anew(
    store: SqliteTelemetryStore, records: Records, pack: Pack, pump: ScoredPump
) -> None:
    time_us, values = sorted_rows(pump, pack)
    half = len(time_us) // 2
    at = from_microseconds(int(time_us[half]))
    EventRecords(records).put_all(
        [Event(DEFAULT_TENANT, PUMP, at, EventKind.SENSOR_REPLACED, component="motor_current")]
    )
    column = [str(signal.id) for signal in pack.signals].index("motor_current")
    values[half + 1 :, column] *= 1.2  # the new one reads otherwise
    store.write(DEFAULT_TENANT, table(pack, time_us, values))
    made(store, records, pack).catch_up()
    rules = quality_rules(pack)
    first = judge(rules, time_us[: half + 1], values[: half + 1])
    second = judge(rules, time_us[half + 1 :], values[half + 1 :], reset(rules, first.state, ["motor_current"]))
    verdicts = np.concatenate([first.verdicts, second.verdicts])
    expected = verdict_table(PUMP, rules.names, time_us, verdicts).sort("asset", "signal", "time")
    assert store.read_verdicts(DEFAULT_TENANT).equals(expected)
    assert (second.verdicts[:5, column] == 0).all()


def test_a_late_reading_is_judged_from_a_little_before_it(
    store: SqliteTelemetryStore, records: Records, pack: Pack, pump: ScoredPump
) -> None:
    time_us, values = sorted_rows(pump, pack)
    refresh = made(store, records, pack)
    late = len(time_us) - 20
    early = np.delete(np.arange(len(time_us)), late)
    for part in np.array_split(early, 4):
        store.write(DEFAULT_TENANT, table(pack, time_us[part], values[part]))
        refresh.catch_up()
    store.write(DEFAULT_TENANT, table(pack, time_us[late : late + 1], values[late : late + 1]))
    assert refresh.catch_up().rows < len(time_us) // 2
    whole = judge(quality_rules(pack), time_us, values)
    expected = verdict_table(PUMP, quality_rules(pack).names, time_us, whole.verdicts).sort("asset", "signal", "time")
    assert store.read_verdicts(DEFAULT_TENANT).equals(expected)


def test_share_judges_its_own_assets_and_what_all_shares_judged_is_not_judged_again(
    store: SqliteTelemetryStore, records: Records, pack: Pack, pump: ScoredPump
) -> None:
    time_us, values = sorted_rows(pump, pack)
    store.write(DEFAULT_TENANT, table(pack, time_us[:90], values[:90]))
    shares = Shard(0, 2).beside()
    found = [made(store, records, pack, each).catch_up().rows for each in shares]
    assert found == [90 if each.holds(PUMP) else 0 for each in shares]
    assert made(store, records, pack).catch_up().rows == 0
    store.write(DEFAULT_TENANT, table(pack, time_us[90:], values[90:]))
    made(store, records, pack).catch_up()
    assert [made(store, records, pack, each).catch_up().rows for each in shares] == [0, 0]
    expected = judge(quality_rules(pack), time_us, values).verdicts
    table_of_all = verdict_table(PUMP, quality_rules(pack).names, time_us, expected).sort("asset", "signal", "time")
    assert store.read_verdicts(DEFAULT_TENANT).equals(table_of_all)


def test_assets_of_another_pack_are_left_alone(
    store: SqliteTelemetryStore, records: Records, pack: Pack, pump: ScoredPump
) -> None:
    time_us, values = sorted_rows(pump, pack)
    frame = table(pack, time_us, values).with_columns(asset=pl.lit("t-01")).select(*READINGS.names())
    store.write(DEFAULT_TENANT, frame)
    assert made(store, records, pack).catch_up().rows == 0


def test_the_state_of_a_measuring_point_is_on_record_while_it_is_stuck_and_after(
    store: SqliteTelemetryStore, records: Records, pack: Pack, pump: ScoredPump
) -> None:
    time_us, values = sorted_rows(pump, pack)
    column = next(place for place, signal in enumerate(pack.signals) if signal.id == "motor_current")
    stuck = values.copy()
    stuck[-40:, column] = stuck[-41, column]
    store.write(DEFAULT_TENANT, table(pack, time_us, stuck))
    refresh = made(store, records, pack)
    refresh.catch_up()
    states = {state.signal: state for state in SignalStates(records).list_all(DEFAULT_TENANT, PUMP)[PUMP]}
    assert states["motor_current"].namur is not Namur.NORMAL
    assert states["motor_current"].verdict is Verdict.FLAT
    assert states["motor_current"].since < from_microseconds(int(time_us[-1]))
    # long enough to forgive; the current is another by a little, so that this is no mere replay
    before = slice(-161, -41)
    after = time_us[-1] + 900_000_000 * np.arange(1, 121)
    again = np.where(np.arange(values.shape[1]) == column, values[before] * 1.001, values[before])
    store.write(DEFAULT_TENANT, table(pack, after, again))
    refresh.catch_up()
    states = {state.signal: state for state in SignalStates(records).list_all(DEFAULT_TENANT, PUMP)[PUMP]}
    assert states["motor_current"].namur is Namur.NORMAL
