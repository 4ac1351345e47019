"""What the machine answers: true pressures, vibration, temperatures and current at an operating point.

Temperatures: first-order thermal network (lumped resistance and capacity). Current: active and magnetising current in
quadrature, the simplified circle diagram of an induction motor.
Vibration: independent sources add in squares; unbalance velocity grows with the square of the speed here, since force
grows with r² and supports are stiff below resonance; the part off the best-efficiency point follows ANSI/HI 9.6.4.
"""

from dataclasses import dataclass

import numpy as np

from pipelines.simulate import hydraulics
from pipelines.simulate.arrays import FloatArray, IntArray, lag, wander
from pipelines.simulate.faults.effects import Effects
from pipelines.simulate.machine import Machine
from pipelines.simulate.operation import Operation
from pipelines.simulate.station import Surroundings

_WINDING_HOURS, _BEARING_HOURS, _SEAL_HOURS = 0.7, 0.9, 0.25


@dataclass(frozen=True, slots=True)
class ProcessNoise:
    """What the process itself does to the signals beside load and faults. Arrays have shape (time,), around 1.

    Attributes:
        structure: Slow change of the vibration level (foundation, pipe strain, alignment after a repair).
        broad_band: The same for acceleration, faster: air and solids in the water, valve noise, neighbours.
        friction: Slow change of bearing friction (grease).
        seal: Change of the seal's flush.
    """

    structure: FloatArray
    broad_band: FloatArray
    friction: FloatArray
    seal: FloatArray


def draw_process_noise(rng: np.random.Generator, rows: int, step_hours: float, life_of_row: IntArray) -> ProcessNoise:
    """Draw the process noise; every life also gets its own level, since no two assemblies are the same.

    Args:
        rng: The stream for it.
        rows: Number of rows.
        step_hours: Distance of two rows.
        life_of_row: Number of the life that each row belongs to.
    """
    slow = wander(rng, rows, 4, step_hours, 700.0)
    fast = wander(rng, rows, 2, step_hours, 20.0)
    bursts = np.where(rng.random(rows) < 0.012, rng.gamma(2.0, 0.25, rows), 0.0)
    assembly = 0.09 * rng.standard_normal((64, 2))[life_of_row % 64]
    return ProcessNoise(
        structure=np.exp(0.08 * slow[:, 0] + 0.05 * fast[:, 0] + assembly[:, 0]) + 0.4 * bursts,
        broad_band=np.exp(0.10 * slow[:, 1] + 0.10 * fast[:, 1] + assembly[:, 1]) + bursts,
        friction=np.exp(0.06 * slow[:, 2]),
        seal=np.exp(0.06 * slow[:, 3]),
    )


def respond(
    machine: Machine,
    surroundings: Surroundings,
    operation: Operation,
    effects: Effects,
    noise: ProcessNoise,
    step_hours: float,
) -> dict[str, FloatArray]:
    """Return every true signal but the counter, by name; shape (time,) each, in the unit of the pack."""
    kpa_per_m = hydraulics.KPA_PER_M * surroundings.process.density
    discharge = operation.suction_kpa + kpa_per_m * operation.head_m
    drive_end, non_drive_end, high_frequency = _vibration(machine, operation, effects, noise)
    current = _current(machine, operation)
    bearings = _bearing_temperatures(machine, surroundings, operation, effects, noise, step_hours)
    chamber = (
        machine.character.chamber_share
        * noise.seal
        * (1.0 - effects.chamber_loss)
        * (discharge - operation.suction_kpa)
    )
    return {
        "speed": operation.speed_ratio * machine.speed_rpm,
        "flow": operation.flow_m3_h * (1.0 - effects.leakage),
        "suction_pressure": operation.suction_kpa,
        "ambient_temperature": surroundings.ambient_c,
        "discharge_pressure": discharge,
        "vibration_drive_end": drive_end,
        "vibration_non_drive_end": non_drive_end,
        "vibration_high_frequency": high_frequency,
        "bearing_temperature_drive_end": bearings[0],
        "bearing_temperature_non_drive_end": bearings[1],
        "motor_current": current,
        "winding_temperature": _winding_temperature(machine, surroundings, operation, current, step_hours),
        "seal_chamber_pressure": operation.suction_kpa + chamber,
        "seal_temperature": _seal_temperature(machine, surroundings, operation, effects, noise, step_hours),
    }


def _vibration(
    machine: Machine, operation: Operation, effects: Effects, noise: ProcessNoise
) -> tuple[FloatArray, FloatArray, FloatArray]:
    ratio = operation.speed_ratio
    off_duty = np.where(operation.running, np.square(operation.flow_ratio - 1.0), 0.0)
    resonance = machine.character.resonance_gain * np.exp(
        -np.square((ratio - machine.character.resonance_ratio) / 0.035)
    )
    level = np.square(ratio) * (1.0 + machine.character.off_duty_vibration * off_duty + resonance) * noise.structure
    at_rest = np.where(operation.running, 0.0, 0.12)  # what comes over from the neighbours
    drive_end = np.sqrt(np.square(level) + effects.drive_end_energy * ratio**3) + at_rest
    non_drive_end = np.sqrt(np.square(level) + effects.non_drive_end_energy * ratio**3) + at_rest
    broad = ratio**1.5 * (1.0 + 1.2 * off_duty) * noise.broad_band
    high = np.sqrt(np.square(broad) + effects.high_frequency_energy * ratio**3 * np.square(noise.broad_band))
    return (
        machine.character.vibration_drive_end_mm_s * drive_end,
        machine.character.vibration_non_drive_end_mm_s * non_drive_end,
        machine.character.high_frequency_g * high + 0.3 * at_rest,
    )


def _current(machine: Machine, operation: Operation) -> FloatArray:
    # Voltage over frequency is constant: below rated speed a drive lowers the voltage with the speed.
    voltage = machine.motor.voltage_v * np.clip(operation.speed_ratio, 0.3, 1.0)
    active = operation.power_kw * 1_000.0 / (np.sqrt(3.0) * voltage * machine.motor.efficiency)
    magnetising = machine.motor.magnetising_share * machine.motor.current_a
    return np.where(operation.running, np.hypot(active, magnetising), 0.0)


def _winding_temperature(
    machine: Machine, surroundings: Surroundings, operation: Operation, current: FloatArray, step_hours: float
) -> FloatArray:
    losses = np.where(operation.running, 0.22 + 0.78 * np.square(current / machine.motor.current_a), 0.0)
    cooling = 0.35 + 0.65 * operation.speed_ratio  # the fan sits on the shaft
    return surroundings.ambient_c + lag(machine.character.winding_rise_c * losses / cooling, step_hours, _WINDING_HOURS)


def _bearing_temperatures(
    machine: Machine,
    surroundings: Surroundings,
    operation: Operation,
    effects: Effects,
    noise: ProcessNoise,
    step_hours: float,
) -> tuple[FloatArray, FloatArray]:
    load = 0.75 + 0.25 * operation.power_kw / machine.power_kw
    rise = machine.character.bearing_rise_c * operation.speed_ratio**1.3 * load * noise.friction
    place = 0.7 * surroundings.ambient_c + 0.3 * surroundings.water_c
    turning = operation.speed_ratio**1.3
    return (
        place + lag(rise + effects.drive_end_heat_c * turning, step_hours, _BEARING_HOURS),
        place + lag(0.85 * rise + effects.non_drive_end_heat_c * turning, step_hours, _BEARING_HOURS),
    )


def _seal_temperature(
    machine: Machine,
    surroundings: Surroundings,
    operation: Operation,
    effects: Effects,
    noise: ProcessNoise,
    step_hours: float,
) -> FloatArray:
    turning = np.square(operation.speed_ratio)
    rise = (machine.character.seal_rise_c * noise.seal + effects.seal_heat_c) * turning
    at_rest = 0.6 * surroundings.water_c + 0.4 * surroundings.ambient_c
    return np.where(operation.running, surroundings.water_c, at_rest) + lag(rise, step_hours, _SEAL_HOURS)
