"""Stations: what the pumps of one site share, by design and by weather."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from pipelines.simulate.arrays import BoolArray, FloatArray, wander
from pipelines.simulate.process import AS_DESIGNED, Process
from pipelines.simulate.seeds import Purpose, station_stream
from pipelines.simulate.settings import FleetSettings

_YEAR_HOURS = 8_766.0


class Duty(StrEnum):
    """How the pumps of a station take turns."""

    CONTINUOUS = "continuous"
    ALTERNATING = "alternating"
    DAYTIME = "daytime"


@dataclass(frozen=True, slots=True)
class PumpModel:
    """A model in the maker's catalogue, with its rated point.

    Attributes:
        npsh_required_m: Net positive suction head at the rated point where the head has dropped by 3 % (ISO 9906).
    """

    name: str
    flow_m3_h: float
    head_m: float
    speed_rpm: float
    npsh_required_m: float
    bearing: str


CATALOGUE: tuple[PumpModel, ...] = (
    PumpModel("CP 65-200", 90.0, 50.0, 2_950.0, 3.2, "6309"),
    PumpModel("CP 80-250", 150.0, 75.0, 2_950.0, 4.2, "6311"),
    PumpModel("CP 125-315", 220.0, 32.0, 1_480.0, 2.8, "6312"),
    PumpModel("CP 150-400", 380.0, 45.0, 1_480.0, 3.4, "6315"),
)


@dataclass(frozen=True, slots=True)
class Station:
    """The design of one site.

    Attributes:
        has_drive: Whether its pumps have variable-frequency drives; else they run at mains speed and are throttled.
        static_head_share: Static head as a share of the rated head.
        suction_margin: NPSH available over NPSH required at the rated point, in a mean season.
        replacement_age_hours: Running age at which pumps are replaced preventively; None where they run to failure.
    """

    number: int
    model: PumpModel
    has_drive: bool
    duty: Duty
    rotation_hours: float
    static_head_share: float
    suction_margin: float
    replacement_age_hours: float | None
    demand_share: float
    day_swing: float
    weekend_share: float
    season_swing: float
    mean_ambient_c: float
    season_ambient_c: float
    day_ambient_c: float
    indoor_share: float

    @property
    def id(self) -> str:
        """The site's name in the data."""
        return f"station-{self.number + 1:02d}"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What happens at a station over time. Every array has shape (time,).

    Attributes:
        ambient_c: Air temperature in the pump house.
        water_c: Temperature of the pumped water.
        level_m: Departure of the suction level from its mean, metres.
        demand: Wanted flow per pump as a share of its rated flow.
        is_open: Whether the station works (False during planned stops of the whole station).
        planned_stops: Start and end of those stops, hours since the start.
        process: What is pumped, and against what.
    """

    ambient_c: FloatArray
    water_c: FloatArray
    level_m: FloatArray
    demand: FloatArray
    is_open: BoolArray
    planned_stops: tuple[tuple[float, float], ...]
    process: Process = AS_DESIGNED


def draw_station(seed: int, number: int) -> Station:
    """Draw the design of a station."""
    rng = station_stream(seed, number, Purpose.STATION)
    replaces = rng.random() < 0.3
    return Station(
        number=number,
        model=CATALOGUE[int(rng.integers(len(CATALOGUE)))],
        has_drive=bool(rng.random() < 0.55),
        duty=(Duty.CONTINUOUS, Duty.ALTERNATING, Duty.DAYTIME)[int(rng.choice(3, p=(0.45, 0.35, 0.2)))],
        rotation_hours=float(rng.choice((72.0, 120.0, 168.0))),
        static_head_share=float(rng.uniform(0.3, 0.65)),
        suction_margin=float(rng.uniform(1.65, 2.3)),
        replacement_age_hours=float(rng.uniform(1_600.0, 2_300.0)) if replaces else None,
        demand_share=float(rng.uniform(0.8, 1.0)),
        day_swing=float(rng.uniform(0.06, 0.2)),
        weekend_share=float(rng.uniform(0.75, 1.03)),
        season_swing=float(rng.uniform(0.03, 0.12)),
        mean_ambient_c=float(rng.uniform(11.0, 21.0)),
        season_ambient_c=float(rng.uniform(6.0, 11.0)),
        day_ambient_c=float(rng.uniform(2.0, 5.0)),
        indoor_share=float(rng.uniform(0.4, 1.0)),
    )


def draw_surroundings(settings: FleetSettings, station: Station) -> Surroundings:
    """Draw weather, water, level, demand and planned stops of a station over the whole observation."""
    rng = station_stream(settings.seed, station.number, Purpose.CLIMATE)
    hours, step = settings.hours(), settings.step_hours
    rows = len(hours)
    clock = hours + _hour_of_year(settings)
    season = np.cos(2 * np.pi * (clock - 200 * 24) / _YEAR_HOURS)  # warmest in the third week of July
    late_season = np.cos(2 * np.pi * (clock - 228 * 24) / _YEAR_HOURS)  # water follows by four weeks
    day = np.cos(2 * np.pi * (clock % 24 - 15) / 24)
    weather = wander(rng, rows, 1, step, 40.0)[:, 0]
    swing = station.indoor_share * (station.season_ambient_c * season + station.day_ambient_c * day + 2.5 * weather)
    water = 13.0 + 0.5 * station.season_ambient_c * late_season + 0.8 * wander(rng, rows, 1, step, 120.0)[:, 0]
    level = 0.22 * wander(rng, rows, 1, step, 180.0)[:, 0] - 0.2 * late_season
    is_open, stops = _planned_stops(settings, station)
    return Surroundings(
        ambient_c=station.mean_ambient_c + 4.0 * (1.0 - station.indoor_share) + swing,
        water_c=np.maximum(water, 3.0),
        level_m=level,
        demand=_demand(settings, station, clock, season),
        is_open=is_open,
        planned_stops=stops,
    )


def duty_plan(settings: FleetSettings, station: Station, slot: int) -> BoolArray:
    """Say for every row whether the duty pattern wants the pump in this slot of the station to run."""
    hours = settings.hours()
    if station.duty is Duty.CONTINUOUS:
        return np.ones(len(hours), dtype=np.bool_)
    if station.duty is Duty.ALTERNATING:
        turns = max(settings.pumps_per_station, 2)
        turn = np.floor(hours / station.rotation_hours).astype(np.int64) + slot
        return np.asarray(turn % turns != 0)
    hour_of_day = (hours + _hour_of_year(settings)) % 24
    return np.asarray((hour_of_day >= 4.5 + 0.5 * (slot % 3)) & (hour_of_day < 22.5))


def _demand(settings: FleetSettings, station: Station, clock: FloatArray, season: FloatArray) -> FloatArray:
    rng = station_stream(settings.seed, station.number, Purpose.DEMAND)
    hour = clock % 24
    # Two peaks, morning and evening, as in a municipal network.
    peaks = np.exp(-(((hour - 8) / 2.5) ** 2)) + 0.8 * np.exp(-(((hour - 19) / 3.0) ** 2)) - 0.45
    weekday = (int(settings.start.weekday()) + np.floor((settings.hours() + settings.start.hour) / 24)) % 7
    week = np.where(weekday >= 5, station.weekend_share, 1.0)
    noise = wander(rng, len(clock), 2, settings.step_hours, 9.0)
    slow = wander(rng, len(clock), 1, settings.step_hours, 400.0)[:, 0]
    share = station.demand_share * week * (1 + station.day_swing * peaks) * (1 + station.season_swing * season)
    return np.clip(share * (1 + 0.04 * noise[:, 0] + 0.035 * slow), 0.4, 1.2)


def _planned_stops(settings: FleetSettings, station: Station) -> tuple[BoolArray, tuple[tuple[float, float], ...]]:
    rng = station_stream(settings.seed, station.number, Purpose.PLAN)
    hours = settings.hours()
    is_open = np.ones(len(hours), dtype=np.bool_)
    stops: list[tuple[float, float]] = []
    begin = float(rng.exponential(2_400.0))
    while begin < hours[-1]:
        end = begin + float(rng.uniform(8.0, 48.0))
        stops.append((begin, end))
        is_open &= ~((hours >= begin) & (hours < end))
        begin = end + float(rng.exponential(2_400.0))
    return is_open, tuple(stops)


def _hour_of_year(settings: FleetSettings) -> float:
    return (settings.start.timetuple().tm_yday - 1) * 24.0 + settings.start.hour + settings.start.minute / 60.0
