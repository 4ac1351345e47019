"""The table of instrument faults. A new kind is one module and one line here, at the end."""

from pipelines.simulate.instruments.drift import Drift
from pipelines.simulate.instruments.kind import InstrumentKind
from pipelines.simulate.instruments.noisy import Noisy
from pipelines.simulate.instruments.spike import Spike
from pipelines.simulate.instruments.stuck import Stuck
from pipelines.simulate.instruments.swapped import Swapped
from pipelines.simulate.instruments.unit_changed import UnitChanged

INSTRUMENT_KINDS: tuple[InstrumentKind, ...] = (Stuck(), Drift(), Spike(), Swapped(), UnitChanged(), Noisy())

INSTRUMENT_KIND_IDS: tuple[str, ...] = tuple(kind.id for kind in INSTRUMENT_KINDS)


def instrument_kinds(ids: tuple[str, ...]) -> tuple[InstrumentKind, ...]:
    """Return the kinds of these names, in the order of the table."""
    return tuple(kind for kind in INSTRUMENT_KINDS if kind.id in ids)
