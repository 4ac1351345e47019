"""What is said of machines: whose a deviation is, whose a silence is, and nothing that nobody has judged."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import polars as pl
import pytest

from features.domain.conditions import AssetCondition, ConditionVerdict
from features.domain.events import Event, EventKind
from features.domain.identifiers import AssetId
from features.quality.clock import ClockState
from features.quality.verdicts import Verdict
from features.records.clock_states import ClockStates, FollowedClock
from features.records.events import EventRecords
from features.telemetry.sqlite import SqliteTelemetryStore
from features.transforms.condition.answer import ConditionAnswer, ConditionRow
from features.transforms.condition.model import ConditionModel
from features.transforms.condition.state import ConditionState
from features.transforms.condition.step import advance
from pipelines.shards import Shard
from tests.pipelines.building.machines import MINE
from tests.pipelines.worker.condition.machines import UTC_TIME, Plant, at, drawn, machine

A, B, C = AssetId("a"), AssetId("b"), AssetId("c")
NORMAL, MACHINE = ConditionVerdict.NORMAL, ConditionVerdict.MACHINE


def fill(plant: Plant, rows: int = 8) -> None:
    for seed, asset in enumerate(plant.assets):
        plant.write(asset.id, drawn(rows, seed))


def test_the_machine_that_strays_is_told_and_its_neighbour_is_not(plant: Plant) -> None:
    plant.write("a", drawn(72, 1, warmth=9.0, vibration=9.0))
    plant.write("b", drawn(48, 2))
    told = plant.look(plant.watch(), 71.0)
    found = plant.on_record()
    assert {each.asset for each in told} == {A, B} == set(found)
    assert (found[A].verdict, found[A].at, found[A].model) == (MACHINE, at(71), "bundle")
    assert at(48) < found[A].since < at(60)
    assert {name for name, _ in found[A].shares[:2]} == {"warmth", "vibration"}
    assert sum(share for _, share in found[A].shares) == pytest.approx(1.0)
    assert found[A].evidence[0][0] == "probability_machine"
    assert (found[A].score or 0.0) > 1.0
    assert found[A].threshold == 1.0


class CountedReads(SqliteTelemetryStore):
    """A store that counts how often readings are asked for."""

    reads = 0

    def read_wide(self, *given: Any, **named: Any) -> pl.DataFrame:
        """Count and read."""
        self.reads += 1
        return super().read_wide(*given, **named)

    def span(self, *given: Any, **named: Any) -> pl.DataFrame:
        """Count and tell."""
        self.reads += 1
        return super().span(*given, **named)


def test_look_without_news_reads_nothing_and_says_nothing(plant: Plant) -> None:
    fill(plant)
    plant.telemetry.close()
    plant.telemetry = counted = CountedReads(plant.folder / "telemetry.sqlite")
    watch = plant.watch()
    assert len(plant.look(watch, 7.1)) == 3
    before = counted.reads
    assert before > 0
    assert plant.look(watch, 7.2) == []
    assert counted.reads == before


def test_reading_that_nobody_judged_is_not_looked_at(plant: Plant) -> None:
    wide = drawn(12)
    plant.write("a", wide.head(8))
    watch = plant.watch()
    plant.look(watch, 12.0)
    plant.write("b", drawn(4), is_judged=False)
    plant.write("a", wide.slice(8, 2), is_judged=False)
    plant.look(watch, 12.0)
    assert {name: each.at for name, each in plant.on_record().items()} == {A: at(7)}
    plant.judge()
    plant.look(watch, 12.0)
    assert {name: each.at for name, each in plant.on_record().items()} == {A: at(9), B: at(3)}


def test_unjudged_reading_stops_the_machines_behind_its_gateway_alone(plant: Plant) -> None:
    plant.assets = (*plant.assets, machine("d", "south"))
    for name in "ad":
        plant.write(name, drawn(8))
    plant.telemetry.write(MINE, plant.long("b", drawn(6).tail(2)))
    plant.look(plant.watch(), 8.0)
    assert {name: each.at for name, each in plant.on_record().items()} == {A: at(3), AssetId("d"): at(7)}


def test_row_from_the_future_waits_for_its_time(plant: Plant) -> None:
    plant.write("a", drawn(8))
    watch = plant.watch()
    assert plant.look(watch, 6.9) == []
    assert [each.at for each in plant.look(watch, 7.0)] == [at(7)]


def test_silence_of_a_whole_gateway_is_the_data_path_s(plant: Plant) -> None:
    fill(plant)
    watch = plant.watch()
    plant.look(watch, 7.0)
    told = plant.look(watch, 9.0)
    assert {each.verdict for each in told} == {ConditionVerdict.DATA_PATH}
    assert len(told) == 3
    assert {(each.at, each.since) for each in told} == {(at(7), at(7))}
    assert plant.look(watch, 9.5) == []


def test_silence_of_one_machine_is_not_its_gateway_s(plant: Plant) -> None:
    plant.write("a", drawn(5))
    plant.write("b", drawn(8))
    plant.look(plant.watch(), 8.0)
    found = plant.on_record()
    assert (found[A].verdict, found[A].at) == (ConditionVerdict.UNDETERMINED, at(4))
    assert dict(found[A].evidence)["silent_intervals"] == pytest.approx(4.0)
    assert found[B].verdict is NORMAL


def test_silence_of_a_machine_whose_gateway_nobody_knows_cannot_be_told(plant: Plant) -> None:
    plant.assets = (machine("a", None),)
    fill(plant)
    plant.look(plant.watch(), 12.0)
    assert plant.on_record()[A].verdict is ConditionVerdict.UNDETERMINED


def test_gap_of_the_whole_gateway_is_told_with_the_row_that_ends_it(plant: Plant) -> None:
    for seed, name in enumerate("ab"):
        wide = drawn(12, seed)
        plant.write(name, wide.head(6))
        plant.write(name, wide.tail(1))
    plant.write("c", drawn(12).tail(4))
    plant.look(plant.watch(), 11.0)
    found = plant.on_record()
    assert dict(found[A].evidence)["gateway_silent_intervals"] == pytest.approx(3.0)
    assert found[A].verdict is found[B].verdict is ConditionVerdict.DATA_PATH


def test_measuring_point_at_fault_is_an_instrument_s(plant: Plant) -> None:
    wide = drawn(10)
    plant.write("a", wide)
    plant.mark("a", "warmth", [at(8), at(9)], Verdict.FLAT)
    plant.look(plant.watch(), 9.0)
    found = plant.on_record()[A]
    assert found.verdict is ConditionVerdict.INSTRUMENT
    assert dict(found.evidence)["reading_flat:warmth"] == 1.0


def test_rows_of_a_wrong_clock_are_told_with_the_next_row(plant: Plant) -> None:
    plant.write("a", drawn(10))
    arrived = tuple(int(at(8.0 + part).timestamp() * 1e6) for part in (0.1, 0.2, 0.3))
    ClockStates(plant.records).put_all(MINE, {A: FollowedClock(ClockState(), arrived)})
    plant.look(plant.watch(), 9.0)
    assert dict(plant.on_record()[A].evidence) == {"rows_with_wrong_time": 3.0}


def test_repair_begins_the_level_anew(plant: Plant) -> None:
    plant.write("a", drawn(60, 1, begin=40, warmth=6.0, vibration=6.0))
    watch = plant.watch()
    plant.look(watch, 59.0)
    assert plant.on_record()[A].verdict is MACHINE
    events = EventRecords(plant.records)
    events.put_all(
        [Event(MINE, A, at(39.9), EventKind.SENSOR_REPLACED, component=each) for each in ("warmth", "vibration")]
    )
    plant.look(watch, 59.0)
    found = plant.on_record()[A]
    assert found.verdict is NORMAL
    assert found.score is not None
    assert found.score < 1.0


def test_long_history_is_judged_in_portions_and_told_at_its_end(plant: Plant) -> None:
    plant.assets = (machine("a"),)
    plant.write("a", drawn(60).with_columns(time=pl.Series([at(30 * place) for place in range(60)], dtype=UTC_TIME)))
    now = at(30 * 59)
    watch = plant.watch(rows_at_once=1)
    looks = [watch.look(plant.assets, now) for _ in range(6)]
    assert [len(each) for each in looks] == [0, 0, 0, 0, 1, 0]
    assert plant.watch().look(plant.assets, now) == looks[4]


def test_machine_that_cannot_be_judged_is_told_once_and_leaves_the_others_alone(
    plant: Plant, caplog: pytest.LogCaptureFixture
) -> None:
    def breaking(model: ConditionModel, state: ConditionState, row: ConditionRow) -> ConditionAnswer:
        if row.values[0] > 50.0:
            raise FloatingPointError("overflow")
        return advance(model, state, row)

    plant.says = breaking
    wide = drawn(9)
    fill(plant)
    plant.write("a", wide.tail(1).with_columns(load=99.0))
    watch = plant.watch()
    plant.look(watch, 8.0)
    plant.write("a", drawn(12).tail(3))
    plant.look(watch, 8.3)
    found = plant.on_record()
    assert (found[A].verdict, found[A].at, found[A].score) == (ConditionVerdict.UNDETERMINED, at(8), None)
    assert found[B].verdict is found[C].verdict is NORMAL
    assert [each.message for each in caplog.records] == ["condition cannot be judged"]


def test_shares_of_the_machines_are_whole_gateways_and_say_the_same(plant: Plant) -> None:
    plant.assets = tuple(machine(name, site) for name, site in zip("abcd", ("x", "x", "y", None), strict=True))
    fill(plant)
    whole = {each.asset: each for each in plant.look(plant.watch(), 7.0)}
    parts = [plant.look(plant.watch(shard=Shard(number, 2)), 7.0) for number in range(2)]
    assert {each.asset: each for part in parts for each in part} == whole
    assert len(whole) == 4
    assert sum(map(len, parts)) == 4
    assert any({A, B} <= {each.asset for each in part} for part in parts)


def test_machine_that_moves_to_another_gateway_is_judged_among_its_new_neighbours(plant: Plant) -> None:
    fill(plant)
    watch = plant.watch()
    plant.look(watch, 7.0)
    plant.assets = (machine("a", "south"), *plant.assets[1:])
    plant.write("a", drawn(12).tail(4))
    plant.look(watch, 11.0)
    found = plant.on_record()
    assert (found[A].verdict, found[A].seen) == (NORMAL, 10)
    assert found[B].verdict is ConditionVerdict.DATA_PATH  # its gateway, which is silent now
    assert found[B].at + timedelta(hours=4) == found[A].at


class Heard:
    """Whoever makes alarms, who writes down what it is given."""

    def __init__(self) -> None:
        self.given: list[list[tuple[str, float]]] = []

    def take(self, conditions: Sequence[AssetCondition], now: datetime) -> None:
        self.given.append([(each.asset, (each.at - at(0)) / timedelta(hours=1)) for each in conditions])


def test_alarms_are_given_every_new_row_and_of_history_the_newest(plant: Plant) -> None:
    wide, watch, heard = drawn(20), plant.watch(), Heard()
    watch.alarms = heard
    plant.write("a", wide.head(8))
    plant.look(watch, 7.0)
    plant.write("a", wide.slice(8, 3))
    plant.look(watch, 10.0)
    plant.look(watch, 12.0)  # it is silent, which is no row
    begun_anew = plant.watch()
    begun_anew.alarms = heard
    plant.write("a", wide.slice(11, 2))
    plant.look(begun_anew, 13.0)
    assert heard.given == [[("a", 7.0)], [("a", 8.0), ("a", 9.0), ("a", 10.0)], [], [("a", 11.0), ("a", 12.0)]]


def test_a_worker_that_is_stopped_between_alarms_and_conditions_gives_every_row_again(plant: Plant) -> None:
    wide, watch, heard = drawn(12), plant.watch(), Heard()
    plant.write("a", wide.head(8))
    plant.look(watch, 7.0)
    watch.alarms, watch.records = heard, Stopped()  # type: ignore[assignment]  # it stops where they are put
    plant.write("a", wide.slice(8, 3))
    with pytest.raises(KeyboardInterrupt):
        plant.look(watch, 10.0)
    begun_anew = plant.watch()
    begun_anew.alarms = heard
    plant.look(begun_anew, 10.0)
    assert heard.given == [[("a", 8.0), ("a", 9.0), ("a", 10.0)]] * 2


class Stopped:
    """Records at which the process is stopped."""

    def put_all(self, conditions: Sequence[AssetCondition], now: datetime) -> None:
        raise KeyboardInterrupt
