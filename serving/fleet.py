"""The fleet in the order in which somebody should look at it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from features.domain.assets import Asset
from features.domain.conditions import AssetCondition, ConditionVerdict
from features.domain.forecasts import Forecast, ForecastStatus, HorizonProbability
from features.domain.identifiers import AssetId

MORE_LIKELY_THAN_NOT = 0.5

_BY_URGENCY = (
    ConditionVerdict.MACHINE,
    ConditionVerdict.INSTRUMENT,
    ConditionVerdict.DATA_PATH,
    ConditionVerdict.OPERATION_CHANGE,
    ConditionVerdict.UNDETERMINED,
    ConditionVerdict.NORMAL,
)


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
        condition: What state detection says of it; None where nobody has judged it.
    """

    asset: Asset
    forecast: Forecast
    attention: Attention
    risk: float | None
    condition: AssetCondition | None = None

    @property
    def is_straying(self) -> bool:
        """Whether it is known not to be as usual: something explains it, or nothing does and it strays all the same."""
        told = self.condition
        if told is None or told.is_over:
            return told is not None
        return told.verdict not in (ConditionVerdict.NORMAL, ConditionVerdict.UNDETERMINED)


def standing(asset: Asset, forecast: Forecast, condition: AssetCondition | None = None) -> Standing:
    """Say where one asset stands."""
    return Standing(asset, forecast, attention_of(forecast), risk_of(forecast), condition)


def by_risk(
    assets: Sequence[Asset],
    forecasts: Mapping[AssetId, Forecast],
    conditions: Mapping[AssetId, AssetCondition] = MappingProxyType({}),
) -> list[Standing]:
    """Return the assets, those that need people first, then those nobody can tell of, then by falling risk.

    Of machines without a forecast, those come first that state detection has most to say of.

    Args:
        assets: All of them.
        forecasts: Of each, one that holds or the reason why none does.
        conditions: Of those that state detection has judged.
    """
    return sorted(
        (standing(asset, forecasts[asset.id], conditions.get(asset.id)) for asset in assets), key=_place_in_fleet
    )


def _place_in_fleet(each: Standing) -> tuple[int, bool, int, float, str]:
    is_calm, urgency = False, 0
    if each.attention is Attention.UNKNOWN:
        is_calm = not each.is_straying  # what strays comes first, explained or not
        urgency = len(_BY_URGENCY) if each.condition is None else _BY_URGENCY.index(each.condition.verdict)
    return list(Attention).index(each.attention), is_calm, urgency, -(each.risk or 0.0), each.asset.id


def is_watched_only(standings: Sequence[Standing]) -> bool:
    """Say whether what serves makes no forecasts of any asset, and only tells whether each is as usual."""
    return bool(standings) and all(each.forecast.status is ForecastStatus.NO_MODEL for each in standings)


def count_straying(standings: Sequence[Standing]) -> int:
    """Count the assets that are known not to be as usual."""
    return sum(each.is_straying for each in standings)


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
