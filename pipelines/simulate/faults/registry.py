"""The table of fault kinds. A new kind is one module and one line here, at the end."""

from pipelines.simulate.faults.bearing_wear import BearingWear
from pipelines.simulate.faults.cavitation import Cavitation
from pipelines.simulate.faults.kind import FaultKind
from pipelines.simulate.faults.seal_leak import SealLeak

FAULT_KINDS: tuple[FaultKind, ...] = (BearingWear(), Cavitation(), SealLeak())

FAULT_KIND_IDS: tuple[str, ...] = tuple(kind.id for kind in FAULT_KINDS)


def fault_kinds(ids: tuple[str, ...]) -> tuple[FaultKind, ...]:
    """Return the kinds of these names, in the order of the table."""
    return tuple(kind for kind in FAULT_KINDS if kind.id in ids)
