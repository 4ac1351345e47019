"""Epochs of the assets on record, derived from their events whenever they are asked for.

They have no table of their own: what events say is on record once, so an event that comes late, twice or out of turn
leaves nothing behind that would have to be mended.
"""

from datetime import datetime

from sqlalchemy import Engine

from features.domain.epochs import Baselines, Epoch, epochs_of
from features.domain.identifiers import AssetId, TenantId
from features.records.events import EventRecords
from features.records.lives import LifeRecords


class EpochRecords:
    """The epochs of the assets of every tenant; each call names whose."""

    def __init__(self, engine: Engine) -> None:
        self._events, self._lives = EventRecords(engine), LifeRecords(engine)

    def list_all(self, tenant: TenantId, asset: AssetId, baselines: Baselines) -> list[Epoch]:
        """Return the epochs of an asset in order, the first from the begin of its first life on; none without a life.

        Args:
            tenant: Whose asset.
            asset: Which asset.
            baselines: Its signals that have a baseline.
        """
        lives = self._lives.list_all(tenant, asset)
        if not lives:
            return []
        first_seen: datetime = lives[0].started_at
        return epochs_of(tenant, asset, first_seen, self._events.list_all(tenant, asset), baselines)
