from dataclasses import replace

import pytest

from features.packs.loader import load_pack
from pipelines.alarms.watch_rule import INTERVALS, WatchRule


@pytest.mark.parametrize(("every", "silence"), [(600.0, 3600.0), (7200.0, INTERVALS * 7200.0)])
def test_silence_is_six_usual_intervals_and_an_hour_at_least(every: float, silence: float) -> None:
    pump = load_pack("pump")
    read = replace(pump, signals=tuple(replace(each, sampling_seconds=every) for each in pump.signals))
    assert WatchRule.of(read).annunciator.silence == silence


def test_where_nobody_says_how_often_signals_are_read_silence_lasts_as_long_as_a_forecast_holds() -> None:
    pump = load_pack("pump")
    unread = replace(pump, signals=tuple(replace(each, sampling_seconds=None) for each in pump.signals))
    assert WatchRule.of(unread).annunciator.silence == 24 * 3600.0
    assert WatchRule.of(replace(unread, valid_for=0.1)).annunciator.silence == 3600.0


def test_a_bare_count_of_life_tells_no_silence() -> None:
    assert not WatchRule.of(load_pack("turbofan")).tells_silence
