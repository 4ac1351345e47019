"""Scores of forecasts on record, with the ended lives that they rest on; replaced whenever these change."""

from collections.abc import Sequence

from sqlalchemy import Engine, RowMapping, delete, insert, select

from features.domain.events import EventKind, LifeEpoch
from features.domain.identifiers import AssetId, TenantId
from features.domain.scores import EndedLife, ForecastScore, Outcome
from features.records.database import reading, writing
from features.records.errors import ConflictingRecord
from features.records.tables import assets, ended_lives, forecast_scores


class ScoreRecords:
    """What became of the forecasts of every tenant; each call names whose."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def replace(
        self, tenant: TenantId, asset: AssetId, ended: Sequence[EndedLife], scores: Sequence[ForecastScore]
    ) -> None:
        """Put the ended lives of an asset and the scores of its forecasts on record in place of those there.

        Raises:
            ConflictingRecord: If a life or a score belongs to another asset, or two have one key.
        """
        _refuse_strangers(tenant, asset, ended, scores)
        with writing(self._engine) as connection:
            for table in (ended_lives, forecast_scores):
                connection.execute(delete(table).where(table.c.tenant == tenant, table.c.asset == asset))
            if ended:
                connection.execute(insert(ended_lives), [_life_row(each) for each in ended])
            if scores:
                names = ForecastScore.__slots__
                rows = [{name: getattr(score, name) for name in names} for score in scores]
                connection.execute(insert(forecast_scores), rows)

    def ended(self, tenant: TenantId, pack: str | None = None) -> list[EndedLife]:
        """Return the tenant's lives that have ended, by asset and number.

        Args:
            tenant: Whose machines.
            pack: Those of one type alone; None for all.
        """
        query = select(ended_lives).where(ended_lives.c.tenant == tenant)
        if pack is not None:
            ours = select(assets.c.id).where(assets.c.tenant == tenant, assets.c.pack == pack)
            query = query.where(ended_lives.c.asset.in_(ours))
        with reading(self._engine) as connection:
            rows = connection.execute(query.order_by(ended_lives.c.asset, ended_lives.c.number)).mappings().all()
        return [_ended(row) for row in rows]

    def scores(self, tenant: TenantId, asset: AssetId | None = None) -> list[ForecastScore]:
        """Return the scores of one asset's forecasts, or of all of the tenant's, by asset and time of issue."""
        query = select(forecast_scores).where(forecast_scores.c.tenant == tenant)
        if asset is not None:
            query = query.where(forecast_scores.c.asset == asset)
        order = (forecast_scores.c.asset, forecast_scores.c.issued_at, forecast_scores.c.forecast)
        with reading(self._engine) as connection:
            rows = connection.execute(query.order_by(*order)).mappings().all()
        return [ForecastScore(**{**row, "outcome": Outcome(row["outcome"])}) for row in rows]


def _life_row(ended: EndedLife) -> dict[str, object]:
    life = ended.life
    return {name: getattr(life, name) for name in LifeEpoch.__slots__} | {"length": ended.length}


def _ended(row: RowMapping) -> EndedLife:
    fields = {name: row[name] for name in LifeEpoch.__slots__}
    return EndedLife(LifeEpoch(**{**fields, "end": EventKind(row["end"])}), row["length"])


def _refuse_strangers(
    tenant: TenantId, asset: AssetId, ended: Sequence[EndedLife], scores: Sequence[ForecastScore]
) -> None:
    owners = {(each.life.tenant, each.life.asset) for each in ended} | {(each.tenant, each.asset) for each in scores}
    if owners - {(tenant, asset)}:
        raise ConflictingRecord(
            f"the scores of asset {asset}",
            must="all belong to it",
            found=sorted({name for _, name in owners}),
            remedy="Give each asset its own scores.",
        )
