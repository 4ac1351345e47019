from dataclasses import replace

import numpy as np
import pytest

from models.calibration.adaptive import AdaptiveLevel
from models.prognosis.ledger.adapting import LEAST_LIVES, RATE, TARGET, adapted_level
from models.prognosis.ledger.judged import Judged

CAP = 1_000.0


def lives(count: int, told: float = 1.0, seed: int = 0, of_each: int = 4) -> Judged:
    """Forecasts of lives that end at any time up to the cap alike; `told` is how wide they make their interval.

    Those of one life err together, by the same share of the cap.
    """
    random = np.random.default_rng(seed)
    place = random.uniform(0.0, 1.0, count).repeat(of_each)
    rows = count * of_each

    def column(value: float) -> np.ndarray:
        return np.full(rows, value)

    return Judged(
        horizons=(500.0,),
        p_fail=np.full((rows, 1), 0.5),
        low=column(CAP * (0.5 - 0.45 * told)),
        median=column(0.5 * CAP),
        high=column(CAP * (0.5 + 0.45 * told)),
        cap=column(CAP),
        lived=CAP * place,
        age=column(0.0),
        is_failure=np.ones(rows, np.bool_),
        is_replaced=np.zeros(rows, np.bool_),
        held=column(1.0),
        issued=column(0.0),
        until=np.arange(count, dtype=np.float64).repeat(of_each),
        life=np.arange(count).repeat(of_each),
    )


def censored(count: int, seed: int) -> Judged:
    """Lives of which the long ones are often cut off; intervals begin at 0 and miss only those, one in ten."""
    random = np.random.default_rng(seed)
    rows, end, cut = lives(count, of_each=1), *(CAP * random.uniform(0.0, (1.0, 1.5), (count, 2)).T)
    nothing = np.zeros(count)
    return replace(
        rows,
        low=nothing,
        median=nothing,
        high=np.full(count, 0.9 * CAP),
        lived=np.minimum(end, cut),
        is_failure=end <= cut,
    )


def test_level_of_intervals_that_hold_stays_near_the_target() -> None:
    found = [adapted_level(lives(150, seed=seed)) for seed in range(40)]
    assert sum(each is not None and each.is_far for each in found) <= 4


def test_censoring_moves_no_level_of_intervals_that_hold() -> None:
    found = [adapted_level(censored(150, seed)) for seed in range(30)]
    known = [each for each in found if each is not None]
    assert len(known) == len(found)
    assert sum(each.is_far for each in known) <= 4
    assert np.mean([each.level for each in known]) == pytest.approx(TARGET, abs=0.015)
    assert np.mean([each.missed for each in known]) == pytest.approx(TARGET, abs=0.015)
    assert all(each.high - each.low > 0.083 for each in known)  # wider than without censoring


@pytest.mark.parametrize(("told", "is_lower"), [(0.7, True), (1.1, False)])
def test_level_leaves_the_target_where_intervals_are_too_narrow_or_too_wide(told: float, *, is_lower: bool) -> None:
    found = [adapted_level(lives(400, told, seed)) for seed in range(5)]
    for each in found:
        assert each is not None
        assert each.is_far
        assert (each.level < each.target) == is_lower
        assert each.missed == pytest.approx(TARGET, abs=0.06)  # misses themselves are led to the target


def test_level_moves_as_the_library_says_and_by_lives_in_the_order_in_which_they_ended() -> None:
    rows = lives(40, seed=5)
    shuffled = np.random.default_rng(1).permutation(len(rows))
    other = {name: getattr(rows, name)[shuffled] for name in Judged.__slots__ if name != "horizons"}
    level = AdaptiveLevel.start(TARGET, RATE)
    for lived in rows.lived[::4]:
        level = level.after(bool(abs(lived / CAP - 0.5) > 0.5 - 0.5 * level.level))
    for each in (rows, replace(rows, **other)):
        found = adapted_level(each)
        assert found is not None
        assert found.level == pytest.approx(level.level, abs=1e-12)
        assert found.lives == 40


def test_too_few_answers_tell_nothing() -> None:
    assert adapted_level(lives(LEAST_LIVES - 1)) is None
    rows = lives(LEAST_LIVES)
    assert adapted_level(rows) is not None
    assert adapted_level(replace(rows, is_failure=rows.life < 3)) is None  # all others were cut off
