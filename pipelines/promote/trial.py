"""What champion and challenger said of the same moments of machines that neither has seen, and what came true."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from features.domain.packs import Pack
from models.prognosis.comparison import decision_costs


@dataclass(frozen=True, slots=True)
class Answers:
    """What one model said of every row; NaN where it gave no forecast.

    Attributes:
        probability: Of failure within each horizon. Shape (batch, horizon).
        low: Lower end of the 90 % interval of remaining life, life units. Shape (batch,).
        high: Upper end. Shape (batch,).
    """

    probability: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]

    @property
    def is_given(self) -> NDArray[np.bool_]:
        """Where there was a forecast. Shape (batch,)."""
        return np.asarray(np.isfinite(self.probability).all(axis=1), np.bool_)


@dataclass(frozen=True, slots=True)
class Trial:
    """Two models on the same rows.

    Attributes:
        pack: Says horizons and costs.
        remaining: Remaining life to the end, whatever ended it, life units. Shape (batch,).
        is_failure: Shape (batch,).
        machine: Shape (batch,).
        groups: By what machines or moments are told apart, a code for each row. Shape (batch,) each.
        weight: How much each row stands for where coverage is judged, 0 where its outcome is hidden
            (`models.calibration.censoring.row_weights`); None counts each known outcome alike. Shape (batch,).
    """

    pack: Pack
    champion: Answers
    challenger: Answers
    remaining: NDArray[np.float64]
    is_failure: NDArray[np.bool_]
    machine: NDArray[np.int64]
    groups: Mapping[str, NDArray[np.str_]] = field(default_factory=dict)
    weight: NDArray[np.float64] | None = None

    def known_weight(self) -> NDArray[np.float64]:
        """Return how much each row stands for, 0 where remaining life, clipped at the cap, is unknown."""
        is_known = self.is_failure | (self.remaining >= self.pack.grid.cap)
        return np.asarray(np.where(is_known, 1.0 if self.weight is None else self.weight, 0.0), np.float64)

    def costs(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return what acting on champion and challenger would have cost. Shape (batch,) each."""
        pack = self.pack
        champion, challenger = (
            decision_costs(each.probability, self.remaining, self.is_failure, pack.horizons, pack.costs)
            for each in (self.champion, self.challenger)
        )
        return champion, challenger
