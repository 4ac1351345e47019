"""The feasibility report: can it work, before anything is trained? In the order of GB/T 40571.

GB/T 40571-2021, "Smart service: general requirements of predictive maintenance", asks first what the data are like,
then what is known of failures, then whether a failure shows beforehand, and only then for a model.
"""

from dataclasses import asdict, dataclass, field
from typing import Any

from pipelines.onboard.leakage.probe_table import Leak


@dataclass(frozen=True, slots=True)
class DataCondition:
    """What the data are like.

    Attributes:
        rows: Rows of lives, as far as they count: good readings of signals that the pack claims.
        median_step: Usual distance of two rows, life units.
        missing: Share of rows without a good value, by signal.
        set_aside: Rows and cells that were set aside, by reason.
        notes: What was not read, and why.
    """

    assets: int
    rows: int
    life_unit: str
    median_step: float | None
    missing: dict[str, float]
    set_aside: dict[str, int]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LabelCondition:
    """What is known of failures and states.

    Attributes:
        lives: Lives with readings, of which so many ended in a failure, a preventive replacement, or go on.
        failing_assets: Machines with a failure at least.
        modes: Failures by mode.
        lengths: Least, median and greatest length of failed lives, life units; none without failures.
        states: Labelled stretches by target and value.
    """

    lives: int
    failures: int
    preventive: int
    censored: int
    failing_assets: int
    modes: dict[str, int]
    lengths: tuple[float, ...]
    states: dict[str, dict[str, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Visibility:
    """How long before a failure anything is visible: the lead time to expect.

    Attributes:
        failures: Failures that were looked at, by signs learned from other machines.
        seen: Share of them that showed at all.
        lead: First quartile, median and third quartile of the lead, life units; 0 where nothing showed.
        words: How it was found, or why it was not.
    """

    failures: int
    seen: float
    lead: tuple[float, ...]
    words: str


@dataclass(frozen=True, slots=True)
class Decision:
    """Go or no-go for one target of the pack.

    Attributes:
        model: What will be trained, or None.
        reasons: Why, for people.
    """

    target: str
    is_go: bool
    model: str | None
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Feasibility:
    """The report.

    Attributes:
        shuffled_area: What a model reaches on shuffled labels: 0.5 unless the way of judging leaks. None without any.
        left_out: Signals that leak and are therefore taken out of the features.
    """

    pack: str
    data: DataCondition
    labels: LabelCondition
    leaks: tuple[Leak, ...]
    shuffled_area: float | None
    left_out: tuple[str, ...]
    visibility: Visibility
    decisions: tuple[Decision, ...]

    @property
    def is_go(self) -> bool:
        """Whether there is anything to train."""
        return any(decision.is_go for decision in self.decisions)

    def to_dict(self) -> dict[str, Any]:
        """Return the report in the form that `--json` prints."""
        return {"go": self.is_go, **asdict(self)}
