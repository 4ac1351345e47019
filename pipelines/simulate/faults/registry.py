"""The table of fault kinds. A new kind is one module and one line here, at the end."""

from pipelines.simulate.faults.bearing_wear import BearingWear
from pipelines.simulate.faults.cavitation import Cavitation
from pipelines.simulate.faults.impeller_wear import ImpellerWear
from pipelines.simulate.faults.kind import FaultKind
from pipelines.simulate.faults.seal_leak import SealLeak
from pipelines.simulate.faults.shaft_misalignment import ShaftMisalignment

FAULT_KINDS: tuple[FaultKind, ...] = (BearingWear(), Cavitation(), SealLeak(), ImpellerWear(), ShaftMisalignment())

FAULT_KIND_IDS: tuple[str, ...] = tuple(kind.id for kind in FAULT_KINDS)

USUAL_FAULT_KIND_IDS: tuple[str, ...] = FAULT_KIND_IDS[:3]
"""The kinds of a fleet of which nothing else is asked; kinds that came later are off, so that it stays as it was."""


def fault_kinds(ids: tuple[str, ...]) -> tuple[FaultKind, ...]:
    """Return the kinds of these names, in the order of the table."""
    return tuple(kind for kind in FAULT_KINDS if kind.id in ids)


def known_fault_kind_ids(ids: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names that a workshop knows where these kinds occur: the usual ones and these, by the table."""
    return tuple(name for name in FAULT_KIND_IDS if name in USUAL_FAULT_KIND_IDS or name in ids)
