"""What happened to a machine beside its readings, as far as its condition hangs on it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from features.domain.epochs import EPOCH_BEGINS, epochs_of
from features.domain.events import Event, EventKind
from features.domain.identifiers import AssetId, TenantId
from features.domain.time import EPOCH, microseconds
from features.records.clock_states import ClockStates
from features.transforms.condition.resets import level_resets
from features.transforms.condition.table import ConditionTable
from pipelines.quality.timeline import cuts_of


@dataclass(frozen=True, slots=True)
class Reset:
    """From a moment on, the levels of some signals are learnt anew.

    Attributes:
        at_us: Its first row, microseconds since 1970.
        signals: Which.
        spread: How far levels may have moved, in noise; None is as far as a repair moves them.
    """

    at_us: int
    signals: tuple[str, ...]
    spread: float | None


@dataclass(frozen=True, slots=True)
class Happened:
    """What happened to one machine; everything in the order of time, microseconds since 1970.

    Attributes:
        resets: When levels begin anew.
        replaced: When which instruments were replaced, of which their measuring points hang.
        reported_us: When another way of running was reported.
        wrong_us: When something arrived that a wrong clock had stamped.
    """

    resets: tuple[Reset, ...] = ()
    replaced: tuple[tuple[int, tuple[str, ...]], ...] = ()
    reported_us: tuple[int, ...] = ()
    wrong_us: tuple[int, ...] = ()


NOTHING = Happened()


def begins_epoch(event: Event) -> bool:
    """Say whether the condition of a machine hangs on an event."""
    return event.kind in EPOCH_BEGINS


def happened_to(
    tenant: TenantId,
    asset: AssetId,
    events: Sequence[Event],
    table: ConditionTable,
    measured: Sequence[str],
    wrong_us: Iterable[int] = (),
) -> Happened:
    """Return what happened to a machine.

    Args:
        tenant: Whose.
        asset: Which.
        events: Of the machine.
        table: Whose signals have a level.
        measured: Signals whose measurement is judged.
        wrong_us: When something arrived that a wrong clock had stamped.
    """
    if not events:
        return Happened(wrong_us=tuple(sorted(wrong_us)))
    epochs = epochs_of(tenant, asset, EPOCH, events, table.baselines())[1:]
    cuts = cuts_of(events, measured, EPOCH, None)
    reported = sorted(microseconds(event.at) for event in events if event.kind is EventKind.RECIPE_CHANGED)
    return Happened(
        resets=tuple(
            Reset(microseconds(epoch.started_at), each.signals, each.spread)
            for epoch in epochs
            for each in level_resets(epoch, table)
        ),
        replaced=tuple((at, tuple(names)) for at, names in sorted(cuts.items()) if names),
        reported_us=tuple(reported),
        wrong_us=tuple(sorted(wrong_us)),
    )


def happened_to_all(
    tenant: TenantId,
    assets: Iterable[AssetId],
    events: Mapping[AssetId, Sequence[Event]],
    clocks: ClockStates | None,
    table: ConditionTable,
    measured: Sequence[str],
) -> dict[AssetId, Happened]:
    """Return what happened to each of several machines.

    Args:
        tenant: Whose.
        assets: Which.
        events: Of each that had any.
        clocks: What is known of their clocks; None where data have no dates.
        table: Whose signals have a level.
        measured: Signals whose measurement is judged.
    """
    names = tuple(assets)
    known = {} if clocks is None else clocks.find_all(tenant, names)
    wrong = {asset: known[asset].off if asset in known else () for asset in names}
    return {asset: happened_to(tenant, asset, events.get(asset, ()), table, measured, wrong[asset]) for asset in names}
