"""The JSON of a machine's condition, as models that describe what goes out."""

from typing import Literal

from pydantic import Field

from serving.wire import Wire

Moment = str | float


class ShareOut(Wire):
    """What one signal has in the score."""

    signal: str
    share: float = Field(description="Shares of all signals add up to 1.")


class EvidenceOut(Wire):
    """One number that the verdict rests on."""

    name: str
    value: float


class ConditionOut(Wire):
    """What state detection says of an asset (ISO 13374)."""

    asset: str
    judged: bool = Field(description="Whether anybody has judged it yet; everything else is null or empty if not.")
    verdict: Literal["normal", "machine", "instrument", "data_path", "operation_change", "undetermined"] | None
    at: Moment | None = Field(description="The newest row that was judged: RFC 3339, or the count of life.")
    age_seconds: float | None = Field(description="Age of that row; null where data has no dates.")
    since: Moment | None = Field(description="The first row since which the verdict has been the same.")
    score: float | None = Field(description="How far readings stray; 1 is about the most that is usual.")
    threshold: float | None = Field(description="Score above which that is a deviation.")
    shares: list[ShareOut] = Field(description="The largest first.")
    evidence: list[EvidenceOut] = Field(description="The weightiest first.")
    seen: int | None = Field(description="Rows of its own that what is normal was learnt from.")
    model: str | None = Field(description="What judged.")
