import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from features.domain.identifiers import SignalId
from features.domain.signals import Names, Signal, SignalRole
from features.quality.verdicts import SetAsideReason, plausible


@given(st.lists(st.floats()), st.floats(-1e6, 0), st.floats(0, 1e6))
def test_the_vectorised_range_agrees_with_the_signal(values: list[float], low: float, high: float) -> None:
    names = Names("flow", "流量")
    signal = Signal(SignalId("flow"), names, "flow", "m3/h", SignalRole.SENSOR, low, high, None, 1, "process")
    assert plausible(np.array(values), low, high).tolist() == [signal.accepts(value) for value in values]


def test_bounds_may_differ_from_column_to_column() -> None:
    values = np.array([[1.0, 1.0], [9.0, 9.0]])
    assert plausible(values, np.array([0.0, 5.0]), np.array([5.0, 10.0])).tolist() == [[True, False], [False, True]]


def test_infinite_bounds_do_not_make_infinite_values_plausible() -> None:
    assert plausible(np.array([np.inf, 1e300]), -np.inf, np.inf).tolist() == [False, True]


def test_reasons_are_stored_under_stable_words() -> None:
    assert {reason.value for reason in SetAsideReason} >= {
        "naive_time",
        "bad_time",
        "missing_time",
        "unknown_signal",
        "not_a_number",
        "non_finite",
        "impossible_value",
        "missing_asset",
        "bad_asset_id",
        "unknown_event",
    }
    assert all(reason.value == reason.name.lower() for reason in SetAsideReason)
