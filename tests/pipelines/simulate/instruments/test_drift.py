import numpy as np
import pytest

from pipelines.simulate.instruments.drift import Drift
from tests.pipelines.simulate.instruments.stretches import rng, stretch_of


@pytest.mark.parametrize("seed", range(6))
def test_the_bias_grows_evenly_from_nothing_at_the_rate_that_is_told(seed: int) -> None:
    stretch = stretch_of(("discharge_pressure",), np.full(400, 700.0))
    faulty = Drift().deliver(rng(seed), stretch)
    percent = float(faulty.parameters["percent_of_span_per_month"])
    assert 0.5 <= abs(percent) <= 5.0
    assert faulty.delivered[0, 0] == 700.0
    # By hand: 399 rows of two hours are 798 / 730.5 months, the span is 1,600 kPa.
    assert faulty.delivered[-1, 0] - 700.0 == pytest.approx(percent / 100 * 1_600 * 798 / 730.5, abs=0.06)


def test_drift_goes_up_and_down() -> None:
    stretch = stretch_of(("discharge_pressure",), np.full(400, 700.0))
    ends = [Drift().deliver(rng(seed), stretch).delivered[-1, 0] for seed in range(12)]
    assert min(ends) < 700.0 < max(ends)
