"""What the runtime is asked: forecasts for assets, each with its newest feature vector or none."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from features.domain.identifiers import AssetId, TenantId


class VectorLike(Protocol):
    """A feature vector with what is known of its row; `OnlineVector` and `StreamVector` are such."""

    @property
    def time(self) -> datetime:
        """Time of the newest running row behind it."""
        ...

    @property
    def values(self) -> NDArray[np.float32]:
        """The features; NaN where unknown. Shape (feature,)."""
        ...

    @property
    def life(self) -> float:
        """Life at that row, life units."""
        ...

    @property
    def regime(self) -> int:
        """Operating regime at that row, -1 where unknown."""
        ...


@dataclass(frozen=True, slots=True)
class VectorRequest:
    """Ask for the forecast of one asset.

    Attributes:
        vector: Its newest vector, or None if it has none.
        issued_at: The moment of issue for this asset alone, where it differs from that of the others.
    """

    tenant: TenantId
    asset: AssetId
    vector: VectorLike | None
    issued_at: datetime | None = None


def vector_bytes(values: NDArray[np.float32]) -> bytes:
    """Return a vector as little-endian float32 bytes, every NaN in its one canonical form.

    Processors leave different signs and payloads in a NaN; without the one form, equal vectors would have
    different hashes in the centre and on a gateway.

    Examples:
        >>> vector_bytes(np.array([1.0, -np.nan], np.float32)).hex()
        '0000803f0000c07f'
    """
    return np.where(np.isnan(values), np.float32(np.nan), values).astype("<f4").tobytes()


def vector_sha256(values: NDArray[np.float32]) -> str:
    """Return the hash of `vector_bytes`."""
    return hashlib.sha256(vector_bytes(values)).hexdigest()
