import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.condition.borrowing.shrinkage import Estimate, Layers, Source, layers_of

NUMBERS = st.floats(-1e3, 1e3)
VARIANCES = st.floats(1e-3, 1e3)


def row(*values: float) -> NDArray[np.float64]:
    return np.array(values)


def column(*values: float) -> NDArray[np.float64]:
    return np.array(values)[:, None]


def drawn(seed: int = 1, groups: int = 30, machines: int = 12) -> tuple[Layers, NDArray[np.float64]]:
    """Machines 2 around groups 5 around 100, each known to 1."""
    random = np.random.default_rng(seed)
    centers = 100.0 + 5.0 * random.normal(size=groups)
    values = centers[:, None] + np.hypot(2.0, 1.0) * random.normal(size=(groups, machines))
    names = [f"g{number}" for number in range(groups) for _ in range(machines)]
    flat = values.reshape(-1, 1)
    return layers_of(flat, np.ones_like(flat), names), centers


def test_one_group_with_equal_errors_is_the_textbook_case() -> None:
    values = column(1.0, 3.0, 5.0, 7.0, 9.0)  # mean 5, variance 10
    layers = layers_of(values, np.full((5, 1), 4.0), ["a"] * 5)
    assert layers.between_machines == pytest.approx(6.0)
    assert layers.between_groups == 0.0
    expected = layers.expected("a")
    assert expected.center == pytest.approx(5.0)
    assert expected.variance == pytest.approx(6.0 + 10.0 / 5)
    after = expected.after(row(11.0), row(4.0))
    assert after.weights[Source.OWN] == pytest.approx(8.0 / 12.0)
    assert after.center == pytest.approx(5.0 + 8.0 / 12.0 * 6.0)


def test_both_variances_between_are_found_again() -> None:
    layers, _ = drawn()
    assert np.sqrt(layers.between_machines) == pytest.approx(2.0, rel=0.15)
    assert np.sqrt(layers.between_groups) == pytest.approx(5.0, rel=0.35)
    assert layers.fleet == pytest.approx(100.0, abs=3.0)


def test_a_group_that_is_known_is_believed_and_an_unknown_one_is_as_wide_as_the_fleet() -> None:
    layers, centers = drawn()
    known, unknown = layers.expected("g3"), layers.expected("elsewhere")
    assert known.center == pytest.approx(centers[3], abs=2.0)
    assert known.weights[Source.GROUP] > 0.95
    assert unknown.weights[:, 0].tolist() == [1.0, 0.0, 0.0, 0.0]
    assert unknown.variance > 4 * known.variance


def test_machines_that_differ_no_more_than_by_chance_have_nothing_between_them() -> None:
    layers = layers_of(column(1.0, 1.1, 0.9, 1.0), np.full((4, 1), 5.0), ["a", "a", "b", "b"])
    assert layers.between_machines == 0.0
    assert layers.expected("a").weights[Source.FLEET] == 1.0


def test_signal_that_no_machine_measures_is_unknown_until_the_own_value_comes() -> None:
    layers = layers_of(np.full((5, 1), np.nan), np.full((5, 1), np.inf), ["a"] * 5)
    expected = layers.expected("a")
    assert np.isnan(expected.center).all()
    after = expected.after(row(3.0), row(2.0))
    assert (after.center.tolist(), after.variance.tolist(), after.weights[Source.OWN].tolist()) == ([3.0], [2.0], [1.0])


@given(NUMBERS, VARIANCES, NUMBERS, VARIANCES, st.floats(0.0, 1.0))
def test_shares_add_up_and_estimates_lie_between(
    center: float, variance: float, value: float, error: float, kept: float
) -> None:
    weights = np.zeros((len(Source), 1))
    weights[Source.FLEET], weights[Source.GROUP] = 0.3, 0.7
    fresh = Estimate(row(center), row(variance), weights)
    after = fresh.after(row(value), row(error))
    again = after.renewed(fresh, np.array([True]), kept).after(row(value), row(error))
    for estimate in (after, again):
        assert estimate.weights.sum() == pytest.approx(1.0)
        assert (estimate.weights >= 0).all()
        assert min(center, value) - 1e-6 <= estimate.center[0] <= max(center, value) + 1e-6
        assert estimate.variance[0] <= min(variance, error) * (1 + 1e-9)


def test_what_tells_nothing_changes_nothing() -> None:
    fresh = layers_of(column(1.0, 3.0, 5.0), np.ones((3, 1)), ["a"] * 3).expected("a")
    for value, error in ((np.nan, 1.0), (2.0, np.inf)):
        after = fresh.after(row(value), row(error))
        assert (after.center, after.variance) == (fresh.center, fresh.variance)


def test_a_change_keeps_a_share_of_what_was_own_and_leaves_other_signals_alone() -> None:
    values, errors = np.array([[1.0, 1.0], [3.0, 3.0], [5.0, 5.0]]), np.ones((3, 2))
    fresh = layers_of(values, errors, ["a"] * 3).expected("a")
    known = fresh.after(row(9.0, 9.0), row(0.0, 0.0))
    changed = known.renewed(fresh, np.array([True, False]), kept=0.5)
    assert changed.center.tolist() == pytest.approx([6.0, 9.0])
    assert changed.variance.tolist() == pytest.approx([0.75 * fresh.variance[0], 0.0])
    assert changed.weights[Source.EARLIER].tolist() == [0.5, 0.0]
    assert changed.weights[Source.OWN].tolist() == [0.0, 1.0]
