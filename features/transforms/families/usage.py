"""How the machine has been used: its share of running, its starts, and its life weighted by load."""

import numpy as np
from numpy.typing import NDArray

from features.transforms.courses import accumulated, held
from features.transforms.families.family import FeatureDescription, Layout, Memory, Rows, Slot

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
        """Return seconds, those of running and starts; the row before; load and life by condition."""
        return {
            "usage_totals": Slot((3,)),
            "usage_before": Slot((2,), np.nan),
            "usage_loads": Slot((2, len(self._layout.conditions))),
        }

    def advance(self, memory: Memory, rows: Rows, out: NDArray[np.float32]) -> None:
        """Take rows in, the time up to each counting as it does; write share, starts and rate, then wear and load."""
        totals = accumulated(np.add, memory["usage_totals"], _gained(memory["usage_before"], rows))
        loads = accumulated(np.add, memory["usage_loads"], self._loads(rows))
        memory["usage_totals"][...], memory["usage_loads"][...] = totals[-1], loads[-1]
        begin = 0 if self._layout.running is None else 3
        with np.errstate(invalid="ignore", divide="ignore"):
            if begin:
                np.divide(totals[:, 1], totals[:, 0], out=out[:, 0], casting="same_kind")
                out[:, 1] = totals[:, 2]
                out[:, 2] = totals[:, 2] / np.where(rows.life > 0, rows.life, np.nan)
            by_condition = out[:, begin:].reshape(len(out), len(self._spans), 2, out.shape[2])
            by_condition[:, :, 0], by_condition[:, :, 1] = loads[:, 0], loads[:, 0] / loads[:, 1]

    def _loads(self, rows: Rows) -> NDArray[np.float64]:
        """Return by condition what every row adds to wear, and to life with it. Shape (time, 2, condition, batch)."""
        found = np.empty((len(rows.life), 2, *rows.conditions.shape[1:]))
        is_known = ~np.isnan(rows.conditions) & rows.is_running[:, None]
        found[:, 0] = np.where(is_known, np.abs(rows.conditions) / self._spans, 0.0)
        found[:, 1] = is_known
        found *= rows.elapsed[:, None, None]
        return found


def _gained(before: NDArray[np.float64], rows: Rows) -> NDArray[np.float64]:
    """Return seconds, those of running and starts of every row. Shape (time, 3, batch).

    Args:
        before: Time of the row before and whether it ran, changed to those of the last row. Shape (2, batch).
        rows: The stretch.
    """
    found = np.empty((len(rows.time), 3, rows.time.shape[1]))
    now = np.empty((len(rows.time), *before.shape))
    now[:, 0], now[:, 1] = rows.time, rows.is_running
    course = held(before, now, None if rows.is_present is None else rows.is_present[:, None])
    seconds = np.subtract(rows.time, course[:-1, 0], out=found[:, 0])
    seconds[np.isnan(seconds)] = 0.0
    np.multiply(seconds, rows.is_running, out=found[:, 1])
    found[:, 2] = rows.is_running & (course[:-1, 1] == 0.0)
    before[...] = course[-1]
    return found
