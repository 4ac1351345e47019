"""Readings are kept as long as the grade of their signal allows, and not longer."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from features.domain.identifiers import TenantId
from features.domain.packs import LifeSource, Pack
from features.telemetry.errors import StoreRefused
from features.telemetry.store import TelemetryStore

_EVERY = timedelta(hours=6)
_logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Retention:
    """Deletes readings whose time is over, a few times a day.

    Attributes:
        days_by_grade: Days that readings of a data grade (1 to 3) are kept; a grade without an entry is kept for good.
        pack: Tells each signal's grade. Where its life is a bare count, times are stand-ins and nothing is deleted.
    """

    telemetry: TelemetryStore
    pack: Pack
    days_by_grade: Mapping[int, int]
    _next: datetime | None = field(default=None, init=False)
    _is_refused: bool = field(default=False, init=False)

    def apply(self, tenant: TenantId, now: datetime) -> int:
        """Delete what is due, if it is time to look again; a store that refuses to is left alone until then.

        Returns:
            Number of readings deleted.

        Raises:
            StoreUnavailable: If the store does not answer.
        """
        if self.pack.life.source is LifeSource.COUNT or (self._next is not None and now < self._next):
            return 0
        deleted = 0
        for grade, days in sorted(self.days_by_grade.items()):
            signals = [signal.id for signal in self.pack.signals if signal.grade == grade]
            deleted += self._forget(tenant, signals, now - timedelta(days=days)) if signals else 0
        self._next = now + _EVERY
        if deleted:
            _logger.info("readings outlived their retention", extra={"tenant_id": tenant, "readings": deleted})
        return deleted

    def _forget(self, tenant: TenantId, signals: Sequence[str], before: datetime) -> int:
        try:
            deleted = self.telemetry.forget(tenant, signals, before)
        except StoreRefused as error:  # InfluxDB 3.x deletes by its own retention alone; the rest of the work goes on
            if not self._is_refused:
                _logger.warning("the store refuses to delete readings", extra={"reason": str(error)})
            self._is_refused = True
            return 0
        self._is_refused = False
        return deleted
