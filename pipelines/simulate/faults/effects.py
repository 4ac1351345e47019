"""What faults do to a machine: additive changes of its physics, so that concurrent faults add up."""

from dataclasses import dataclass, fields
from typing import Self

import numpy as np

from pipelines.simulate.arrays import FloatArray


@dataclass(frozen=True, slots=True)
class Effects:
    """Changes of a machine's physics over time. Every array has shape (time,) and is 0 on a healthy machine.

    Attributes:
        head_loss: Share of the pump's head that is lost.
        efficiency_loss: Share of the pump's efficiency that is lost.
        leakage: Share of the flow that does not arrive at the meter.
        suction_loss_m: Further head lost in the suction pipe at rated flow, metres.
        friction: Further friction power, as a share of rated power.
        drive_end_energy: Square of the further vibration velocity at the drive end, over the machine's own level.
        non_drive_end_energy: The same at the non-drive end.
        high_frequency_energy: Square of the further broad-band acceleration, over the machine's own level.
        drive_end_heat_c: Further temperature rise of the drive-end bearing.
        non_drive_end_heat_c: Further temperature rise of the non-drive-end bearing.
        seal_heat_c: Further temperature rise of the seal.
        chamber_loss: Share of the seal chamber's pressure above suction that is lost.
    """

    head_loss: FloatArray
    efficiency_loss: FloatArray
    leakage: FloatArray
    suction_loss_m: FloatArray
    friction: FloatArray
    drive_end_energy: FloatArray
    non_drive_end_energy: FloatArray
    high_frequency_energy: FloatArray
    drive_end_heat_c: FloatArray
    non_drive_end_heat_c: FloatArray
    seal_heat_c: FloatArray
    chamber_loss: FloatArray

    @classmethod
    def none(cls, rows: int) -> Self:
        """Return the effects of no fault."""
        return cls(**{name: np.zeros(rows) for name in _PHYSICS})

    def added(self, other: Self, start: int, stop: int) -> Self:
        """Return these effects with those of another fault, whose arrays cover rows `start` to `stop`."""
        changed = {name: _padded_sum(getattr(self, name), getattr(other, name), start, stop) for name in _PHYSICS}
        return type(self)(**changed)


_PHYSICS = tuple(each.name for each in fields(Effects))


def _padded_sum(whole: FloatArray, part: FloatArray, start: int, stop: int) -> FloatArray:
    out = whole.copy()
    out[start:stop] += part
    return out
