"""Epochs of a machine: stretches of its time within which what is normal for it stays the same.

A repair, a replaced part, a replaced or recalibrated instrument and a new recipe each begin an epoch. What was learnt
before stays valid for every signal that the event did not touch; of those that it touched only what it can have
changed is learnt anew. Lives (`features.domain.events`) end with failures and replacements; epochs divide them further.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import IntEnum, StrEnum
from itertools import groupby, pairwise
from types import MappingProxyType

from features.domain.events import Event, EventKind
from features.domain.identifiers import AssetId, SignalId, TenantId
from features.domain.packs import column_word


class Relearn(IntEnum):
    """What of a signal must be learnt anew, each including the one before it; the numbers are stored.

    A new instrument reads the same machine from another zero (`OFFSET`). A new recipe moves where signals lie in each
    regime (`LEVEL`). A mended or replaced part may move how much they scatter as well (`BASELINE`).
    """

    OFFSET = 1
    LEVEL = 2
    BASELINE = 3


class Reach(StrEnum):
    """How the signals that an event touched were found.

    `signal`: the event names it. `component`: the signals of the component that it names. `all`: the event names
    neither that anybody knows, or it concerns every signal, so all of them are learnt anew.
    """

    SIGNAL = "signal"
    COMPONENT = "component"
    ALL = "all"


_RELEARNT = MappingProxyType(
    {
        EventKind.SENSOR_REPLACED: Relearn.OFFSET,
        EventKind.RECIPE_CHANGED: Relearn.LEVEL,
        EventKind.REPAIR: Relearn.BASELINE,
        EventKind.PART_REPLACED: Relearn.BASELINE,
        EventKind.PREVENTIVE_REPLACEMENT: Relearn.BASELINE,
    }
)
EPOCH_BEGINS = frozenset(_RELEARNT)
"""Kinds of event that begin an epoch. A failure does not: the repair after it does."""


@dataclass(frozen=True, slots=True)
class Baselines:
    """The signals of a machine that have a baseline, and the component that each belongs to.

    Attributes:
        signals: All of them.
        by_component: Signals of each component that is known; it may be empty, and a signal may be in several.
    """

    signals: tuple[SignalId, ...]
    by_component: Mapping[str, tuple[SignalId, ...]] = field(default_factory=lambda: MappingProxyType({}))

    def touched(self, event: Event) -> tuple[Reach, tuple[SignalId, ...]]:
        """Return the signals that an event touched, and how they were found.

        Capitals, blanks and punctuation of what the event names do not matter.
        """
        if event.kind is not EventKind.RECIPE_CHANGED and event.component is not None:
            named = _word(event.component)
            signal = tuple(each for each in self.signals if _word(each) == named)
            if signal:
                return Reach.SIGNAL, signal
            holding = [signals for name, signals in self.by_component.items() if _word(name) == named]
            if holding:  # also where none of its signals is measured: then it touched none
                known = tuple(each for each in self.signals if any(each in signals for signals in holding))
                return Reach.COMPONENT, known
        return Reach.ALL, self.signals


@dataclass(frozen=True, slots=True)
class EpochCause:
    """An event that began an epoch, and what it reached.

    Attributes:
        named: The component or signal as the event names it; None where it names none.
    """

    kind: EventKind
    named: str | None
    reach: Reach

    @property
    def relearnt(self) -> Relearn:
        """What is learnt anew of every signal that it reached."""
        return _RELEARNT[self.kind]


@dataclass(frozen=True, slots=True)
class Epoch:
    """A stretch of a machine's time.

    Attributes:
        number: 0 for the first of the asset, then 1, 2, …
        started_at: Its first moment, which belongs to it.
        ended_at: The moment of the next epoch, which does not; None while it goes on.
        causes: What began it; empty for the first. Several events at one moment begin one epoch.
        relearnt: What is learnt anew with it, of the signals that were touched; every other baseline goes on.
    """

    tenant: TenantId
    asset: AssetId
    number: int
    started_at: datetime
    ended_at: datetime | None
    causes: tuple[EpochCause, ...]
    relearnt: Mapping[SignalId, Relearn]


@dataclass(frozen=True, slots=True)
class Footing:
    """From when on readings of one signal teach what is normal; what is older serves as a prior at most.

    Attributes:
        signal: Which signal.
        offset_from: Readings from then on tell its zero.
        level_from: From then on they tell its level in each regime, up to its zero.
        spread_from: From then on they tell how much it scatters, and how it hangs on others.
    """

    signal: SignalId
    offset_from: datetime
    level_from: datetime
    spread_from: datetime


def epochs_of(
    tenant: TenantId, asset: AssetId, first_seen: datetime, events: Iterable[Event], baselines: Baselines
) -> list[Epoch]:
    """Cut a machine's time into epochs.

    Args:
        tenant: Whose asset.
        asset: Which asset.
        first_seen: Begin of the first epoch; events up to then are of no account.
        events: Of any kind and asset, in any order; one that is told twice counts once.
        baselines: The signals concerned.

    Returns:
        The epochs in order, at least one; the last is open. They hang on the set of events alone.
    """
    mine = {
        replace(event, note=None, failure_mode=None)
        for event in events
        if (event.tenant, event.asset) == (tenant, asset) and event.kind in EPOCH_BEGINS and event.at > first_seen
    }
    epochs = [Epoch(tenant, asset, 0, first_seen, None, (), MappingProxyType({}))]
    for moment, together in groupby(sorted(mine, key=_order), key=lambda event: event.at):
        causes, relearnt = _begun(list(together), baselines)
        epochs.append(Epoch(tenant, asset, len(epochs), moment, None, causes, relearnt))
    closed = [replace(before, ended_at=after.started_at) for before, after in pairwise(epochs)]
    return [*closed, epochs[-1]]


def footing(epochs: Iterable[Epoch], signal: SignalId, at: datetime) -> Footing:
    """Return from when on readings teach what is normal for a signal at a moment.

    Args:
        epochs: Of one machine in order, as `epochs_of` gives them; at least one.
        signal: Which signal.
        at: No event later than this counts; a moment before the first epoch counts as its begin.
    """
    first, *later = epochs
    since = dict.fromkeys(Relearn, first.started_at)
    for epoch in later:
        reset = epoch.relearnt.get(signal)
        if reset is not None and epoch.started_at <= at:
            since.update(dict.fromkeys((each for each in Relearn if each <= reset), epoch.started_at))
    return Footing(signal, since[Relearn.OFFSET], since[Relearn.LEVEL], since[Relearn.BASELINE])


def _begun(events: list[Event], baselines: Baselines) -> tuple[tuple[EpochCause, ...], Mapping[SignalId, Relearn]]:
    causes: list[EpochCause] = []
    relearnt: dict[SignalId, Relearn] = {}
    for event in events:
        reach, signals = baselines.touched(event)
        cause = EpochCause(event.kind, event.component, reach)
        causes.append(cause)
        relearnt.update({each: max(cause.relearnt, relearnt.get(each, cause.relearnt)) for each in signals})
    return tuple(causes), MappingProxyType({each: relearnt[each] for each in sorted(relearnt)})


def _word(name: str) -> str:
    """Return what is compared of a name; one in another script than the Latin one stands as it is."""
    return column_word(name) or name.strip()


def _order(event: Event) -> tuple[datetime, str, str]:
    return event.at, event.kind.value, event.component or ""
