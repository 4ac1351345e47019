"""What the judgement remembers of the machines: a bounded amount, whatever their age."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.domain.errors import InvalidValue
from features.quality.rules import QualityRules

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Array = NDArray[Any]  # Any: a mapping of arrays of numbers, whole or not; `state_shapes` says which is which
MODES = 2
"""Standing (0) and running (1)."""
RING = 4096
"""Rows whose fingerprints are kept, to know a repeated one again."""
LEVEL_KNOWN = 6
"""Readings after which the level of a signal that began anew is known well enough to judge it."""
_OF_ARRIVAL = ("rows", "last_us", "replays", "fingerprints", "presence", "missing")
_OF_FAULTS = ("bad_run", "good_run", "demerits", "namur")


@dataclass(slots=True)
class QualityState:
    """Memory of many machines at once; the first axis of every array is the asset.

    Attributes:
        rows: Rows seen. Shape (asset,).
        last_us: Time of the newest row, microseconds since 1970; 0 before the first. Shape (asset,).
        interval_us: Usual distance of two rows. Shape (asset,).
        mode: Standing or running, at the newest row. Shape (asset,).
        settled: Rows since the mode changed. Shape (asset,).
        away: Rows spent in the other mode before that. Shape (asset,).
        replays: Rows in a row that repeat older ones. Shape (asset,).
        fingerprints: Of the newest rows. Shape (asset, ring).
        count: Rows learned in a mode. Shape (asset, mode).
        level: Level of each signal in a mode, in its unit. Shape (asset, mode, signal).
        level_count: Readings that the level rests on. Shape (asset, mode, signal).
        scale: Usual size of the conditional deviation, against what the relations say. Shape (asset, mode, signal).
        tail: How much wider the limit is than usual. Shape (asset, mode, signal).
        repeat_share: How often a reading equals the one before. Shape (asset, mode, signal).
        longest: Longest run of equal readings that was in order. Shape (asset, mode, signal).
        relation: Covariance of relative deviations from the level. Shape (asset, mode, signal, signal).
        precision: Its inverse, regularised. Shape (asset, mode, signal, signal).
        last: Last value that was present. Shape (asset, signal).
        repeats: Equal readings in a row. Shape (asset, signal).
        run_chance: Probability of that run. Shape (asset, signal).
        rough: Recent mean of absolute deviations. Shape (asset, signal).
        lean: Recent mean of deviations with their sign. Shape (asset, signal).
        deviating: Deviating readings in a row. Shape (asset, signal).
        unit_index: Conversion that fitted last, -1 for none. Shape (asset, signal).
        unit_run: Readings in a row that fitted it. Shape (asset, signal).
        presence: How often the signal is there. Shape (asset, signal).
        missing: Readings missing in a row. Shape (asset, signal).
        verdict: Verdict of the newest reading. Shape (asset, signal).
        bad_run: Bad readings in a row. Shape (asset, signal).
        good_run: Good readings in a row. Shape (asset, signal).
        demerits: Isolated bad readings lately, others counted against them. Shape (asset, signal).
        namur: State of the measuring point, a place in `holding.NAMUR_CODES`. Shape (asset, signal).
        evidence: That two signals are exchanged. Shape (asset, pair).
        swapped: Rows of running since that was confirmed, 0 where it is not. Shape (asset, pair).
        turned: 1 where an exchange lasted so long that it is usual now: its end is no fault. Shape (asset, pair).
        contrast: Long-term mean of the first less the second in a mode. Shape (asset, mode, pair).
    """

    rows: IntArray
    last_us: IntArray
    interval_us: FloatArray
    mode: IntArray
    settled: IntArray
    away: IntArray
    replays: IntArray
    fingerprints: FloatArray
    count: IntArray
    level: FloatArray
    level_count: IntArray
    scale: FloatArray
    tail: FloatArray
    repeat_share: FloatArray
    longest: IntArray
    relation: FloatArray
    precision: FloatArray
    last: FloatArray
    repeats: IntArray
    run_chance: FloatArray
    rough: FloatArray
    lean: FloatArray
    deviating: IntArray
    unit_index: IntArray
    unit_run: IntArray
    presence: FloatArray
    missing: IntArray
    verdict: IntArray
    bad_run: IntArray
    good_run: IntArray
    demerits: FloatArray
    namur: IntArray
    evidence: FloatArray
    swapped: IntArray
    turned: IntArray
    contrast: FloatArray

    def copy(self) -> "QualityState":
        """Return an independent copy."""
        return _of_arrays({name: array.copy() for name, array in self.to_dict().items()})

    def learned(self, assets: NDArray[np.bool_]) -> dict[str, Array]:
        """Return copies of what these assets have taught: all but what tells of arrivals and of bad readings."""
        return {
            name: array[assets] for name, array in self.to_dict().items() if name not in (*_OF_ARRIVAL, *_OF_FAULTS)
        }

    def put_back(self, assets: NDArray[np.bool_], learned: Mapping[str, Array]) -> None:
        """Make these assets what they were when `learned` gave this."""
        for name, array in learned.items():
            getattr(self, name)[assets] = array

    def first(self, assets: int) -> "QualityState":
        """Return a view of the first assets: what changes in it changes here."""
        return _of_arrays({name: array[:assets] for name, array in self.to_dict().items()})

    def one(self, asset: int) -> "QualityState":
        """Return an independent copy of the state of one asset, by its place."""
        return _of_arrays({name: array[asset : asset + 1].copy() for name, array in self.to_dict().items()})

    def to_dict(self) -> dict[str, Array]:
        """Return the arrays by name; they are not copied."""
        return {each.name: getattr(self, each.name) for each in fields(self)}


def initial_state(rules: QualityRules, assets: int) -> QualityState:
    """Return the state of `assets` machines of which nothing is known."""
    arrays: dict[str, Array] = {
        name: np.zeros(shape, dtype) for name, (shape, dtype) in state_shapes(rules, assets).items()
    }
    arrays["mode"].fill(1)
    arrays["scale"].fill(1.0)
    arrays["tail"].fill(1.0)
    arrays["run_chance"].fill(1.0)
    arrays["presence"].fill(1.0)
    arrays["rough"].fill(0.8)
    arrays["repeat_share"].fill(0.25)
    arrays["unit_index"].fill(-1)
    arrays["last"].fill(np.nan)
    arrays["fingerprints"].fill(np.nan)
    arrays["precision"][...] = np.eye(len(rules.signals))
    sampling = [each.sampling_seconds for each in rules.signals if each.sampling_seconds is not None]
    arrays["interval_us"].fill(min(sampling) * 1e6 if sampling else 0.0)
    return _of_arrays(arrays)


def state_shapes(rules: QualityRules, assets: int) -> dict[str, tuple[tuple[int, ...], type]]:
    """Return shape and kind of each array of the state of so many machines."""
    signals, pairs = len(rules.signals), len(rules.swappable)
    per_asset = dict.fromkeys(("rows", "last_us", "interval_us", "mode", "settled", "away", "replays"), (assets,))
    special: dict[str, tuple[int, ...]] = {
        **per_asset,
        "fingerprints": (assets, RING),
        "count": (assets, MODES),
        "evidence": (assets, pairs),
        "swapped": (assets, pairs),
        "turned": (assets, pairs),
        "contrast": (assets, MODES, pairs),
    }
    special |= dict.fromkeys(
        ("level", "level_count", "scale", "tail", "repeat_share", "longest"), (assets, MODES, signals)
    )
    special |= dict.fromkeys(("relation", "precision"), (assets, MODES, signals, signals))
    return {
        each.name: (special.get(each.name, (assets, signals)), np.int64 if each.type == IntArray else np.float64)
        for each in fields(QualityState)
    }


def restore_state(rules: QualityRules, arrays: Mapping[str, Array]) -> QualityState:
    """Read what `QualityState.to_dict` gave.

    Raises:
        InvalidValue: If an array is missing, superfluous or of another shape than these rules ask for.
    """
    assets = len(arrays["rows"]) if "rows" in arrays else 0
    wanted = state_shapes(rules, assets)
    found = {name: np.shape(array) for name, array in arrays.items()}
    if found != {name: shape for name, (shape, _) in wanted.items()}:
        raise InvalidValue(
            "the saved state of measurement quality",
            must="hold the arrays of these rules, each in its shape",
            found=sorted(found),
            remedy="Begin with `initial_state` and judge the readings again.",
        )
    return _of_arrays({name: np.array(arrays[name], dtype) for name, (_, dtype) in wanted.items()})


def join_states(states: Sequence[QualityState]) -> QualityState:
    """Return the states of several assets as one, in their order."""
    arrays = [state.to_dict() for state in states]
    return _of_arrays({name: np.concatenate([each[name] for each in arrays]) for name in arrays[0]})


def reset(rules: QualityRules, state: QualityState, signals: Sequence[str]) -> QualityState:
    """Forget the level and the faults of some signals, as after a sensor was replaced or the machine repaired.

    What is known of their noise, and of how they vary with the others, is kept.

    Args:
        rules: The rules of the state.
        state: Left as it was.
        signals: By name; names that the rules do not know are passed over.
    """
    after = state.copy()
    chosen = np.array([name in set(signals) for name in rules.names], np.bool_)
    after.level_count[:, :, chosen] = 0
    for array in (after.deviating, after.unit_run, after.verdict, after.bad_run, after.repeats, after.missing):
        array[:, chosen] = 0
    after.namur[:, chosen], after.demerits[:, chosen], after.unit_index[:, chosen] = 0, 0.0, -1
    after.rough[:, chosen], after.lean[:, chosen], after.run_chance[:, chosen] = 0.8, 0.0, 1.0
    pairs = np.array([bool(chosen[first] or chosen[second]) for first, second in rules.swappable], np.bool_)
    after.evidence[:, pairs], after.swapped[:, pairs], after.turned[:, pairs] = 0.0, 0, 0
    return after


def _of_arrays(arrays: Mapping[str, Array]) -> QualityState:
    return QualityState(**arrays)
