"""What speaks for a fault of the data path or of an instrument before anything is compared."""

from dataclasses import replace

import numpy as np

from features.domain.conditions import ConditionVerdict
from features.quality.holding import NAMUR_CODES
from features.quality.verdicts import Namur, Verdict
from features.transforms.condition.answer import Circumstances, ConditionRow, Evidence, is_marked
from features.transforms.condition.model import ConditionModel
from features.transforms.condition.state import ConditionState

_IS_OF_INSTRUMENT = np.isin(
    np.arange(len(Verdict)),
    (Verdict.RANGE, Verdict.FLAT, Verdict.SPIKE, Verdict.NOISE, Verdict.UNIT, Verdict.SWAPPED),
)
_IS_JUMP = np.isin(np.arange(len(Verdict)), (Verdict.SPIKE, Verdict.NOISE))
_FEWEST_TOGETHER = 3
_FEWEST_JUMPING = 2
LOUD_TOO = 0.7
_FAILED = NAMUR_CODES.index(Namur.FAILURE)


ERROR_CODES = (-9999.0, -999.0, 9999.0, 32767.0, -32768.0, 65535.0)
"""Numbers that transmitters and gateways write for "no value"; outside of the plausible range they are no reading."""


def path_evidence(model: ConditionModel, row: ConditionRow, interval: float) -> list[Evidence]:
    """Return what speaks for the data path.

    Args:
        model: How strictly.
        row: The row.
        interval: Usual distance of two rows, seconds.
    """
    parameters, path = model.parameters, row.circumstances
    if not is_marked(row.quality) and not np.isinf(row.values).any() and is_ordinary(path):
        return []
    measured = np.isfinite(row.values)
    is_code = np.isin(row.values, ERROR_CODES) & (row.quality == Verdict.RANGE)
    together = max(parameters.frozen_share * float(measured.sum()), float(_FEWEST_TOGETHER))
    counts = {
        "replayed_signals": float((measured & (row.quality == Verdict.REPLAYED)).sum()),
        "signals_with_wrong_time": float((measured & (row.quality == Verdict.CLOCK)).sum()),
        "rows_repeated": float(path.rows_repeated),
        "rows_with_wrong_time": float(path.rows_with_wrong_time),
        "frozen_signals": float((measured & (row.quality == Verdict.FLAT)).sum()),
        "impossible_signals": float((row.quality == Verdict.RANGE).sum()),
        "error_codes": float((is_code | np.isinf(row.values)).sum()),
        "gateway_silent_intervals": path.gateway_silent_seconds / interval,
    }
    least = {
        "replayed_signals": 1.0,
        "signals_with_wrong_time": 1.0,
        "rows_repeated": float(parameters.path_rows),
        "rows_with_wrong_time": float(parameters.path_rows),
        "frozen_signals": together,
        "impossible_signals": together,
        "error_codes": 1.0,
        "gateway_silent_intervals": parameters.gap_intervals,
    }
    return [Evidence(ConditionVerdict.DATA_PATH, name, count) for name, count in counts.items() if count >= least[name]]


def is_ordinary(path: Circumstances) -> bool:
    """Say whether nothing is known of the way that speaks against the row."""
    return not (path.gateway_silent_seconds or path.rows_repeated or path.rows_with_wrong_time)


def quality_evidence(model: ConditionModel, row: ConditionRow) -> list[Evidence]:
    """Return the measuring points that are known to be at fault, by what their readings showed."""
    if not is_marked(row.points):
        return []
    bad = np.flatnonzero((row.points != 0) & _IS_OF_INSTRUMENT[row.quality])
    return [
        Evidence(
            ConditionVerdict.INSTRUMENT,
            f"reading_{Verdict(int(row.quality[place])).name.lower()}",
            1.0,
            model.table.signals[place],
        )
        for place in bad.tolist()
    ]


def without_shared_jumps(model: ConditionModel, state: ConditionState, row: ConditionRow) -> ConditionRow:
    """Return the row with readings that jump taken for good where they are no instrument's.

    What several measuring points show at once, or what follows a reported change of operation, they have measured.

    Args:
        model: Of the state.
        state: Before the row.
        row: The row.
    """
    jumps = _IS_JUMP[row.quality] & (state.blame_age > 0.0)  # one that was at fault before stays so
    is_reported = row.circumstances.is_change_reported or state.rows_since_report < model.parameters.reported_rows
    if np.count_nonzero(jumps) < (1 if is_reported else _FEWEST_JUMPING):
        return row
    good = np.int8(Verdict.GOOD)
    return replace(row, quality=np.where(jumps, good, row.quality), points=np.where(jumps, np.int8(0), row.points))


def missing_evidence(model: ConditionModel, state: ConditionState, row: ConditionRow) -> list[Evidence]:
    """Return the signals whose readings no longer come although the others do; one that never came is not missed."""
    if not is_marked(row.points):
        return []
    came = ~np.isnan(np.concatenate([state.origin, state.level]))
    gone = np.flatnonzero((row.points == _FAILED) & np.isnan(row.values) & came)
    return [
        Evidence(ConditionVerdict.DATA_PATH, "readings_missing", 1.0, model.table.signals[place])
        for place in gone.tolist()
    ]


def scatter_evidence(model: ConditionModel, state: ConditionState) -> list[Evidence]:
    """Return the one sensor that scatters more than it ever does in health; several are no fault of an instrument."""
    if not np.count_nonzero(state.scatter > model.scatter_limits):
        return []
    times = state.scatter / model.scatter_limits
    loud = np.flatnonzero(times > 1.0)
    if len(loud) != 1 or np.count_nonzero(times > LOUD_TOO) > 1:
        return []
    signal = model.table.sensors[int(loud[0])]
    return [Evidence(ConditionVerdict.INSTRUMENT, "scatters_times", float(times[loud[0]]), signal)]
