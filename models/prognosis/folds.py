"""Splits by machine: no machine ever stands on both sides."""

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_NEXT_DEAL = 1_000_003


def machine_folds(machine: NDArray[np.int64], folds: int, seed: int) -> NDArray[np.int64]:
    """Deal machines into folds of equal size.

    Args:
        machine: Machine of each row. Shape (batch,).
        folds: Number of folds.
        seed: Of the shuffle.

    Returns:
        Fold of each row. Shape (batch,).

    Raises:
        ValueError: If there are fewer machines than folds.
    """
    machines, index = np.unique(machine, return_inverse=True)
    if len(machines) < folds:
        raise ValueError(
            f"Splitting into {folds} folds must have at least as many machines; found {len(machines)}. "
            "Bring data of more machines, or ask for fewer folds."
        )
    order = np.random.default_rng(seed).permutation(len(machines))
    fold = np.empty(len(machines), np.int64)
    fold[order] = np.arange(len(machines)) % folds
    return np.asarray(fold[index], np.int64)


def machine_deals(machine: NDArray[np.int64], folds: int, deals: int, seed: int) -> NDArray[np.int64]:
    """Deal machines into folds several times over, the first time as `machine_folds` does.

    Members that are blind to a machine in different deals have learnt from different other machines, so together they
    are like the whole ensemble, and what is calibrated on them is about right for it.

    Args:
        machine: Machine of each row. Shape (batch,).
        folds: Number of folds.
        deals: How often to deal.
        seed: Of the first shuffle.

    Returns:
        Fold of each row in each deal. Shape (batch, deal).

    Raises:
        ValueError: If there are fewer machines than folds.
    """
    return np.stack([machine_folds(machine, folds, seed + _NEXT_DEAL * deal) for deal in range(deals)], axis=1)


def held_out(assets: Sequence[str], share: float, salt: str) -> frozenset[str]:
    """Choose the machines that no model may train on.

    The choice hangs on each machine's name alone, so it stays the same from run to run and as the fleet
    grows: a champion and its challenger are judged on machines that neither has seen.

    Args:
        assets: Every machine.
        share: Share to hold out, 0 to 1.
        salt: Name of the split, for example the pack's identity.

    Returns:
        The machines held out.
    """

    def position(asset: str) -> float:
        digest = hashlib.sha256(f"{salt}/{asset}".encode()).digest()
        return int.from_bytes(digest[:8], "big") / 2**64

    return frozenset(asset for asset in assets if position(asset) < share)


def rows_per_life(
    life_id: NDArray[np.int64], age: NDArray[np.float64], first_age: float, count: int, seed: int
) -> NDArray[np.int64]:
    """Draw rows uniformly from each life, so that long lives do not outvote short ones.

    Args:
        life_id: Shape (batch,).
        age: Life at the row, life units. Shape (batch,).
        first_age: Rows younger than this are not drawn.
        count: Rows per life, without repetition; a shorter life gives all it has.
        seed: Of the draw.

    Returns:
        Row indices, lives in ascending order, rows ascending within a life.
    """
    generator = np.random.default_rng(seed)
    drawn = []
    for life in np.unique(life_id):
        rows = np.flatnonzero((life_id == life) & (age >= first_age))
        drawn.append(np.sort(generator.choice(rows, min(count, len(rows)), replace=False)))
    return np.concatenate(drawn) if drawn else np.empty(0, np.int64)
