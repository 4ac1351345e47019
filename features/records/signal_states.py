"""The NE 107 state of each measuring point, as it is now."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, select

from features.domain.identifiers import AssetId, TenantId
from features.quality.verdicts import Namur, Verdict
from features.records.database import insert_into, reading, writing
from features.records.tables import signal_states


@dataclass(frozen=True, slots=True)
class SignalState:
    """The state of one measuring point.

    Attributes:
        signal: Which.
        namur: Its state, by NAMUR NE 107.
        verdict: What was found with the reading that led to it; good where it is normal, or where readings are missing.
        since: Time of the first reading in that state.
    """

    signal: str
    namur: Namur
    verdict: Verdict
    since: datetime


class SignalStates:
    """The states of every tenant's measuring points; each call names whose.

    A measuring point that was never anything but normal may have no entry.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def put_all(self, tenant: TenantId, asset: AssetId, states: Iterable[SignalState]) -> None:
        """Put the states of some of an asset's measuring points on record, in place of those before."""
        self.put_each(tenant, {asset: states})

    def put_each(
        self,
        tenant: TenantId,
        states: Mapping[AssetId, Iterable[SignalState]],
        check: Callable[[], None] | None = None,
    ) -> None:
        """Put the states of measuring points of several assets on record, all or none.

        Args:
            tenant: Whose.
            states: By asset.
            check: Called before they count, while nobody else can write them; if it raises, none is on record.
        """
        rows = [
            {
                "tenant": tenant,
                "asset": asset,
                "signal": state.signal,
                "namur": state.namur.value,
                "verdict": int(state.verdict),
                "since": state.since,
            }
            for asset, found in states.items()
            for state in found
        ]
        if not rows:
            return
        with writing(self._engine) as connection:
            statement = insert_into(connection, signal_states)
            columns = {name: statement.excluded[name] for name in ("namur", "verdict", "since")}
            put = statement.on_conflict_do_update(index_elements=["tenant", "asset", "signal"], set_=columns)
            connection.execute(put, rows)
            if check is not None:
                check()

    def list_all(self, tenant: TenantId, asset: AssetId | None = None) -> dict[AssetId, list[SignalState]]:
        """Return the states on record of one asset, or of all of the tenant's, by asset; signals in their order."""
        query = select(signal_states).where(signal_states.c.tenant == tenant)
        if asset is not None:
            query = query.where(signal_states.c.asset == asset)
        found: dict[AssetId, list[SignalState]] = {}
        with reading(self._engine) as connection:
            rows = connection.execute(query.order_by(signal_states.c.asset, signal_states.c.signal)).mappings().all()
        for row in rows:
            state = SignalState(row["signal"], Namur(row["namur"]), Verdict(row["verdict"]), row["since"])
            found.setdefault(AssetId(row["asset"]), []).append(state)
        return found
