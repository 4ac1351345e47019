import numpy as np
import pytest
import torch

from models.prognosis.errors import WeightsUnfit
from models.prognosis.network import HazardEnsemble, NetworkShape, survival_of
from models.prognosis.weights import ensemble_of, member_of

VECTORS = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)


def ensemble(inputs: int) -> HazardEnsemble:
    torch.manual_seed(0)
    found = HazardEnsemble(NetworkShape(3, 12, 4, hidden=(16, 8), dropout=0.1, inputs=inputs))
    found.logits.standardise_by(VECTORS)
    if inputs:
        found.logits.project_by(np.eye(3)[:, :inputs], VECTORS)
    return found


@pytest.mark.parametrize("inputs", [0, 2])
def test_an_ensemble_comes_back_from_its_arrays(inputs: int) -> None:
    made = ensemble(inputs)
    found = ensemble_of({name: value.numpy() for name, value in made.state_dict().items()})
    assert (found.shape.members, found.shape.hidden, found.shape.inputs) == (4, (16, 8), inputs)
    np.testing.assert_array_equal(survival_of(found, VECTORS), survival_of(made, VECTORS))


def test_a_member_stands_by_itself() -> None:
    made = ensemble(2)
    found = member_of(made, 2)
    assert found.shape.members == 1
    np.testing.assert_allclose(survival_of(found, VECTORS)[0], survival_of(made, VECTORS)[2], rtol=1e-6)


def test_other_arrays_are_refused() -> None:
    state = {name: value.numpy() for name, value in ensemble(0).state_dict().items()}
    for unfit in (
        {},
        {**state, "logits.scale": np.ones(4, np.float32)},
        {name: value for name, value in state.items() if name != "logits.biases.1"},
        {**state, "logits.center": np.array(["a"])},
    ):
        with pytest.raises(WeightsUnfit, match="state of a hazard ensemble"):
            ensemble_of(unfit)
