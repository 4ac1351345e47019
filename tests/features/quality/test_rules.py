from features.packs.loader import load_pack
from features.quality.rules import quality_rules
from features.quality.units import conversions_of


def test_pump_rules_know_running_pairs_and_units() -> None:
    rules = quality_rules(load_pack("pump"))
    names = rules.names
    assert rules.running_signal == names.index("speed")
    pairs = {(names[one], names[two]) for one, two in rules.swappable}
    assert ("suction_pressure", "discharge_pressure") in pairs
    assert ("vibration_drive_end", "vibration_non_drive_end") in pairs
    assert not any("running_hours" in pair for pair in pairs)
    assert {each.unit for each in rules.signals[names.index("flow")].conversions} >= {"l/s", "gal/min"}


def test_machine_without_a_running_signal_always_runs() -> None:
    assert quality_rules(load_pack("turbofan")).running_signal is None


def test_conversion_there_and_back_is_the_same() -> None:
    for unit in ("kPa", "degC", "rpm", "m3/h", "psi"):
        for there in conversions_of(unit):
            back = next(each for each in conversions_of(there.unit) if each.unit == unit)
            assert abs((100.0 * there.factor + there.offset) * back.factor + back.offset - 100.0) < 1e-6
