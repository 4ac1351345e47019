from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from serving.series import read_series, recent, thin
from tests.serving.fakes import LOCAL, NOW, asset, forecast, house, small_house

VALUES = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=400)


@given(VALUES, st.integers(4, 60))
def test_thinning_keeps_ends_extremes_and_order(values: list[float], most: int) -> None:
    kept = thin(values, most)
    assert kept == sorted(set(kept))
    assert {0, len(values) - 1} <= set(kept)
    chosen = [values[place] for place in kept]
    assert (min(chosen), max(chosen)) == (min(values), max(values))
    assert len(kept) <= most + 2


def test_the_stretch_ends_with_the_newest_forecast_expired_or_not() -> None:
    machine = asset("p-01")
    old = forecast("p-01", issued_at=NOW - timedelta(days=30))
    stretch = recent(house([machine], [old]).parts(), LOCAL, machine.id, timedelta(days=2))
    assert stretch.start == old.issued_at - timedelta(days=2)
    assert old.issued_at < stretch.end < old.issued_at + timedelta(seconds=1)


def test_without_any_forecast_it_ends_now() -> None:
    machine = asset("p-01")
    stretch = recent(house([machine], []).parts(), LOCAL, machine.id, timedelta(days=2))
    assert stretch.start == NOW - timedelta(days=2)


def test_what_was_not_measured_is_no_point() -> None:
    made = small_house()
    pack = made.pack
    stretch = recent(made.parts(), LOCAL, asset("p-01").id, timedelta(days=30))
    series = read_series(made.parts(), LOCAL, asset("p-01").id, pack.signals[:1], stretch, 10_000)[0]
    assert series.measured == len(series.times) == len(series.values) == 336 - 20
