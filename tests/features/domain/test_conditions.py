from dataclasses import replace
from datetime import timedelta

import pytest

from features.domain.errors import InvalidValue
from tests.features.records.test_conditions import SEEN


def test_a_condition_is_told_of_a_row_and_in_numbers() -> None:
    with pytest.raises(InvalidValue, match="since must lie at or before the row"):
        replace(SEEN, since=SEEN.at + timedelta(microseconds=1))
    for changes in ({"score": float("nan")}, {"evidence": (("gap", float("inf")),)}):
        with pytest.raises(InvalidValue, match="must be a number"):
            replace(SEEN, **changes)
