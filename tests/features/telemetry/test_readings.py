import math
import struct

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from features.telemetry.readings import checked_readings, settled
from tests.features.telemetry.contract import at, frame

finite = st.floats(allow_nan=False, allow_infinity=False)


def canonical_bytes(value: float) -> bytes:
    return struct.pack(">d", value + 0.0)


def larger_by_polars(a: float, b: float) -> float:
    batch = pl.DataFrame({"key": [1, 1], "value": [a + 0.0, b + 0.0], "revision": [0, 0]})
    return float(settled(batch, key=["key"]).readings["value"].item())


@given(finite, finite)
def test_the_order_in_polars_is_that_of_the_big_endian_bytes(a: float, b: float) -> None:
    expected = max(a, b, key=canonical_bytes)
    assert canonical_bytes(larger_by_polars(a, b)) == canonical_bytes(expected)


def test_the_key_is_sorted_even_where_nothing_repeats() -> None:
    batch = pl.DataFrame({"key": [2, 1, 3], "value": [1.0, 2.0, 3.0], "revision": [0, 0, 0]})
    result = settled(batch, key=["key"])
    assert result.readings["key"].to_list() == [1, 2, 3]
    assert (result.duplicates, result.kept) == (0, 0)


def test_losers_with_the_winning_value_are_duplicates_and_the_others_conflicts() -> None:
    batch = pl.DataFrame({"key": [1, 1, 1, 2], "value": [1.0, 2.0, 1.0, 8.0], "revision": [0, 1, 2, 0]})
    result = settled(batch, key=["key"])
    assert result.readings.rows() == [(1, 1.0, 2), (2, 8.0, 0)]
    assert (result.duplicates, result.kept) == (1, 1)


def test_minus_zero_is_written_as_zero() -> None:
    checked = checked_readings(frame(("a", "speed", at(0), -0.0, 0), ("a", "speed", at(1), -1.5, 0)))
    assert [math.copysign(1.0, value) for value in checked["value"]] == [1.0, -1.0]
