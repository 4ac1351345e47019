"""What a change explains that was reported or is common to the neighbours: what began with it, and no more.

While it begins all is explained, and which way sensors and conditions went is noted. From then on it explains as much
as they go that way; what lies across it is weighed like any deviation. It ends when the machine is run as usual again.
"""

from dataclasses import replace

import numpy as np

from features.transforms.condition.answer import Circumstances
from features.transforms.condition.causes import Deviation
from features.transforms.condition.model import ConditionModel
from features.transforms.condition.resets import NEW_ZERO
from features.transforms.condition.state import LONG_AGO, ConditionState, begin_levels

_MOST = 1.5
"""Times what signals did when the change began that it explains at most: smoothing shows seven eighths by then."""


_UNSURE = 0.05
"""Share of a squared distance that a change may leave unexplained: what it does hangs on where the machine runs."""


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
    parameters, has_known = model.parameters, state.seen >= model.parameters.known_rows
    longest = parameters.changed_memory if has_known else parameters.known_rows
    if state.excused_rows > longest and not state.excess_lasting:  # else there is more than the change
        _take_for_usual(state)
        return
    if state.excused_rows <= model.parameters.reported_rows:
        state.excuse = deviation.values.copy()
        return
    rest = beyond_excuse(state, deviation)
    is_more = rest.total >= max(model.table.limit, _UNSURE * deviation.total)
    is_more |= rest.condition_total >= max(model.table.condition_limit, _UNSURE * deviation.condition_total)
    state.excess_lasting = state.excess_lasting + 1 if is_more else 0


def beyond_excuse(state: ConditionState, deviation: Deviation) -> Deviation:
    """Return what is left of a deviation once the change is taken out of it.

    Args:
        state: With an excuse.
        deviation: Of a row.
    """
    sensors, values = len(state.level), deviation.values.copy()
    totals = []
    for part, precision, scale in (
        (slice(sensors), deviation.sensors, deviation.of_sensors),
        (slice(sensors, None), deviation.conditions, deviation.of_conditions),
    ):
        way = np.where(deviation.is_known[part], state.excuse[part], 0.0)
        pulled = precision @ way
        size, along = float(way @ pulled), float(values[part] @ pulled)
        values[part] -= (min(max(along / size, 0.0), _MOST) if size > 1e-9 else 0.0) * way
        totals.append(float(values[part] @ precision @ values[part]) * scale)
    return replace(deviation, values=values, total=totals[0], condition_total=totals[1])


def _take_for_usual(state: ConditionState) -> None:
    """Learn anew what is usual of a machine that has been run otherwise for long."""
    state.excused_rows, state.excess_lasting, state.rows_since_report = -1, 0, LONG_AGO
    begin_levels(state, np.ones(len(state.level), np.bool_), NEW_ZERO)
    state.level_former = state.relations[0, -1].copy()
    state.before_epoch.fill(0.0)
    state.recent.fill(np.nan)
    state.lasting, state.stress, state.slow_stress, state.is_sudden = 0, 0.0, 0.0, False


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
