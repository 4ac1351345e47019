"""The memory of one machine as numbers, so that it can be kept and gone on from."""

from dataclasses import fields

import numpy as np

from features.domain.errors import InvalidValue
from features.transforms.condition.model import ConditionModel, FloatArray
from features.transforms.condition.state import ConditionState, initial_condition


def pack_condition(state: ConditionState) -> FloatArray:
    """Return a state as numbers in the order of its fields. Shape (number,)."""
    parts = [np.ravel(np.asarray(getattr(state, each.name), np.float64)) for each in fields(state)]
    return np.concatenate(parts)


def unpack_condition(model: ConditionModel, numbers: FloatArray) -> ConditionState:
    """Return the state that `pack_condition` made numbers of.

    Args:
        model: Of the state.
        numbers: Shape (number,).

    Raises:
        InvalidValue: If there are not as many as a state of this model has.
    """
    state, begin = initial_condition(model), 0
    wanted = len(pack_condition(state))
    if numbers.shape != (wanted,):
        raise InvalidValue(
            "a kept state of state detection",
            must=f"have {wanted} numbers, as the table asks for",
            found=numbers.shape,
            remedy="Judge the machine from its readings again.",
        )
    for each in fields(state):
        before = getattr(state, each.name)
        size = int(np.size(before))
        part = numbers[begin : begin + size]
        if isinstance(before, np.ndarray):
            setattr(state, each.name, part.reshape(before.shape).astype(before.dtype))
        else:
            setattr(state, each.name, type(before)(part[0]))
        begin += size
    return state
