"""Why something that arrived was set aside, and what a reading is worth.

Verdicts come in two kinds. What is *set aside* on the way in never becomes a reading: nobody could say what was
measured, on which machine, or when. What does become a reading carries a *verdict*, stored with it: a reading with
any verdict but `good` stays readable and is kept out of features, training and forecasts.
"""

from enum import IntEnum, StrEnum

import numpy as np
from numpy.typing import NDArray


class SetAsideReason(StrEnum):
    """Why something was set aside. The values are stored and shown; they never change their meaning."""

    # when
    MISSING_TIME = "missing_time"
    NAIVE_TIME = "naive_time"
    BAD_TIME = "bad_time"
    BAD_LIFE = "bad_life"
    # on which machine
    MISSING_ASSET = "missing_asset"
    BAD_ASSET_ID = "bad_asset_id"
    IMPLAUSIBLE_CLOCK = "implausible_clock"
    # what was measured
    UNKNOWN_SIGNAL = "unknown_signal"
    NOT_A_NUMBER = "not_a_number"
    NON_FINITE = "non_finite"
    IMPOSSIBLE_VALUE = "impossible_value"
    BAD_REVISION = "bad_revision"
    # what happened, and what is known of the machine
    UNKNOWN_EVENT = "unknown_event"
    BAD_LABEL = "bad_label"
    BAD_IDENTIFIER = "bad_identifier"
    IDENTIFIER_TAKEN = "identifier_taken"
    OTHER_PACK = "other_pack"
    # the form of what arrived
    UNREADABLE_LINE = "unreadable_line"


class Verdict(IntEnum):
    """What a reading is worth. The numbers are stored with readings; they never change their meaning."""

    GOOD = 0
    RANGE = 1
    RATE = 2
    FLAT = 3
    SPIKE = 4
    NOISE = 5
    UNIT = 6
    SWAPPED = 7
    CLOCK = 8
    REPLAYED = 9


class Namur(StrEnum):
    """The state of a measuring point, by NAMUR NE 107: one letter that every plant engineer knows.

    `N` normal, `F` failure, `C` check function, `S` out of specification, `M` maintenance required.
    """

    NORMAL = "N"
    FAILURE = "F"
    CHECK_FUNCTION = "C"
    OUT_OF_SPECIFICATION = "S"
    MAINTENANCE_REQUIRED = "M"


def plausible(
    values: NDArray[np.float64], low: float | NDArray[np.float64], high: float | NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Say of each value whether it lies within the plausible range, bounds included.

    Args:
        values: Measurements in the signal's unit. Any shape.
        low: Lowest plausible value, in the same unit; a number, or an array that broadcasts against `values`.
        high: Highest plausible value, likewise.

    Returns:
        True where plausible; NaN and infinities never are. Shape of `values`.

    Examples:
        >>> plausible(np.array([-1.0, 0.0, 5.0, np.nan, np.inf]), 0.0, 5.0).tolist()
        [False, True, True, False, False]
    """
    return np.isfinite(values) & (values >= low) & (values <= high)
