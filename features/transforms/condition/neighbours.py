"""What the other machines behind a gateway do, however many there are."""

from collections.abc import Hashable

import numpy as np
from numpy.typing import NDArray

from features.transforms.condition.model import ConditionModel, FloatArray
from features.transforms.condition.state import ConditionState


def asks_neighbours(model: ConditionModel, state: ConditionState) -> bool:
    """Say whether neighbours can matter for the next row of a machine.

    Nothing that a machine does in its first row of straying is weighed yet, and neighbours are those that began to
    stray when it did: of one that did not stray by its last row nobody has to ask.
    """
    first = min(model.parameters.patience, model.parameters.condition_patience)
    return state.strays_since == state.strays_since or state.excused_rows >= 0 or first <= 1


class Neighbours:
    """Since when machines stray, kept as they are judged: what `step.company` says, without looking at each of them."""

    def __init__(self, model: ConditionModel) -> None:
        """Begin with no machine.

        Args:
            model: Of all of them.
        """
        self._model = model
        self._places: dict[Hashable, int] = {}
        self._known: FloatArray = np.full((3, 8), np.nan)  # seconds, rows in operation, strays since

    def note(self, machine: Hashable, state: ConditionState) -> None:
        """Note how a machine is by now."""
        place = self._places.setdefault(machine, len(self._places))
        if place == self._known.shape[1]:
            self._known = np.concatenate([self._known, np.full_like(self._known, np.nan)], axis=1)
        self._known[:, place] = state.seconds, state.settled, state.strays_since

    def forget(self, machine: Hashable) -> None:
        """Forget a machine that is judged no more."""
        if machine in self._places:
            self._known[:, self._places[machine]] = np.nan

    def company(self, machine: Hashable, state: ConditionState) -> tuple[int, int]:
        """Return of how many other machines something is known, and how many of them began to stray with this one."""
        within = self._model.parameters.smoothing * state.interval
        seconds, settled, since = self._known
        known: NDArray[np.bool_] = (state.seconds - seconds <= within) & (settled > 0.0)
        own = self._places.get(machine)
        if own is not None:
            known[own] = False
        together = known & (np.abs(since - state.strays_since) <= within)
        return int(np.count_nonzero(known)), int(np.count_nonzero(together))
