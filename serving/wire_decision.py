"""The JSON of a decision, as models that describe what goes out."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from serving.wire import Wire


class OptionOut(Wire):
    """Acting at one moment; costs in the pack's currency."""

    start: datetime | None = Field(description="When, if the machine runs on; null where life has no dates.")
    after: float = Field(ge=0, description="Life from now to then, in the pack's life unit.")
    p_fail: float = Field(ge=0, le=1, description="Probability that the machine fails before.")
    planned: float = Field(description="Expected cost of the planned work.")
    failure: float = Field(description="Expected cost of a failure before it.")
    lost_life: float = Field(description="Worth of the life that acting then gives away.")
    total: float = Field(description="The three together.")
    extra: float = Field(description="What it costs more than the best.")


class DecisionCostsOut(Wire):
    """What the pack says of costs."""

    failure: float
    planned: float


class FixedAgeOut(Wire):
    """The best fixed age of replacement by lives on record."""

    interval: float | None = Field(description="Age at which to replace, life units; null where none pays.")
    rate: float = Field(description="Its cost per life unit.")
    run_to_failure_rate: float
    mean_life: float
    lives: int
    failures: int


class DecisionOut(Wire):
    """When to act on one asset."""

    asset: str
    at: datetime | None = Field(description="The moment of the advice; null where life has no dates.")
    call: Literal["now", "then", "wait", "unknown"] = Field(
        description="Act at once, at a later moment, wait for the next forecast, or nobody can say."
    )
    reason: str | None = Field(description="Why nobody can say; null with a decision.")
    life_unit: str
    forecast: str | None = Field(description="Identity of the forecast that it rests on.")
    costs: DecisionCostsOut
    value_of_life: float | None = Field(description="What a unit of life is worth: the rate of the best fixed age.")
    fixed_age: FixedAgeOut | None
    windows: bool = Field(description="Whether only windows for work were compared; else any moment.")
    reach: float | None = Field(description="Life from now of which the forecast tells.")
    best: OptionOut | None
    now: OptionOut | None
    options: list[OptionOut] = Field(description="Every moment compared; the last is the end of the reach.")
