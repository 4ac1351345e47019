"""Rows of many machines that came at the same time, judged together; each is told what it would be told alone."""

from collections.abc import Callable, Sequence

import numpy as np

from features.domain.conditions import ConditionVerdict
from features.transforms.condition.answer import ConditionAnswer, ConditionRow
from features.transforms.condition.model import ConditionModel
from features.transforms.condition.state import ConditionState
from features.transforms.condition.step import advance
from features.transforms.condition.together.answering import answers
from features.transforms.condition.together.block import (
    Block,
    Places,
    gathered,
    lent,
    part_of,
    put,
    states_of,
    take_over,
)
from features.transforms.condition.together.following import follow, may_follow
from features.transforms.condition.together.rounds import Round
from features.transforms.condition.together.straying import follow_score, is_excused, is_gap, strayed

Judge = Callable[[ConditionModel, ConditionState, ConditionRow], ConditionAnswer]
"""Says what there is to say of a row, and changes the state."""
_VERDICTS = {verdict: float(place) for place, verdict in enumerate(ConditionVerdict)}


class Together:
    """The memories of machines of one type that send at the same times."""

    def __init__(self, model: ConditionModel, states: Sequence[ConditionState]) -> None:
        """Take over states, at least one; they are left as they are.

        Args:
            model: Of all of them.
            states: Of the machines, by their places.
        """
        self._model = model
        self._block = gathered(states)

    @property
    def block(self) -> Block:
        """The memories as they are by now, to look at."""
        return self._block

    def state(self, place: int) -> ConditionState:
        """Return an independent copy of the memory of one machine."""
        return lent(self._block, place).copy()

    def states(self) -> list[ConditionState]:
        """Return the memories of all machines; none is judged here any more, for they share what is held here."""
        return states_of(self._block)

    def put(self, place: int, state: ConditionState) -> None:
        """Take over what one machine remembers by now."""
        put(self._block, place, state)

    def add(self, states: Sequence[ConditionState]) -> None:
        """Take over states of further machines, behind those that are here."""
        more = gathered(states)
        self._block = {name: np.concatenate([array, more[name]]) for name, array in self._block.items()}

    def __len__(self) -> int:
        return len(self._block["seconds"])

    def advance_ordinary(self, rows: Sequence[ConditionRow | None]) -> list[ConditionAnswer | None]:
        """Judge those rows that can be judged in one go; the others are as if they had not been given.

        Args:
            rows: By the places of the machines; None for a machine that sent none.

        Returns:
            What is said of each row, None of those passed over.
        """
        places = [place for place, row in enumerate(rows) if row is not None]
        given = [row for row in rows if row is not None]
        told: list[ConditionAnswer | None] = [None] * len(rows)
        found = _ordinary(self._model, self._block, given, places) if given else []
        for place, answer in zip(places, found, strict=True):
            told[place] = answer
        return told

    def advance(self, rows: Sequence[ConditionRow | None]) -> list[ConditionAnswer | None]:
        """Judge a row of each machine, or of some.

        Args:
            rows: By the places of the machines; None for a machine that sent none.

        Returns:
            What is said of each row, None where there is none.
        """
        told = self.advance_ordinary(rows)
        for place, row in enumerate(rows):
            if row is not None and told[place] is None:
                told[place] = self._alone(place, row)
        return told

    def _alone(self, place: int, row: ConditionRow) -> ConditionAnswer:
        state = lent(self._block, place)
        answer = advance(self._model, state, row)
        self.put(place, state)
        return answer


def _ordinary(
    model: ConditionModel, block: Block, rows: Sequence[ConditionRow], places: list[int]
) -> list[ConditionAnswer | None]:
    """Judge the rows that can be taken together, and change the memories of their machines; None for the others."""
    where: Places | None = np.array(places, np.intp) if len(places) < len(block["seconds"]) else None
    before = block if where is None else part_of(block, where)
    given = Round.of(rows)
    may = may_follow(model, before, given) & ~is_gap(model, before, given)
    if not may.all():
        told: list[ConditionAnswer | None] = [None] * len(rows)
        chosen = np.flatnonzero(may).tolist()
        if chosen:
            some = _ordinary(model, block, [rows[place] for place in chosen], [places[place] for place in chosen])
            for place, answer in zip(chosen, some, strict=True):
                told[place] = answer
        return told
    changed, holds = follow(model, before, given)
    found = strayed(model, before, changed)
    changed |= follow_score(model, before, changed, given, found.score)
    holds &= ~is_excused(model, changed, given) & np.isfinite(found.score)
    after = before | changed
    told = answers(model, after, found, rows, holds)
    changed["verdict"] = np.array([0.0 if each is None else _VERDICTS[each.verdict] for each in told])
    take_over(block, changed, where, holds)
    return told
