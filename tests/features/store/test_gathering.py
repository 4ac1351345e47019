import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.store.gathering import Positions

DTYPES = [pl.Float32(), pl.Float64(), pl.Int64(), pl.UInt8(), pl.Boolean(), pl.String(), pl.Datetime("us", "UTC")]


@given(
    st.sampled_from(DTYPES),
    st.lists(st.one_of(st.none(), st.integers(0, 100)), min_size=1, max_size=9),
    st.lists(st.one_of(st.none(), st.integers(0, 8)), max_size=12),
)
def test_values_are_those_that_a_data_frame_takes(
    dtype: pl.DataType, values: list[int | None], asked: list[int | None]
) -> None:
    column = pl.Series("x", values, dtype=pl.Int64()).cast(dtype)
    found = pl.Series([None if at is None else at % len(values) for at in asked], dtype=pl.UInt32())
    taken = Positions.of(found).take(column)
    assert taken.dtype == dtype
    assert taken.name == "x"
    assert taken.equals(column.gather(found), check_dtypes=True, null_equal=True)


@pytest.mark.parametrize("dtype", DTYPES)
def test_nothing_is_taken_from_an_empty_column(dtype: pl.DataType) -> None:
    found = pl.Series([None, None], dtype=pl.UInt32())
    assert Positions.of(found).take(pl.Series("x", [], dtype=dtype)).to_list() == [None, None]


def test_what_is_not_a_number_stays_apart_from_what_is_missing() -> None:
    column = pl.Series("x", [float("nan"), None, 1.0], dtype=pl.Float32())
    taken = Positions.of(pl.Series([0, 1, 2, None], dtype=pl.UInt32())).take(column)
    assert taken.is_nan().to_list() == [True, None, False, None]
