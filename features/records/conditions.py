"""What state detection says of each asset, as it is now."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, select

from features.domain.conditions import AssetCondition, ConditionVerdict
from features.domain.errors import InvalidValue
from features.domain.identifiers import AssetId, TenantId
from features.domain.time import format_time
from features.records.database import insert_into, reading, writing
from features.records.tables import asset_conditions


class ConditionRecords:
    """The newest condition of every tenant's assets; each call names whose."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def put_all(self, conditions: Sequence[AssetCondition], now: datetime) -> None:
        """Put conditions on record, all or none; one of an older row than that on record changes nothing.

        Of two of the same row the later call counts: whoever judges a row again knows more than before.

        Args:
            conditions: What was found.
            now: The present moment. What is on record of a row later than that makes room for any other.

        Raises:
            InvalidValue: If one is told of a row later than now; it would keep out every true one.
        """
        for each in conditions:
            if each.at > now:
                raise InvalidValue(
                    f"the condition of {each.asset}",
                    must=f"be of a row up to now, {format_time(now)}",
                    found=format_time(each.at),
                    remedy="Judge rows whose clock is right.",
                )
        if not conditions:
            return
        rows = [
            {
                "tenant": each.tenant,
                "asset": each.asset,
                "at": each.at,
                "since": each.since,
                "verdict": each.verdict.value,
                "model": each.model,
                "document": {
                    "score": each.score,
                    "threshold": each.threshold,
                    "shares": each.shares,
                    "evidence": each.evidence,
                    "seen": each.seen,
                    "borrowed": each.borrowed,
                    "lenders": each.lenders,
                },
            }
            for each in conditions
        ]
        with writing(self._engine) as connection:
            statement = insert_into(connection, asset_conditions)
            columns = {name: statement.excluded[name] for name in ("at", "since", "verdict", "model", "document")}
            is_newer = (statement.excluded.at >= asset_conditions.c.at) | (asset_conditions.c.at > now)
            put = statement.on_conflict_do_update(index_elements=["tenant", "asset"], set_=columns, where=is_newer)
            connection.execute(put, rows)

    def get(self, tenant: TenantId, asset: AssetId) -> AssetCondition | None:
        """Return the condition of an asset, or None if nobody has judged it yet."""
        found = self.list_all(tenant, asset)
        return found.get(asset)

    def list_all(self, tenant: TenantId, asset: AssetId | None = None) -> dict[AssetId, AssetCondition]:
        """Return the condition of one asset, or of all of the tenant's that were judged, by asset."""
        query = select(asset_conditions).where(asset_conditions.c.tenant == tenant)
        if asset is not None:
            query = query.where(asset_conditions.c.asset == asset)
        with reading(self._engine) as connection:
            rows = connection.execute(query.order_by(asset_conditions.c.asset)).mappings().all()
        return {AssetId(row["asset"]): _condition(row) for row in rows}


def _condition(row: Any) -> AssetCondition:  # Any: a row of the database, whose columns `tables` describes
    document = row["document"]
    return AssetCondition(
        tenant=TenantId(row["tenant"]),
        asset=AssetId(row["asset"]),
        verdict=ConditionVerdict(row["verdict"]),
        at=row["at"],
        since=row["since"],
        score=document["score"],
        threshold=document["threshold"],
        shares=tuple((name, share) for name, share in document["shares"]),
        evidence=tuple((name, value) for name, value in document["evidence"]),
        seen=document["seen"],
        model=row["model"],
        borrowed=document.get("borrowed"),  # those of before do not tell
        lenders=document.get("lenders"),
    )
