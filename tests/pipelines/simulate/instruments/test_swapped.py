import numpy as np

from pipelines.simulate.instruments.swapped import Swapped
from pipelines.simulate.signals import QUALITIES, SIGNALS
from tests.pipelines.simulate.instruments.stretches import rng, stretch_of


def test_each_of_two_signals_carries_the_other() -> None:
    shown = np.column_stack([np.full(5, 20.0), np.full(5, 700.0)])
    stretch = stretch_of(("suction_pressure", "discharge_pressure"), shown)
    assert Swapped().deliver(rng(), stretch).delivered[3].tolist() == [700.0, 20.0]


def test_only_signals_of_one_unit_are_exchanged() -> None:
    for pair in Swapped().choices:
        assert len({QUALITIES[SIGNALS.index(signal)].unit for signal in pair}) == 1
