"""The table of faults of the data path. A new kind is one module (or a class in one) and one line here, at the end."""

from pipelines.simulate.path_faults.clock_off import ClockOff
from pipelines.simulate.path_faults.kind import PathKind
from pipelines.simulate.path_faults.replayed import Replayed, ReplayedAsNew

PATH_KINDS: tuple[PathKind, ...] = (ClockOff(), Replayed(), ReplayedAsNew())

PATH_KIND_IDS: tuple[str, ...] = tuple(kind.id for kind in PATH_KINDS)


def path_kinds(ids: tuple[str, ...]) -> tuple[PathKind, ...]:
    """Return the kinds of these names, in the order of the table."""
    return tuple(kind for kind in PATH_KINDS if kind.id in ids)
