"""What explains that readings are not as usual (ISO 13374 state detection)."""

import math
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from features.domain.errors import InvalidValue
from features.domain.identifiers import AssetId, TenantId


class ConditionVerdict(StrEnum):
    """What is to blame for a deviation, or that there is none.

    A fault of the machine is the last thing to be said: an instrument that lies, telemetry that was replayed or stands
    still, and a new way of running the machine look alike at first sight.
    """

    NORMAL = "normal"
    MACHINE = "machine"
    INSTRUMENT = "instrument"
    DATA_PATH = "data_path"
    OPERATION_CHANGE = "operation_change"
    UNDETERMINED = "undetermined"


@dataclass(frozen=True, slots=True)
class AssetCondition:
    """What state detection says of an asset at one row of its readings.

    Attributes:
        verdict: What is to blame, or that nothing is.
        at: Time of the row.
        since: Time of the first row since which the verdict has been the same.
        score: How far the row strays; 1 is about the most that is usual. None where it cannot be told.
        threshold: Score above which a deviation is one; None where none is set.
        shares: What each signal that was judged has in the square of the score, the largest first; they add up to 1.
        evidence: Named numbers that the verdict rests on, the weightiest first.
        seen: Rows of the machine's own that what is normal was learnt from.
        model: What judged: the SHA-256 of a bundle, or another name that does not change.
        borrowed: Share of other machines in what is expected of this one, 0 to 1; the rest is its own. None where it is
            not told.
        lenders: How many machines that is learnt from.

    Raises:
        InvalidValue: If a number is not finite, or the verdict is younger than its row.
    """

    tenant: TenantId
    asset: AssetId
    verdict: ConditionVerdict
    at: datetime
    since: datetime
    score: float | None
    threshold: float | None
    shares: tuple[tuple[str, float], ...]
    evidence: tuple[tuple[str, float], ...]
    seen: int
    model: str
    borrowed: float | None = None
    lenders: int | None = None

    @property
    def is_over(self) -> bool:
        """Whether it strays beyond the threshold, whatever the verdict: what explains it is said some rows later."""
        return self.score is not None and self.threshold is not None and self.score > self.threshold

    def __post_init__(self) -> None:
        """Check times and numbers."""
        if self.since > self.at:
            raise InvalidValue(
                "since",
                must="lie at or before the row",
                found=f"{self.since.isoformat()} after {self.at.isoformat()}",
                remedy="Judge rows in the order of their times.",
            )
        named = (
            ("score", self.score),
            ("threshold", self.threshold),
            ("borrowed", self.borrowed),
            *self.shares,
            *self.evidence,
        )
        for name, value in named:
            if value is not None and not math.isfinite(value):
                raise InvalidValue(name, must="be a number", found=value, remedy="Leave out what is not known.")
