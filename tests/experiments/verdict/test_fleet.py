"""What is told beside a row rests on what has arrived by then."""

from dataclasses import replace

import numpy as np

from experiments.bench.quality_simulated import prepare
from experiments.verdict.fleet import _circumstances
from pipelines.simulate.scored import ScoredPump, scored_pump
from pipelines.simulate.settings import FleetSettings

SETTINGS = FleetSettings(
    pumps=2, days=40, seed=5, fault_kinds=(), pumps_per_station=2, path_fault_rate=60.0, interval_minutes=60
)


def arrived_by(pump: ScoredPump, until: int) -> ScoredPump:
    come = pump.arrived_us <= until
    return replace(pump, time_us=pump.time_us[come], arrived_us=pump.arrived_us[come])


def test_no_neighbours_row_counts_before_it_arrived() -> None:
    own, other = (scored_pump(SETTINGS, number) for number in range(2))
    prepared, reported = prepare(own), np.zeros(0)
    known = _circumstances(own, prepared.order, prepared.clock, [own, other], SETTINGS, reported)
    silent = [place for place, each in enumerate(known) if each.gateway_silent_seconds > 0.0]
    late = np.flatnonzero(own.arrived_us[prepared.order] - own.time_us[prepared.order] > 3_600_000_000)
    chosen = sorted({*silent, *late.tolist()})
    assert len(chosen) > 3
    for place in chosen[:40]:
        then = arrived_by(other, int(own.arrived_us[prepared.order[place]]))
        again = _circumstances(own, prepared.order, prepared.clock, [own, then], SETTINGS, reported)
        assert again[place] == known[place]
