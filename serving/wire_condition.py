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


class ContributionOut(Wire):
    """Points that are lost to one part, or to one signal of it."""

    component: str = Field(description="The component that alone lists the signal; else the asset.")
    part: Literal["condition", "forecast", "measurement", "data"]
    signal: str | None
    points: float


class UnknownOut(Wire):
    """A part of which something is not known."""

    component: str = Field(description="A component of which nothing was judged; else the asset.")
    part: Literal["condition", "forecast", "measurement", "data"]


class NamesOut(Wire):
    """A name in the languages of the pages."""

    en: str
    zh: str


class ComponentHealthOut(Wire):
    """The health index of a component, by the signals that show it."""

    id: str
    names: NamesOut | None = Field(description="As the pack has them.")
    index: float | None = Field(description="0 to 100; null where something is not known, or it is a range.")
    at_least: float | None = Field(
        description="The index if all that strays on its signals is its own; null where something is not known."
    )
    at_most: float = Field(
        description="The index if only what no other component shows is its own, and what is not known costs nothing."
    )
    state: Literal["N", "F", "C", "S", "M"] | None = Field(
        description="By NAMUR NE 107; null where both ends differ, or nothing worse than normal is known, and not all."
    )
    shared_with: list[str] = Field(
        description="Components that it may be instead, those that show most of it first; none where it is no range."
    )
    unknown: list[Literal["condition", "forecast", "measurement", "data"]] = Field(description="What is not known.")


class HealthOut(Wire):
    """The health index: 100 less what parts lose (ISO 17359, ISO 13381-1)."""

    index: float | None = Field(description="0 to 100; null where anything that it is made of is not known.")
    at_most: float = Field(description="What the known parts leave of 100.")
    state: Literal["N", "F", "C", "S", "M"] | None = Field(
        description="By NAMUR NE 107: the worst that is known; null where nothing worse than normal is, and not all."
    )
    contributions: list[ContributionOut] = Field(description="The most first; they add up to 100 - at_most.")
    unknown: list[UnknownOut]
    components: list[ComponentHealthOut] = Field(description="Those of the pack, the worst first.")


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
    borrowed: float | None = Field(
        description="Share of other machines in what is expected of this one, 0 to 1; the rest is its own."
    )
    lenders: int | None = Field(description="How many machines that is learnt from.")
    model: str | None = Field(description="What judged.")
    health: HealthOut | None = Field(description="The health index; null until the condition was judged.")
