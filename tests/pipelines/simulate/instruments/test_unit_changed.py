import numpy as np
import pytest

from pipelines.simulate.instruments.unit_changed import CONVERSIONS, UnitChanged
from pipelines.simulate.signals import INSTRUMENTED, QUALITIES, SIGNALS
from tests.pipelines.simulate.instruments.stretches import rng, stretch_of

# One value of each unit and what a conversion table says of it.
BY_HAND = {
    ("kPa", "bar"): (701.3, 7.013),
    ("kPa", "psi"): (700.0, 101.53),
    ("degC", "degF"): (40.0, 104.0),
    ("degC", "K"): (40.0, 313.1),
    ("mm/s", "in/s"): (2.54, 0.1),
    ("g", "m/s2"): (1.0, 9.81),
    ("m3/h", "l/s"): (90.0, 25.0),
    ("m3/h", "gal/min"): (100.0, 440.3),
    ("A", "mA"): (41.5, 41_500.0),
    ("rpm", "Hz"): (1_500.0, 25.0),
}


def test_every_instrument_has_another_unit_and_every_unit_a_figure_by_hand() -> None:
    units = {quality.unit for quality in QUALITIES if quality.id in INSTRUMENTED}
    assert units == set(CONVERSIONS)
    assert {(unit, to.unit) for unit, known in CONVERSIONS.items() for to in known} == set(BY_HAND)


@pytest.mark.parametrize("signal", INSTRUMENTED)
def test_values_come_as_the_new_unit_has_them(signal: str) -> None:
    seen = set()
    for seed in range(12):
        faulty = UnitChanged().deliver(rng(seed), stretch_of((signal,), np.array([0.0, 1.0])))
        pair = (str(faulty.parameters["from_unit"]), str(faulty.parameters["to_unit"]))
        value, expected = BY_HAND[pair]
        delivered = UnitChanged().deliver(rng(seed), stretch_of((signal,), np.full(3, value))).delivered
        assert delivered[0, 0] == pytest.approx(expected, abs=0.051)
        seen.add(pair[1])
    assert seen == {to.unit for to in CONVERSIONS[QUALITIES[SIGNALS.index(signal)].unit]}


def test_signals_of_one_device_change_to_the_same_unit() -> None:
    signals = ("suction_pressure", "discharge_pressure", "seal_chamber_pressure")
    assert signals in UnitChanged().choices
    shown = np.column_stack([np.full(4, value) for value in (20.0, 700.0, 250.0)])
    ratio = UnitChanged().deliver(rng(3), stretch_of(signals, shown)).delivered[0] / shown[0]
    np.testing.assert_allclose(ratio, ratio[0], rtol=0.01)
