"""What is usual of how a machine is run: another way is told, and the return to the one before is not."""

import numpy as np

from features.domain.conditions import ConditionVerdict
from tests.features.transforms.condition.rig import judged, rows_of

OPERATION = ConditionVerdict.OPERATION_CHANGE


def test_after_a_long_change_the_way_before_is_usual_again() -> None:
    places = np.arange(460)
    load = np.where((places >= 120) & (places < 400), 0.8, 0.0)
    told = [each.verdict for each in judged(rows_of(460, load=load))]
    assert set(told[140:400]) == {OPERATION}
    assert set(told[410:]) == {ConditionVerdict.NORMAL}


def test_a_third_way_is_told_again() -> None:
    places = np.arange(300)
    load = np.where(places >= 220, -0.8, np.where((places >= 120) & (places < 170), 0.8, 0.0))
    told = [each.verdict for each in judged(rows_of(300, load=load))]
    assert ConditionVerdict.NORMAL in told[185:220]
    assert told[-1] is OPERATION
