"""Survival curves of any network as arrays, a few rows at a time."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

_NUMBERS_AT_ONCE = 4_000_000
"""Rows at once are so few that a network with 32 draws stays within some tens of megabytes."""


def curves_of(network: nn.Module, vectors: NDArray[np.float32], steps: int) -> NDArray[np.float64]:
    """Return what a network answers.

    Args:
        network: From (batch, feature) to (batch, time).
        vectors: Shape (batch, feature).
        steps: Length of a curve.

    Returns:
        Survival at each step's end. Shape (batch, time).
    """
    network.eval()
    size = max(1, _NUMBERS_AT_ONCE // (32 * steps))
    found = np.empty((len(vectors), steps))
    with torch.no_grad():
        for start in range(0, len(vectors), size):
            part = np.ascontiguousarray(vectors[start : start + size])
            found[start : start + size] = network(torch.from_numpy(part)).numpy()
    return found
