"""The parts of the product that a trial of the features runs, and the same with one fault planted in each.

A trial that finds nothing proves nothing until it has found these.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from sqlite3 import Connection
from typing import Any
from unittest.mock import patch

from features.domain.events import LifeEpoch
from features.domain.identifiers import AssetId, TenantId
from features.store import vectors_sqlite
from features.store.online import OnlineVector
from features.store.packed import Cursor, PackedState, PackedVector
from features.store.vectors_sqlite import SqliteVectorStore
from features.transforms.events import LifeEvents
from pipelines.checkpoints import Memory
from pipelines.worker.streams import FeatureStreams

Observe = Callable[[str], None]
"""Told of every named point that a process comes by."""

VECTORS, POSITION = "vectors", "position"
STORE_POINTS = tuple(f"{when} the commit of {what}" for what in (VECTORS, POSITION) for when in ("before", "after"))
"""Named points of the online store."""


def unobserved(point: str) -> None:
    """Let a named point go by."""


class ObservedStore(SqliteVectorStore):
    """The online store as it is, which tells of its commits."""

    observe: Observe = staticmethod(unobserved)
    _writes = POSITION

    def write(
        self,
        vectors: Sequence[PackedVector],
        states: Sequence[PackedState] = (),
        cursor: Cursor | None = None,
        *,
        or_equal: bool = True,
    ) -> int:
        """Write, and know what for."""
        self._writes = VECTORS if vectors or states else POSITION
        return super().write(vectors, states, cursor, or_equal=or_equal)

    @contextmanager
    def _transaction(self, connection: Connection) -> Iterator[None]:
        with super()._transaction(connection):
            yield
            self.observe(f"before the commit of {self._writes}")
        self.observe(f"after the commit of {self._writes}")


class HoldsStatesBack(ObservedStore):
    """Writes states not with their vectors but with those that come next."""

    _behind: Sequence[PackedState] = ()

    def write(
        self,
        vectors: Sequence[PackedVector],
        states: Sequence[PackedState] = (),
        cursor: Cursor | None = None,
        *,
        or_equal: bool = True,
    ) -> int:
        """Write the states of the last time."""
        if not states:
            return super().write(vectors, (), cursor, or_equal=or_equal)
        behind, self._behind = self._behind, states
        return super().write(vectors, behind, cursor, or_equal=or_equal)


class TakesNothingBack(ObservedStore):
    """Lets nobody replace a newer vector, whoever owns the cursor."""

    def write(
        self,
        vectors: Sequence[PackedVector],
        states: Sequence[PackedState] = (),
        cursor: Cursor | None = None,
        *,
        or_equal: bool = True,
    ) -> int:
        """Write what is newer only."""
        newer = [replace(each, replaces=False) for each in vectors if each.content is not None]
        return super().write(newer, states, cursor, or_equal=or_equal)


class PositionFirst(FeatureStreams):
    """Writes the position in a transaction of its own, before the vectors."""

    def take(
        self,
        tenant: TenantId,
        since_us: Mapping[AssetId, int],
        lives: Mapping[AssetId, LifeEpoch],
        position: int,
        events: Mapping[AssetId, LifeEvents] | None = None,
        *,
        now_us: int,
    ) -> int:
        """Say that all is done, and then do it."""
        self.online.write([], [], Cursor(self.cursor_name, max(position, self.position() or 0)))
        return FeatureStreams.take(self, tenant, since_us, lives, position, events, now_us=now_us)


@dataclass(frozen=True, slots=True)
class Parts:
    """What a trial runs.

    Attributes:
        store: The class of the online store.
        streams: The class of what moves the features on.
        planted: What is put in the place of something of the product, and where: object, name, replacement.
    """

    store: type[ObservedStore] = ObservedStore
    streams: type[FeatureStreams] = FeatureStreams
    planted: tuple[object, str, Any] | None = None  # Any: whatever is replaced

    def open(self, path: Path) -> ObservedStore:
        """Open the online store."""
        return self.store(path)

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Have what is planted in its place."""
        if self.planted is None:
            yield
            return
        where, name, replacement = self.planted
        with patch.object(where, name, replacement):
            yield


def _whatever_its_moment(memory: Memory[Any], first_us: int) -> Any:  # Any: a point of whatever computation
    """Return the newest point, before the moment or not."""
    return memory.points[-1] if memory.points else None


_UNGUARDED = vectors_sqlite._PUT_VECTOR.split("WHERE")[0]
_JUST = timedelta(microseconds=1)

MUTANTS: dict[str, Parts] = {
    "guard removed": Parts(planted=(vectors_sqlite, "_PUT_VECTOR", _UNGUARDED)),
    "position before the vectors": Parts(streams=PositionFirst),
    "states not with the vectors": Parts(HoldsStatesBack),
    "point after a late reading kept": Parts(planted=(Memory, "before", _whatever_its_moment)),
    "ttl ends before its last moment": Parts(
        planted=(OnlineVector, "is_expired", property(lambda it: it.age >= it.ttl))
    ),
    "ttl ends a moment late": Parts(planted=(OnlineVector, "is_expired", property(lambda it: it.age > it.ttl + _JUST))),
    "nothing is taken back": Parts(TakesNothingBack),
}
"""Every planted fault by its name."""

SEEN_BY_KILLS = ("position before the vectors", "states not with the vectors")
SEEN_BY_ORDERS = tuple(name for name in MUTANTS if name != "position before the vectors")


def parts_of(mutant: str | None) -> Parts:
    """Return the product's own parts, or those with a fault planted."""
    return Parts() if mutant is None else MUTANTS[mutant]
