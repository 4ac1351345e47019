import numpy as np

from pipelines.simulate.instruments.stuck import Stuck
from tests.pipelines.simulate.instruments.stretches import rng, stretch_of


def test_the_last_transmitted_value_comes_again_exactly() -> None:
    stretch = stretch_of(("flow",), np.linspace(91.234, 99.0, 40))
    faulty = Stuck().deliver(rng(), stretch)
    assert set(faulty.delivered[:, 0]) == {91.2}
    assert faulty.covered.all()
    assert faulty.parameters == {"value": 91.2}
