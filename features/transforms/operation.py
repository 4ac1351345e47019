"""How a machine runs, row by row: how old it is, whether it runs, and under which conditions."""

import numpy as np
from numpy.typing import NDArray

from features.domain.packs import LifeRule, LifeSource
from features.transforms.courses import accumulated, held
from features.transforms.state import FeatureState

_RESET_BELOW = 0.5
"""A counter below this share of its last reading was reset; above it, it only flickered."""

_Array = NDArray[np.float64]
_Flags = NDArray[np.bool_]


def advance_life(
    rule: LifeRule, state: FeatureState, time: _Array, counter: _Array | None, is_present: _Flags | None
) -> tuple[_Array, _Array]:
    """Return life, and life since the row before, of every row. Shape (time, batch) each.

    Args:
        rule: How life is counted.
        state: Changed to what it is after the last row.
        time: Seconds since EPOCH. Shape (time, batch).
        counter: Readings of the signal that counts life, if there is one; NaN where not measured. Shape (time, batch).
        is_present: False where a life has no row, None if all have all. Shape (time, batch).
    """
    _begin(state, time, is_present)
    lives = _lives(rule, state, time, counter, is_present)
    elapsed = lives[1:] - lives[:-1]
    elapsed[np.isnan(elapsed)] = 0.0
    state.life[...] = lives[-1]
    return lives[1:], elapsed


def _begin(state: FeatureState, time: _Array, is_present: _Flags | None) -> None:
    """Note the time of the first row of lives that have none yet."""
    for row, moment in enumerate(time):
        is_new = np.isnan(state.first_time)
        if not is_new.any():
            return
        np.copyto(state.first_time, moment, where=is_new if is_present is None else is_new & is_present[row])


def _lives(
    rule: LifeRule, state: FeatureState, time: _Array, counter: _Array | None, is_present: _Flags | None
) -> _Array:
    if rule.source is LifeSource.COUNT:
        return held(state.life, time / rule.seconds_per_unit, is_present)
    if counter is None:
        return held(state.life, (time - state.first_time) / rule.seconds_per_unit, is_present)
    has_begun = ~np.isnan(state.life)
    if is_present is not None:
        counter = np.where(is_present, counter, np.nan)
    lives = accumulated(np.add, np.where(has_begun, state.life, 0.0), _gained(state.last_counter, counter))
    if is_present is not None:
        lives = np.where(np.logical_or.accumulate(is_present, axis=0) | has_begun, lives, np.nan)
    return np.concatenate([state.life[None], lives])


def _gained(last: _Array, counter: _Array) -> _Array:
    """Return what a counter gained at every row, and change its last reading to that after the last row."""
    lasts = np.empty((len(counter) + 1, *last.shape))
    lasts[0] = last
    for row, now in enumerate(counter):
        before = lasts[row]
        is_reset = now < _RESET_BELOW * before
        is_jitter = (now < before) & ~is_reset  # a counter never runs backwards a little: no life gained
        lasts[row + 1] = np.where(np.isnan(now) | is_jitter, before, now)
    before = lasts[:-1]
    is_reset = counter < _RESET_BELOW * before  # it began anew: what it shows was run since
    gained = np.where(is_reset, counter, np.maximum(counter - before, 0.0))
    gained[np.isnan(counter) | np.isnan(before)] = 0.0
    last[...] = lasts[-1]
    return gained


def hold_conditions(
    state: FeatureState, conditions: _Array, life: _Array, is_running: _Flags, longest: float
) -> _Array:
    """Keep conditions that were not measured at their last values.

    Args:
        state: Changed to what it is after the last row.
        conditions: In their units; NaN where not measured. Shape (time, condition, batch).
        life: Life units. Shape (time, batch).
        is_running: Only what is measured while the machine runs is kept. Shape (time, batch).
        longest: How long, life units.

    Returns:
        NaN where unknown. Shape (time, condition, batch).
    """
    is_measured = ~np.isnan(conditions)
    is_measured &= is_running[:, None]
    if is_measured.all():
        state.held[...], state.held_life[...] = conditions[-1], life[-1]
        return conditions
    values = held(state.held, conditions, is_measured)
    lives = held(state.held_life, np.broadcast_to(life[:, None], conditions.shape), is_measured)
    state.held[...], state.held_life[...] = values[-1], lives[-1]
    return np.where(life[:, None] - lives[1:] <= longest, values[1:], np.nan)
