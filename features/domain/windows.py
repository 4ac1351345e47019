"""Windows for work: when a plant can do planned work on its machines."""

from dataclasses import dataclass
from datetime import datetime

from features.domain.errors import InvalidValue
from features.domain.identifiers import TenantId
from features.domain.time import format_time


@dataclass(frozen=True, slots=True)
class WorkWindow:
    """A stretch of time in which planned work can be done.

    Attributes:
        site: Whose machines; empty for those of every site of the tenant.
        start: When it opens (inside).
        end: When it closes (outside).

    Raises:
        InvalidValue: If it closes before it opens.
    """

    tenant: TenantId
    site: str
    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        """Check that there is time in it."""
        if self.end <= self.start:
            raise InvalidValue(
                "a window for work",
                must="close after it opens",
                found=f"{format_time(self.start)} to {format_time(self.end)}",
                remedy="Correct its start or its length.",
            )
