"""Balances of power, heat and load, where the pack declares what they are made of.

A balance is a number in SI units at each running row at which all that it is made of was measured. By balance there are
its mean of the whole life, and by window its recent mean (rows weigh exp(-age / window)) and its shift: the recent
mean less that of the life.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.domain.packs import BalanceKind, BalanceRule
from features.transforms.courses import decayed, running_mean
from features.transforms.families.family import FeatureDescription, Layout, Memory, Rows, Slot, window_name

_TINY = 1e-12
_Array = NDArray[np.float64]


def hydraulic_power(flow: _Array, suction: _Array, discharge: _Array) -> _Array:
    """Return the power given to the liquid: P_u = ρ g Q H = Q (p2 - p1), in W.

    ISO 9906:2012, pump power output, with the total head taken as the difference of pressures; holds where suction and
    discharge lie at about one height and have about one bore.

    Args:
        flow: m³/s.
        suction: Pa.
        discharge: Pa.

    Examples:
        >>> float(hydraulic_power(np.array(0.1), np.array(1e5), np.array(5e5)))
        40000.0
    """
    return flow * (discharge - suction)


def hydraulic_efficiency(flow: _Array, suction: _Array, discharge: _Array, power: _Array) -> _Array:
    """Return the overall efficiency η = P_u / P, unit 1; unknown without power.

    ISO 9906:2012, overall efficiency: power of the liquid over electrical power of the motor, W.

    Examples:
        >>> float(hydraulic_efficiency(np.array(0.1), np.array(1e5), np.array(5e5), np.array(5e4)))
        0.8
    """
    return hydraulic_power(flow, suction, discharge) / np.where(power > 0.0, power, np.nan)


def temperature_rise(temperature: _Array, ambient: _Array) -> _Array:
    """Return the rise over the surroundings, ΔT = T - T_a, in K.

    IEC 60034-1:2022, temperature rise of a part over its coolant; both in K.

    Examples:
        >>> float(temperature_rise(np.array(333.0), np.array(293.0)))
        40.0
    """
    return temperature - ambient


def thermal_resistance(temperature: _Array, ambient: _Array, power: _Array) -> _Array:
    """Return the thermal resistance R = (T - T_a) / P, in K/W; unknown without power.

    Incropera and DeWitt, "Fundamentals of heat and mass transfer", chapter 3: at steady state the rise over the
    surroundings per power that becomes heat. With the power of the drive in place of its losses it tells of a change of
    cooling or friction, not of its size; after a start it is too low until the machine is warm.

    Examples:
        >>> float(thermal_resistance(np.array(333.0), np.array(293.0), np.array(2e4)))
        0.002
    """
    return (temperature - ambient) / np.where(power > 0.0, power, np.nan)


def shaft_power(torque: _Array, speed: _Array) -> _Array:
    """Return the power of a turning shaft, P = M ω, in W.

    ISO 80000-4:2019, item 4-27 (power) with torque and angular velocity.

    Args:
        torque: N·m.
        speed: Angular velocity, rad/s.

    Examples:
        >>> float(shaft_power(np.array(40.0), np.array(150.0)))
        6000.0
    """
    return torque * speed


def loaded_wear(torque: _Array, wear: _Array) -> _Array:
    """Return how much a worn part has to bear, the product of torque and time in use, in N·m·s.

    Matzka 2020, "Explainable artificial intelligence for predictive maintenance applications", section II: a tool is
    overstrained where the product of its wear and the torque is too large.

    Args:
        torque: N·m.
        wear: Time that the part has been in use, s.

    Examples:
        >>> float(loaded_wear(np.array(50.0), np.array(12000.0)))
        600000.0
    """
    return torque * wear


@dataclass(frozen=True, slots=True)
class _Formula:
    function: Callable[..., _Array]
    unit: str
    text: str
    source: str


_FORMULAS = {
    BalanceKind.HYDRAULIC_POWER: _Formula(hydraulic_power, "W", "Q (p2 - p1)", "ISO 9906:2012, pump power output"),
    BalanceKind.HYDRAULIC_EFFICIENCY: _Formula(
        hydraulic_efficiency, "1", "Q (p2 - p1) / P", "ISO 9906:2012, overall efficiency"
    ),
    BalanceKind.TEMPERATURE_RISE: _Formula(temperature_rise, "K", "T - T_a", "IEC 60034-1:2022, temperature rise"),
    BalanceKind.THERMAL_RESISTANCE: _Formula(
        thermal_resistance, "K/W", "(T - T_a) / P", "Incropera and DeWitt, Fundamentals of heat and mass transfer, 3"
    ),
    BalanceKind.SHAFT_POWER: _Formula(shaft_power, "W", "M ω", "ISO 80000-4:2019, power"),
    BalanceKind.LOADED_WEAR: _Formula(loaded_wear, "N.m.s", "M t", "Matzka 2020, overstrain of a worn tool"),
}


def balance(rule: BalanceRule, signals: Sequence[_Array]) -> _Array:
    """Return a balance in SI units.

    Args:
        rule: Kind, and how its signals become SI units.
        signals: In the order of the rule, in the units of the pack. Shape (time,) each.
    """
    scaled = zip(signals, rule.scales, rule.offsets, strict=True)
    return _FORMULAS[rule.kind].function(*(values * scale + offset for values, scale, offset in scaled))


class Balances:
    """Life mean, recent means and shifts of every balance of a pack."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._columns = [layout.columns(tuple(map(str, rule.signals))) for rule in layout.balances]

    def describe(self) -> tuple[FeatureDescription, ...]:
        """Describe one feature of each balance, and two of each balance and window."""
        return tuple(each for rule in self._layout.balances for each in self._of(rule))

    def slots(self) -> dict[str, Slot]:
        """Return number and mean of the life; weights, then sums, of the windows."""
        balances, windows = len(self._layout.balances), len(self._layout.windows)
        return {
            "balance_count": Slot((balances,)),
            "balance_mean": Slot((balances,)),
            "balance_sums": Slot((2 * balances, windows)),
        }

    def advance(self, memory: Memory, rows: Rows, out: NDArray[np.float32]) -> None:
        """Take the balances of rows in; write life mean, then mean and shift by window, of each balance."""
        value = np.stack([self._value(place, rows) for place in range(len(self._columns))], axis=1)
        is_seen = np.isfinite(value) & rows.is_running[:, None]
        value = np.where(is_seen, value, 0.0)
        count, mean = running_mean(memory["balance_count"], memory["balance_mean"], value, is_seen)
        gained = np.concatenate([is_seen, value], axis=1)[:, :, None]
        sums = decayed(memory["balance_sums"], rows.decay, gained)
        memory["balance_count"][...], memory["balance_mean"][...] = count[-1], mean[-1]
        memory["balance_sums"][...] = sums[-1]
        weight, total = np.split(sums, 2, axis=1)
        by_balance = out.reshape(*value.shape[:2], 1 + 2 * weight.shape[2], -1)
        recent, life_mean = total / np.where(weight > _TINY, weight, np.nan), np.where(count > 0, mean, np.nan)
        by_balance[:, :, 0] = life_mean
        by_balance[:, :, 1::2], by_balance[:, :, 2::2] = recent, recent - life_mean[:, :, None]

    def _value(self, place: int, rows: Rows) -> _Array:
        rule = self._layout.balances[place]
        return balance(rule, [rows.values[:, column] for column in self._columns[place]])

    def _of(self, rule: BalanceRule) -> list[FeatureDescription]:
        formula, unit = _FORMULAS[rule.kind], self._layout.life_unit
        made_of = tuple(map(str, rule.signals))

        def described(name: str, meaning: str, text: str, counter: bool = True) -> FeatureDescription:
            signals = self._layout.lineage(*made_of, counter=counter)
            return FeatureDescription(name, meaning, formula.unit, text, formula.source, signals)

        what = f"{rule.kind.value.replace('_', ' ')} ({rule.id})"
        found = [described(f"{rule.id}__life_mean", f"{what}, mean of the life", f"mean of {formula.text}", False)]
        for window in self._layout.windows:
            recent = f"Σ w · {formula.text} / Σ w, w = exp(-age / window)"
            found += [
                described(window_name(f"{rule.id}__mean", window), f"{what}, mean of {window:g} {unit}", recent),
                described(
                    window_name(f"{rule.id}__shift", window),
                    f"{what}, mean of {window:g} {unit} less that of the life",
                    f"{recent} - life mean",
                ),
            ]
        return found
