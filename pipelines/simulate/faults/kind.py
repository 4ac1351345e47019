"""The contract of a fault kind, and what it is given: the exposure of a machine, and the course of one life.

To add a kind, write one module with a class that fulfils `FaultKind` and name it in `registry`. It changes the
physics of the machine and may end a life. Faults of instruments stand in `pipelines/simulate/instruments`, those of
the data path in `pipelines/simulate/path_faults` and `pipelines/simulate/defects.py`.
"""

from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np

from pipelines.simulate.arrays import FloatArray, wander
from pipelines.simulate.faults.effects import Effects


@dataclass(frozen=True, slots=True)
class MinorRepair:
    """A small repair that eases the symptoms of a fault for a while and does not end a life.

    Attributes:
        component: What is worked on.
        note: What the workshop writes.
        every_hours: Mean time between two, in hours of the calendar.
        relief: Share of the symptoms that goes away at first.
        lasts_hours: Time constant with which they come back.
    """

    component: str
    note: str
    every_hours: float
    relief: float
    lasts_hours: float


@dataclass(frozen=True, slots=True)
class Exposure:
    """What a machine goes through, had it no fault. Arrays have shape (time,).

    Attributes:
        step_hours: Distance of two rows.
        running_hours: Hours run since the row before; 0 while stopped.
        speed_ratio: Speed over rated speed.
        flow_ratio: Flow over the best-efficiency flow at that speed.
        water_c: Temperature of the pumped water.
        npsh_available_m: Net positive suction head at the flange.
        npsh_required_m: NPSH3 at the operating point.
        headroom_m: Usual distance of the two at rated flow.
        prior_hours: Hours that this life had run before the first row.
        symptom_gain: How strongly this machine shows what it has; 1 is usual.
    """

    step_hours: float
    running_hours: FloatArray
    speed_ratio: FloatArray
    flow_ratio: FloatArray
    water_c: FloatArray
    npsh_available_m: FloatArray
    npsh_required_m: FloatArray
    headroom_m: float
    prior_hours: float
    symptom_gain: float

    def between(self, start: int, stop: int) -> Self:
        """Return the exposure of some of the rows."""
        rows = slice(start, stop)
        return type(self)(
            self.step_hours,
            self.running_hours[rows],
            self.speed_ratio[rows],
            self.flow_ratio[rows],
            self.water_c[rows],
            self.npsh_available_m[rows],
            self.npsh_required_m[rows],
            self.headroom_m,
            self.prior_hours,
            self.symptom_gain,
        )


@dataclass(frozen=True, slots=True)
class Course:
    """How one kind of fault will go in one life, were it left alone.

    Attributes:
        onset_hours: Stress-weighted running hours until damage begins.
        growth_hours: Stress-weighted running hours from the onset until the damage is usually fatal.
        threshold: Damage at which this life ends.
        luck: Cumulative hazard that this life survives before that threshold (unit exponential).
        gain: How strongly the symptoms show in this life.
        pace: Speed of growth over time, around 1. Shape (time,).
    """

    onset_hours: float
    growth_hours: float
    threshold: float
    luck: float
    gain: float
    pace: FloatArray


@dataclass(frozen=True, slots=True)
class Ageing:
    """The statistics from which a kind draws its courses.

    Attributes:
        onset_scale_hours: Scale of the Weibull distribution of the onset.
        onset_shape: Its shape; above 1, onsets come with age.
        growth_hours: Median time from onset to failure.
        growth_spread: Standard deviation of its logarithm.
        sudden_share: Share of lives in which growth takes a tenth of that time.
        hazard_per_hour: Hazard of failing early, at full damage.
    """

    onset_scale_hours: float
    onset_shape: float
    growth_hours: float
    growth_spread: float
    sudden_share: float
    hazard_per_hour: float


class FaultKind(Protocol):
    """A kind of fault."""

    @property
    def id(self) -> str:
        """Its name, which is also the failure mode's."""
        ...

    @property
    def component(self) -> str:
        """The component that it damages."""
        ...

    @property
    def ends_life(self) -> bool:
        """Whether damage at the threshold stops the machine."""
        ...

    @property
    def ageing(self) -> Ageing:
        """From what its courses are drawn."""
        ...

    @property
    def minor_repair(self) -> MinorRepair:
        """The small repair that eases its symptoms."""
        ...

    def damage(self, course: Course, exposure: Exposure) -> FloatArray:
        """Return the damage over time: 0 until the onset, never falling. Shape (time,)."""
        ...

    def effects(self, course: Course, exposure: Exposure, damage: FloatArray, relief: FloatArray) -> Effects:
        """Return what the damage does to the machine.

        Args:
            course: The course of this life.
            exposure: What the machine goes through.
            damage: What `damage` returned.
            relief: Share of the symptoms that small repairs leave, 0 to 1. Shape (time,).
        """
        ...


def draw_course(rng: np.random.Generator, ageing: Ageing, exposure: Exposure, frailty: float) -> Course:
    """Draw the course of one life."""
    onset = ageing.onset_scale_hours * float(rng.weibull(ageing.onset_shape)) / frailty
    growth = ageing.growth_hours * float(np.exp(ageing.growth_spread * rng.standard_normal())) / frailty
    is_sudden = bool(rng.random() < ageing.sudden_share)
    threshold = float(np.exp(0.2 * rng.standard_normal()))
    luck = float(rng.exponential())
    gain = exposure.symptom_gain * float(np.exp(0.25 * rng.standard_normal()))
    pace = np.exp(0.4 * wander(rng, len(exposure.running_hours), 1, exposure.step_hours, 90.0)[:, 0] - 0.08)
    earliest = exposure.prior_hours + 30.0  # whoever enters the observation has survived until then
    return Course(max(onset, earliest), growth * (0.1 if is_sudden else 1.0), threshold, luck, gain, pace)


def phase(course: Course, exposure: Exposure, stress: FloatArray) -> FloatArray:
    """Return how far a life has gone from onset (0) to its usual end (1); growth follows stress and pace."""
    clock = exposure.prior_hours + np.cumsum(exposure.running_hours * stress)
    begun = np.where(clock > course.onset_hours, exposure.running_hours * stress * course.pace, 0.0)
    return np.asarray(np.cumsum(begun) / course.growth_hours)
