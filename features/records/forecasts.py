"""The ledger of forecasts: append-only, each with the input vector that it was made from, so it can be replayed."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, Engine, func, insert, select

from features.domain.forecasts import Forecast, forecast_from_dict
from features.domain.identifiers import AssetId, TenantId
from features.records.database import reading, writing
from features.records.errors import ConflictingRecord, RecordNotFound
from features.records.tables import forecasts

_NEWEST_FIRST = (forecasts.c.issued_at.desc(), forecasts.c.sequence.desc())
_AT_ONCE = 500


class ForecastLedger:
    """Every forecast that was ever issued; each call names whose."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def append(self, forecast: Forecast, vector: bytes) -> None:
        """Append a forecast; once more with the same content is allowed and does nothing.

        Raises:
            ConflictingRecord: If the tenant has a forecast of this identity with other content.
        """
        self.append_all([(forecast, vector)])

    def append_all(self, entries: Iterable[tuple[Forecast, bytes]]) -> None:
        """Append several forecasts with their vectors: all of them or, if one is refused, none.

        Raises:
            ConflictingRecord: If the tenant has a forecast of one of these identities with other content.
        """
        given = list(entries)
        with writing(self._engine) as connection:
            for start in range(0, len(given), _AT_ONCE):
                _append(connection, given[start : start + _AT_ONCE])

    def latest(self, tenant: TenantId, asset: AssetId, now: datetime) -> Forecast | None:
        """Return the newest forecast for an asset that has not expired, or None."""
        query = (
            select(forecasts.c.document)
            .where(forecasts.c.tenant == tenant, forecasts.c.asset == asset, forecasts.c.valid_until > now)
            .order_by(*_NEWEST_FIRST)
            .limit(1)
        )
        with reading(self._engine) as connection:
            document = connection.execute(query).scalar_one_or_none()
        return None if document is None else forecast_from_dict(document)

    def newest(self, tenant: TenantId, assets: Iterable[AssetId]) -> dict[AssetId, Forecast]:
        """Return the newest forecast for each of these assets that has one, whether or not it has expired."""
        found = {}
        with reading(self._engine) as connection:
            for asset in assets:  # by index, one each: all at once would walk through the whole ledger
                query = (
                    select(forecasts.c.document)
                    .where(forecasts.c.tenant == tenant, forecasts.c.asset == asset)
                    .order_by(*_NEWEST_FIRST)
                    .limit(1)
                )
                document = connection.execute(query).scalar_one_or_none()
                if document is not None:
                    found[asset] = forecast_from_dict(document)
        return found

    def latest_all(self, tenant: TenantId, now: datetime) -> list[Forecast]:
        """Return for each asset of the tenant the newest forecast that has not expired, sorted by asset."""
        age = func.row_number().over(partition_by=forecasts.c.asset, order_by=_NEWEST_FIRST).label("age")
        valid = (
            select(forecasts.c.asset, forecasts.c.document, age)
            .where(forecasts.c.tenant == tenant, forecasts.c.valid_until > now)
            .subquery()
        )
        query = select(valid.c.document).where(valid.c.age == 1).order_by(valid.c.asset)
        with reading(self._engine) as connection:
            return [forecast_from_dict(document) for document in connection.execute(query).scalars()]

    def history(self, tenant: TenantId, asset: AssetId, limit: int) -> list[Forecast]:
        """Return at most `limit` forecasts for an asset, newest first, expired ones included."""
        query = (
            select(forecasts.c.document)
            .where(forecasts.c.tenant == tenant, forecasts.c.asset == asset)
            .order_by(*_NEWEST_FIRST)
            .limit(limit)
        )
        with reading(self._engine) as connection:
            return [forecast_from_dict(document) for document in connection.execute(query).scalars()]

    def issued(self, tenant: TenantId, asset: AssetId) -> list[Forecast]:
        """Return every forecast for an asset as it was issued, oldest first."""
        query = (
            select(forecasts.c.document)
            .where(forecasts.c.tenant == tenant, forecasts.c.asset == asset)
            .order_by(forecasts.c.issued_at, forecasts.c.sequence)
        )
        with reading(self._engine) as connection:
            return [forecast_from_dict(document) for document in connection.execute(query).scalars()]

    def find(self, tenant: TenantId, forecast_id: str) -> tuple[Forecast, bytes]:
        """Return a forecast with the input vector that it was made from.

        Raises:
            RecordNotFound: If the tenant has no such forecast.
        """
        query = select(forecasts.c.document, forecasts.c.vector).where(
            forecasts.c.tenant == tenant, forecasts.c.id == forecast_id
        )
        with reading(self._engine) as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            raise RecordNotFound("a forecast", forecast_id)
        return forecast_from_dict(row.document), bytes(row.vector)

    def vector_of(self, tenant: TenantId, forecast_id: str) -> bytes:
        """Return the input vector that a forecast was made from.

        Raises:
            RecordNotFound: If the tenant has no such forecast.
        """
        query = select(forecasts.c.vector).where(forecasts.c.tenant == tenant, forecasts.c.id == forecast_id)
        with reading(self._engine) as connection:
            vector = connection.execute(query).scalar_one_or_none()
        if vector is None:
            raise RecordNotFound("a forecast", forecast_id)
        return bytes(vector)


def _append(connection: Connection, entries: Sequence[tuple[Forecast, bytes]]) -> None:
    """Append what is not there yet, by one question and one statement."""
    there = _find(connection, [forecast for forecast, _ in entries])
    rows = []
    for forecast, vector in entries:
        key = forecast.tenant, forecast.id
        if key not in there:
            there[key] = forecast, vector
            rows.append(_row(forecast, vector))
        elif there[key] != (forecast, vector):
            raise ConflictingRecord(
                f"forecast {forecast.id}",
                must="stay as it was issued",
                found="other content under the same identity",
                remedy="Issue it as a new forecast with an identity of its own.",
            )
    if rows:
        connection.execute(insert(forecasts), rows)


def _find(connection: Connection, wanted: Sequence[Forecast]) -> dict[tuple[str, str], tuple[Forecast, bytes]]:
    """Return those of some forecasts that are on record, by tenant and identity, with their vectors."""
    found: dict[tuple[str, str], tuple[Forecast, bytes]] = {}
    for tenant in {each.tenant for each in wanted}:
        ids = [each.id for each in wanted if each.tenant == tenant]
        query = select(forecasts.c.id, forecasts.c.document, forecasts.c.vector).where(
            forecasts.c.tenant == tenant, forecasts.c.id.in_(ids)
        )
        for row in connection.execute(query):
            found[tenant, row.id] = forecast_from_dict(row.document), bytes(row.vector)
    return found


def _row(forecast: Forecast, vector: bytes) -> dict[str, object]:
    return {
        "tenant": forecast.tenant,
        "id": forecast.id,
        "asset": forecast.asset,
        "issued_at": forecast.issued_at,
        "valid_until": forecast.valid_until,
        "document": forecast.to_dict(),
        "vector": vector,
    }
