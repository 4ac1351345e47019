"""Where all was measured the step does less; here it is made to take the long way everywhere, and must say the same."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from features.transforms.condition import distance, expectation, smoothing, step
from features.transforms.condition.answer import ConditionRow
from features.transforms.condition.expectation import Expectation
from features.transforms.condition.model import ConditionModel
from features.transforms.condition.state import ConditionState
from features.transforms.condition.step import advance
from features.transforms.condition.ways import condition_covariance
from tests.features.transforms.condition.alike import is_alike, told
from tests.features.transforms.condition.rig import rows_of, shifted
from tests.features.transforms.condition.streams import TABLES, troubled

CALM = shifted(rows_of(150), 100, {"current": -9.0, "pressure": 9.0}, grows=True)


def the_long_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide that all was measured, so that nothing is left out."""
    quick = expectation.expect
    monkeypatch.setattr(ConditionRow, "is_clean", lambda row: False)
    for module in (smoothing, expectation):
        monkeypatch.setattr(module, "is_whole", lambda values: False)
    monkeypatch.setattr(step, "expect", lambda *given: replace(quick(*given), size=np.nan))


def is_told_alike(monkeypatch: pytest.MonkeyPatch, model: ConditionModel, rows: Sequence[ConditionRow]) -> bool:
    """Say whether the step and the long way say the same of all rows, and remember the same."""
    quick = told(model, rows, advance)
    with monkeypatch.context() as patched:
        the_long_way(patched)
        slow = told(model, rows, advance)
    return is_alike(quick, slow, 1e-9, but=("whole_seconds",))


@pytest.mark.parametrize("table", range(len(TABLES)))
@pytest.mark.parametrize("seed", range(2))
def test_what_is_left_out_changes_no_answer_and_no_state(
    monkeypatch: pytest.MonkeyPatch, table: int, seed: int
) -> None:
    assert is_told_alike(monkeypatch, ConditionModel.of(TABLES[table]), troubled(seed))


def test_a_sound_stream_is_told_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    assert is_told_alike(monkeypatch, ConditionModel.of(TABLES[0]), CALM)


def test_a_shortcut_that_forgets_something_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def careless(
        model: ConditionModel, state: ConditionState, seen: Expectation, chosen: NDArray[np.bool_] | None = None
    ) -> None:
        expectation.learn(model, state, seen, chosen)
        if chosen is None:  # the shortcut
            state.level_rows -= 1.0

    monkeypatch.setattr(step, "learn", careless)
    assert not is_told_alike(monkeypatch, ConditionModel.of(TABLES[0]), CALM)


def test_deviations_of_some_known_signals_are_those_of_their_own_covariance() -> None:
    model = ConditionModel.of(TABLES[2])
    for state in told(model, troubled(3, 90), advance)[1][-20:]:
        found = distance.deviations(model, state)
        known, values = found.is_known[:4], found.values[:4][found.is_known[:4]]
        covariance = model.covariance[np.ix_(known, known)] + 0.05 * np.diag(np.diag(model.covariance)[known])
        expected = values @ np.linalg.solve(covariance, values) * found.of_sensors if known.any() else 0.0
        np.testing.assert_allclose(found.total, expected, rtol=1e-9)


def test_the_precision_of_conditions_is_always_that_of_their_covariance() -> None:
    model = ConditionModel.of(TABLES[0])
    for state in told(model, troubled(4), advance)[1]:
        covariance = condition_covariance(model, state)
        even = 0.05 * np.diag(np.diag(covariance))
        expected = np.stack([np.linalg.inv(covariance), np.linalg.inv(covariance + even)])
        np.testing.assert_allclose(state.condition_precision, expected, rtol=1e-9)
