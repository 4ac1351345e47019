"""Extremes and spread of each sensor's z-scores over the whole life of the machine."""

import numpy as np
from numpy.typing import NDArray

from features.transforms.courses import accumulated
from features.transforms.families.family import FeatureDescription, Layout, Memory, Rows, Slot

_SOURCE = "Welford, Technometrics 4 (1962); West, Communications of the ACM 22 (1979)"


class WholeLife:
    """life_min and life_max: extremes of z. life_spread = sqrt(M2 / n), the population standard deviation.

    M2 += (z - mean)² n / (n - 1), with the mean and the number n after the row: Welford (Technometrics 4, 1962), in
    the form of West (Communications of the ACM 22, 1979). All in standard deviations of training machines.
    """

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def describe(self) -> tuple[FeatureDescription, ...]:
        """Describe three features of each sensor."""
        words = (
            ("life_min", "least z-score of {} since the life began", "min z"),
            ("life_max", "greatest z-score of {} since the life began", "max z"),
            ("life_spread", "standard deviation of the z-scores of {} since the life began", "sqrt(Σ(z - mean)² / n)"),
        )
        return tuple(
            FeatureDescription(
                f"{sensor}__{name}",
                meaning.format(sensor),
                "sd",
                formula,
                _SOURCE,
                self._layout.lineage(sensor, conditions=True),
            )
            for sensor in self._layout.sensors
            for name, meaning, formula in words
        )

    def slots(self) -> dict[str, Slot]:
        """Return the extremes and the sum of squares."""
        shape = (len(self._layout.sensors),)
        return {
            "life_minimum": Slot(shape, np.nan),
            "life_maximum": Slot(shape, np.nan),
            "life_squares": Slot(shape),
        }

    def advance(self, memory: Memory, rows: Rows, out: NDArray[np.float32]) -> None:
        """Take the z-scores of rows in, and write extremes and spread of each sensor."""
        least = accumulated(np.fmin, memory["life_minimum"], rows.scores)
        most = accumulated(np.fmax, memory["life_maximum"], rows.scores)
        gained = rows.scores - rows.mean
        gained *= gained
        gained *= rows.count / np.maximum(rows.count - 1.0, 1.0)
        is_unseen = np.isnan(gained)
        if is_unseen.any():
            gained[is_unseen] = 0.0
        squares = accumulated(np.add, memory["life_squares"], gained)
        memory["life_minimum"][...], memory["life_maximum"][...] = least[-1], most[-1]
        memory["life_squares"][...] = squares[-1]
        by_sensor = out.reshape(len(out), len(self._layout.sensors), 3, -1)
        by_sensor[:, :, 0], by_sensor[:, :, 1] = least, most
        squares /= np.where(rows.count > 0, rows.count, np.nan)
        by_sensor[:, :, 2] = np.sqrt(squares, out=squares)
