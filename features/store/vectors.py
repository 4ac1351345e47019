"""What a store of online vectors does, whatever it is made of."""

from collections.abc import Sequence
from typing import Protocol

from features.domain.identifiers import AssetId, TenantId
from features.store.packed import Cursor, PackedState, PackedVector


class VectorStore(Protocol):
    """Keeps the newest vector of each (tenant, view, asset), with streaming states and cursors.

    Safe for several threads and several processes. A store that was taken away or emptied does not answer: it is
    never taken for one in which nothing is known.
    """

    def create(self, view: str) -> None:
        """Make room for a view, and the store itself where there is none. Doing it again changes nothing.

        Raises:
            FeatureStoreUnavailable: If the store does not answer.
        """
        ...

    def drop(self, view: str) -> None:
        """Forget a view with its vectors and states; without effect where there is none.

        Raises:
            FeatureStoreUnavailable: If the store does not answer.
        """
        ...

    def write(
        self,
        vectors: Sequence[PackedVector],
        states: Sequence[PackedState] = (),
        cursor: Cursor | None = None,
        *,
        or_equal: bool = True,
    ) -> int:
        """Write vectors, states and a cursor: all of it is there afterwards, or nothing.

        A vector older than the one there is passed over: by event time, and where that is equal by created time,
        unless it `replaces`. States and the cursor take the place of those there.

        Args:
            vectors: Of one asset there may be several.
            states: States after everything up to the cursor.
            cursor: How far was read.
            or_equal: Whether a vector of the same event and created time takes the place of the one there.

        Returns:
            Number of vectors written or taken away.

        Raises:
            FeatureStoreUnavailable: If the store does not answer, or a view was not created.
            CursorMoved: If the store is at another cursor than the batch follows.
            FeatureStoreFault: If a vector `replaces`, and the batch follows no cursor.
        """
        ...

    def read(self, tenant: TenantId, view: str, assets: Sequence[AssetId]) -> dict[AssetId, bytes]:
        """Return the packed vectors of those assets that have one, in one round trip.

        Raises:
            FeatureStoreUnavailable: If the store does not answer, or the view was not created.
        """
        ...

    def state(self, tenant: TenantId, view: str, assets: Sequence[AssetId]) -> dict[AssetId, bytes]:
        """Return the streaming states of those assets that have one, in one round trip.

        Raises:
            FeatureStoreUnavailable: If the store does not answer, or the view was not created.
        """
        ...

    def cursor(self, name: str) -> int | None:
        """Return how far a stream was read, or None if it never was.

        Raises:
            FeatureStoreUnavailable: If the store does not answer.
        """
        ...

    def close(self) -> None:
        """Let go of the store; closing twice is allowed."""
        ...
