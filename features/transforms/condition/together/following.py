"""Readings of many machines against what is expected, smoothed and learnt from; see `step` and `expectation`."""

import math
from dataclasses import dataclass

import numpy as np

from features.transforms.condition.expectation import CREDIBLE
from features.transforms.condition.model import UNSEEN, ConditionModel, FloatArray
from features.transforms.condition.smoothing import FARTHEST, LOUDEST, QUICK, share_of
from features.transforms.condition.together.block import Block, Places
from features.transforms.condition.together.rounds import BoolArray, Round
from features.transforms.condition.together.running import follow_ways


@dataclass(frozen=True, slots=True)
class _Seen:
    """Rows against what was expected; see `Expectation`. Shapes begin with (machine,)."""

    error: FloatArray
    unsure: FloatArray
    deviation: FloatArray
    size: FloatArray
    product: FloatArray


def may_follow(model: ConditionModel, block: Block, rows: Round) -> BoolArray:
    """Say of which machines the rows can be taken together, as far as that is known beforehand. Shape (machine,)."""
    parameters, running = model.parameters, model.table.running
    found = rows.is_clean & (rows.seconds > block["seconds"]) & (block["settled"] >= parameters.settling)
    found &= (block["excused_rows"] < 0.0) & (block["blame_age"] > 0.0).all(axis=1)
    found &= ~block["before_epoch"].any(axis=1)
    found &= (block["lasting"] == 0.0) | ((block["lasting"] > 0.0) & np.isnan(block["level_former"]).all(axis=1))
    if running is not None:
        found &= rows.values[:, running] > model.table.running_above
    return found


def follow(model: ConditionModel, block: Block, rows: Round) -> tuple[Block, BoolArray]:
    """Take the readings of rows, one of each machine.

    Args:
        model: Of all machines.
        block: Left as it is.
        rows: Of those that `may_follow`.

    Returns:
        What is changed, and of which machines that holds: the others need the way for one.
    """
    conditions, comparable = len(model.table.conditions), model.comparable(rows.values)
    elapsed, parameters = rows.seconds - block["seconds"], model.parameters
    before = block["interval"]
    interval = before + (np.minimum(elapsed, 2.0 * before) - before) / 50.0
    share = _shares(model, interval, elapsed)
    regimes = _regimes(model, rows.values[:, :conditions])
    changed, is_followed = follow_ways(model, block, comparable[:, :conditions], share, regimes)
    seen = _expected(model, block, comparable, regimes)
    is_young, blame_rows = block["seen"] < parameters.fewest_rows, block["blame_rows"] + 1.0
    may_learn = is_young | ((block["stress"] < parameters.hold) & (blame_rows >= parameters.blame_rows))
    holds, astray = _credible(block, seen, may_learn)
    holds &= is_followed
    if not may_learn.all():
        holds &= may_learn | (block["level_rows"].min(axis=1) >= parameters.fewest_rows)
    tracks = _smoothed(model, block["tracks"], _bounded(model, seen), share)
    deviation_seconds = np.empty_like(tracks[:, 0])
    deviation_seconds[...] = rows.seconds[:, None]
    changed |= {
        "seconds": rows.seconds,
        "interval": interval,
        "settled": block["settled"] + 1.0,
        "blame_rows": blame_rows,
        "blame_age": block["blame_age"] + 1.0,
        "astray": astray,
        "tracks": tracks,
        "deviation_seconds": deviation_seconds,
        "whole_seconds": rows.seconds.copy(),
        "seen": block["seen"] + may_learn,
    }
    return changed | _learnt(model, block, seen, may_learn) | _kept(model, block, tracks[:, 0]), holds


def _shares(model: ConditionModel, interval: FloatArray, elapsed: FloatArray) -> FloatArray:
    """Return what each row counts in smoothing. Shape (machine,)."""
    pairs = list(zip(interval.tolist(), elapsed.tolist(), strict=True))
    known = {pair: share_of(model, *pair) for pair in set(pairs)}  # machines that send at the same times are many
    return np.array([known[pair] for pair in pairs])


def _credible(block: Block, seen: _Seen, may_learn: BoolArray) -> tuple[BoolArray, FloatArray]:
    """Return of which machines nothing is learnt from readings far off, and for how many rows sensors read so."""
    if (seen.size < CREDIBLE**2).all():  # then none is that far
        return np.ones_like(may_learn), np.zeros_like(block["astray"])
    far = np.abs(seen.deviation) >= CREDIBLE
    return ~far.any(axis=1) | ~may_learn, (block["astray"] + 1.0) * far


def _regimes(model: ConditionModel, conditions: FloatArray) -> Places:
    """Return the regime of each row. Shape (machine,)."""
    centers = model.regime_centers
    if not len(centers):
        return np.zeros(len(conditions), np.intp)
    apart = centers - (conditions[:, model.regime_places] / model.regime_spans)[:, None, :]
    squared = np.vecdot(apart, apart)
    nearest = squared.argmin(axis=1)
    return np.where(squared.min(axis=1) <= model.table.regime_radius**2, nearest, UNSEEN)


def _expected(model: ConditionModel, block: Block, comparable: FloatArray, regimes: Places) -> _Seen:
    """Compare rows with what is expected; see `expectation.expect`."""
    origin, relations = block["origin"], block["relations"]
    machines, count, _, sensors = relations.shape
    conditions = origin.shape[1]
    features = np.zeros((machines, count))
    features[:, 0] = 1.0
    features[:, 1 : 1 + conditions] = comparable[:, :conditions] - origin
    if count > 1 + conditions:
        known = np.flatnonzero(regimes >= 0)
        features[known, 1 + conditions + regimes[known]] = 1.0
    product = np.vecmat(features, relations.reshape(machines, count, -1)).reshape(machines, count + 1, sensors)
    error = comparable[:, conditions:] - (block["level"] + product[:, count])
    unsure = np.vecmat(features, product[:, :count])
    deviation = error / (model.noise * np.sqrt(1.0 + unsure))
    return _Seen(error, unsure, deviation, np.vecdot(deviation, deviation), product)


def _bounded(model: ConditionModel, seen: _Seen) -> FloatArray:
    """Return deviations, made smaller where one is so large that the row would count for all."""
    most = FARTHEST * math.sqrt(model.parameters.smoothing)
    if not (seen.size > most**2).any():
        return seen.deviation
    largest = np.abs(seen.deviation).max(axis=1)
    return seen.deviation * np.where(largest > most, most / np.maximum(largest, most), 1.0)[:, None]


def _smoothed(model: ConditionModel, tracks: FloatArray, deviation: FloatArray, share: FloatArray) -> FloatArray:
    """Return what deviations and their scatter are after rows; see `smoothing.smooth`. Shape (machine, 3, sensor)."""
    apart = deviation[:, None, :] - tracks
    np.minimum(np.abs(apart[:, 1]), LOUDEST, out=apart[:, 2])
    apart[:, 2] -= tracks[:, 2]
    shares = np.empty((len(share), 3, 1))
    shares[:, 0, 0], shares[:, 1, 0] = share, np.minimum(QUICK * share, 1.0)
    shares[:, 2, 0] = 1.0 / model.parameters.scatter_rows
    apart *= shares
    apart += tracks
    return apart


def _learnt(model: ConditionModel, block: Block, seen: _Seen, may_learn: BoolArray) -> Block:
    """Return what is learnt from rows; see `expectation.learn`."""
    if not may_learn.any():
        return {}
    parameters, anchor = model.parameters, block["anchor"]
    gain = seen.product[:, :-1] / (seen.unsure + parameters.caution)[:, None, :]
    gain *= may_learn[:, None, None]
    np.negative(seen.error, out=seen.product[:, -1])
    relations = gain[:, :, None, :] * seen.product[:, None, :, :]
    np.subtract(block["relations"], relations, out=relations)
    level_rows = block["level_rows"] + may_learn[:, None]
    level, most = relations[:, 0, -1], parameters.most_drift * model.noise
    begins = np.isnan(anchor)
    if begins.any():
        anchor = np.where(begins & may_learn[:, None] & (level_rows >= parameters.known_rows), level, anchor)
    bound = np.fmin(np.fmax(level, anchor - most), anchor + most)  # those without an anchor are free
    np.copyto(level, bound, where=may_learn[:, None])
    return {"relations": relations, "level_rows": level_rows, "anchor": anchor}


def _kept(model: ConditionModel, block: Block, deviation: FloatArray) -> Block:
    """Keep what sensors deviate by; see `blame.keep_deviation`."""
    rows = block["kept_rows"] + 1.0
    due = rows >= model.parameters.smoothing
    if not due.any():
        return {"kept_rows": rows}
    late, former, is_due = block["late_deviation"], block["former_deviation"], due[:, None]
    return {
        "kept_rows": rows * ~due,
        "former_deviation": np.where(is_due, late, former),
        "late_deviation": np.where(is_due, deviation, late),
    }
