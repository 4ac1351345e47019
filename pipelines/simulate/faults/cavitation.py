"""Cavitation: the suction strainer clogs or the level falls, bubbles collapse in the impeller, and it erodes.

Sources of the signature: Brennen 1994 (Hydrodynamics of Pumps: noise rises from inception, long before the head falls)
and 1995 (Cavitation and Bubble Dynamics: damage grows with a high power of the velocity, taken as the sixth here),
ISO 9906:2012 (NPSH3: 3 % of the head is lost there), Karassik et al. (Pump Handbook: suction, noise that recedes a
little when cavitation is fully developed). The rates and the widths of the transitions are assumptions.
"""

from dataclasses import dataclass, replace

import numpy as np

from pipelines.simulate.arrays import FloatArray
from pipelines.simulate.faults.effects import Effects
from pipelines.simulate.faults.kind import Ageing, Course, Exposure, MinorRepair, phase

_HALF_MARGIN = 1.32
"""NPSH available over required at which half of the erosive cavitation is there; inception lies near 1.6."""


_AGEING = Ageing(
    onset_scale_hours=2_700.0,
    onset_shape=1.8,
    growth_hours=360.0,
    growth_spread=0.4,
    sudden_share=0.05,
    hazard_per_hour=0.0010,
)
_MINOR_REPAIR = MinorRepair("suction_strainer", "strainer flushed", 2_300.0, 0.3, 100.0)


@dataclass(frozen=True, slots=True)
class Cavitation:
    """Suction loss grows, the NPSH margin falls with it, cavitation erodes the impeller where the margin is lost."""

    id: str = "cavitation"
    component: str = "impeller"
    ends_life: bool = True
    ageing: Ageing = _AGEING
    minor_repair: MinorRepair = _MINOR_REPAIR
    erosion_hours: float = 200.0

    def damage(self, course: Course, exposure: Exposure) -> FloatArray:
        """Return the erosion of the impeller: 0 while the strainer is clean, about 1 at failure."""
        clogging = _clogging(course, exposure)
        bubbles = _intensity(exposure, clogging)
        rate = np.where(clogging > 0, np.square(bubbles) * exposure.speed_ratio**6, 0.0)
        return np.asarray(np.cumsum(rate * exposure.running_hours) / self.erosion_hours)

    def effects(self, course: Course, exposure: Exposure, damage: FloatArray, relief: FloatArray) -> Effects:
        """Return suction loss, noise and head drop of the cavitation, and the worn impeller's loss of head."""
        clogging = _clogging(course, exposure) * relief
        bubbles = _intensity(exposure, clogging)
        margin = _margin(exposure, clogging)
        noise = course.gain * 2.0 * bubbles * (1.0 - 0.25 * np.clip((1.15 - margin) / 0.15, 0.0, 1.0))
        shaking = course.gain * (0.9 * bubbles + 0.5 * np.minimum(damage, 2.0))
        worn = np.minimum(damage, 1.6)
        drop = np.where(clogging > 0, np.minimum(0.03 * np.exp((1.0 - margin) / 0.06), 0.12), 0.0)
        return replace(
            Effects.none(len(damage)),
            suction_loss_m=clogging * exposure.headroom_m,
            high_frequency_energy=noise**2,
            drive_end_energy=(0.7 * shaking) ** 2,
            non_drive_end_energy=shaking**2,
            head_loss=drop + 0.05 * worn,
            efficiency_loss=drop + 0.07 * worn,
        )


def _clogging(course: Course, exposure: Exposure) -> FloatArray:
    stress = np.minimum(exposure.flow_ratio * exposure.speed_ratio, 1.3)
    return np.asarray(np.minimum(phase(course, exposure, stress), 1.4) ** 1.3)


def _margin(exposure: Exposure, clogging: FloatArray) -> FloatArray:
    lost = clogging * exposure.headroom_m * np.square(exposure.flow_ratio * exposure.speed_ratio)
    return np.asarray((exposure.npsh_available_m - lost) / np.maximum(exposure.npsh_required_m, 0.1))


def _intensity(exposure: Exposure, clogging: FloatArray) -> FloatArray:
    is_running = exposure.running_hours > 0
    steepness = np.clip((_margin(exposure, clogging) - _HALF_MARGIN) / 0.09, -40.0, 40.0)
    return np.where(is_running, 1.0 / (1.0 + np.exp(steepness)), 0.0)
