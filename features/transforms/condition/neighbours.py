"""What is known at a glance of the machines behind a gateway, however many there are."""

import math
from collections.abc import Hashable, Iterable, Mapping
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from features.transforms.condition.model import ConditionModel, FloatArray
from features.transforms.condition.state import ConditionState

_FIELDS = ("seconds", "settled", "strays_since", "excused_rows", "interval")
_fields_of = attrgetter(*_FIELDS)
_SINCE, _EXCUSED, _INTERVAL = 2, 3, 4


class Neighbours:
    """Since when machines stray, noted as they are judged: nobody has to look at each state."""

    def __init__(self, model: ConditionModel) -> None:
        """Begin with no machine.

        Args:
            model: Of all of them.
        """
        self._model = model
        self._places: dict[Hashable, int] = {}
        self._known: FloatArray = np.full((len(_FIELDS), 8), np.nan)

    def note(self, machine: Hashable, state: ConditionState) -> None:
        """Note how a machine is by now."""
        place = self._place(machine)
        self._known[:, place] = _fields_of(state)

    def note_all(
        self, machines: Iterable[Hashable], states: Mapping[str, FloatArray], places: NDArray[np.intp]
    ) -> None:
        """Note how machines are by now whose states stand at these places of a block."""
        own = [self._place(machine) for machine in machines]
        self._known[:, own] = [states[name][places] for name in _FIELDS]

    def forget(self, machine: Hashable) -> None:
        """Forget a machine that is judged no more."""
        if machine in self._places:
            self._known[:, self._places[machine]] = np.nan

    def interval(self, machine: Hashable) -> float:
        """Return the usual distance of two rows of a machine that was noted, seconds."""
        return float(self._known[_INTERVAL, self._places[machine]])

    def matter(self, machine: Hashable) -> bool:
        """Say whether neighbours can matter for the next row of a machine that was noted.

        Nothing that a machine does in its first row of straying is weighed yet, and neighbours are those that began to
        stray when it did: of one that did not stray by its last row nobody has to ask.
        """
        first = min(self._model.parameters.patience, self._model.parameters.condition_patience)
        known = self._known[:, self._places[machine]].tolist()
        return first <= 1 or not math.isnan(known[_SINCE]) or known[_EXCUSED] >= 0.0

    def company(self, machine: Hashable) -> tuple[int, int]:
        """Return of how many other machines something is known, and how many of them began to stray with this one."""
        own = self._places[machine]
        now, _, begun, _, interval = self._known[:, own].tolist()
        within = self._model.parameters.smoothing * interval
        seconds, settled, since = self._known[:3]
        known: NDArray[np.bool_] = (now - seconds <= within) & (settled > 0.0)
        known[own] = False
        together = known & (np.abs(since - begun) <= within)
        return int(np.count_nonzero(known)), int(np.count_nonzero(together))

    def _place(self, machine: Hashable) -> int:
        place = self._places.setdefault(machine, len(self._places))
        if place == self._known.shape[1]:
            self._known = np.concatenate([self._known, np.full_like(self._known, np.nan)], axis=1)
        return place
