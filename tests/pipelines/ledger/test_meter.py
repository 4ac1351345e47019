from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.domain.events import EventKind
from features.domain.packs import LifeRule
from features.domain.time import time_of_life
from features.telemetry.sqlite import SqliteTelemetryStore
from features.transforms.batch import LifeRows, compute
from pipelines.building.build import fit_specification
from pipelines.ledger.meter import LifeMeter, by_counter
from tests.pipelines.building.machines import CALENDAR, COUNT, COUNTER, MINE, at, fan, track
from tests.pipelines.worker.stores import readings


@given(st.lists(st.one_of(st.floats(0.0, 1_000.0), st.just(float("nan"))), min_size=1, max_size=30))
def test_counter_is_counted_as_the_features_count_it(values: list[float]) -> None:
    """The oracle is the life that the features of the same rows count."""
    pack = fan(COUNTER)
    specification = SPECIFICATION
    time_us = np.arange(len(values)) * 3_600_000_000 + 1_767_225_600_000_000
    counter = np.array(values)
    rows = np.stack([np.full(len(values), 1000.0), np.full(len(values), 2.0), counter], axis=1)
    (life,) = compute(specification, [LifeRows(time_us / 1e6, rows)])
    meter = by_counter(time_us, counter)
    moments = [datetime.fromtimestamp(float(each) / 1e6, tz=at(0).tzinfo) for each in time_us]
    is_measured = ~np.isnan(counter)
    assert meter(moments)[is_measured] == pytest.approx(life.life[is_measured])
    assert pack.life.signal is not None


SPECIFICATION = fit_specification(fan(COUNTER), [track(fan(COUNTER), "x", 60)])


@pytest.mark.parametrize("rule", [CALENDAR, COUNTER])
def test_calendar_and_counter_tell_how_much_was_lived(rule: LifeRule, tmp_path: Path) -> None:
    pack = fan(rule)
    life = track(pack, "a", 50, EventKind.FAILURE, ended_after=4.0)
    with SqliteTelemetryStore(tmp_path / "telemetry.sqlite") as store:
        store.write(MINE, readings(pack, life))
        lived = LifeMeter(store, MINE, rule).of(life.epoch)([at(0), at(7), at(49), at(53)])
    running = [0.0, 6.0, 42.0, 42.0] if rule is COUNTER else [0.0, 7.0, 49.0, 53.0]
    assert lived.tolist() == pytest.approx(running)


def test_bare_count_is_the_stand_in_time_itself(tmp_path: Path) -> None:
    with SqliteTelemetryStore(tmp_path / "telemetry.sqlite") as store:
        meter = LifeMeter(store, MINE, COUNT).of(track(fan(COUNT), "a", 5).epoch)
    assert meter([time_of_life(1.0), time_of_life(17.0)]).tolist() == [1.0, 17.0]


def test_counter_without_a_reading_tells_of_no_life(tmp_path: Path) -> None:
    with SqliteTelemetryStore(tmp_path / "telemetry.sqlite") as store:
        meter = LifeMeter(store, MINE, COUNTER).of(track(fan(COUNTER), "a", 5).epoch)
        assert meter([at(0), at(3)]).tolist() == [0.0, 0.0]
