"""How far signals stray: all of them in one score, and healthy machines later than in their first rows."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from models.condition.errors import HistoryTooShort
from models.condition.history import History


def power_mean(far: NDArray[np.float64], power: float) -> float:
    """Return the power mean over signals, NaN where none is known.

    Args:
        far: How far each signal strays, NaN where it is not known. Shape (signal,).
        power: 1 counts all signals alike, more of it the one that is farthest off.

    Examples:
        >>> power_mean(np.array([3.0, np.nan, 4.0]), 2.0)
        3.5355339059327378
    """
    known = far[~np.isnan(far)]
    return float(np.mean(known**power)) ** (1.0 / power) if known.size else float("nan")


def later_strays(
    histories: Sequence[History], first: int, straying: Callable[[History], NDArray[np.float64]]
) -> NDArray[np.float64]:
    """Return how much farther healthy machines stray later than in their first rows.

    Args:
        histories: Of healthy machines of one type, each longer than its first rows.
        first: Rows that what is normal is learnt from.
        straying: How far each row of a history strays, in deviations of its first rows. Shape (row, signal).

    Returns:
        For each signal the median over machines of the root mean square of its later rows; at least 1. Shape (signal,).

    Raises:
        HistoryTooShort: If there is no machine, or one has too few rows.
    """
    if not histories or min(map(len, histories)) <= first:
        raise HistoryTooShort(
            f"Learning how far healthy machines stray must have machines with more than {first} rows; "
            f"found {sorted(map(len, histories))[:5]}. Bring longer healthy histories."
        )
    squares = [np.nanmean(straying(history)[first:] ** 2, axis=0) for history in histories]
    return np.asarray(np.maximum(np.sqrt(np.median(squares, axis=0)), 1.0), np.float64)
