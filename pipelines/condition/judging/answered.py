"""What came of rows that were to be judged."""

from dataclasses import dataclass

from features.domain.identifiers import AssetId
from features.transforms.condition.answer import ConditionAnswer


@dataclass(frozen=True, slots=True)
class Answered:
    """What is said of one row.

    Attributes:
        asset: Whose.
        at_us: Its time, microseconds since 1970.
        since_us: Time of the first row since which the verdict has been the same.
    """

    asset: AssetId
    at_us: int
    since_us: int
    answer: ConditionAnswer


@dataclass(frozen=True, slots=True)
class Failed:
    """A row that could not be judged, and why."""

    asset: AssetId
    at_us: int
    reason: str
