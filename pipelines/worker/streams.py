"""From readings to online vectors without a batch job: what arrives moves the features of its assets on.

Each asset's computation goes on from where it was; where something arrived late, was corrected or filled in, from the
last point before it. Vectors, states and the place in the telemetry's changes are written together (of many assets in
several batches, the place with the last), so that after a crash nothing is left out and nothing counted twice.
Streaming and batch are one function, and so are their results.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from features.domain.events import LifeEpoch
from features.domain.identifiers import AssetId, TenantId
from features.domain.time import microseconds
from features.store.errors import CursorMoved
from features.store.online_vectors import AssetState, AssetVector, OnlineVectors
from features.store.packed import Cursor, Vector
from features.telemetry.store import TelemetryStore
from features.transforms.batch import LifeFeatures, LifeRows, compute
from features.transforms.events import LifeEvents
from features.transforms.specification import FeatureSpecification
from features.transforms.state import initial_state
from pipelines.building.event_rows import event_moments, with_event_rows
from pipelines.building.tracks import Computed, LifeTrack
from pipelines.checkpoints import Memory
from pipelines.reading import ReadRows, read_from
from pipelines.shards import Shard
from pipelines.worker.life_point import LifePoint, bounds_us

EVERYTHING = -(2**63)
"""As the moment from which an asset's readings changed: from the beginning of its life."""
Keep = Callable[[TenantId, Sequence[Computed], int], None]
"""Called with whose rows were computed, the rows with their features, and a moment before they were read (µs)."""
_ENDED = -1
"""Position of a share that exists no more."""
_ASSETS_AT_ONCE, _WHOLE_AT_ONCE = 512, 64
_POINTS, _ROWS_APART = 4, 50


@dataclass(slots=True)
class FeatureStreams:
    """Keeps the online vectors of one specification up to date with the telemetry.

    Attributes:
        telemetry: The readings.
        online: The vectors, with the states behind them.
        specification: What is computed.
        keep: Told of everything that was computed, once it is online.
        shard: Of which assets; whoever follows others has a position of its own.
    """

    telemetry: TelemetryStore
    online: OnlineVectors
    specification: FeatureSpecification
    keep: Keep | None = None
    shard: Shard = Shard()  # noqa: RUF009  # it is frozen
    _memories: dict[tuple[TenantId, AssetId], Memory[LifePoint]] = field(default_factory=dict, init=False)

    @property
    def cursor_name(self) -> str:
        """Name of the place in the telemetry's changes, in the online store."""
        return self.shard.name(self._stem)

    @property
    def _stem(self) -> str:
        return f"telemetry:{self.online.view}"

    def position(self) -> int | None:
        """Return up to which change of the telemetry everything is in the vectors; None if nothing ever was.

        Raises:
            FeatureStoreUnavailable: If the online store does not answer.
        """
        return self.online.store.cursor(self.cursor_name)

    def adopt(self) -> None:
        """Go on from where workers with another number of shares left off, and end what they might still write.

        Vectors and states belong to assets, so only positions change hands: the new ones begin where all of the old
        ones had come. Those are set to a place that nobody was at, so that a batch that follows one fails whole.

        Raises:
            CursorMoved: If another worker wrote meanwhile; the call may be repeated.
            FeatureStoreUnavailable: If the online store does not answer.
        """
        store, layout = self.online.store, f"shards:{self.online.view}"
        known = store.cursor(layout)
        if (known or 1) == self.shard.of:
            return
        before = {each.name(self._stem): store.cursor(each.name(self._stem)) for each in Shard(0, known or 1).beside()}
        reached = [position for position in before.values() if position is not None]
        for name in (each.name(self._stem) for each in self.shard.beside()):
            there = store.cursor(name)
            if len(reached) == len(before) and (there is None or there < min(reached)):
                self.online.write([], [], Cursor(name, min(reached), there))
        for name, position in before.items():
            if position is not None:
                self.online.write([], [], Cursor(name, _ENDED, position))
        self.online.write([], [], Cursor(layout, self.shard.of, known))

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
        """Bring the vectors of assets up to date, and the position with them.

        Args:
            tenant: Whose assets.
            since_us: The earliest reading of each that changed, microseconds since 1970, or `EVERYTHING`.
            lives: The current life of each; an asset without one is passed over.
            position: Place in the changes of the telemetry up to which all are in `since_us` or were before.
            events: Of each asset; only features of events need them.
            now_us: Moment of computation, microseconds since 1970.

        Returns:
            Number of vectors written.

        Raises:
            CursorMoved: If another worker wrote meanwhile; nothing is lost, and the next call begins from what it left.
            Unavailable: If a store does not answer; the call may be repeated.
        """
        before = self.position()
        if before is None:
            before = 0
            self.online.write([], [], Cursor(self.cursor_name, before))
        groups = self._groups(tenant, {asset: first for asset, first in since_us.items() if asset in lives}, lives)
        written = 0
        if position > before and not groups:
            self.online.write([], [], Cursor(self.cursor_name, position, before))
        try:
            for place, points in enumerate(groups, start=1):  # the position moves with the last of them
                reached = max(position, before) if place == len(groups) else before
                cursor = Cursor(self.cursor_name, reached, before)
                written += self._advance(tenant, points, lives, cursor, events or {}, now_us)
        except CursorMoved:
            self._memories.clear()
            raise
        return written

    def outdated(self, tenant: TenantId, lives: Mapping[AssetId, LifeEpoch]) -> list[AssetId]:
        """Return the assets whose state is of another life than the current one; none of those without a state."""
        self._load(tenant, list(lives))
        points = {asset: self._memory(tenant, asset).points for asset in lives}
        return [asset for asset, found in points.items() if found and not found[-1].is_of(lives[asset])]

    def _groups(
        self, tenant: TenantId, since_us: Mapping[AssetId, int], lives: Mapping[AssetId, LifeEpoch]
    ) -> list[dict[AssetId, LifePoint | None]]:
        """Return from which point each asset goes on, in groups that are computed and written together."""
        self._load(tenant, [asset for asset, first in since_us.items() if first != EVERYTHING])
        points = {asset: self._before(tenant, asset, first, lives[asset]) for asset, first in since_us.items()}
        groups = []
        for is_whole, most in ((False, _ASSETS_AT_ONCE), (True, _WHOLE_AT_ONCE)):
            part = [asset for asset, point in points.items() if (point is None) is is_whole]
            groups += [part[start : start + most] for start in range(0, len(part), most)]
        return [{asset: points[asset] for asset in group} for group in groups]

    def _advance(
        self,
        tenant: TenantId,
        points: Mapping[AssetId, LifePoint | None],
        lives: Mapping[AssetId, LifeEpoch],
        cursor: Cursor,
        events: Mapping[AssetId, LifeEvents],
        now_us: int,
    ) -> int:
        """Compute what came after the points, and write it."""
        starts: dict[AssetId, int | None] = {asset: _start(point, lives[asset]) for asset, point in points.items()}
        read = read_from(self.telemetry, tenant, starts, self.specification.signals)
        whole = {
            asset: self._with_events(read[asset], points[asset], starts[asset], events.get(asset)) for asset in points
        }
        rows = {asset: kept for asset in points if len((kept := _within(whole[asset], lives[asset])).time_us)}
        moved, computed = self._move(rows, points, lives, events, now_us)
        for asset in (asset for asset, point in points.items() if asset not in moved and point is None):
            moved[asset] = [self._begun(lives[asset])]  # no row yet: what is there is of another life
        newest = {asset: pieces[-1].newest for asset, pieces in moved.items()}
        vectors = [AssetVector(tenant, asset, vector, replaces=True) for asset, vector in newest.items()]
        states = [AssetState(tenant, asset, pieces[-1].to_bytes()) for asset, pieces in moved.items()]
        written = self.online.write(vectors, states, cursor)
        for asset, pieces in moved.items():
            for point in pieces:
                self._memory(tenant, asset).add(point)
        if self.keep is not None:
            self.keep(tenant, computed, now_us)
        return written

    def _with_events(
        self, rows: ReadRows, point: LifePoint | None, start: int | None, events: LifeEvents | None
    ) -> ReadRows:
        """Put rows of events between readings, where the pack asks for them."""
        moments = event_moments(events, self.specification.rule)
        first = start if point is not None and point.rows else None  # nothing is known before a life's first reading
        return ReadRows(*with_event_rows(rows.time_us, rows.values, moments, first))

    def _move(
        self,
        rows: Mapping[AssetId, ReadRows],
        points: Mapping[AssetId, LifePoint | None],
        lives: Mapping[AssetId, LifeEpoch],
        events: Mapping[AssetId, LifeEvents],
        now_us: int,
    ) -> tuple[dict[AssetId, list[LifePoint]], list[Computed]]:
        """Compute the rows of all assets together; of long ones the last rows apart, to leave a point before them."""
        moved: dict[AssetId, list[LifePoint]] = {asset: [] for asset in rows}
        computed: list[Computed] = []
        for begin, end in ((0, -_ROWS_APART), (-_ROWS_APART, None)):
            parts = {asset: part for asset, each in rows.items() if len((part := _piece(each, begin, end)).time_us)}
            ahead = {asset: moved[asset][-1] if moved[asset] else points[asset] for asset in parts}
            given = [LifeRows(part.time_us / 1e6, part.values, events.get(asset)) for asset, part in parts.items()]
            states = [None if (point := ahead[asset]) is None else point.state for asset in parts]
            made = compute(self.specification, given, states)
            for (asset, part), track, features in zip(parts.items(), given, made, strict=True):
                moved[asset].append(_after(ahead[asset], lives[asset], part.time_us, features, now_us))
                computed.append(Computed(LifeTrack(lives[asset], part.time_us, track), features))
        return moved, computed

    def _begun(self, life: LifeEpoch) -> LifePoint:
        """Return the point before the first row of a life."""
        state = initial_state(self.specification, 1).pack()[0]
        return LifePoint(life.number, *bounds_us(life), _start(None, life) - 1, 0, None, state)

    def _before(self, tenant: TenantId, asset: AssetId, first: int, life: LifeEpoch) -> LifePoint | None:
        memory = self._memory(tenant, asset)
        point = memory.before(first)
        if point is None or not point.is_of(life):
            memory.points.clear()
            return None
        return point

    def _load(self, tenant: TenantId, assets: Sequence[AssetId]) -> None:
        """Begin with the stored states of assets of which nothing is remembered."""
        unknown = [asset for asset in assets if (tenant, asset) not in self._memories]
        size = initial_state(self.specification, 1).pack().shape[1]
        for asset, content in (self.online.states(tenant, unknown) if unknown else {}).items():
            point = LifePoint.from_bytes(content, size)
            if point is not None:
                self._memory(tenant, asset).add(point)

    def _memory(self, tenant: TenantId, asset: AssetId) -> Memory[LifePoint]:
        return self._memories.setdefault((tenant, asset), Memory[LifePoint](_POINTS, _ROWS_APART))


def _start(point: LifePoint | None, life: LifeEpoch) -> int:
    """Return from which moment on rows count; that at which a life ended belongs to the one before."""
    if point is not None:
        return point.last_us + 1
    return microseconds(life.started_at) + (1 if life.number > 0 else 0)


def _within(rows: ReadRows, life: LifeEpoch) -> ReadRows:
    if life.ended_at is None:
        return rows
    return _piece(rows, 0, int(np.searchsorted(rows.time_us, microseconds(life.ended_at), side="right")))


def _piece(rows: ReadRows, begin: int, end: int | None) -> ReadRows:
    return ReadRows(rows.time_us[begin:end], rows.values[begin:end])


def _after(
    before: LifePoint | None, life: LifeEpoch, time_us: NDArray[np.int64], features: LifeFeatures, now_us: int
) -> LifePoint:
    """Return the point after some more rows of a life."""
    rows, newest = (0, None) if before is None else (before.rows, before.newest)
    running = np.flatnonzero(features.is_running)
    if len(running):
        at = int(running[-1])
        newest = Vector(
            int(time_us[at]),
            now_us,
            features.vectors[at],
            float(features.life[at]),
            int(features.regime[at]),
            life.number,
        )
    return LifePoint(life.number, *bounds_us(life), int(time_us[-1]), rows + len(time_us), newest, features.state)
