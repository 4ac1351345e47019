"""Machines: one pump with its motor, each a little different from its model."""

from dataclasses import dataclass

import numpy as np

from pipelines.simulate.hydraulics import ATMOSPHERE_KPA, KPA_PER_M, shaft_power_kw
from pipelines.simulate.seeds import Purpose, pump_stream
from pipelines.simulate.station import Station

_MOTOR_SIZES_KW = (11.0, 15.0, 18.5, 22.0, 30.0, 37.0, 45.0, 55.0, 75.0, 90.0, 110.0)  # preferred powers of IEC 60072-1


@dataclass(frozen=True, slots=True)
class Motor:
    """The motor of one pump.

    Attributes:
        rated_kw: The next size of the standard above what the pump needs.
        current_a: Current at the pump's rated point.
        magnetising_share: No-load current as a share of that.
    """

    rated_kw: float
    efficiency: float
    voltage_v: float
    current_a: float
    magnetising_share: float


@dataclass(frozen=True, slots=True)
class Character:
    """How one machine sounds, shakes and warms when it is healthy, and how strongly it shows what it has.

    Attributes:
        off_duty_vibration: Growth of the vibration with the squared distance from the best-efficiency flow.
        resonance_ratio: Speed ratio of a structural resonance.
        resonance_gain: Growth of the vibration there.
        chamber_share: Pressure of the seal chamber between suction (0) and discharge (1).
        symptom_gain: 1 is usual.
    """

    vibration_drive_end_mm_s: float
    vibration_non_drive_end_mm_s: float
    high_frequency_g: float
    off_duty_vibration: float
    resonance_ratio: float
    resonance_gain: float
    bearing_rise_c: float
    winding_rise_c: float
    seal_rise_c: float
    chamber_share: float
    symptom_gain: float


@dataclass(frozen=True, slots=True)
class Machine:
    """The parameters of one pump; what is rated here is this pump's own true value, not the catalogue's.

    Attributes:
        slot: Its place within the station.
        batch: Production batch; the bearings of one batch are poor.
        shutoff_head_m: Head at no flow and rated speed.
        head_slope: k of H = H0·r² - k·Q², in m/(m3/h)².
        suction_loss_m: Head lost in the suction pipe at rated flow.
        suction_level_m: Mean level of the suction side above the pump; below 0 it has to lift.
        static_head_m: Difference of levels that the pump works against.
        open_resistance: Pipe friction with open valve, in m/(m3/h)².
        power_kw: Shaft power at the rated point.
        frailty: Per fault kind, how fast it wears; 1 is usual.
        prior_hours: Running hours since commissioning when the observation starts.
    """

    number: int
    slot: int
    batch: str
    flow_m3_h: float
    head_m: float
    speed_rpm: float
    shutoff_head_m: float
    head_slope: float
    efficiency: float
    npsh_required_m: float
    suction_loss_m: float
    suction_level_m: float
    static_head_m: float
    open_resistance: float
    power_kw: float
    motor: Motor
    character: Character
    frailty: dict[str, float]
    prior_hours: float

    @property
    def id(self) -> str:
        """The asset's identity in the data."""
        return f"p-{self.number + 1:03d}"


def draw_machine(seed: int, number: int, slot: int, station: Station, fault_kinds: tuple[str, ...]) -> Machine:
    """Draw one pump around its model; every parameter has a tolerance.

    Args:
        seed: Root of the random streams.
        number: The pump, counted through the fleet from 0.
        slot: Its place within the station.
        station: Where it stands; the model is chosen there.
        fault_kinds: All registered kinds, in the order of their table, whether active or not.
    """
    rng = pump_stream(seed, number, Purpose.MACHINE)
    model = station.model
    flow, head = model.flow_m3_h * _spread(rng, 0.03), model.head_m * _spread(rng, 0.03)
    efficiency = 0.76 * _spread(rng, 0.03)
    power = float(shaft_power_kw(flow, head, 1.0, flow, efficiency))
    suction_loss, static_head = float(rng.uniform(0.4, 0.9)), station.static_head_share * head
    batch = ("2024-A", "2024-B", "2024-C", "2024-D")[int(rng.integers(4))]
    poor = {"bearing_wear": 1.3} if batch == "2024-B" else {}
    return Machine(
        number=number,
        slot=slot,
        batch=batch,
        flow_m3_h=flow,
        head_m=head,
        speed_rpm=model.speed_rpm * _spread(rng, 0.003),
        shutoff_head_m=1.25 * head,
        head_slope=0.25 * head / flow**2,
        efficiency=efficiency,
        npsh_required_m=model.npsh_required_m * _spread(rng, 0.04),
        suction_loss_m=suction_loss,
        suction_level_m=_suction_level(station) + suction_loss,
        static_head_m=static_head,
        open_resistance=(0.92 * head - static_head) / flow**2,
        power_kw=power,
        motor=_motor(rng, power),
        character=_character(rng),
        prior_hours=float(rng.uniform(5.0, 300.0)),
        frailty={kind: poor.get(kind, 1.0) * _spread(rng, 0.2) for kind in fault_kinds},
    )


def _suction_level(station: Station) -> float:
    """Return the level at which the catalogue pump has the station's NPSH margin, with water of 13 °C."""
    atmosphere_m = ATMOSPHERE_KPA / KPA_PER_M
    return station.suction_margin * station.model.npsh_required_m - atmosphere_m + 0.15


def _motor(rng: np.random.Generator, power_kw: float) -> Motor:
    efficiency, voltage = 0.93 * _spread(rng, 0.008), 400.0 * _spread(rng, 0.01)
    magnetising = float(rng.uniform(0.28, 0.36))
    active_a = power_kw * 1_000.0 / (np.sqrt(3.0) * voltage * efficiency)
    return Motor(
        rated_kw=next((size for size in _MOTOR_SIZES_KW if size >= 1.12 * power_kw), _MOTOR_SIZES_KW[-1]),
        efficiency=efficiency,
        voltage_v=voltage,
        current_a=float(active_a / np.sqrt(1 - magnetising**2)),
        magnetising_share=magnetising,
    )


def _character(rng: np.random.Generator) -> Character:
    return Character(
        vibration_drive_end_mm_s=1.15 * _spread(rng, 0.28),
        vibration_non_drive_end_mm_s=0.95 * _spread(rng, 0.28),
        high_frequency_g=0.7 * _spread(rng, 0.3),
        off_duty_vibration=2.2 * _spread(rng, 0.3),
        resonance_ratio=float(rng.uniform(0.72, 0.97)),
        resonance_gain=float(rng.uniform(0.0, 0.6)),
        bearing_rise_c=24.0 * _spread(rng, 0.12),
        winding_rise_c=58.0 * _spread(rng, 0.08),
        seal_rise_c=16.0 * _spread(rng, 0.15),
        chamber_share=float(rng.uniform(0.25, 0.4)),
        symptom_gain=_spread(rng, 0.22),
    )


def _spread(rng: np.random.Generator, sigma: float) -> float:
    """Draw a factor around 1."""
    return float(np.exp(sigma * rng.standard_normal()))
