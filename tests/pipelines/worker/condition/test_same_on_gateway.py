"""The worker and a gateway say the same of the same rows, to the bit: one step, one memory, one reading of events."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from edge_export.runtime.condition import ConditionStreams
from features.domain.conditions import ConditionVerdict
from features.domain.events import Event, EventKind
from features.domain.identifiers import AssetId
from features.domain.time import from_microseconds, microseconds
from features.quality.rules import quality_rules
from features.transforms.condition.answer import Evidence
from features.transforms.condition.packing import pack_condition
from pipelines.condition.judging.happened import happened_to
from pipelines.condition.judging.rows import GatewayRows
from pipelines.condition.judging.stepping import Stepping
from tests.features.transforms.condition.rig import CONDITIONS, TABLE, rows_of, shifted
from tests.pipelines.building.machines import MINE
from tests.pipelines.worker.condition.machines import MODEL, at, press

COUNT, CHANGE, LEAK = 130, 40, 90
ASSETS = tuple(map(AssetId, ("a", "b", "c")))
SILENT = range(60, 66)
"""Rows that no machine sends."""


def readings() -> dict[AssetId, NDArray[np.float64]]:
    """Return rows of three machines: of one a sensor ends, two stray from the same row on; all are silent once."""
    faults: tuple[dict[str, float], ...] = ({}, {"warmth": 12.0, "vibration": 12.0}, {"pressure": 9.0})
    values = {
        name: np.stack([row.values for row in shifted(rows_of(COUNT, seed), LEAK, faults[seed])])
        for seed, name in enumerate(ASSETS)
    }
    values[ASSETS[0]][70:, len(CONDITIONS)] = np.nan
    values[ASSETS[1]][20, 0] = np.nan
    return values


def events() -> dict[AssetId, tuple[Event, ...]]:
    def event(name: AssetId, row: float, kind: EventKind, component: str | None = None) -> Event:
        return Event(MINE, name, at(row), kind, component=component)

    return {
        ASSETS[0]: (event(ASSETS[0], 100.5, EventKind.SENSOR_REPLACED, "pressure"),),
        ASSETS[1]: (event(ASSETS[1], 115.5, EventKind.REPAIR),),
        ASSETS[2]: (
            event(ASSETS[2], CHANGE + 0.5, EventKind.RECIPE_CHANGED),
            event(ASSETS[2], 95.5, EventKind.INSPECTION),
        ),
    }


Said = tuple[AssetId, int, ConditionVerdict, float, int, tuple[Evidence, ...]]
Kept = dict[AssetId, NDArray[np.float64]]


def by_worker(values: Mapping[AssetId, NDArray[np.float64]]) -> tuple[list[Said], Kept]:
    stepping = Stepping(MODEL, quality_rules(press()))
    rows = [(number, place) for number in range(COUNT) if number not in SILENT for place in range(len(ASSETS))]
    together = GatewayRows(
        ASSETS,
        np.array([place for _, place in rows]),
        np.array([microseconds(at(number)) for number, _ in rows]),
        np.stack([values[ASSETS[place]][number] for number, place in rows]),
        np.zeros((len(rows), len(TABLE.signals)), np.int8),
    )
    happened = {name: happened_to(MINE, name, own, TABLE, TABLE.signals) for name, own in events().items()}
    stepped = stepping.step(None, together, happened, is_gateway=True)
    assert not stepped.failed
    told = [
        (each.asset, each.at_us, each.answer.verdict, each.answer.score, each.answer.seen_rows, each.answer.evidence)
        for each in stepped.answers
    ]
    return told, {name: pack_condition(each.state) for name, each in stepped.point.machines.items()}


def by_gateway(values: Mapping[AssetId, NDArray[np.float64]]) -> tuple[list[Said], Kept]:
    streams, told = ConditionStreams(MODEL), list[Said]()
    waiting = sorted((event for own in events().values() for event in own), key=lambda event: event.at)
    for number in range(COUNT):
        while waiting and waiting[0].at <= at(number):
            streams.take_event(waiting.pop(0))
        for name in ASSETS if number not in SILENT else ():
            row = values[name][number]
            given = {signal: float(value) for signal, value in zip(TABLE.signals, row, strict=True) if value == value}
            streams.take(name, at(number), given)
            standing = streams.standing(name)
            assert standing is not None
            found = standing.answer
            when = microseconds(standing.at)
            told.append((name, when, found.verdict, found.score, found.seen_rows, found.evidence))
    return told, {name: pack_condition(each.after) for name, each in streams._machines.items()}


def test_worker_and_gateway_say_the_same() -> None:
    values = readings()
    (central, kept), (edge, remembered) = by_worker(values), by_gateway(values)
    assert len(central) == len(edge) == (COUNT - len(SILENT)) * len(ASSETS)
    for one, other in zip(central, edge, strict=True):
        assert repr(one) == repr(other), from_microseconds(one[1])  # NaN is the same as NaN
    assert all(np.array_equal(kept[name], remembered[name], equal_nan=True) for name in ASSETS)
    names = {evidence.name for row in edge for evidence in row[5]}
    assert {"gateway_silent_intervals", "readings_missing"} <= names
    assert {ConditionVerdict.NORMAL, ConditionVerdict.DATA_PATH, ConditionVerdict.MACHINE} <= {row[2] for row in edge}
