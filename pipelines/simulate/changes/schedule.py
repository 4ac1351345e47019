"""When a station, or one pump of it, is run otherwise, and what that does to its surroundings."""

from dataclasses import replace

import numpy as np

from pipelines.simulate.arrays import FloatArray
from pipelines.simulate.changes.kind import OperationEpisode, OperationKind
from pipelines.simulate.changes.registry import operation_kinds
from pipelines.simulate.episodes import draw_count, draw_kind, draw_rows
from pipelines.simulate.seeds import Purpose, station_stream
from pipelines.simulate.settings import FleetSettings
from pipelines.simulate.station import Surroundings

_ATTEMPTS = 20
_REST_HOURS = 24.0
_LEAST_DEMAND, _MOST_DEMAND = 0.35, 1.3


def plan_operation_changes(settings: FleetSettings, station: int) -> tuple[OperationEpisode, ...]:
    """Draw the changes of operation at a station, by their beginning.

    A pump is in one at a time, and is run as usual for a day between two.
    """
    kinds = operation_kinds(settings.operation_kinds)
    if not settings.operation_change_rate or not kinds or settings.rows < 2:
        return ()
    rng = station_stream(settings.seed, station, Purpose.OPERATION_CHANGES)
    planned: list[OperationEpisode] = []
    for number in range(draw_count(rng, settings.operation_change_rate, settings.days)):
        episode = _fitting(rng, settings, number, draw_kind(rng, kinds), planned)
        if episode is not None:
            planned.append(episode)
    return tuple(sorted(planned, key=lambda each: each.rows.start))


def changed(
    settings: FleetSettings, surroundings: Surroundings, episodes: tuple[OperationEpisode, ...], slot: int
) -> Surroundings:
    """Return what the pump in this place of the station is asked for and stands in; untouched without episodes."""
    for episode in episodes:
        if episode.concerns(slot):
            surroundings = _altered(surroundings, episode, _weight(settings, episode))
    return surroundings


def _fitting(
    rng: np.random.Generator,
    settings: FleetSettings,
    number: int,
    kind: OperationKind,
    planned: list[OperationEpisode],
) -> OperationEpisode | None:
    """Draw an episode that meets no other one of its pumps; None where every attempt did."""
    rest = int(np.ceil(_REST_HOURS / settings.step_hours))
    alteration, is_reported = kind.draw(rng), bool(rng.random() < kind.reported_share)
    for _ in range(_ATTEMPTS):
        slot = int(rng.integers(settings.pumps_per_station))
        rows = draw_rows(rng, kind.lasts_hours, settings.rows, settings.step_hours)
        place = slot if kind.is_of_one_pump else None
        if not any(_meet(each, place, rows, rest) for each in planned):
            return OperationEpisode(number, kind.id, place, rows, kind.ramp_hours, alteration, is_reported)
    return None


def _meet(one: OperationEpisode, slot: int | None, rows: slice, rest: int) -> bool:
    is_same_pump = slot is None or one.concerns(slot)
    return is_same_pump and one.rows.start - rest < rows.stop and rows.start < one.rows.stop + rest


def _weight(settings: FleetSettings, episode: OperationEpisode) -> FloatArray:
    """Return how far the change is there: 0 outside, 1 at full size. Shape (time,)."""
    hours = settings.hours()
    begin, end = hours[episode.rows.start], hours[episode.rows.stop - 1] + settings.step_hours
    ramp = max(episode.ramp_hours, 1e-9)
    risen = np.minimum((hours - begin + settings.step_hours) / ramp, (end - hours) / ramp)
    inside = (hours >= begin) & (hours < end)
    return np.where(inside, np.clip(risen, 0.0, 1.0), 0.0)


def _altered(surroundings: Surroundings, episode: OperationEpisode, weight: FloatArray) -> Surroundings:
    by, now = episode.alteration, surroundings.process
    demand = surroundings.demand * (1.0 + weight * (by.demand - 1.0))
    bounded = np.clip(demand, _LEAST_DEMAND, _MOST_DEMAND)
    return replace(
        surroundings,
        demand=np.where(weight > 0, bounded, surroundings.demand),
        ambient_c=surroundings.ambient_c + weight * by.ambient_c,
        water_c=surroundings.water_c + weight * by.water_c,
        process=replace(
            now,
            density=now.density * (1.0 + weight * (by.density - 1.0)),
            head=now.head * (1.0 + weight * (by.head - 1.0)),
            efficiency=now.efficiency * (1.0 + weight * (by.efficiency - 1.0)),
            static_head=now.static_head * (1.0 + weight * (by.static_head - 1.0)),
            resistance=now.resistance * (1.0 + weight * (by.resistance - 1.0)),
        ),
    )
