"""The equipment pack as frozen types: the only form of it that quality, transforms and bundles see.

`features.packs` reads the files of a pack, checks them and hands out these types.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from features.domain.events import EventKind
from features.domain.identifiers import SignalId
from features.domain.signals import Names, Signal, SignalRole

_NO_WORD = re.compile(r"[^a-z0-9]+")


class LifeSource(StrEnum):
    """Where the count of life comes from.

    `counter` is a signal of role counter (resets included), `calendar` is elapsed time, `count` is a bare
    life count in the data (cycles, starts, parts) that stands in for time.
    """

    COUNTER = "counter"
    CALENDAR = "calendar"
    COUNT = "count"


@dataclass(frozen=True, slots=True)
class LifeRule:
    """How life is counted.

    Attributes:
        unit: Unit of life: "hours", "cycles", "starts" or "parts".
        source: Where the count comes from.
        signal: The counter signal where the source is `counter`, else None.
        seconds_per_unit: Length of one unit in seconds, for a calendar; for a counter, the nominal length by
            which expiry is reckoned; 1 for a bare count, whose stand-in time runs one second per unit.
        modelled_component: The component whose replacement ends a life.
    """

    unit: str
    source: LifeSource
    signal: SignalId | None
    seconds_per_unit: float
    modelled_component: str


@dataclass(frozen=True, slots=True)
class Component:
    """A maintainable item, and the signals that a repair of it can move.

    Attributes:
        names: What people call it; None where its pack does not say.
    """

    id: str
    signals: tuple[SignalId, ...]
    names: Names | None = None


@dataclass(frozen=True, slots=True)
class RegimeRule:
    """How operating regimes are told apart.

    Regimes are clusters of the condition signals, each divided by its plausible span; a row farther than
    `tolerance` from every known cluster is in an unknown regime. A row is idle, and says nothing about
    health, while `running_signal` is below `running_above`.

    Attributes:
        signals: The condition signals; empty means one regime for all.
        tolerance: Radius of a regime, in spans (0 to 1).
        running_signal: The signal that tells running from idle, or None if the machine always runs.
        running_above: Threshold for it, in its unit.
    """

    signals: tuple[SignalId, ...]
    tolerance: float
    running_signal: SignalId | None
    running_above: float


class FeatureFamily(StrEnum):
    """Features that a pack may choose beside the statistics that every pack has.

    `whole_life` is extremes and spread of each sensor, `usage` counters and rates, `missing` the share of readings
    without a good value, `unknown_regime` the share of rows in operation nobody has seen.
    """

    WHOLE_LIFE = "whole_life"
    USAGE = "usage"
    MISSING = "missing"
    UNKNOWN_REGIME = "unknown_regime"


class BalanceKind(StrEnum):
    """Balances of power, heat and load that a pack may declare."""

    HYDRAULIC_POWER = "hydraulic_power"
    HYDRAULIC_EFFICIENCY = "hydraulic_efficiency"
    TEMPERATURE_RISE = "temperature_rise"
    THERMAL_RESISTANCE = "thermal_resistance"
    SHAFT_POWER = "shaft_power"
    LOADED_WEAR = "loaded_wear"


@dataclass(frozen=True, slots=True)
class BalanceRule:
    """A balance and the signals that it is made of, which become SI units by value · scale + offset.

    Attributes:
        id: What its features are called.
        signals: In the order of its formula (`features.transforms.families.balances`).
        scales: SI units per unit of each signal.
        offsets: In SI units.
    """

    id: str
    kind: BalanceKind
    signals: tuple[SignalId, ...]
    scales: tuple[float, ...]
    offsets: tuple[float, ...]


def column_word(text: str) -> str:
    """Return a code or a name as a word that columns can carry: lower-case letters and digits, joined by underscores.

    Examples:
        >>> column_word("E-104 (spindle)")
        'e_104_spindle'
    """
    return _NO_WORD.sub("_", text.lower()).strip("_")


@dataclass(frozen=True, slots=True)
class EventRule:
    """Events that become features: all of a kind, or those of one code or component.

    Attributes:
        kind: One that ends no life, unless it is a replacement of some part.
        detail: The code of an error, the component of anything else; None for all events of the kind.
    """

    kind: EventKind
    detail: str | None = None

    @property
    def name(self) -> str:
        """Its name the way columns can carry it.

        Examples:
            >>> EventRule(EventKind.ERROR, "E-104").name
            'error__e_104'
        """
        return self.kind.value if self.detail is None else f"{self.kind.value}__{column_word(self.detail)}"

    def takes(self, kind: EventKind, detail: str | None) -> bool:
        """Say whether an event belongs to it, by its kind and what `Event.detail` says of it."""
        return kind is self.kind and self.detail in (None, detail)


@dataclass(frozen=True, slots=True)
class FeatureRule:
    """Which features a pack asks for.

    Attributes:
        signals: The sensors that become features, in order.
        windows: Time constants of the recent statistics, in life units, shortest first.
        baseline: Length of the machine's own beginning that serves as its reference, in life units.
        minimum_life: Below this age in life units a forecast is `insufficient`.
        ttl: Age in life units from which a feature vector is stale.
        label_every: Distance of two training labels, in life units.
        families: Further features of sensors and conditions.
        balances: Balances of power and heat that become features.
        events: Events that become features.
        at_events: Kinds after which features are told at once, without waiting for a reading, of those in `events`.
    """

    signals: tuple[SignalId, ...]
    windows: tuple[float, ...]
    baseline: float
    minimum_life: float
    ttl: float
    label_every: float
    families: tuple[FeatureFamily, ...] = ()
    balances: tuple[BalanceRule, ...] = ()
    events: tuple[EventRule, ...] = ()
    at_events: tuple[EventKind, ...] = ()

    def counts(self, kind: EventKind, detail: str | None) -> bool:
        """Say whether an event is in any feature, by its kind and what `Event.detail` says of it."""
        return any(rule.takes(kind, detail) for rule in self.events)

    def has_row(self, kind: EventKind, detail: str | None) -> bool:
        """Say whether features are told at once after an event: its kind is asked for, and it is in any of them."""
        return kind in self.at_events and self.counts(kind, detail)


@dataclass(frozen=True, slots=True)
class LifeGrid:
    """The grid of remaining life on which hazards are discrete.

    Attributes:
        step: Width of one step, in life units.
        steps: Number of steps; step × steps is the longest remaining life told apart (the cap).
    """

    step: float
    steps: int

    @property
    def cap(self) -> float:
        """The longest remaining life told apart, in life units."""
        return self.step * self.steps


@dataclass(frozen=True, slots=True)
class FailureThreshold:
    """A pack's word that failure is a signal crossing a level, as capacity or wear depth is.

    Attributes:
        signal: The sensor that degrades.
        level: Where the machine counts as failed, in the sensor's unit.
        is_below: Whether it fails at the level and below; otherwise at the level and above.
    """

    signal: SignalId
    level: float
    is_below: bool


@dataclass(frozen=True, slots=True)
class Costs:
    """What errors and work cost, in one currency of the maker's choice.

    Attributes:
        miss: A failure that nobody was warned of: the unplanned stop with everything that it brings.
        false_alarm: A look at a machine that turns out to be sound.
        planned: The same work done before a failure, in a window for it; None where the pack does not say.
    """

    miss: float
    false_alarm: float
    planned: float | None = None

    @property
    def of_planned_work(self) -> float:
        """What planned work costs; where the pack does not say, as much as a false alarm."""
        return self.false_alarm if self.planned is None else self.planned


class Direction(StrEnum):
    """Where a symptom points."""

    UP = "up"
    DOWN = "down"
    EITHER = "either"


class Measure(StrEnum):
    """What of a signal a symptom looks at."""

    LEVEL = "level"
    TREND = "trend"
    SPREAD = "spread"
    RESIDUAL = "residual"
    SPECTRAL_LINE = "spectral_line"


@dataclass(frozen=True, slots=True)
class Symptom:
    """A sign of a failure mode.

    Attributes:
        signal: The signal, or a role's name where any signal of that role will do.
        threshold: In the machine's own standard deviations.
        belief: Degree of belief that the mode is present when the symptom is, 0 to 1.
    """

    signal: str
    measure: Measure
    direction: Direction
    threshold: float
    belief: float


@dataclass(frozen=True, slots=True)
class FailureMode:
    """One way in which the machine fails, with what is known about it.

    Attributes:
        iso14224: Failure mechanism or mode code of ISO 14224:2016 (tables B.2 and B.6 to B.15).
        checks: What to look at next, most telling first.
        actions: What to do about it.
        spare_parts: What to have at hand.
        source: Where the signature comes from (paper, standard, handbook).
    """

    id: str
    names: Names
    iso14224: str
    symptoms: tuple[Symptom, ...]
    checks: tuple[Names, ...]
    actions: tuple[Names, ...]
    spare_parts: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True)
class KnowledgeCase:
    """A test case of the knowledge base: symptoms seen and the ranking of modes expected.

    Attributes:
        symptoms: Pairs of signal and deviation in the machine's own standard deviations.
        expected: Failure modes, most likely first.
    """

    symptoms: tuple[tuple[str, float], ...]
    expected: tuple[str, ...]


class Target(StrEnum):
    """What a pack wants forecast or told."""

    REMAINING_LIFE = "remaining_life"
    FAILURE_WITHIN = "failure_within"
    STATE = "state"
    DETECTION = "detection"


@dataclass(frozen=True, slots=True)
class Pack:
    """One type of machine, complete.

    Attributes:
        horizons: Forecast horizons in life units, shortest first.
        valid_for: How long a forecast holds, in life units.
        alarm_budget: Alarms per 100 machines and week that people will bear.
        threshold: Where a signal that degrades means failure; None where no single signal does.
        components: Maintainable items (ISO 14224) of which it is known what a repair of them can move.
    """

    id: str
    version: str
    names: Names
    signals: tuple[Signal, ...]
    life: LifeRule
    regimes: RegimeRule
    features: FeatureRule
    grid: LifeGrid
    targets: tuple[Target, ...]
    horizons: tuple[float, ...]
    valid_for: float
    failure_modes: tuple[FailureMode, ...]
    cases: tuple[KnowledgeCase, ...]
    costs: Costs
    alarm_budget: float
    threshold: FailureThreshold | None = None
    components: tuple[Component, ...] = ()

    @property
    def signal_by_id(self) -> dict[SignalId, Signal]:
        """The signals by their identity."""
        return {signal.id: signal for signal in self.signals}

    @property
    def signals_by_component(self) -> dict[str, tuple[SignalId, ...]]:
        """What a repair of each component that is known can move."""
        return {component.id: component.signals for component in self.components}

    @property
    def grade_by_signal(self) -> dict[str, int]:
        """Data grade of every signal, 1 (public) to 3 (confidential)."""
        return {signal.id: signal.grade for signal in self.signals}

    def signals_of(self, role: SignalRole) -> tuple[Signal, ...]:
        """Return the signals of one role, in the order of the pack."""
        return tuple(signal for signal in self.signals if signal.role is role)
