"""Which levels of a machine are learnt anew after what happened to it."""

from collections.abc import Iterable

from features.domain.epochs import EPOCH_BEGINS, epochs_of
from features.domain.events import Event, EventKind
from features.domain.time import EPOCH
from features.transforms.condition.model import ConditionModel
from features.transforms.condition.resets import level_resets
from features.transforms.condition.state import ConditionState, forget_levels


def moves_levels(event: Event) -> bool:
    """Say whether state detection must know of an event."""
    return event.kind in EPOCH_BEGINS


def reports_change(event: Event) -> bool:
    """Say whether an event reports that the machine is run otherwise from then on."""
    return event.kind is EventKind.RECIPE_CHANGED


def replaced_instruments(events: Iterable[Event], signals: tuple[str, ...]) -> set[str]:
    """Return the signals whose instruments some events replaced; one that names no signal replaces all."""
    found: set[str] = set()
    for event in events:
        if event.kind is EventKind.SENSOR_REPLACED:
            found.update([name for name in signals if name == event.component] or signals)
    return found


def after_events(model: ConditionModel, state: ConditionState, events: Iterable[Event]) -> ConditionState:
    """Return what is known of a machine after some events; `state` stays as it is.

    Args:
        model: Of the state.
        state: Before them.
        events: Of one machine, in any order; those of one moment count as one.
    """
    told = list(events)
    if not told:
        return state
    for epoch in epochs_of(told[0].tenant, told[0].asset, EPOCH, told, model.table.baselines())[1:]:
        for reset in level_resets(epoch, model.table):
            state = forget_levels(model, state, reset.signals, reset.spread)
    return state
