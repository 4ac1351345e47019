"""How a pump is run: the controller finds speed or throttle for the wanted flow, and the operating point follows."""

from dataclasses import dataclass

import numpy as np

from pipelines.simulate import hydraulics
from pipelines.simulate.arrays import BoolArray, FloatArray
from pipelines.simulate.faults.effects import Effects
from pipelines.simulate.faults.kind import Exposure
from pipelines.simulate.machine import Machine
from pipelines.simulate.station import Station, Surroundings

_FASTEST, _SLOWEST = 1.06, 0.55


@dataclass(frozen=True, slots=True)
class Operation:
    """The operating point over time; all zero while the pump stands. Arrays have shape (time,).

    Attributes:
        speed_ratio: Speed over rated speed.
        flow_m3_h: Flow through the impeller.
        flow_ratio: That flow over the best-efficiency flow at this speed.
        head_m: Head of the pump.
        suction_kpa: Absolute pressure at the suction flange.
        power_kw: Shaft power.
    """

    running: BoolArray
    speed_ratio: FloatArray
    flow_m3_h: FloatArray
    flow_ratio: FloatArray
    head_m: FloatArray
    suction_kpa: FloatArray
    power_kw: FloatArray


def operate(
    machine: Machine, station: Station, surroundings: Surroundings, running: BoolArray, effects: Effects
) -> Operation:
    """Find the operating point for the station's demand.

    With a drive, the speed follows the demand, so that a worn pump turns faster for the same flow. Without one, the
    valve is throttled, so that a worn pump shows less pressure. Neither can give more than the curve allows.
    """
    process = surroundings.process
    kept = (1.0 - effects.head_loss) * process.head
    shutoff, slope = machine.shutoff_head_m * kept, machine.head_slope * kept
    wanted = surroundings.demand * machine.flow_m3_h
    static, pipe = machine.static_head_m * process.static_head, machine.open_resistance * process.resistance
    if station.has_drive:
        asked = hydraulics.speed_for_flow(wanted, shutoff, slope, static, pipe)
        ratio = np.clip(asked, _SLOWEST, _FASTEST)
        flow = hydraulics.flow_at_balance(ratio, shutoff, slope, static, pipe)
    else:
        ratio = 1.0 - 0.006 * (surroundings.demand - 1.0)  # an induction motor slips a little more under load
        flow = np.minimum(wanted, hydraulics.flow_at_balance(ratio, shutoff, slope, static, pipe))
    head = hydraulics.head_m(flow, ratio, shutoff, slope)
    efficiency = machine.efficiency * (1.0 - effects.efficiency_loss) * process.efficiency
    power = hydraulics.shaft_power_kw(flow, head, ratio, machine.flow_m3_h, efficiency) * process.density
    power = power + effects.friction * machine.power_kw * ratio
    return Operation(
        running=running,
        speed_ratio=np.where(running, ratio, 0.0),
        flow_m3_h=np.where(running, flow, 0.0),
        flow_ratio=np.where(running, flow / (ratio * machine.flow_m3_h), 0.0),
        head_m=np.where(running, head, 0.0),
        suction_kpa=_suction(machine, surroundings, np.where(running, flow, 0.0), effects),
        power_kw=np.where(running, power, 0.0),
    )


def exposure(machine: Machine, surroundings: Surroundings, operation: Operation, step_hours: float) -> Exposure:
    """Return what the machine goes through at this operating point, for the fault kinds."""
    required = hydraulics.npsh_required_m(
        operation.flow_m3_h, operation.speed_ratio, machine.flow_m3_h, machine.npsh_required_m
    )
    usual = hydraulics.npsh_available_m(
        hydraulics.ATMOSPHERE_KPA + hydraulics.KPA_PER_M * (machine.suction_level_m - machine.suction_loss_m), 13.0
    )
    return Exposure(
        step_hours=step_hours,
        running_hours=np.where(operation.running, step_hours, 0.0),
        speed_ratio=operation.speed_ratio,
        flow_ratio=operation.flow_ratio,
        water_c=surroundings.water_c,
        npsh_available_m=hydraulics.npsh_available_m(operation.suction_kpa, surroundings.water_c)
        / surroundings.process.density,
        npsh_required_m=required,
        headroom_m=max(float(usual) - machine.npsh_required_m, 0.5),
        prior_hours=machine.prior_hours,
        symptom_gain=machine.character.symptom_gain,
    )


def _suction(machine: Machine, surroundings: Surroundings, flow: FloatArray, effects: Effects) -> FloatArray:
    lost = (machine.suction_loss_m + effects.suction_loss_m) * np.square(flow / machine.flow_m3_h)
    level = machine.suction_level_m + surroundings.level_m
    kpa_per_m = hydraulics.KPA_PER_M * surroundings.process.density
    return np.maximum(hydraulics.ATMOSPHERE_KPA + kpa_per_m * (level - lost), 3.0)
