"""Forecasts of a model in the champion's shadow: recorded beside the champion's own, never served."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, func, select

from features.domain.forecasts import Forecast, ForecastStatus
from features.domain.identifiers import TenantId
from features.records.database import insert_into, reading, writing
from features.records.tables import shadow_forecasts


@dataclass(frozen=True, slots=True)
class ShadowEvidence:
    """What a model did in shadow.

    Attributes:
        forecasts: How many it made, of whatever status.
        assets: Of how many assets.
        first: When it made the first; None without any.
        last: When it made the last.
        lost: Of those that the champion answered with numbers, how many it did not.
        mean_apart: Mean over forecasts of the largest difference of a failure probability; None without a pair.
    """

    forecasts: int
    assets: int
    first: datetime | None
    last: datetime | None
    lost: int
    mean_apart: float | None

    @property
    def hours(self) -> float:
        """From the first to the last, hours."""
        return 0.0 if self.first is None or self.last is None else (self.last - self.first).total_seconds() / 3600.0


class ShadowRecords:
    """Every forecast that was made in shadow; each call names whose."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def append_all(self, pack_id: str, pairs: Sequence[tuple[Forecast, Forecast]]) -> None:
        """Record forecasts of the shadow with the champion's of the same assets and moment.

        Args:
            pack_id: Of the machines.
            pairs: Shadow's and champion's; the shadow's must name its model.
        """
        rows = [
            {
                "tenant": shadow.tenant,
                "id": shadow.id,
                "asset": shadow.asset,
                "pack": pack_id,
                "bundle_sha256": "" if shadow.model is None else shadow.model.bundle_sha256,
                "issued_at": shadow.issued_at,
                "status": shadow.status.value,
                "champion_status": champion.status.value,
                "apart": _apart(shadow, champion),
                "document": shadow.to_dict(),
            }
            for shadow, champion in pairs
        ]
        if rows:
            with writing(self._engine) as connection:
                connection.execute(insert_into(connection, shadow_forecasts).on_conflict_do_nothing(), rows)

    def evidence(self, tenant: TenantId, bundle_sha256: str) -> ShadowEvidence:
        """Return what a bundle did in shadow among a tenant's machines."""
        t, ok = shadow_forecasts.c, ForecastStatus.OK.value
        mine = (t.tenant == tenant) & (t.bundle_sha256 == bundle_sha256)
        query = select(
            func.count(),
            func.count(t.asset.distinct()),
            func.min(t.issued_at),
            func.max(t.issued_at),
            func.avg(t.apart),
        ).where(mine)
        lost = select(func.count()).where(mine, t.champion_status == ok, t.status != ok)
        with reading(self._engine) as connection:
            count, assets, first, last, apart = connection.execute(query).one()
            return ShadowEvidence(count, assets, first, last, connection.execute(lost).scalar_one(), apart)


def _apart(one: Forecast, other: Forecast) -> float | None:
    """Return the largest difference of the probabilities at horizons that both have; None without one."""
    theirs = {each.horizon: each.probability for each in other.horizons}
    pairs = [(each.probability, theirs[each.horizon]) for each in one.horizons if each.horizon in theirs]
    return max((abs(mine - its) for mine, its in pairs), default=None)
