"""Wear of the drive-end rolling bearing: long nothing, then faster and faster.

Sources of the signature: ISO 13373-3:2015 (rolling bearings: acceleration at high frequency first, velocity
later), Randall and Antoni 2011 (Rolling element bearing diagnostics, a tutorial, MSSP 25: impacts excite resonances
long before the velocity level moves), ISO 20816-7:2009 (velocity zones of rotodynamic pumps). Life against load by
the cubic law of ISO 281:2007; radial load off the best-efficiency point by Stepanoff's formula as Karassik gives it
(Pump Handbook). The numbers of load, growth and symptoms are assumptions.
"""

from dataclasses import dataclass, replace

import numpy as np

from pipelines.simulate.arrays import FloatArray
from pipelines.simulate.faults.effects import Effects
from pipelines.simulate.faults.kind import Ageing, Course, Exposure, MinorRepair, phase

_FIRST_SPALL = 0.02
"""Damage at the onset, as a share of that at failure; it grows from there by a constant factor per hour."""


_AGEING = Ageing(
    onset_scale_hours=3_300.0,
    onset_shape=2.2,
    growth_hours=430.0,
    growth_spread=0.4,
    sudden_share=0.10,
    hazard_per_hour=0.0012,
)
_MINOR_REPAIR = MinorRepair("bearing_drive_end", "regreased", 1_900.0, 0.35, 130.0)


@dataclass(frozen=True, slots=True)
class BearingWear:
    """Incubation, then about exponential growth. High frequency first, then velocity, temperature, last the current."""

    id: str = "bearing_wear"
    component: str = "bearing_drive_end"
    ends_life: bool = True
    ageing: Ageing = _AGEING
    minor_repair: MinorRepair = _MINOR_REPAIR

    def damage(self, course: Course, exposure: Exposure) -> FloatArray:
        """Return the relative size of the spall: 0 until the onset, about 1 at failure."""
        progress = np.minimum(phase(course, exposure, _load(exposure)), 1.4)
        return np.where(progress > 0, _FIRST_SPALL ** (1.0 - progress), 0.0)

    def effects(self, course: Course, exposure: Exposure, damage: FloatArray, relief: FloatArray) -> Effects:
        """Return vibration, heat and friction; each sets in at another stage of the damage."""
        shown = np.minimum(damage, 2.0)
        impacts = course.gain * 2.6 * relief * shown**0.55
        velocity = course.gain * 1.9 * shown**1.1
        heat = course.gain * 17.0 * relief * shown**1.7
        return replace(
            Effects.none(len(damage)),
            high_frequency_energy=impacts**2,
            drive_end_energy=velocity**2,
            non_drive_end_energy=(0.35 * velocity) ** 2,
            drive_end_heat_c=heat,
            non_drive_end_heat_c=0.12 * heat,
            friction=0.02 * shown**2.5,
        )


def _load(exposure: Exposure) -> FloatArray:
    off_duty = np.abs(1.0 - np.square(exposure.flow_ratio))
    force = 0.75 + 0.25 * np.square(exposure.speed_ratio) * (1.0 + 1.2 * off_duty)
    return np.asarray(exposure.speed_ratio * force**3)
