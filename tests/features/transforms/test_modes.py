import math

import numpy as np
import pytest

from features.domain.errors import InvalidValue
from features.transforms.modes import ModeShares

SHARES = ModeShares(
    modes=("leak", "wear"),
    center=np.array([1.0, 0.0]),
    scale=np.array([2.0, 1.0]),
    weights=np.array([[0.5, -0.5], [0.0, 1.0]]),
    bias=np.array([0.0, np.log(2.0)]),
)


def test_shares_follow_from_odds_computed_by_hand() -> None:
    # Scores 1 and 0: log odds of leak against wear are 0.5 - (-0.5 + log 2), so odds are e / 2.
    leak, wear = SHARES.of(np.array([3.0, 0.0], np.float32))
    assert leak / wear == pytest.approx(math.e / 2.0)
    assert leak + wear == pytest.approx(1.0)


def test_unknown_features_count_as_usual_and_extreme_ones_as_six_deviations() -> None:
    unknown = SHARES.of(np.array([np.nan, np.nan], np.float32))
    assert unknown == pytest.approx([1 / 3, 2 / 3])
    assert SHARES.of(np.array([1e30, np.inf], np.float32)) == pytest.approx(SHARES.of(np.array([13, 6], np.float32)))


def test_no_row_depends_on_the_others_not_even_by_rounding() -> None:
    rows = np.random.default_rng(0).standard_normal((40, 2)).astype(np.float32)
    assert np.array_equal(SHARES.of_rows(rows)[7:8], SHARES.of_rows(rows[7:8]))


@pytest.mark.parametrize(
    ("modes", "scale", "weights"),
    [
        (("leak",), [1.0, 1.0], [[0.0], [0.0]]),
        (("leak", "leak"), [1.0, 1.0], [[0.0, 0.0]] * 2),
        (("leak", "wear"), [1.0, 1.0], [[0.0, 0.0]] * 3),
        (("leak", "wear"), [1.0, 0.0], [[0.0, 0.0]] * 2),
    ],
)
def test_parts_that_do_not_fit_each_other_are_refused(
    modes: tuple[str, ...], scale: list[float], weights: list[list[float]]
) -> None:
    with pytest.raises(InvalidValue):
        ModeShares(modes, np.zeros(2), np.array(scale), np.array(weights), np.zeros(len(modes)))
