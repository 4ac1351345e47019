from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from features.domain.conditions import ConditionVerdict
from features.domain.events import Event, EventKind
from features.domain.identifiers import AssetId
from features.packs.loader import load_pack
from features.quality.verdicts import Verdict
from pipelines.alarms.judging import Judge, JudgedMachine, by_machine
from pipelines.condition.judging.history import clock_states, judge_history
from pipelines.errors import CannotJudge
from tests.pipelines.building.machines import MINE
from tests.pipelines.worker.condition.machines import MODEL, Plant, at, drawn, machine

ROWS = 90
NAMES = ("a", "b")


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plant]:
    """Two machines at one site, of which one strays from row 60 on and has an instrument that stood still."""
    made = Plant(tmp_path_factory.mktemp("judged"), tuple(map(machine, NAMES)))
    made.write("a", drawn(ROWS, 1, begin=60, vibration=9.0, warmth=9.0), is_judged=False)
    made.write("b", drawn(ROWS, 2, lag=0.5), is_judged=False)
    made.mark("b", "warmth", [at(place + 0.5) for place in range(70, ROWS)], int(Verdict.FLAT))
    made.judge()
    yield made
    made.close()


def judged(plant: Plant, events: tuple[Event, ...] = ()) -> dict[str, JudgedMachine]:
    told: list[tuple[int, int]] = []
    stepping = Judge(MODEL, "bundle").stepping(plant.pack)
    said = judge_history(
        stepping,
        MINE,
        plant.assets,
        events,
        plant.telemetry,
        clock_states(plant.records, plant.pack),
        lambda done, total: told.append((done, total)),
    )
    found = by_machine(stepping, said)
    assert told == [(2, 2)]
    return found


def test_history_is_judged_as_the_worker_judges_it(plant: Plant) -> None:
    found, worker = judged(plant), plant.watch()
    plant.look(worker, ROWS - 0.4)
    for name, last in plant.on_record().items():
        own = found[str(name)]
        assert len(own.time_us) == len(own.scores) == len(own.verdicts) == len(own.leads) == ROWS
        assert (own.verdicts[-1], own.scores[-1]) == (last.verdict, last.score)
        assert own.leads[-1] == (last.shares[0][0] if last.shares else None)
        assert own.time_us[-1] == last.at.timestamp() * 1e6


def test_causes_are_told_apart(plant: Plant) -> None:
    found = judged(plant)
    assert found["a"].verdicts[-1] is ConditionVerdict.MACHINE
    assert found["a"].leads[-1] in {"vibration", "warmth"}
    assert found["b"].verdicts[-1] is ConditionVerdict.INSTRUMENT


def test_what_happened_to_a_machine_counts(plant: Plant) -> None:
    repaired = judged(plant, (Event(MINE, AssetId("a"), at(60), EventKind.REPAIR),))["a"]
    np.testing.assert_array_equal(repaired.scores[:60], judged(plant)["a"].scores[:60])
    assert repaired.scores[62] < judged(plant)["a"].scores[62]


def test_a_pack_that_lacks_signals_cannot_be_judged(tmp_path: Path) -> None:
    with pytest.raises(CannotJudge, match="every signal that the bundle's state detection asks for"):
        Judge(MODEL, "bundle").stepping(load_pack("pump"))
