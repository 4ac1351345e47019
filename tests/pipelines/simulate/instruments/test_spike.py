import numpy as np
import pytest

from pipelines.simulate.instruments.spike import Spike
from tests.pipelines.simulate.instruments.stretches import rng, stretch_of


@pytest.mark.parametrize("signal", ["flow", "vibration_drive_end", "ambient_temperature"])
def test_single_readings_are_far_off_and_the_others_untouched(signal: str) -> None:
    for seed in range(20):
        stretch = stretch_of((signal,), np.full(30, 2.0))
        faulty = Spike().deliver(rng(seed), stretch)
        off = np.abs(faulty.delivered - stretch.delivered)[:, 0]
        assert 1 <= faulty.covered.sum() <= 6
        assert (np.diff(np.flatnonzero(faulty.covered)) > 1).all()
        assert (off[faulty.covered] >= 0.14 * stretch.qualities[0].span).all()
        assert (off[~faulty.covered] == 0).all()


def test_the_shortest_stretch_has_its_spike() -> None:
    assert Spike().deliver(rng(), stretch_of(("flow",), np.full(1, 90.0))).covered.tolist() == [True]
