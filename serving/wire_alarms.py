"""The JSON of alarms, as models: they check what comes in and describe what goes out."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from features.records.alarms import LONGEST_COMMENT, LONGEST_NAME
from serving.wire import Wire

Moment = str | float
Cause = Literal["normal", "machine", "instrument", "data_path", "operation_change", "undetermined"]


class AcknowledgementIn(Wire):
    """That somebody has seen an alarm."""

    by: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_NAME, pattern=r"\S")] | None = Field(
        None, description="Who, as they call themselves, until sign-in exists; else the caller's role."
    )
    comment: Annotated[str, StringConstraints(max_length=LONGEST_COMMENT)] | None = Field(
        None, description="What they have to say."
    )


class AcknowledgedOut(Wire):
    """Who has seen an alarm."""

    at: str
    by: str
    comment: str | None


class AlarmOut(Wire):
    """One alarm of one machine, as it is now (IEC 62682)."""

    id: str
    asset: str
    gateway: str
    stage: Literal["normal", "unacknowledged", "acknowledged", "returned", "latched"]
    standing: bool = Field(description="Whether the deviation lasts.")
    unacknowledged: bool = Field(description="Whether it waits for somebody.")
    cause: Cause = Field(description="What state detection blames.")
    lead: str | None = Field(description="The signal with most part in the score.")
    score: float | None = Field(description="How far the machine strayed when it was last told.")
    threshold: float = Field(description="Score above which that was a deviation.")
    threshold_fitted: bool = Field(description="Whether a threshold was fitted to the alarm budget for this model.")
    over: float | None = Field(description="How many times the threshold the score was.")
    raised_at: Moment = Field(description="RFC 3339, or the count of life; so are the next three.")
    standing_since: Moment
    changed_at: Moment
    returned_at: Moment | None
    times: int = Field(description="How often it stood.")
    acknowledged: AcknowledgedOut | None
    model: str = Field(description="What judged.")


class EntryOut(Wire):
    """One thing that was told of an alarm."""

    at: Moment
    told: Literal["raised", "again", "worsened", "returned", "acknowledged", "suppressed"]
    cause: Cause
    lead: str | None
    score: float | None
    reason: str | None = Field(description="Who acknowledged it, or what ended it or held it back.")
    comment: str | None


class NoticeOut(Wire):
    """Something wrong with the way of the data; no alarm of a machine."""

    kind: Literal["gateway_silent", "machine_silent", "data_path"]
    gateway: str
    asset: str | None = Field(description="The machine, where it is one alone.")
    raised_at: Moment
    standing: list[str] = Field(description="Machines whose alarms stand and cannot be followed meanwhile.")


class AlarmsOut(Wire):
    """A portion of the alarms, and the notices that last."""

    alarms: list[AlarmOut] = Field(description="Standing ones first, of these the ones nobody has acknowledged.")
    notices: list[NoticeOut]
    total: int
    offset: int
    limit: int


class AlarmHistoryOut(Wire):
    """One alarm with everything that was told of it."""

    alarm: AlarmOut
    history: list[EntryOut]
