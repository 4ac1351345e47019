"""The newest vectors of one specification, without Feast: what serving, the worker and Feast's own store stand on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from features.domain.identifiers import AssetId, TenantId
from features.domain.packs import LifeSource
from features.domain.time import from_microseconds
from features.store.errors import FeatureStoreRefused
from features.store.names import PROJECT, stored_name, ttl_of, view_name
from features.store.online import OnlineVector
from features.store.packed import Cursor, PackedState, PackedVector, Vector, VectorKey, pack, unpack
from features.store.vectors import VectorStore
from features.transforms.specification import FeatureSpecification


@dataclass(frozen=True, slots=True)
class AssetVector:
    """A vector and whose it is.

    Attributes:
        tenant: Whose machine.
        asset: Which.
        vector: None takes the one there away.
        replaces: See `features.store.packed.PackedVector`.
    """

    tenant: TenantId
    asset: AssetId
    vector: Vector | None
    replaces: bool = False


@dataclass(frozen=True, slots=True)
class AssetState:
    """The state of an asset's streaming computation."""

    tenant: TenantId
    asset: AssetId
    content: bytes


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class OnlineVectors:
    """Reads and writes the newest vectors of one specification; safe for several threads.

    Attributes:
        store: Where they are.
        view: Name of the view in the store.
        width: Number of features.
        specification_sha256: Hash of the specification.
        ttl: How old a vector may be.
        counts_life: Whether life is a bare count, so that no clock tells the age of a vector.
        clock: Tells the moment of reading.
    """

    store: VectorStore
    view: str
    width: int
    specification_sha256: str
    ttl: timedelta
    counts_life: bool
    clock: Callable[[], datetime] = _now

    @staticmethod
    def of(
        store: VectorStore, specification: FeatureSpecification, clock: Callable[[], datetime] = _now
    ) -> "OnlineVectors":
        """Return the vectors of a specification in a store."""
        return OnlineVectors(
            store,
            stored_name(PROJECT, view_name(specification)),
            len(specification.names),
            specification.sha256,
            ttl_of(specification),
            specification.life.source is LifeSource.COUNT,
            clock,
        )

    def create(self) -> None:
        """Make room for the vectors, and the store itself where there is none.

        Raises:
            FeatureStoreUnavailable: If the store does not answer.
        """
        self.store.create(self.view)

    def read(
        self, tenant: TenantId, assets: Sequence[AssetId], now: datetime | None = None
    ) -> dict[AssetId, OnlineVector]:
        """Return the newest vector of each asset that has one, with its age against ttl.

        Args:
            tenant: Whose assets.
            assets: Which; a hundred take one round trip.
            now: The moment to which ages are counted, by default that of reading. Where life is a bare count it is
                the stand-in time of the present count, by default each vector's own.

        Raises:
            FeatureStoreUnavailable: If the store does not answer, or features were never built.
            FeatureStoreFault: If it holds what is no vector of ours.
        """
        if not assets:
            return {}
        found = self.store.read(tenant, self.view, assets)
        moment = self.clock() if now is None and not self.counts_life else now
        return {asset: self.told(tenant, asset, unpack(content), moment) for asset, content in found.items()}

    def vectors(self, tenant: TenantId, assets: Sequence[AssetId]) -> dict[AssetId, Vector]:
        """Return the newest vector of each asset that has one, as it was written.

        Raises:
            FeatureStoreUnavailable: If the store does not answer, or features were never built.
        """
        found = self.store.read(tenant, self.view, assets) if assets else {}
        return {asset: unpack(content) for asset, content in found.items()}

    def write(
        self,
        vectors: Sequence[AssetVector],
        states: Sequence[AssetState] = (),
        cursor: Cursor | None = None,
        *,
        or_equal: bool = True,
    ) -> int:
        """Write vectors that are newer than those there, states and a cursor: all together, or nothing.

        Args:
            vectors: Of one asset there may be several.
            states: Taken over as they are.
            cursor: How far the stream was read that made them.
            or_equal: Whether a vector of the same event and created time takes the place of the one there: a late
                or corrected reading changes a vector without making it newer.

        Returns:
            Number of vectors written.

        Raises:
            FeatureStoreRefused: If a vector is not as wide as the specification says.
            FeatureStoreUnavailable: If the store does not answer, or features were never built.
            CursorMoved: If the store is at another cursor than the batch follows.
        """
        packed = [
            PackedVector(self._key(each.tenant, each.asset), self._packed(each), each.replaces) for each in vectors
        ]
        kept = [PackedState(self._key(each.tenant, each.asset), each.content) for each in states]
        return self.store.write(packed, kept, cursor, or_equal=or_equal)

    def told(self, tenant: TenantId, asset: AssetId, vector: Vector, now: datetime | None) -> OnlineVector:
        """Return a vector as it is told to whoever asks at a moment.

        Args:
            tenant: Whose.
            asset: Which.
            vector: As it is stored.
            now: The moment to which its age is counted, on the scale of the vector's own time; None counts none.

        Raises:
            FeatureStoreRefused: If the vector is not as wide as the specification says.
        """
        self._require_width(len(vector.values), asset)
        time = from_microseconds(vector.time_us)
        age = timedelta(0) if now is None else now - time
        sha256 = self.specification_sha256
        return OnlineVector(tenant, asset, time, vector.values, vector.life, vector.regime, sha256, age, self.ttl)

    def states(self, tenant: TenantId, assets: Sequence[AssetId]) -> dict[AssetId, bytes]:
        """Return the streaming state of each asset that has one.

        Raises:
            FeatureStoreUnavailable: If the store does not answer, or features were never built.
        """
        return self.store.state(tenant, self.view, assets)

    def _key(self, tenant: TenantId, asset: AssetId) -> VectorKey:
        return VectorKey(tenant, self.view, asset)

    def _packed(self, each: AssetVector) -> bytes | None:
        if each.vector is None:
            return None
        self._require_width(len(each.vector.values), each.asset)
        return pack(each.vector)

    def _require_width(self, found: int, asset: AssetId) -> None:
        if found != self.width:
            raise FeatureStoreRefused(
                f"A vector of {self.view} must have {self.width} features; found {found} of asset {asset}. "
                "Build the features again."
            )
