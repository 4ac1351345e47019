"""What the online side of the feature store answers, whatever store is behind it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from features.domain.identifiers import AssetId, TenantId


@dataclass(frozen=True, slots=True)
class OnlineVector:
    """The newest feature vector of one asset.

    Attributes:
        time: Event time: that of the newest running row behind it.
        values: In the order of the specification's names; NaN where unknown. Shape (feature,).
        life: Life at that row, life units.
        regime: Operating regime at that row, -1 where unknown.
        specification_sha256: Hash of the feature specification that made it.
        age: Time since then at the moment of reading. Where life is a bare count no clock tells it: it is counted
            in life, one second for one unit, and nothing newer being known it is none.
        ttl: Age that the specification allows.
    """

    tenant: TenantId
    asset: AssetId
    time: datetime
    values: NDArray[np.float32]
    life: float
    regime: int
    specification_sha256: str
    age: timedelta = timedelta(0)
    ttl: timedelta = timedelta.max

    @property
    def is_expired(self) -> bool:
        """Whether it is older than its specification allows; exactly so old is not."""
        return self.age > self.ttl


class OnlineFeatures(Protocol):
    """Reads newest vectors; never older data under a newer name."""

    def read(self, tenant: TenantId, assets: Sequence[AssetId]) -> Mapping[AssetId, OnlineVector]:
        """Return the newest vector of each asset that has one.

        Raises:
            Unavailable: If the store does not answer.
        """
        ...
