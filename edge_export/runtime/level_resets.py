"""Which levels of a machine are learnt anew after what happened to it."""

from collections.abc import Iterable
from dataclasses import dataclass

from features.domain.epochs import EPOCH_BEGINS, Baselines, Epoch, Relearn, epochs_of
from features.domain.events import Event, EventKind
from features.domain.identifiers import SignalId
from features.domain.time import EPOCH
from features.transforms.condition.model import ConditionModel
from features.transforms.condition.state import ConditionState, forget_levels
from features.transforms.condition.table import ConditionTable

NEW_ZERO = 100.0
"""How far a new instrument's zero may lie from the old one's, in noise: so far that its own readings alone tell."""


@dataclass(frozen=True, slots=True)
class LevelReset:
    """Levels of some signals begin anew.

    Attributes:
        spread: How far they may have moved, in noise; None is as far as a repair moves them.
    """

    signals: tuple[str, ...]
    spread: float | None


def moves_levels(event: Event) -> bool:
    """Say whether state detection must know of an event."""
    return event.kind in EPOCH_BEGINS


def reports_change(event: Event) -> bool:
    """Say whether an event reports that the machine is run otherwise from then on."""
    return event.kind is EventKind.RECIPE_CHANGED


def after_events(model: ConditionModel, state: ConditionState, events: Iterable[Event]) -> ConditionState:
    """Return what is known of a machine after some events; `state` stays as it is.

    Args:
        model: Of the state.
        state: Before them.
        events: Of one machine, in any order; those of one moment count as one.
    """
    for reset in level_resets(model.table, events):
        state = forget_levels(model, state, reset.signals, reset.spread)
    return state


def level_resets(table: ConditionTable, events: Iterable[Event]) -> list[LevelReset]:
    """Return what is learnt anew, in the order of time (`docs/epochs.md`)."""
    told = list(events)
    if not told:
        return []
    baselines = Baselines(tuple(map(SignalId, table.signals)))
    epochs = epochs_of(told[0].tenant, told[0].asset, EPOCH, told, baselines)[1:]
    return [reset for epoch in epochs for reset in _of_epoch(epoch, table)]


def _of_epoch(epoch: Epoch, table: ConditionTable) -> list[LevelReset]:
    """Of a new recipe only levels of sensors begin anew: that conditions are elsewhere is the change itself."""
    by_kind = {
        kind: tuple(str(signal) for signal, relearnt in epoch.relearnt.items() if relearnt is kind) for kind in Relearn
    }
    level = tuple(name for name in by_kind[Relearn.LEVEL] if name in table.sensors)
    found = (
        LevelReset(by_kind[Relearn.OFFSET], NEW_ZERO),
        LevelReset(level, None),
        LevelReset(by_kind[Relearn.BASELINE], None),
    )
    return [each for each in found if each.signals]
