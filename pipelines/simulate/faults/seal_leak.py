"""Leak of the mechanical seal: the faces wear, the chamber loses pressure, the film runs hot.

Sources of the signature: API 682 4th ed. / ISO 21049:2004 (seal-chamber pressure, flush, temperature margin),
Karassik et al. (Pump Handbook, on mechanical seals: face wear, leakage, heat). The constants are assumptions.
"""

from dataclasses import dataclass, replace

import numpy as np

from pipelines.simulate.arrays import FloatArray
from pipelines.simulate.faults.effects import Effects
from pipelines.simulate.faults.kind import Ageing, Course, Exposure, MinorRepair, phase

_AGEING = Ageing(
    onset_scale_hours=3_500.0,
    onset_shape=1.8,
    growth_hours=480.0,
    growth_spread=0.4,
    sudden_share=0.12,
    hazard_per_hour=0.0012,
)
_MINOR_REPAIR = MinorRepair("mechanical_seal", "seal flushed", 2_100.0, 0.4, 90.0)


@dataclass(frozen=True, slots=True)
class SealLeak:
    """Steady growth from the onset. Chamber pressure down and temperature up, later a little head and flow lost."""

    id: str = "seal_leak"
    component: str = "mechanical_seal"
    ends_life: bool = True
    ageing: Ageing = _AGEING
    minor_repair: MinorRepair = _MINOR_REPAIR

    def damage(self, course: Course, exposure: Exposure) -> FloatArray:
        """Return the wear of the faces: 0 until the onset, about 1 at failure."""
        warmth = np.clip(1.0 + 0.012 * (exposure.water_c - 15.0), 0.7, 1.4)
        stress = exposure.speed_ratio * warmth
        return np.asarray(np.minimum(phase(course, exposure, stress), 2.0) ** 1.4)

    def effects(self, course: Course, exposure: Exposure, damage: FloatArray, relief: FloatArray) -> Effects:
        """Return the loss of chamber pressure, the heat, and the small losses of head and flow.

        Leakage comes and goes with the film; the pace of the course stands in for that.
        """
        shown = np.minimum(damage, 2.0)
        film = np.clip(course.pace, 0.5, 1.6)
        return replace(
            Effects.none(len(damage)),
            chamber_loss=np.minimum(0.3 * course.gain * film * shown, 0.85),
            seal_heat_c=np.minimum(15.0 * course.gain * film * relief * shown, 60.0),
            head_loss=0.012 * shown,
            leakage=0.015 * shown,
            efficiency_loss=0.008 * shown,
        )
