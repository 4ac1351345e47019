import numpy as np
import pytest

from pipelines.simulate.changes.kind import Alteration, OperationKind
from pipelines.simulate.changes.registry import OPERATION_KINDS, operation_kinds


def test_kinds_are_told_by_name_in_the_order_of_the_table() -> None:
    assert [kind.id for kind in operation_kinds(("product", "recipe"))] == ["recipe", "product"]
    assert len({kind.id for kind in OPERATION_KINDS}) == len(OPERATION_KINDS)
    assert sum(kind.share for kind in OPERATION_KINDS) == pytest.approx(1.0)


@pytest.mark.parametrize("kind", OPERATION_KINDS, ids=lambda kind: kind.id)
def test_every_draw_changes_something_and_stays_what_a_pump_can_meet(kind: OperationKind) -> None:
    rng = np.random.default_rng(5)
    for _ in range(50):
        drawn = kind.draw(rng)
        assert drawn != Alteration()
        assert 0.5 <= drawn.demand <= 1.3
        assert -15.0 <= drawn.ambient_c <= 15.0
        assert 0.8 <= drawn.density <= 1.2
        assert 0.85 <= drawn.efficiency <= drawn.head <= 1.0
        assert 0.65 <= drawn.static_head <= 1.35
