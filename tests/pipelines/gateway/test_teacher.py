"""Which machines a member saw, as a training kept it."""

from models.prognosis.network import HazardEnsemble, NetworkShape
from pipelines.gateway.teacher import KeptEnsemble

A, B, C = (frozenset({name}) for name in "abc")


def test_each_machine_has_a_fold_in_each_deal() -> None:
    network = HazardEnsemble(NetworkShape(features=2, steps=3, members=6, hidden=(4,)))
    kept = KeptEnsemble("run", network, ((A, B, C), (C, A, B)), A | B | C)
    assert kept.folds == 3
    assert kept.fold_by_machine == {"a": [0, 1], "b": [1, 2], "c": [2, 0]}
