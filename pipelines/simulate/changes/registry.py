"""The table of changes of operation. A new kind is one module and one line here, at the end."""

from pipelines.simulate.changes.ambient import Ambient
from pipelines.simulate.changes.kind import OperationKind
from pipelines.simulate.changes.load import Load
from pipelines.simulate.changes.product import Product
from pipelines.simulate.changes.recipe import Recipe

OPERATION_KINDS: tuple[OperationKind, ...] = (Recipe(), Load(), Ambient(), Product())

OPERATION_KIND_IDS: tuple[str, ...] = tuple(kind.id for kind in OPERATION_KINDS)


def operation_kinds(ids: tuple[str, ...]) -> tuple[OperationKind, ...]:
    """Return the kinds of these names, in the order of the table."""
    return tuple(kind for kind in OPERATION_KINDS if kind.id in ids)
