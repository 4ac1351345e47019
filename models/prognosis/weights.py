"""An ensemble rebuilt from the arrays that a training kept, which say its size themselves."""

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray

from models.prognosis.errors import WeightsUnfit
from models.prognosis.network import HazardEnsemble, NetworkShape

_PREFIX = "logits."


def ensemble_of(arrays: Mapping[str, NDArray[np.generic]]) -> HazardEnsemble:
    """Return the ensemble whose state these arrays are, in evaluation mode.

    Args:
        arrays: By name, as `HazardEnsemble.state_dict` names them.

    Raises:
        WeightsUnfit: If they are not the state of such a network.
    """
    try:
        ensemble = HazardEnsemble(_shape(arrays))
        ensemble.load_state_dict({name: torch.from_numpy(np.array(value)) for name, value in arrays.items()})
    except (KeyError, IndexError, ValueError, TypeError, RuntimeError) as error:  # RuntimeError: torch's word
        said = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise WeightsUnfit(
            f"Weights must be the state of a hazard ensemble; found: {said}. Train the model again."
        ) from error
    return ensemble.eval()


def member_of(ensemble: HazardEnsemble, member: int) -> HazardEnsemble:
    """Return one member as an ensemble of its own, in evaluation mode.

    Args:
        ensemble: Stays as it is.
        member: Which one, from 0.
    """
    state = ensemble.state_dict()
    layers = tuple(name for name in state if name.startswith((f"{_PREFIX}weights.", f"{_PREFIX}biases.")))
    arrays = {
        name: (value[member : member + 1] if name in layers else value).detach().numpy()
        for name, value in state.items()
    }
    return ensemble_of(arrays)


def _shape(arrays: Mapping[str, NDArray[np.generic]]) -> NetworkShape:
    layers = sum(name.startswith(f"{_PREFIX}weights.") for name in arrays)
    widths = [arrays[f"{_PREFIX}weights.{index}"].shape[2] for index in range(layers)]
    projection, clocks = arrays.get(f"{_PREFIX}projection"), arrays.get(f"{_PREFIX}clocks")
    return NetworkShape(
        features=len(arrays[f"{_PREFIX}center"]),
        steps=widths[-1],
        members=arrays[f"{_PREFIX}weights.0"].shape[0],
        hidden=tuple(widths[:-1]),
        inputs=0 if projection is None else projection.shape[1],
        clocks=() if clocks is None else tuple(int(each) for each in clocks),
        pieces=0 if clocks is None else arrays[f"{_PREFIX}edges"].shape[1] - 1,
    )
