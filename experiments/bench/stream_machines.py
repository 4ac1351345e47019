"""Machines that report once a second: their readings are those of simulated pumps, in turn."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
import polars as pl
from numpy.typing import NDArray

from features.domain.events import LifeEpoch
from features.domain.identifiers import DEFAULT_TENANT, AssetId
from features.domain.packs import Pack
from features.domain.time import from_microseconds
from features.packs.loader import load_pack
from features.transforms.batch import LifeRows
from features.transforms.specification import FeatureSpecification, pack_signals
from pipelines.building.build import fit_specification
from pipelines.building.tracks import LifeTrack
from pipelines.simulate.scored import scored_pump
from pipelines.simulate.settings import FleetSettings
from pipelines.simulate.signals import SIGNALS

PER_GATEWAY = 100
"""Machines that report through one gateway."""
_SIMULATED = 4


@dataclass(frozen=True, slots=True)
class Machines:
    """A fleet.

    Attributes:
        names: Of the machines.
        pack: Their type.
        specification: Features fitted on the simulated pumps.
        readings: Of each simulated pump. Shape (pump, time, signal).
    """

    names: tuple[str, ...]
    pack: Pack
    specification: FeatureSpecification
    readings: NDArray[np.float64]

    @staticmethod
    def of(machines: int) -> "Machines":
        """Return a fleet of so many machines."""
        pack, specification, readings = _simulated()
        return Machines(tuple(f"pump-{number:05d}" for number in range(machines)), pack, specification, readings)

    def gateways(self, second: int, at_us: int) -> Iterator[pl.DataFrame]:
        """Yield what each gateway sends in a second, wide."""
        for begin in range(0, len(self.names), PER_GATEWAY):
            names = self.names[begin : begin + PER_GATEWAY]
            number = np.arange(begin, begin + len(names))
            values = self.readings[number % _SIMULATED, (second + 7 * number) % self.readings.shape[1]]
            moment = pl.Series("time", [from_microseconds(at_us)], pl.Datetime("us", "UTC"))
            columns = {name: values[:, place] for place, name in enumerate(SIGNALS)}
            yield pl.DataFrame({"asset": names, "time": moment.new_from_index(0, len(names)), **columns})


@cache
def _simulated() -> tuple[Pack, FeatureSpecification, NDArray[np.float64]]:
    pack = load_pack("pump")
    settings = FleetSettings(pumps=_SIMULATED, days=60, interval_minutes=60, seed=31, with_defects=False)
    pumps = [scored_pump(settings, number) for number in range(_SIMULATED)]
    shortest = min(int((pump.clean[:, 0] > 0.0).sum()) for pump in pumps)
    readings = np.stack([pump.clean[pump.clean[:, 0] > 0.0][:shortest] for pump in pumps])
    columns = [SIGNALS.index(name) for name in pack_signals(pack)]
    tracks = [
        LifeTrack(
            LifeEpoch(DEFAULT_TENANT, AssetId(pump.asset), 0, from_microseconds(int(pump.time_us[0])), None, None),
            pump.time_us,
            LifeRows(pump.time_us / 1e6, pump.clean[:, columns]),
        )
        for pump in pumps
    ]
    return pack, fit_specification(pack, tracks), readings
