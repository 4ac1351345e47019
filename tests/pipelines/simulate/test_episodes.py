import numpy as np
import pytest

from pipelines.simulate.episodes import draw_count, draw_rows


@pytest.mark.parametrize(("rows", "step_hours"), [(2, 24.0), (13, 2.0), (5_040, 2.0), (10_080, 1 / 60)])
def test_episodes_lie_within_the_rows_and_leave_the_first_one(rows: int, step_hours: float) -> None:
    rng = np.random.default_rng(0)
    for _ in range(500):
        drawn = draw_rows(rng, (3.0, 336.0), rows, step_hours)
        assert 1 <= drawn.start < drawn.stop <= rows
        assert drawn.stop - drawn.start <= max(0.2 * rows, 12)


def test_the_count_follows_rate_and_length() -> None:
    rng = np.random.default_rng(0)
    counts = [draw_count(rng, 12.0, 365.25 / 2) for _ in range(2_000)]
    assert np.mean(counts) == pytest.approx(6.0, rel=0.05)
