"""Healthy simulated pumps as histories: running rows of the sensors that the pack makes features of."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from features.domain.identifiers import AssetId
from features.domain.packs import Pack
from features.packs.loader import load_pack
from models.condition.history import History
from pipelines.simulate.fleet import simulate_fleet
from pipelines.simulate.settings import FleetSettings

DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Pump:
    """One healthy machine.

    Attributes:
        group: Its model and drive, as its maker's list names them.
        history: Seconds since the start of the observation.
    """

    asset: AssetId
    group: str
    history: History

    def between(self, first: float, last: float) -> History:
        """Return the rows from one day to another, which is outside."""
        begin, end = np.searchsorted(self.history.seconds, [first * DAY, last * DAY])
        return self.history.part(slice(int(begin), int(end)))


def healthy_pumps(pumps: int, days: int, seed: int) -> tuple[Pack, tuple[Pump, ...]]:
    """Simulate a fleet without faults on a perfect data path.

    Returns:
        Their pack, and the pumps by name.
    """
    pack = load_pack("pump")
    settings = FleetSettings(pumps=pumps, days=days, seed=seed, fault_kinds=(), with_defects=False)
    fleet = simulate_fleet(settings)
    groups = {each["asset_id"]: f"{each['model']}, {each['drive']}" for each in fleet.assets.iter_rows(named=True)}
    start = settings.start.timestamp()
    rows = fleet.telemetry.filter(_running(pack)).sort("asset_id", "time")
    found = [
        Pump(AssetId(str(name)), groups[name], History(_seconds(each) - start, _readings(each, pack)))
        for (name,), each in rows.group_by("asset_id", maintain_order=True)
    ]
    return pack, tuple(found)


def _running(pack: Pack) -> pl.Expr:
    """Standing machines say nothing about health."""
    rule = pack.regimes
    return pl.lit(value=True) if rule.running_signal is None else pl.col(rule.running_signal) > rule.running_above


def _seconds(rows: pl.DataFrame) -> NDArray[np.float64]:
    return rows["time"].dt.epoch("us").to_numpy() / 1e6


def _readings(rows: pl.DataFrame, pack: Pack) -> NDArray[np.float64]:
    return rows.select(pl.col(list(pack.features.signals)).cast(pl.Float64)).to_numpy()
