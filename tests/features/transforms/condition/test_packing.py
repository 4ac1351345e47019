"""A state that was kept goes on as if it had not been."""

import numpy as np
import pytest

from features.domain.errors import InvalidValue
from features.transforms.condition.packing import pack_condition, unpack_condition
from features.transforms.condition.state import initial_condition
from tests.features.transforms.condition.rig import MODEL, judged, rows_of, shifted


def test_kept_state_gives_the_same_answers() -> None:
    rows = shifted(rows_of(90), 60, {"warmth": 8.0, "vibration": 8.0})
    state = initial_condition(MODEL)
    judged(rows[:70], state)
    kept = unpack_condition(MODEL, pack_condition(state))
    went_on, gone_on = judged(rows[70:], state), judged(rows[70:], kept)
    assert [each.verdict for each in went_on] == [each.verdict for each in gone_on]
    assert [each.score for each in went_on] == [each.score for each in gone_on]
    assert np.array_equal(pack_condition(state), pack_condition(kept), equal_nan=True)


def test_state_of_another_table_is_refused() -> None:
    with pytest.raises(InvalidValue, match="as the table asks for"):
        unpack_condition(MODEL, np.zeros(3))
