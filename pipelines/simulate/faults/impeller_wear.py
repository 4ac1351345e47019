"""Wear of impeller and wear rings: the gaps open and the vanes thin out, so that head and efficiency are lost slowly.

Sources of the signature: Karassik et al. (Pump Handbook: worn rings let flow run back from discharge to suction, head
and efficiency fall together), Gülich (Centrifugal Pumps: gap losses, hydro-abrasive wear, pressure pulsation at the
vane-passing frequency), ISO 20816-7:2009 (rotodynamic pumps: the vane-passing component belongs to the velocity, 10 to
1,000 Hz). That abrasion goes with the third power of the speed, how much is lost at the end of a life, and how fast,
are assumptions.
"""

from dataclasses import dataclass, replace

import numpy as np

from pipelines.simulate.arrays import FloatArray
from pipelines.simulate.faults.effects import Effects
from pipelines.simulate.faults.kind import Ageing, Course, Exposure, MinorRepair, phase

_AGEING = Ageing(
    onset_scale_hours=1_500.0,
    onset_shape=1.6,
    growth_hours=1_200.0,
    growth_spread=0.35,
    sudden_share=0.0,
    hazard_per_hour=0.0006,
)
_MINOR_REPAIR = MinorRepair("wear_ring", "wear ring gap measured", 2_600.0, 0.0, 100.0)


@dataclass(frozen=True, slots=True)
class ImpellerWear:
    """Slow and even. Less flow at the same speed, more power for it, a little vibration at both ends, nothing else."""

    id: str = "impeller_wear"
    component: str = "impeller"
    ends_life: bool = True
    ageing: Ageing = _AGEING
    minor_repair: MinorRepair = _MINOR_REPAIR

    def damage(self, course: Course, exposure: Exposure) -> FloatArray:
        """Return the wear: 0 until the onset, about 1 at failure."""
        return np.minimum(phase(course, exposure, exposure.speed_ratio**3), 2.0)

    def effects(self, course: Course, exposure: Exposure, damage: FloatArray, relief: FloatArray) -> Effects:
        """Return the loss of head and efficiency, and the vibration at blade pass; measuring the gap eases nothing.

        Vibration at blade pass grows off the best-efficiency flow, where the vanes pass the tongue out of step.
        """
        shown = np.minimum(damage, 1.8)
        off_duty = np.minimum(np.abs(1.0 - exposure.flow_ratio), 1.0)
        blade_pass = 0.4 * course.gain * shown * (0.8 + 0.8 * off_duty)
        return replace(
            Effects.none(len(damage)),
            head_loss=0.13 * shown,
            efficiency_loss=0.15 * shown,
            drive_end_energy=blade_pass**2,
            non_drive_end_energy=(1.1 * blade_pass) ** 2,
        )
