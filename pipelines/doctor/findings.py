"""What the doctor found."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How a finding is to be taken."""

    OK = "ok"
    NOTE = "note"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        check: What was looked at, for example "disk".
        level: How it is to be taken.
        detail: What was found, with its figures.
        remedy: What to do; None where nothing needs to be done.
    """

    check: str
    level: Level
    detail: str
    remedy: str | None = None

    def __post_init__(self) -> None:
        """Check that whatever is not well says what to do."""
        if self.level in {Level.WARNING, Level.FAILED} and not self.remedy:
            raise ValueError(f"the finding {self.check!r} must say what to do")

    def to_dict(self) -> dict[str, object]:
        """Return the finding as plain JSON types."""
        return {"check": self.check, "level": self.level.value, "detail": self.detail, "remedy": self.remedy}


def verdict(findings: Sequence[Finding]) -> dict[str, object]:
    """Return all findings as one JSON object; `ok` says that none of them failed."""
    counts = {level.value: sum(each.level is level for each in findings) for level in Level}
    return {"ok": counts["failed"] == 0, "counts": counts, "findings": [each.to_dict() for each in findings]}
