import numpy as np
import pytest

from pipelines.simulate.instruments.noisy import Noisy
from tests.pipelines.simulate.instruments.stretches import rng, stretch_of


@pytest.mark.parametrize("seed", range(4))
def test_the_noise_is_as_many_times_the_usual_as_is_told(seed: int) -> None:
    stretch = stretch_of(("winding_temperature",), np.full(4_000, 80.0))
    faulty = Noisy().deliver(rng(seed), stretch)
    factor = float(faulty.parameters["times_usual"])
    assert 4.0 <= factor <= 12.0
    assert faulty.delivered.std() == pytest.approx(factor * 0.8, rel=0.05)
    assert faulty.delivered.mean() == pytest.approx(80.0, abs=0.4)
