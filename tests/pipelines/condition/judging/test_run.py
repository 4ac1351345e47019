"""Rows that wait for each other say what they say one after the other, to the bit."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from features.domain.conditions import ConditionVerdict
from features.domain.identifiers import AssetId
from features.domain.time import microseconds
from features.quality.rules import quality_rules
from features.transforms.condition.answer import ConditionAnswer, ConditionRow
from features.transforms.condition.packing import pack_condition
from features.transforms.condition.together.step import Together
from pipelines.condition.judging.happened import Happened, Reset
from pipelines.condition.judging.memory import GatewayPoint
from pipelines.condition.judging.rows import GatewayRows
from pipelines.condition.judging.stepping import Stepping
from tests.features.transforms.condition.rig import TABLE, rows_of, shifted
from tests.pipelines.worker.condition.machines import MODEL, at, press

COUNT, LEAK, SILENT = 84, 60, range(50, 53)
ASSETS = tuple(AssetId(f"m{number:02d}") for number in range(12))
Told = tuple[list[str], list[NDArray[np.float64]]]


def readings() -> GatewayRows:
    """Return rows of machines behind one gateway: some stray at once, one alone, one ends, one comes later."""
    values = [[row.values for row in rows_of(COUNT, seed)] for seed in range(len(ASSETS))]
    for seed, shift in (
        (0, {"warmth": 12.0}),
        (1, {"warmth": 12.0}),
        (2, {"warmth": 12.0, "load": 30.0}),
        (3, {"vibration": 9.0}),
    ):
        values[seed] = [row.values for row in shifted(rows_of(COUNT, seed), LEAK, shift)]
    values[4][46][1] = np.nan
    sent = [
        (microseconds(at(number)) + (place % 3) * 1_000_000, place, values[place][number])
        for number in range(COUNT)
        for place in range(len(ASSETS))
        if number not in SILENT and not (place == 5 and number > 55) and not (place == 6 and number < 30)
    ]
    sent.sort(key=lambda each: each[:2])
    return GatewayRows(
        ASSETS,
        np.array([place for _, place, _ in sent]),
        np.array([time_us for time_us, _, _ in sent]),
        np.stack([row for _, _, row in sent]),
        np.zeros((len(sent), len(TABLE.signals)), np.int8),
    )


def told(rows: GatewayRows, cuts: Sequence[int] = (), together: type[Together] | None = Together) -> Told:
    """Return what is said of rows that are taken in pieces, and what is remembered after them."""
    happened = {
        ASSETS[2]: Happened(reported_us=(microseconds(at(LEAK)),)),
        ASSETS[7]: Happened(
            resets=(Reset(microseconds(at(45)), ("pressure",), None),), wrong_us=(microseconds(at(75)),)
        ),
    }
    stepping, point, said = Stepping(MODEL, quality_rules(press()), together=together), None, list[str]()
    for begin, end in zip([0, *cuts], [*cuts, len(rows)], strict=True):
        done = stepping.step(point, rows._part(begin, end), happened, is_gateway=True)
        point = done.point
        said += [repr((each.asset, each.at_us, each.since_us, each.answer)) for each in done.answers]
    assert isinstance(point, GatewayPoint)
    return said, [pack_condition(point.machines[asset].state) for asset in ASSETS]


def are_same(one: Told, other: Told) -> bool:
    """Say whether the same is said and remembered, to the bit."""
    return one[0] == other[0] and all(
        np.array_equal(*pair, equal_nan=True) for pair in zip(one[1], other[1], strict=True)
    )


@pytest.fixture(scope="module")
def expected() -> Told:
    return told(readings(), together=None)


class Counted(Together):
    """Counts the rows that it took."""

    taken = 0

    def advance_ordinary(self, rows: Sequence[ConditionRow | None]) -> list[ConditionAnswer | None]:
        told = super().advance_ordinary(rows)
        Counted.taken += sum(answer is not None for answer in told)
        return told


class MixedUp(Together):
    """Moves one machine by the least that there is."""

    def advance_ordinary(self, rows: Sequence[ConditionRow | None]) -> list[ConditionAnswer | None]:
        told = super().advance_ordinary(rows)
        self.block["level"][0, 0] = np.nextafter(self.block["level"][0, 0], np.inf)
        return told


class Never(Together):
    """Cannot compute."""

    def advance_ordinary(self, rows: Sequence[ConditionRow | None]) -> list[ConditionAnswer | None]:
        raise FloatingPointError("overflow")


def test_rows_judged_together_say_what_they_say_one_by_one(expected: Told) -> None:
    Counted.taken = 0
    found = told(readings(), together=Counted)
    assert are_same(found, expected)
    assert Counted.taken > len(found[0]) // 5  # half of all are of machines hardly known, which are taken one by one
    assert all(verdict.value in "".join(found[0]) for verdict in (ConditionVerdict.MACHINE, ConditionVerdict.NORMAL))


def test_so_do_rows_in_any_portions(expected: Told) -> None:
    rows = readings()
    cuts = sorted(np.random.default_rng(1).integers(1, len(rows), 9).tolist())
    assert are_same(told(rows, cuts), expected)


def test_an_answer_that_hangs_on_the_others_is_found_out(expected: Told) -> None:
    assert not are_same(told(readings(), together=MixedUp), expected)


def test_one_that_cannot_be_computed_with_leaves_the_others_alone(expected: Told) -> None:
    assert are_same(told(readings(), together=Never), expected)
