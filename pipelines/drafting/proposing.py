"""From a profile to a pack: roles, ranges, windows and horizons that a person then corrects."""

import math
import re
from dataclasses import dataclass

from pipelines.drafting.profile import ColumnProfile, FolderProfile

_UNITS = (
    (r"rpm$", "rotational speed", "rpm"),
    (r"(temp(erature)?|_degc|_celsius|_c)$|^temp|temperature", "temperature", "degC"),
    (r"mm_s$|velocity_rms", "vibration velocity", "mm/s"),
    (r"vib(ration)?", "vibration", "1"),
    (r"bar$", "pressure", "bar"),
    (r"kpa$", "pressure", "kPa"),
    (r"press(ure)?", "pressure", "1"),
    (r"current|_amps?$|_a$", "electric current", "A"),
    (r"volt(age)?|_v$", "voltage", "V"),
    (r"kw$", "power", "kW"),
    (r"power", "power", "1"),
    (r"flow", "volume flow", "1"),
    (r"torque", "torque", "N.m"),
    (r"speed|velocity", "speed", "1"),
    (r"humidity", "relative humidity", "%"),
    (r"hours?$", "operating time", "h"),
)
_CONDITION = re.compile(r"speed|rpm|load|set_?point|command|feed|ambient|altitude|mach|throttle|mode|recipe|stage|duty")
_CYCLE = re.compile(r"cycle|batch|part_?(no|number)|experiment|run_?(no|number|id)")
_COUNTER = re.compile(r"hours|count|odometer|total|starts|usage|cycles")
_RISING, _OFTEN = 0.999, 0.02
_FEW_VALUES = 12
_IDLE = (0.03, 0.97)


@dataclass(frozen=True, slots=True)
class ProposedSignal:
    """A signal as it is proposed.

    Attributes:
        sampling_seconds: Usual distance of two readings; None where life is a bare count, or too little is there.
    """

    id: str
    quantity: str
    unit: str
    role: str
    low: float
    high: float
    sampling_seconds: float | None


@dataclass(frozen=True, slots=True)
class Proposal:
    """A pack as it is proposed; times in life units.

    Attributes:
        source: `counter`, `calendar` or `count`.
        counter: The counter signal, or None.
        conditions: Signals that tell regimes apart.
        sensors: Signals that become features.
        running: Signal and threshold that tell running from idle, or None.
        doubts: What a person has to look at, in words.
    """

    id: str
    signals: tuple[ProposedSignal, ...]
    unit: str
    source: str
    counter: str | None
    seconds_per_unit: float
    conditions: tuple[str, ...]
    sensors: tuple[str, ...]
    running: tuple[str, float] | None
    windows: tuple[float, ...]
    baseline: float
    minimum_life: float
    ttl: float
    label_every: float
    targets: tuple[str, ...]
    step: float
    steps: int
    horizons: tuple[float, ...]
    valid_for: float
    doubts: tuple[str, ...]


def propose(profile: FolderProfile, pack_id: str) -> Proposal:
    """Propose a pack.

    Args:
        profile: What the data look like.
        pack_id: What to call it.
    """
    roles = {column.name: _role(column) for column in profile.columns}
    _keep_one(profile, roles, "cycle")
    counter = next((name for name, role in roles.items() if role == "counter"), None)
    sensors = tuple(name for name, role in roles.items() if role == "sensor")
    if not sensors:  # a pack needs one: whatever varies will do until a person says better
        sensors = tuple(name for name, role in roles.items() if role == "condition")[:1]
        roles |= dict.fromkeys(sensors, "sensor")
    conditions = tuple(name for name, role in roles.items() if role == "condition")
    seconds, unit, source = _life(profile, counter)
    length, step = profile.length / seconds, max(profile.step / seconds, 1e-6)
    grid = nice(max(length / 100, step))
    running = _running(profile, conditions)
    return Proposal(
        pack_id,
        tuple(_signal(column, roles[column.name], is_count=profile.is_count) for column in profile.columns),
        unit,
        source,
        counter if source == "counter" else None,
        seconds,
        conditions,
        sensors,
        running,
        _ascending([nice(max(length / part, 3 * step)) for part in (50, 12, 4)]),
        nice(max(length / 15, 5 * step)),
        nice(max(length / 50, 3 * step)),
        nice(max(length / 15, 20 * step)),
        nice(max(length / 150, step)),
        _targets(profile),
        grid,
        120,
        _ascending([nice(part * length) for part in (0.05, 0.12, 0.3)], least=grid, most=120 * grid),
        nice(max(length / 50, step)),
        tuple(_doubts(profile, counter, conditions)),
    )


def nice(number: float) -> float:
    """Round to one of 1, 1.5, 2, 3, 5, 7 times a power of ten.

    Examples:
        >>> nice(0.0042), nice(168.0), nice(1.0)
        (0.005, 150.0, 1.0)
    """
    power = 10.0 ** math.floor(math.log10(number))
    near = min((1.0, 1.5, 2.0, 3.0, 5.0, 7.0, 10.0), key=lambda each: abs(math.log(number / power / each)))
    return float(f"{near * power:.6g}")


def _role(column: ColumnProfile) -> str:
    is_rising = column.rises >= _RISING and column.steps_up >= _OFTEN
    if _CYCLE.search(column.name) and column.is_whole and column.steps_up < 0.5:
        return "cycle"
    if is_rising and (_COUNTER.search(column.name) or column.is_whole):
        return "counter"
    if _CONDITION.search(column.name) or (column.is_whole and 1 < column.distinct <= _FEW_VALUES):
        return "condition"
    return "sensor"


def _keep_one(profile: FolderProfile, roles: dict[str, str], role: str) -> None:
    """Keep the role for the first signal that has it; a pack may have one only."""
    having = [column.name for column in profile.columns if roles[column.name] == role]
    roles |= dict.fromkeys(having[1:], "condition")


def _signal(column: ColumnProfile, role: str, *, is_count: bool) -> ProposedSignal:
    quantity, unit = next(
        ((quantity, unit) for pattern, quantity, unit in _UNITS if re.search(pattern, column.name)),
        ("to be named", "1"),
    )
    span = column.high - column.low
    margin = 0.5 * span if span > 0 else max(abs(column.high), 1.0)
    is_bounded = column.low >= 0 > column.low - margin and quantity != "temperature"
    low = 0.0 if is_bounded else column.low - margin
    factor = 100 if role in {"counter", "cycle"} else 1
    high = _rounded(column.high + factor * margin)
    every = None if is_count or column.every is None else _rounded(column.every)
    return ProposedSignal(column.name, quantity, unit, role, _rounded(low), high, every)


def _rounded(number: float) -> float:
    return float(f"{number:.3g}")


def _life(profile: FolderProfile, counter: str | None) -> tuple[float, str, str]:
    """Return seconds per unit of life, its unit and where it comes from."""
    if profile.is_count:
        return 1.0, "cycles", "count"
    return 3600.0, "hours", "counter" if counter is not None and "hour" in counter else "calendar"


def _running(profile: FolderProfile, conditions: tuple[str, ...]) -> tuple[str, float] | None:
    for column in profile.columns:
        is_drive = column.name in conditions and re.search("speed|rpm|load", column.name) and column.low >= 0
        if is_drive and _IDLE[0] < column.near_zero < _IDLE[1]:
            return column.name, _rounded(column.high / 20)
    return None


def _targets(profile: FolderProfile) -> tuple[str, ...]:
    life = ("remaining_life", "failure_within") if profile.failures else ()
    states = ("state",) if profile.states else ()
    return (*life, *states) or ("detection",)


def _ascending(values: list[float], least: float = 0.0, most: float = math.inf) -> tuple[float, ...]:
    return tuple(sorted({min(max(value, least), most) for value in values}))


def _doubts(profile: FolderProfile, counter: str | None, conditions: tuple[str, ...]) -> list[str]:
    doubts = [f"Column {name} is no signal: {why}." for name, why in profile.unfit.items()]
    doubts.append("Units and quantities are guesses from names; Chinese names are those of the columns.")
    doubts.append(
        "Ranges are what was seen and half as much again. A reading outside is not believed, one of a failing machine "
        "neither: give what can be, not what is usual."
    )
    if not conditions:
        doubts.append("No column looks like a condition: every row is taken as the same operation.")
    if counter is not None and not profile.is_count:
        doubts.append(f"{counter} looks like a counter of life.")
    if not profile.failures:
        doubts.append("No failure is on record, so there is nothing to learn remaining life from.")
    if len(profile.failures) > (1 if "" in profile.failures else 0):
        modes = ", ".join(sorted(mode for mode in profile.failures if mode))
        doubts.append(f"Describe the failure modes {modes} in knowledge.yaml, with what is known of their symptoms.")
    doubts.append("Components are not proposed: list each with the signals that show it, to be told its health.")
    return doubts
