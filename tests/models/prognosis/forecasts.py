"""Forecasts made of a known distribution of remaining life."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import numpy as np

from features.domain.forecasts import Forecast, ForecastStatus, HorizonProbability, ModelReference, RemainingLife
from features.domain.identifiers import AssetId, TenantId

MINE = TenantId("mine")
T0 = datetime(2026, 3, 1, tzinfo=UTC)
HORIZONS = (168.0, 336.0, 720.0)
CAP = 1440.0
HOUR = timedelta(hours=1)


def forecast_of(
    survival: Callable[[float], float],
    hour: float = 0.0,
    *,
    asset: str = "p-01",
    name: str | None = None,
    valid_hours: float = 24.0,
    cap: float = CAP,
    horizons: tuple[float, ...] = HORIZONS,
) -> Forecast:
    """Return what a model that knows the distribution would say; hours are life."""
    grid = np.linspace(0.0, cap, 4801)
    curve = np.array([survival(each) for each in grid])

    def quantile(level: float) -> float:
        below = np.flatnonzero(curve <= 1 - level)
        return cap if len(below) == 0 else float(grid[below[0]])

    mean = float(np.sum(0.5 * (curve[1:] + curve[:-1])) * grid[1])
    life = RemainingLife(quantile(0.05), quantile(0.5), quantile(0.95), mean, cap)
    return Forecast(
        id=name or f"{asset}@{hour:g}",
        tenant=MINE,
        asset=AssetId(asset),
        issued_at=T0 + hour * HOUR,
        valid_until=T0 + (hour + valid_hours) * HOUR,
        status=ForecastStatus.OK,
        life_unit="hours",
        horizons=tuple(HorizonProbability(each, 1 - survival(each)) for each in horizons),
        life=life,
        age_of_data_seconds=0.0,
        model=ModelReference("pump", "3", "ab" * 32),
    )
