"""`pack.yaml` as bytes give it: one pydantic model per section.

The file reads from the general to the particular: who the pack is, what is measured (`signals`), how life is counted
(`life`), what a repair of which part moves (`components`), how operation is told apart (`regimes`), what is computed
(`features`), what is forecast (`prognosis`), and what errors cost (`costs`, `alarm_budget`). Failure modes stand in
`knowledge.yaml` (`features.packs.knowledge`). What one section says about another is checked in
`features.packs.references`.

Waveform signals (vibration as samples, with rate and bearing geometry) are not part of format 1. Their place
is the key `waveforms` beside `signals`, which today must be absent or an empty list, so that no pack can
declare what nobody would read.
"""

from typing import Annotated, Literal

from pydantic import Discriminator, Field, StringConstraints, Tag

from features.domain.events import LIFE_ENDS, EventKind
from features.domain.packs import BalanceKind, FeatureFamily, LifeSource, Target, column_word
from features.domain.signals import SignalRole
from features.packs.terms import (
    Ascending,
    Entry,
    Identifier,
    NamesEntry,
    NotNegative,
    Number,
    Positive,
    Share,
    SignalName,
    Span,
    Text,
    Version,
    Word,
    rule,
)

FORMAT = 1
"""Version of the layout of both files; a pack names it, so that later layouts can be told apart."""


class SignalEntry(Entry):
    """One signal: what is measured, in which unit, within which plausible range."""

    id: SignalName
    names: NamesEntry
    quantity: Text
    unit: Text
    role: Word[SignalRole]
    range: Span
    sampling_seconds: Positive | None = None
    grade: Annotated[int, Field(ge=1, le=3)]
    category: Text


class LifeEntry(Entry):
    """How life is counted."""

    unit: Literal["hours", "cycles", "starts", "parts"]
    source: Word[LifeSource]
    signal: SignalName | None = None
    seconds_per_unit: Positive
    modelled_component: Identifier


class ComponentEntry(Entry):
    """A maintainable item, and the signals that a repair of it can move."""

    id: Identifier
    names: NamesEntry | None = None
    signals: Annotated[list[SignalName], Field(min_length=1)]


class RunningEntry(Entry):
    """How running is told from idle."""

    signal: SignalName
    above: Number


class RegimesEntry(Entry):
    """How operating regimes are told apart; without signals there is one regime for all."""

    signals: list[SignalName]
    tolerance: Share
    running: RunningEntry | None = None


def _are_once(words: list[str]) -> bool:
    return len(set(words)) == len(words)


_ONCE = rule(_are_once, "name each word once", "Remove repetitions.")
_NO_ENDS = LIFE_ENDS - {EventKind.PART_REPLACED}
_WITHIN_LIFE = rule(lambda kind: kind not in _NO_ENDS, "be no event that ends a life", "Name events within a life.")
EVENT_WORD, EVENT_MAPPING = "[word]", "[mapping]"
"""The two forms of an entry of `features.events`, as pydantic puts them into the place of what is wrong."""


class BalanceEntry(Entry):
    """A balance of power, heat or load; which signals it asks for hangs on its kind (`features.packs.balances`)."""

    id: SignalName
    kind: Word[BalanceKind]
    flow: SignalName | None = None
    suction: SignalName | None = None
    discharge: SignalName | None = None
    power: SignalName | None = None
    temperature: SignalName | None = None
    ambient: SignalName | None = None
    torque: SignalName | None = None
    speed: SignalName | None = None
    wear: SignalName | None = None


Detail = Annotated[
    Text,
    StringConstraints(max_length=64),
    rule(lambda text: column_word(text) != "", "have a letter from a to z or a digit", "Write the code in these."),
]


class EventEntry(Entry):
    """Events of one code, where they are errors, or of one component."""

    kind: Annotated[Word[EventKind], _WITHIN_LIFE]
    code: Detail | None = None
    component: Detail | None = None


def _form(entry: object) -> str:
    return EVENT_MAPPING if isinstance(entry, dict | EventEntry) else EVENT_WORD


class FeaturesEntry(Entry):
    """Which sensors become features, over which windows, and what is computed beside the usual statistics."""

    signals: Annotated[list[SignalName], Field(min_length=1)]
    windows: Ascending
    baseline: Positive
    minimum_life: NotNegative
    ttl: Positive
    label_every: Positive
    families: Annotated[list[Word[FeatureFamily]], _ONCE] = Field(default_factory=list)
    balances: Annotated[list[BalanceEntry], Field(max_length=50)] = Field(default_factory=list)
    events: Annotated[
        list[
            Annotated[
                Annotated[Word[EventKind], _WITHIN_LIFE, Tag(EVENT_WORD)] | Annotated[EventEntry, Tag(EVENT_MAPPING)],
                Discriminator(_form),
            ]
        ],
        Field(max_length=200),
    ] = Field(default_factory=list)
    at_events: Annotated[list[Annotated[Word[EventKind], _WITHIN_LIFE]], _ONCE] = Field(default_factory=list)


class ThresholdEntry(Entry):
    """Where a sensor that degrades means failure: at a level and below it, or above it."""

    signal: SignalName
    below: Number | None = None
    above: Number | None = None


class PrognosisEntry(Entry):
    """What is forecast, on which grid of remaining life, how long a forecast holds, and what counts as failed."""

    targets: Annotated[
        list[Word[Target]],
        Field(min_length=1),
        rule(lambda targets: len(set(targets)) == len(targets), "name each target once", "Remove repetitions."),
    ]
    step: Positive
    steps: Annotated[int, Field(ge=2, le=5000)]
    horizons: Ascending
    valid_for: Positive
    threshold: ThresholdEntry | None = None


class CostsEntry(Entry):
    """What errors and work cost, in one currency of the maker's choice."""

    miss: Positive
    false_alarm: Positive
    planned: Positive | None = None


class PackFile(Entry):
    """The whole of `pack.yaml`."""

    format: Annotated[int, rule(lambda number: number == FORMAT, f"be {FORMAT}", "Use a pack of this format.")]
    id: Identifier
    version: Version
    names: NamesEntry
    signals: Annotated[list[SignalEntry], Field(min_length=1, max_length=500)]
    waveforms: Annotated[
        list[object],
        Field(default_factory=list),
        rule(lambda waveforms: not waveforms, f"be empty in format {FORMAT}", "Declare bands of them as signals."),
    ]
    life: LifeEntry
    components: Annotated[list[ComponentEntry], Field(default_factory=list)]
    regimes: RegimesEntry
    features: FeaturesEntry
    prognosis: PrognosisEntry
    costs: CostsEntry
    alarm_budget: Positive
