"""Windows for work on record: when a tenant's plants can do planned work."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Engine, delete, insert, select

from features.domain.identifiers import TenantId
from features.domain.windows import WorkWindow
from features.records.database import reading, writing
from features.records.errors import ConflictingRecord
from features.records.tables import work_windows


class WindowRecords:
    """The windows for work of every tenant; each call names whose."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def replace(self, tenant: TenantId, windows: Sequence[WorkWindow]) -> None:
        """Put the tenant's windows on record in place of all that were there.

        Raises:
            ConflictingRecord: If one belongs to another tenant, or two of a site open at one moment.
        """
        if any(window.tenant != tenant for window in windows):
            raise ConflictingRecord(
                "windows for work",
                must="all belong to one tenant",
                found=sorted({window.tenant for window in windows}),
                remedy="Give each tenant its own windows.",
            )
        with writing(self._engine) as connection:
            connection.execute(delete(work_windows).where(work_windows.c.tenant == tenant))
            if windows:
                names = WorkWindow.__slots__
                connection.execute(insert(work_windows), [{n: getattr(each, n) for n in names} for each in windows])

    def list_open(self, tenant: TenantId, site: str | None, now: datetime) -> list[WorkWindow]:
        """Return the windows of a site, and those of every site, that have not closed; the next one first.

        Args:
            tenant: Whose plants.
            site: Where the machine stands; None where nobody knows: then only windows of every site count.
            now: The present moment.
        """
        query = (
            select(work_windows)
            .where(work_windows.c.tenant == tenant, work_windows.c.end > now)
            .where(work_windows.c.site.in_({"", site or ""}))
            .order_by(work_windows.c.start, work_windows.c.site)
        )
        with reading(self._engine) as connection:
            return [WorkWindow(**row) for row in connection.execute(query).mappings()]

    def list_all(self, tenant: TenantId) -> list[WorkWindow]:
        """Return every window of the tenant, by site and start."""
        query = select(work_windows).where(work_windows.c.tenant == tenant)
        with reading(self._engine) as connection:
            rows = connection.execute(query.order_by(work_windows.c.site, work_windows.c.start)).mappings().all()
        return [WorkWindow(**row) for row in rows]
