"""Misalignment of the shafts of pump and motor: the coupling forces both once and twice a turn, and loads its bearing.

Sources of the signature: ISO 13373-3:2015 (misalignment shows as velocity at one and two times the speed, highest at
the coupling), Piotrowski (Shaft Alignment Handbook: foundation, pipe strain and thermal growth move a machine; the
bearing at the coupling warms and carries more load), ISO 20816-7:2009 (velocity of rotodynamic pumps). Both lines lie
within the velocity's band of 10 to 1,000 Hz, far below where rolling elements are heard, so that the high frequency
gains little. The sizes and the course are assumptions.
"""

from dataclasses import dataclass, replace

import numpy as np

from pipelines.simulate.arrays import FloatArray
from pipelines.simulate.faults.effects import Effects
from pipelines.simulate.faults.kind import Ageing, Course, Exposure, MinorRepair, phase

_AGEING = Ageing(
    onset_scale_hours=3_400.0,
    onset_shape=1.5,
    growth_hours=650.0,
    growth_spread=0.45,
    sudden_share=0.08,
    hazard_per_hour=0.0009,
)
_MINOR_REPAIR = MinorRepair("coupling", "coupling element replaced", 2_400.0, 0.3, 160.0)


@dataclass(frozen=True, slots=True)
class ShaftMisalignment:
    """Quick at first, then slower. Velocity at the drive end, then its bearing's temperature; the rest hardly moves."""

    id: str = "shaft_misalignment"
    component: str = "coupling"
    ends_life: bool = True
    ageing: Ageing = _AGEING
    minor_repair: MinorRepair = _MINOR_REPAIR

    def damage(self, course: Course, exposure: Exposure) -> FloatArray:
        """Return the offset of the shafts: 0 until the onset, about 1 at failure; what moved settles by and by."""
        return np.asarray(np.minimum(phase(course, exposure, exposure.speed_ratio), 2.0) ** 0.75)

    def effects(self, course: Course, exposure: Exposure, damage: FloatArray, relief: FloatArray) -> Effects:
        """Return velocity, heat of the bearing beside the coupling, and the little friction and noise of its load."""
        shown = np.minimum(damage, 1.8)
        once, twice = 1.3 * course.gain * relief * shown, 1.0 * course.gain * relief * shown**1.3
        velocity = np.hypot(once, twice)
        heat = 9.0 * course.gain * shown**1.3
        return replace(
            Effects.none(len(damage)),
            drive_end_energy=velocity**2,
            non_drive_end_energy=(0.3 * velocity) ** 2,
            high_frequency_energy=(0.25 * course.gain * shown) ** 2,
            drive_end_heat_c=heat,
            non_drive_end_heat_c=0.1 * heat,
            friction=0.008 * shown,
        )
