from features.packs.loader import load_pack
from models.condition.expectation.layout import condition_layout

LAYOUT = condition_layout(load_pack("pump"))


def test_a_layout_without_some_signals_keeps_what_belongs_to_the_others() -> None:
    less = LAYOUT.without({"speed", "seal_temperature", "unknown"})
    assert less.conditions == ("flow", "suction_pressure", "ambient_temperature")
    assert "seal_temperature" not in less.sensors
    assert (less.running, less.regime_conditions) == (None, (0,))
    places = [LAYOUT.signals.index(name) for name in less.signals]
    assert less.spans == tuple(LAYOUT.spans[place] for place in places)
    assert less.floors == tuple(LAYOUT.floors[place] for place in places)
    assert less.modes[0].signs == tuple(LAYOUT.modes[0].signs[place] for place in places)


def test_a_layout_without_nothing_is_itself() -> None:
    assert LAYOUT.without(()) == LAYOUT
