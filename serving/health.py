"""The health index of a machine, from what is known of it: verdict, forecast, measuring points, age of its data."""

from datetime import datetime

from features.domain.assets import Asset
from features.domain.conditions import AssetCondition
from features.domain.forecasts import Forecast, ForecastStatus
from features.domain.identifiers import AssetId, TenantId
from features.domain.packs import Pack
from features.quality.verdicts import Namur
from models.condition.health import PartKind
from models.condition.health_components import MachineHealth, machine_health
from models.condition.health_parts import machine_parts
from serving.parts import Parts
from serving.points import age_of, arrivals_of, states_of


def asset_health(
    parts: Parts, asset: Asset, condition: AssetCondition | None, forecast: Forecast
) -> MachineHealth | None:
    """Return how a machine and its components are; None where nobody has judged its condition.

    A condition that is as old as data that say nothing of the present says nothing of it either, whatever came since:
    readings may go on where nothing judges them any more.

    Args:
        parts: What the service knows.
        asset: The machine.
        condition: What state detection says of it.
        forecast: The latest that holds, or the reason why none does.
    """
    if condition is None:
        return None
    usual, longest = usual_ages(parts.pack)
    states, newest = _point_states(parts, asset.tenant, asset.id), _newest(parts, asset, condition.at)
    age, judged = _age(parts, newest), age_of(parts, condition.at)
    since = newest - condition.at if judged is None else judged
    present = condition if since.total_seconds() < longest else None
    found = machine_parts(present, _risk(forecast), states, age, usual, longest)
    if forecast.status is ForecastStatus.NO_MODEL:  # what nothing tells is no part of it, and hides nothing else
        found = tuple(part for part in found if part.kind is not PartKind.FORECAST)
    listed = {name: tuple(map(str, signals)) for name, signals in parts.pack.signals_by_component.items()}
    return machine_health(asset.id, found, present, states, listed)


def usual_ages(pack: Pack) -> tuple[float, float]:
    """Return up to which age data are fresh, and from which on they say nothing of the present; seconds.

    Fresh is what a forecast made of it still holds; nothing is said by what is too old for any forecast.
    """
    unit = pack.life.seconds_per_unit
    longest = pack.features.ttl * unit
    return min(pack.valid_for * unit, longest / 2.0), longest


def _risk(forecast: Forecast) -> float | None:
    """Return the probability of failure within the longest horizon; None without a forecast that holds."""
    if forecast.status is not ForecastStatus.OK or not forecast.horizons:
        return None
    return max(forecast.horizons, key=lambda each: each.horizon).probability


def _point_states(parts: Parts, tenant: TenantId, asset: AssetId) -> dict[str, Namur | None]:
    """Return the state of each measuring point; of none anything is known where nobody has judged the machine."""
    states = states_of(parts, tenant, asset)
    unsaid = Namur.NORMAL if states else None
    names = [str(signal.id) for signal in parts.pack.signals]
    return {name: states[name].namur if name in states else unsaid for name in names}


def _newest(parts: Parts, asset: Asset, judged: datetime) -> datetime:
    """Return the time of the newest reading that anybody knows of."""
    return max([judged, *(each.newest_time for each in arrivals_of(parts, asset.tenant, asset.id))])


def _age(parts: Parts, newest: datetime) -> float:
    """Return the age of a reading, seconds; data that bear a count of life are as old as nothing."""
    age = age_of(parts, newest)
    return 0.0 if age is None else age.total_seconds()
