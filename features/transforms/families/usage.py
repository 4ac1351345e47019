"""How the machine has been used: its share of running, its starts, and its life weighted by load."""

import numpy as np
from numpy.typing import NDArray

from features.transforms.families.family import FeatureDescription, Layout, Memory, Row, Slot

_SOURCE = "ISO 14224:2016, 3.2 (operating time, demands)"
_WEAR = "Palmgren and Miner's linear accumulation (Miner, Journal of Applied Mechanics 12, 1945), exponent 1"


class Usage:
    """Counters and rates.

    running_share = seconds up to a running row / all seconds. Unit 1; unknown before the second row.
    starts = running rows that follow an idle one; starts_rate = starts / life, per life unit. Both only where the
    pack tells running from idle.
    wear = Σ |x| / span · Δlife over running rows, with a condition x and its plausible span: life in units of full
    load. Palmgren and Miner's rule (Miner, Journal of Applied Mechanics 12, 1945) with exponent 1; where damage grows
    with a power of the load it understates the heavy hours. load = wear / life over which x was known, unit 1.
    """

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._spans = np.asarray(layout.spans, np.float64)[:, None]

    def describe(self) -> tuple[FeatureDescription, ...]:
        """Describe three features of running, and two of each condition."""
        told, unit, found = self._layout, self._layout.life_unit, []
        if told.running is not None:
            share = "seconds up to a running row / all seconds"
            running, counted = (told.running,), told.lineage()
            found = [
                FeatureDescription("running_share", "share of time that it ran", "1", share, _SOURCE, running),
                FeatureDescription(
                    "starts", "starts since the life began", "1", "Σ (running now, idle before)", _SOURCE, running
                ),
                FeatureDescription(
                    "starts_rate", "starts per unit of life", f"1/{unit}", "starts / life", _SOURCE, counted
                ),
            ]
        for name in told.conditions:
            signals = told.lineage(name)
            wear, load = f"life weighted by {name}", f"mean load by {name}, in its plausible span"
            found += [
                FeatureDescription(f"{name}__wear", wear, unit, f"Σ |{name}| / span · Δlife", _WEAR, signals),
                FeatureDescription(f"{name}__load", load, "1", f"{name}__wear / life with {name}", _WEAR, signals),
            ]
        return tuple(found)

    def slots(self) -> dict[str, Slot]:
        """Return times, starts, and sums of load."""
        conditions = (len(self._layout.conditions),)
        names = ("usage_seconds", "usage_running_seconds", "usage_starts")
        return {
            **{name: Slot(()) for name in names},
            "usage_time": Slot((), np.nan),
            "usage_was_running": Slot((), np.nan),
            "usage_wear": Slot(conditions),
            "usage_known": Slot(conditions),
        }

    def advance(self, memory: Memory, row: Row) -> None:
        """Take a row in; the time up to it counts as the row does."""
        now = row.is_present
        seconds = row.time - memory["usage_time"]
        seconds = np.where(np.isnan(seconds), 0.0, seconds)
        memory["usage_seconds"] += seconds
        memory["usage_running_seconds"] += np.where(row.is_running, seconds, 0.0)
        memory["usage_starts"] += row.is_running & (memory["usage_was_running"] == 0.0)
        np.copyto(memory["usage_time"], row.time, where=now)
        np.copyto(memory["usage_was_running"], row.is_running, where=now)
        is_known = ~np.isnan(row.conditions) & row.is_running
        load = np.where(is_known, np.abs(row.conditions) / self._spans, 0.0)
        memory["usage_wear"] += load * row.elapsed
        memory["usage_known"] += is_known * row.elapsed

    def write(self, memory: Memory, row: Row, out: NDArray[np.float32]) -> None:
        """Write share, starts and rate; then wear and load of each condition."""
        begin = 0
        with np.errstate(invalid="ignore", divide="ignore"):
            if self._layout.running is not None:
                begin = 3
                starts, life = memory["usage_starts"], np.where(row.life > 0, row.life, np.nan)
                out[0] = memory["usage_running_seconds"] / memory["usage_seconds"]
                out[1], out[2] = starts, starts / life
            loads = out[begin:].reshape(len(self._spans), 2, out.shape[1])
            loads[:, 0], loads[:, 1] = memory["usage_wear"], memory["usage_wear"] / memory["usage_known"]
