"""What is remembered of the clocks behind the data of each asset."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import Engine, select

from features.domain.identifiers import AssetId, TenantId
from features.quality.clock import ClockState
from features.records.database import insert_into, reading, writing
from features.records.tables import clock_states


@dataclass(frozen=True, slots=True)
class FollowedClock:
    """One clock.

    Attributes:
        state: What is remembered of it.
        off: When the newest deliveries arrived that it stamped wrongly, microseconds since 1970: if one of them has to
            be delivered again, it is judged as it was.
    """

    state: ClockState = field(default_factory=ClockState)
    off: tuple[int, ...] = ()


class ClockStates:
    """The states of every tenant's clocks; each call names whose."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def find_all(self, tenant: TenantId, assets: Iterable[AssetId]) -> dict[AssetId, FollowedClock]:
        """Return what is remembered of these assets; nothing of those that are new."""
        wanted = sorted(set(assets))
        query = select(clock_states).where(clock_states.c.tenant == tenant, clock_states.c.asset.in_(wanted))
        with reading(self._engine) as connection:
            rows = connection.execute(query).mappings().all()
        return {
            AssetId(row["asset"]): FollowedClock(
                ClockState.from_dict(row["state"]["state"]), tuple(row["state"]["off"])
            )
            for row in rows
        }

    def put_all(self, tenant: TenantId, clocks: Mapping[AssetId, FollowedClock]) -> None:
        """Remember the states of some assets, in place of those before."""
        rows = [
            {"tenant": tenant, "asset": asset, "state": {"state": clock.state.to_dict(), "off": list(clock.off)}}
            for asset, clock in clocks.items()
        ]
        if not rows:
            return
        with writing(self._engine) as connection:
            statement = insert_into(connection, clock_states)
            put = statement.on_conflict_do_update(
                index_elements=["tenant", "asset"], set_={"state": statement.excluded.state}
            )
            connection.execute(put, rows)
