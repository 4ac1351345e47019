"""What a promotion was asked and what was found."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One check of a challenger, in words that say what must hold and what was found.

    Attributes:
        check: Its name: cost, subgroup, calibration, coverage, answers, latency, size, parity, shadow or skill.
    """

    check: str
    holds: bool
    must: str
    found: str


@dataclass(frozen=True, slots=True)
class Promotion:
    """The findings of all checks; a challenger is promoted if every one holds."""

    findings: tuple[Finding, ...]

    @staticmethod
    def of(*parts: Sequence[Finding]) -> "Promotion":
        """Join the findings of several checks."""
        return Promotion(tuple(finding for part in parts for finding in part))

    @property
    def is_deserved(self) -> bool:
        """Whether every check holds, and there was one."""
        return bool(self.findings) and all(finding.holds for finding in self.findings)

    @property
    def reason(self) -> str:
        """The first check that does not hold, or the cost that was saved, for people."""
        told = next((finding for finding in self.findings if not finding.holds), self.findings[0])
        return f"{told.check.capitalize()}: it must {told.must}; found {told.found}."

    def to_dict(self) -> dict[str, object]:
        """Return the JSON form."""
        return {
            "deserved": self.is_deserved,
            "reason": self.reason,
            "findings": [asdict(finding) for finding in self.findings],
        }
