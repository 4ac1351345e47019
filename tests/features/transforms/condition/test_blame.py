from dataclasses import replace

import numpy as np
import pytest

from features.domain.conditions import ConditionVerdict
from features.quality.holding import NAMUR_CODES
from features.quality.verdicts import Namur, Verdict
from features.transforms.condition.answer import ConditionRow
from features.transforms.condition.state import initial_condition
from tests.features.transforms.condition.rig import MODEL, TABLE, judged, rows_of, shifted

FAULT = {"current": -6.0, "pressure": 7.0, "warmth": 5.0}


def blaming(row: ConditionRow, signal: str) -> ConditionRow:
    """Return a row in which a signal stands still, and its measuring point has failed."""
    quality, points, place = row.quality.copy(), row.points.copy(), TABLE.signals.index(signal)
    quality[place], points[place] = Verdict.FLAT, NAMUR_CODES.index(Namur.FAILURE)
    return replace(row, quality=quality, points=points)


@pytest.mark.parametrize("signal", ["air", "vibration", "warmth"])
def test_an_instrument_that_is_blamed_now_and_then_hides_no_fault_of_the_machine(signal: str) -> None:
    rows = shifted(rows_of(300), 130, FAULT, grows=True)
    flapping = [blaming(row, signal) if place >= 100 and place % 6 == 0 else row for place, row in enumerate(rows)]
    alone, beside = judged(rows), judged(flapping)
    assert beside[-1].verdict is ConditionVerdict.MACHINE
    assert beside[-1].score > 0.9 * alone[-1].score > 1.0
    assert beside[-1].seen_rows <= alone[-1].seen_rows


def test_what_an_instrument_did_before_it_was_blamed_is_taken_back_once() -> None:
    rows = rows_of(160)
    stuck = [replace(row, values=np.where(np.arange(6) == 3, 20.6, row.values)) for row in rows]
    rows[120:] = [row if place < 126 else blaming(row, "current") for place, row in enumerate(stuck[120:], start=120)]
    state = initial_condition(MODEL)
    judged(rows[:126], state)
    before = abs(state.deviation[1])
    (told,) = judged(rows[126:127], state)
    assert abs(state.deviation[1]) < 0.25 * before
    assert told.verdict is ConditionVerdict.INSTRUMENT
    assert told.score < 1.0


def test_beside_an_instrument_that_stays_at_fault_the_others_are_learnt_again() -> None:
    rows = [row if place < 100 else blaming(row, "vibration") for place, row in enumerate(rows_of(200))]
    seen = [each.seen_rows for each in judged(rows)]
    assert seen[100 + TABLE.parameters.blame_rows - 1] == seen[99]
    assert seen[-1] == seen[99] + 200 - (100 + TABLE.parameters.blame_rows)
