"""What a change explains that was reported or is common to the neighbours: what began with it, and no more.

While it begins all is explained, and which way the sensors went is noted. From then on it explains as much as they may
go the same way; what lies across that is weighed like any deviation. It ends when the machine is run as usual again.
"""

import numpy as np

from features.transforms.condition.answer import Circumstances
from features.transforms.condition.causes import Deviation
from features.transforms.condition.model import ConditionModel
from features.transforms.condition.state import LONG_AGO, ConditionState

_MOST = 1.5
"""Times what sensors did when the change began that it explains at most: smoothing shows seven eighths by then."""


def follow_excuse(
    model: ConditionModel,
    state: ConditionState,
    deviation: Deviation,
    circumstances: Circumstances,
    is_measured: bool,
) -> None:
    """Begin, follow or end what a change explains.

    Args:
        model: Of the state.
        state: Changed; of the row, that sensors or conditions stray is noted.
        deviation: Of the row.
        circumstances: Of the row.
        is_measured: Whether anything was compared in the row.
    """
    if state.excused_rows < 0:
        if not ((state.lasting or state.condition_lasting) and _is_common(model, state, circumstances)):
            return
        state.excused_rows, state.excuse_calm, state.excess_lasting, state.excuse_moved = 0, 0, 0, False
    elif not is_measured:
        return
    state.excused_rows += 1
    if _is_over(model, state):
        state.excused_rows, state.excess_lasting = -1, 0
        state.rows_since_report, state.strays_since = LONG_AGO, np.nan
        return
    if state.excused_rows <= model.parameters.reported_rows:
        state.excuse = deviation.values[: len(state.level)].copy()
        return
    rest = beyond_excuse(state, deviation).total
    state.excess_lasting = state.excess_lasting + 1 if rest >= model.table.limit else 0


def beyond_excuse(state: ConditionState, deviation: Deviation) -> Deviation:
    """Return what is left of a deviation once the change is taken out of it; of conditions nothing is.

    Args:
        state: With an excuse.
        deviation: Of a row.
    """
    sensors = len(state.level)
    way = np.where(deviation.is_known[:sensors], state.excuse, 0.0)
    precision = deviation.sensors * deviation.of_sensors
    pulled = precision @ way
    size, along = float(way @ pulled), float(deviation.values[:sensors] @ pulled)
    share = min(max(along / size, 0.0), _MOST) if size > 1e-9 else 0.0
    is_sensor = np.arange(len(deviation.values)) < sensors
    values = np.where(is_sensor, deviation.values, 0.0)
    values[:sensors] -= share * way
    total = float(values[:sensors] @ precision @ values[:sensors])
    nothing = np.zeros_like(deviation.conditions)
    return Deviation(values, deviation.is_known & is_sensor, precision, nothing, total, 0.0)


def _is_common(model: ConditionModel, state: ConditionState, circumstances: Circumstances) -> bool:
    """Say whether what strays was reported as another way of running, or befell the neighbours at the same time."""
    parameters = model.parameters
    least = max(parameters.together * circumstances.neighbours, 1.0)
    rows = max(state.lasting, state.condition_lasting)
    is_reported = -1 <= state.rows_since_report - rows <= parameters.reported_rows
    return is_reported or (circumstances.neighbours > 0 and circumstances.neighbours_straying >= least)


def _is_over(model: ConditionModel, state: ConditionState) -> bool:
    """Say whether conditions, or where none had moved the sensors, have been as usual again for a while."""
    state.excuse_moved = state.excuse_moved or state.condition_lasting >= model.parameters.condition_patience
    is_calm = state.condition_lasting == 0 and (state.excuse_moved or state.lasting == 0)
    state.excuse_calm = state.excuse_calm + 1 if is_calm else 0
    return state.excuse_calm > model.parameters.smoothing
