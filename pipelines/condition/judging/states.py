"""The states of the machines of a run: by themselves, and side by side as soon as several rows wait for each other."""

from collections.abc import Iterable, Mapping

import numpy as np

from features.domain.identifiers import AssetId
from features.transforms.condition.answer import ConditionAnswer, ConditionRow
from features.transforms.condition.model import ConditionModel
from features.transforms.condition.neighbours import Neighbours
from features.transforms.condition.state import ConditionState
from features.transforms.condition.together.step import Judge, Together


class States:
    """What machines remember now, and at a glance what there is to know of each as a neighbour."""

    def __init__(self, model: ConditionModel, judge: Judge, together: type[Together] | None) -> None:
        """Begin with no machine.

        Args:
            model: Of all of them.
            judge: Judges one row.
            together: Judges several, as `judge` would; None where nothing does.
        """
        self._model, self._judge, self._together = model, judge, together
        self._alone = dict[AssetId, ConditionState]()
        self._block: Together | None = None
        self._places = dict[AssetId, int]()
        self.neighbours = Neighbours(model)

    def get(self, asset: AssetId) -> ConditionState:
        """Return what a machine remembers; it is not to be changed."""
        place = self._places.get(asset)
        return self._alone[asset] if self._block is None or place is None else self._block.state(place)

    def keep(self, asset: AssetId, state: ConditionState) -> None:
        """Take over what a machine remembers; it is ours to change."""
        place = self._places.get(asset)
        if self._block is None or place is None:
            self._alone[asset] = state
        else:
            self._block.put(place, state)
        self.neighbours.note(asset, state)

    def forget(self, asset: AssetId) -> None:
        """Forget a machine that is judged no more."""
        self._alone.pop(asset, None)
        self._places.pop(asset, None)
        self.neighbours.forget(asset)

    def advance(self, asset: AssetId, row: ConditionRow) -> ConditionAnswer:
        """Judge the row of one machine."""
        state = self.get(asset)
        answer = self._judge(self._model, state, row)
        self.keep(asset, state)
        return answer

    def advance_together(self, rows: Mapping[AssetId, ConditionRow]) -> dict[AssetId, ConditionAnswer]:
        """Judge those of several rows that can be judged in one go, and pass over the others.

        Args:
            rows: One of each machine.
        """
        if self._together is None:
            return {}
        block = self._side_by_side(self._together, rows)
        given: list[ConditionRow | None] = [None] * len(block)
        for asset, row in rows.items():
            given[self._places[asset]] = row
        told = block.advance_ordinary(given)
        found = {asset: answer for asset in rows if (answer := told[self._places[asset]]) is not None}
        if found:
            self.neighbours.note_all(found, block.block, np.array([self._places[asset] for asset in found], np.intp))
        return found

    def _side_by_side(self, together: type[Together], assets: Iterable[AssetId]) -> Together:
        """Put machines that are still by themselves beside the others."""
        if more := [asset for asset in assets if asset in self._alone]:
            states = [self._alone.pop(asset) for asset in more]
            if self._block is None:
                self._block = together(self._model, states)
            else:
                self._block.add(states)
            self._places |= {asset: len(self._block) - len(more) + number for number, asset in enumerate(more)}
        assert self._block is not None  # none is by itself any more
        return self._block

    def all(self) -> dict[AssetId, ConditionState]:
        """Return what all machines remember; nothing is judged here any more."""
        if self._block is None:
            return self._alone
        states = self._block.states()
        return self._alone | {asset: states[place] for asset, place in self._places.items()}
