"""How far many machines stray, and since when; see `distance` and `step`, which do the same for one."""

from dataclasses import dataclass, fields

import numpy as np

from features.transforms.condition.causes import Deviation, failure_mode
from features.transforms.condition.distance import MOST_DOUBT
from features.transforms.condition.model import ConditionModel, FloatArray
from features.transforms.condition.smoothing import GROWN, SETTLED, SLOW
from features.transforms.condition.together.block import Block, Places
from features.transforms.condition.together.rounds import BoolArray, Round
from features.transforms.condition.together.running import doubts, is_way_known


@dataclass(frozen=True, slots=True)
class Strayed:
    """Deviations of machines of which all signals are known; see `Deviation`.

    Attributes:
        own: Of sensors. Shape (machine, sensor).
        others: Of conditions. Shape (machine, condition).
        told: Precision of the sensors, but for `of_sensors`, times `own`. Shape (machine, sensor).
        conditions: Precision of the conditions, but for `of_conditions`. Shape (machine, condition, condition).
        total: Shape (machine,), as all that follow.
        condition_total: Of the conditions.
        of_sensors: What makes of the model's precision that of the machine.
        of_conditions: The same of `conditions`.
        of_mode: Of `total`, what the failure mode that explains most does; 0 where that is not asked.
        score: 1 is the most that healthy machines show.
    """

    own: FloatArray
    others: FloatArray
    told: FloatArray
    conditions: FloatArray
    total: FloatArray
    condition_total: FloatArray
    of_sensors: FloatArray
    of_conditions: FloatArray
    of_mode: FloatArray
    score: FloatArray

    def part(self, places: Places) -> "Strayed":
        """Return those of some machines."""
        return Strayed(*(getattr(self, name)[places] for name in _NAMES))

    def deviation(self, model: ConditionModel, place: int) -> Deviation:
        """Return that of one machine."""
        return Deviation(
            np.concatenate([self.own[place], self.others[place]]),
            model.every,
            model.precision,
            self.conditions[place],
            float(self.total[place]),
            float(self.condition_total[place]),
            float(self.of_sensors[place]),
            float(self.of_conditions[place]),
            is_all=True,
        )


_NAMES = tuple(each.name for each in fields(Strayed))


def strayed(model: ConditionModel, before: Block, changed: Block) -> Strayed:
    """Return how far machines stray after a row.

    Args:
        model: Of all machines.
        before: Their memory before the row.
        changed: What the row changed; where a deviation is over, the smoothed one is changed here.
    """
    doubt, tracks = doubts(model, changed["seen"]), changed["tracks"]
    others = (changed["condition"] - changed["condition_level"]) / model.condition_spreads
    others *= is_way_known(model, changed["way_rows"])
    conditions = changed["condition_precision"][:, 1]
    moved = np.vecdot(others, np.matvec(conditions, others)) / doubt
    share = 1.0 / (doubt * (1.0 + np.minimum(moved / model.table.condition_limit, MOST_DOUBT)))
    beside = _Beside(others, conditions, moved, share, 1.0 / doubt)
    was_straying = before["lasting"] > 0.0
    if was_straying.any():
        recent = tracks[:, 1]
        is_over = was_straying & (_strayed(model, recent, beside, was_straying).score < 1.0)
        np.copyto(tracks[:, 0], recent, where=is_over[:, None])
    return _strayed(model, tracks[:, 0], beside, np.ones_like(was_straying))


@dataclass(frozen=True, slots=True)
class _Beside:
    """What is known of conditions; see `Strayed`."""

    others: FloatArray
    conditions: FloatArray
    condition_total: FloatArray
    of_sensors: FloatArray
    of_conditions: FloatArray


def _strayed(model: ConditionModel, own: FloatArray, beside: _Beside, asks: BoolArray) -> Strayed:
    """Return how far machines stray by these deviations of their sensors; failure modes are asked of some alone."""
    told = np.matvec(model.precision, own)
    total = np.vecdot(own, told) * beside.of_sensors
    most, of_mode = total / model.table.limit, np.zeros_like(total)
    found = Strayed(
        own,
        beside.others,
        told,
        beside.conditions,
        total,
        beside.condition_total,
        beside.of_sensors,
        beside.of_conditions,
        of_mode,
        most,
    )
    for place in np.flatnonzero(asks & (total > model.mode_bar)).tolist():
        of_mode[place] = failure_mode(model, found.deviation(model, place), 1.0, 0.0).gain
    np.maximum(most, of_mode / model.table.mode_limit, out=most)
    np.sqrt(np.maximum(most, 0.0), out=most)
    return found


def follow_score(model: ConditionModel, before: Block, changed: Block, rows: Round, score: FloatArray) -> Block:
    """Return since when machines stray, and how suddenly they began."""
    parameters = model.parameters
    lasting = (before["lasting"] + 1.0) * (score >= 1.0)
    was_sudden = before["is_sudden"] > 0.0
    is_sudden = (lasting > 0.0) & ((score >= parameters.sudden) | was_sudden)
    strays = (lasting > 0.0) | (changed["condition_lasting"] > 0.0)
    since = np.where(np.isnan(before["strays_since"]), rows.seconds, before["strays_since"])
    was_score, is_settled = before["sudden_score"], lasting > SETTLED * parameters.smoothing
    first = np.where(lasting > 1.0, np.maximum(score, was_score), score)
    is_sudden = np.where(lasting <= parameters.patience, is_sudden, was_sudden)
    return {
        "stress": score,
        "slow_stress": before["slow_stress"] + (score - before["slow_stress"]) / (SLOW * parameters.smoothing),
        "lasting": lasting,
        "is_sudden": (is_sudden & ~(is_settled & (score > GROWN * was_score))).astype(np.float64),
        "sudden_score": np.where(is_settled, was_score, first),
        "strays_since": np.where(strays, since, np.nan),
        "rows_since_report": (before["rows_since_report"] + 1.0) * ~rows.is_reported,
    }


def is_excused(model: ConditionModel, changed: Block, rows: Round) -> BoolArray:
    """Say of which machines what strays is common or was reported; see `excuse`. Shape (machine,)."""
    parameters = model.parameters
    lasting = np.maximum(changed["lasting"], changed["condition_lasting"])
    if not lasting.any():
        return np.zeros(len(lasting), np.bool_)
    least = np.maximum(parameters.together * rows.neighbours, 1.0)
    apart = changed["rows_since_report"] - lasting
    is_reported = (apart >= -1.0) & (apart <= parameters.reported_rows)
    return (lasting > 0.0) & (is_reported | ((rows.neighbours > 0.0) & (rows.straying >= least)))


def is_gap(model: ConditionModel, before: Block, rows: Round) -> BoolArray:
    """Say which rows end a silence that counts more than one row: those are not taken together. Shape (machine,)."""
    return np.asarray(rows.seconds - before["seconds"] > model.parameters.gap_intervals * before["interval"], np.bool_)
