"""The fleet in the order in which somebody should look at it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from features.domain.assets import Asset
from features.domain.forecasts import Forecast, ForecastStatus, HorizonProbability
from features.domain.identifiers import AssetId

MORE_LIKELY_THAN_NOT = 0.5


class Attention(StrEnum):
    """What an asset asks of people today, most pressing first.

    `act`: a failure within the shortest horizon is more likely than not; `plan`: within the longest;
    `unknown`: there is no forecast, so nobody can say; `quiet`: neither.
    """

    ACT = "act"
    PLAN = "plan"
    UNKNOWN = "unknown"
    QUIET = "quiet"


@dataclass(frozen=True, slots=True)
class Standing:
    """One asset with its forecast and its place in the fleet.

    Attributes:
        risk: Mean failure probability over the forecast's horizons, 0 to 1: a failure that is near counts in
            every horizon, one that is far in the longest alone. None without a forecast.
    """

    asset: Asset
    forecast: Forecast
    attention: Attention
    risk: float | None


def standing(asset: Asset, forecast: Forecast) -> Standing:
    """Say where one asset stands."""
    return Standing(asset, forecast, attention_of(forecast), risk_of(forecast))


def by_risk(assets: Sequence[Asset], forecasts: Mapping[AssetId, Forecast]) -> list[Standing]:
    """Return the assets, those that need people first, then those nobody can tell of, then by falling risk."""
    order = list(Attention)
    return sorted(
        (standing(asset, forecasts[asset.id]) for asset in assets),
        key=lambda each: (order.index(each.attention), -(each.risk or 0.0), each.asset.id),
    )


def attention_of(forecast: Forecast) -> Attention:
    """Say what a forecast asks of people."""
    if forecast.status is not ForecastStatus.OK or not forecast.horizons:
        return Attention.UNKNOWN
    horizons = _rising(forecast)
    if horizons[0].probability >= MORE_LIKELY_THAN_NOT:
        return Attention.ACT
    return Attention.PLAN if horizons[-1].probability >= MORE_LIKELY_THAN_NOT else Attention.QUIET


def risk_of(forecast: Forecast) -> float | None:
    """Return the mean failure probability over the horizons, or None without a forecast."""
    if forecast.status is not ForecastStatus.OK or not forecast.horizons:
        return None
    return sum(each.probability for each in forecast.horizons) / len(forecast.horizons)


def count_attention(standings: Sequence[Standing]) -> dict[Attention, int]:
    """Count the assets by what they ask of people."""
    return {kind: sum(each.attention is kind for each in standings) for kind in Attention}


def _rising(forecast: Forecast) -> list[HorizonProbability]:
    return sorted(forecast.horizons, key=lambda each: each.horizon)
