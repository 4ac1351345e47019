from pipelines.simulate.instruments.registry import INSTRUMENT_KINDS, instrument_kinds
from pipelines.simulate.signals import COUNTER, SIGNALS


def test_kinds_are_told_by_name_in_the_order_of_the_table() -> None:
    assert [kind.id for kind in instrument_kinds(("noisy", "stuck"))] == ["stuck", "noisy"]
    assert len({kind.id for kind in INSTRUMENT_KINDS}) == len(INSTRUMENT_KINDS)


def test_kinds_befall_signals_that_there_are_and_spare_the_counter() -> None:
    for kind in INSTRUMENT_KINDS:
        befallen = {signal for choice in kind.choices for signal in choice}
        assert befallen <= set(SIGNALS) - {COUNTER}
        assert 0 < kind.lasts_hours[0] <= kind.lasts_hours[1]
        assert kind.share > 0
