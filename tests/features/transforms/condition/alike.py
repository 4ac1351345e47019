"""Whether two ways to judge rows say the same and remember the same."""

from collections.abc import Callable, Sequence
from dataclasses import fields

import numpy as np
from numpy.typing import NDArray

from features.transforms.condition.answer import ConditionAnswer, ConditionRow
from features.transforms.condition.model import ConditionModel
from features.transforms.condition.state import ConditionState, forget_levels, initial_condition

Judge = Callable[[ConditionModel, ConditionState, ConditionRow], ConditionAnswer]


def told(
    model: ConditionModel, rows: Sequence[ConditionRow], judge: Judge
) -> tuple[list[ConditionAnswer], list[ConditionState]]:
    """Return all answers and the states after them; levels are forgotten on the way."""
    state, answers, states = initial_condition(model), list[ConditionAnswer](), list[ConditionState]()
    for place, row in enumerate(rows):
        if place == len(rows) // 2:
            state = forget_levels(model, state, [model.table.sensors[0]])
        answers.append(judge(model, state, row))
        states.append(state.copy())
    return answers, states


def numbers(state: ConditionState, answer: ConditionAnswer, but: Sequence[str] = ()) -> NDArray[np.float64]:
    """Return every number of a state, but some, and of an answer."""
    kept = [getattr(state, each.name) for each in fields(state) if each.name not in but]
    said = [[each.value for each in answer.evidence], [each.value for each in answer.estimates]]
    parts = [*kept, answer.score, answer.risk, answer.seen_rows, answer.shares, *said]
    return np.concatenate([np.ravel(np.asarray(part, np.float64)) for part in parts])


def words(answer: ConditionAnswer) -> tuple[object, ...]:
    """Return all of an answer that is no number."""
    return (
        answer.verdict,
        *((each.verdict, each.name, each.signal) for each in answer.evidence),
        *(each.signal for each in answer.estimates),
    )


def is_alike(
    one: tuple[list[ConditionAnswer], list[ConditionState]],
    other: tuple[list[ConditionAnswer], list[ConditionState]],
    tolerance: float,
    but: Sequence[str] = (),
) -> bool:
    """Say whether the same was told of all rows in the same words, and numbers differ by a tolerance at most."""
    if [words(each) for each in one[0]] != [words(each) for each in other[0]]:
        return False
    mine, theirs = (
        np.concatenate([numbers(state, answer, but) for answer, state in zip(*pair, strict=True)])
        for pair in (one, other)
    )
    return mine.shape == theirs.shape and np.allclose(mine, theirs, rtol=tolerance, atol=tolerance, equal_nan=True)
