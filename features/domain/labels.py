"""Labels: what was known to be the case with an asset during a stretch of time."""

from dataclasses import dataclass
from datetime import datetime

from features.domain.errors import InvalidValue
from features.domain.identifiers import AssetId, TenantId


@dataclass(frozen=True, slots=True)
class Label:
    """What somebody who knows says of an asset, for diagnosis and detection.

    Attributes:
        start: The first moment (inside).
        end: The moment from which it no longer holds (outside).
        target: A failure mode or a named state.
        value: What it was.

    Raises:
        InvalidValue: If the end does not lie after the start.
    """

    tenant: TenantId
    asset: AssetId
    start: datetime
    end: datetime
    target: str
    value: str

    def __post_init__(self) -> None:
        """Check that the stretch is not empty."""
        if self.end <= self.start:
            raise InvalidValue(
                "the end of a label",
                must="lie after its start",
                found=f"{self.start.isoformat()} to {self.end.isoformat()}",
                remedy="Correct the two times; `to` lies outside of the stretch.",
            )
