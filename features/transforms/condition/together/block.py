"""The memories of several machines side by side, so that one call of NumPy reaches all of them."""

from collections.abc import Sequence
from dataclasses import fields
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from features.transforms.condition.model import FloatArray
from features.transforms.condition.state import ConditionState

Block = dict[str, FloatArray]
"""By field of `ConditionState` what all machines have there, the machine first; counts and claims are floats here."""
Places = NDArray[np.intp]

_PLAIN: tuple[type[float] | type[int] | type[bool], ...] = (float, int, bool)
_KINDS = {each.name: kind for each in fields(ConditionState) for kind in _PLAIN if each.type is kind}
_SCALARS = tuple(_KINDS)
_ARRAYS = tuple(each.name for each in fields(ConditionState) if each.name not in _KINDS)
_scalars_of, _arrays_of = attrgetter(*_SCALARS), attrgetter(*_ARRAYS)


def gathered(states: Sequence[ConditionState]) -> Block:
    """Return a block of at least one state."""
    scalars = np.array([_scalars_of(state) for state in states], np.float64)
    block = {name: scalars[:, place].copy() for place, name in enumerate(_SCALARS)}
    parts = zip(*(_arrays_of(state) for state in states), strict=True)
    return block | {
        name: np.concatenate(part).reshape(len(states), *part[0].shape)
        for name, part in zip(_ARRAYS, parts, strict=True)
    }


def states_of(block: Block) -> list[ConditionState]:
    """Return the states of a block that is changed no more: they share its memory."""
    columns = [
        list(map(kind, block[name].tolist())) if kind is not float else block[name].tolist()
        for name, kind in _KINDS.items()
    ]
    states = []
    for scalars, arrays in zip(
        zip(*columns, strict=True), zip(*(block[name] for name in _ARRAYS), strict=True), strict=True
    ):
        state = object.__new__(ConditionState)
        for name, scalar in zip(_SCALARS, scalars, strict=True):
            setattr(state, name, scalar)
        for name, array in zip(_ARRAYS, arrays, strict=True):
            setattr(state, name, array)
        states.append(state)
    return states


def lent(block: Block, place: int) -> ConditionState:
    """Return a state whose arrays are those of the block: what is changed in them is changed there."""
    state = object.__new__(ConditionState)
    for name, kind in _KINDS.items():
        setattr(state, name, kind(block[name][place]))
    for name in _ARRAYS:
        setattr(state, name, block[name][place])
    return state


def put(block: Block, place: int, state: ConditionState) -> None:
    """Take a state over into a block, from which it may have been lent: its arrays may have changed places."""
    for name, value in zip(_SCALARS, _scalars_of(state), strict=True):
        block[name][place] = value
    for name, array in zip(_ARRAYS, [array.copy() for array in _arrays_of(state)], strict=True):
        block[name][place] = array


def part_of(block: Block, places: Places) -> Block:
    """Return some of the machines of a block."""
    return {name: array[places] for name, array in block.items()}


def take_over(block: Block, changed: Block, places: Places | None, chosen: NDArray[np.bool_]) -> None:
    """Put what was changed into a block.

    Args:
        block: Changed.
        changed: Some fields of some of its machines.
        places: Where these are; None for all of them, in order.
        chosen: Which of these are taken over. Shape (machine,).
    """
    if places is None and chosen.all():
        block.update(changed)
        return
    where = np.flatnonzero(chosen) if places is None else places[chosen]
    for name, array in changed.items():
        block[name][where] = array[chosen]
