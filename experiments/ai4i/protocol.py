"""Cross-validation of AI4I: trees and thresholds come from the folds that teach, and the fold judged is looked at once.

Regimes, which are part of the feature specification and know no label, are fitted once, on the readings of all parts:
those of the folds judged are among them.

Rows are dealt by chance with as many failures in each fold: the readings of one part say nothing of another's failure.
As a check they are also dealt into blocks of neighbouring parts, which share weather and tool. The control permutes
the flags against the readings: whatever is told then has leaked.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from experiments.ai4i.reader import MODES, Parts
from features.domain.packs import Pack
from features.transforms.families.balances import balance
from features.transforms.specification import pack_signals
from models.states.modes import deal_evenly, fit_modes
from pipelines.onboard.states.stretches import fit_state_specification, state_pack, stretch_vectors

FOLDS = 5
_MEAN = "__life_mean"
_HEAT_RISE_K, _HEAT_SPEED_RPM, _RESOLUTION_K = 8.6, 1_380.0, 0.1

Tell = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Figures:
    """How well failures and their modes were told.

    Attributes:
        f1: Of failures.
        precision: Of failures.
        recall: Of failures.
        by_mode: F1 of each mode.
    """

    f1: float
    precision: float
    recall: float
    by_mode: dict[str, float]

    @property
    def macro_f1(self) -> float:
        """Mean over modes."""
        return float(np.mean(list(self.by_mode.values())))

    def to_dict(self) -> dict[str, object]:
        """Return the figures by name."""
        return {
            "binary_f1": self.f1,
            "precision": self.precision,
            "recall": self.recall,
            "macro_f1": self.macro_f1,
            "f1_by_mode": self.by_mode,
        }


def part_vectors(pack: Pack, parts: Parts, *, with_balances: bool = True) -> NDArray[np.float32]:
    """Return the features of every part as the product computes them. Shape (part, feature).

    A part is a stretch of one row, so that the mean of the stretch is the reading itself, or the balance.
    """
    specification = fit_state_specification(state_pack(pack), parts.stretches)
    balances = {rule.id for rule in pack.features.balances}
    wanted = [
        place
        for place, name in enumerate(specification.names)
        if name.endswith(_MEAN) and (with_balances or name.removesuffix(_MEAN) not in balances)
    ]
    return stretch_vectors(specification, parts.stretches)[:, wanted]


def unrounded_vectors(pack: Pack, parts: Parts) -> NDArray[np.float64]:
    """Return readings and balances in double precision, as no feature vector of the product carries them.

    Shape (part, feature).
    """
    values, signals = np.concatenate([part.values for part in parts.stretches]), pack_signals(pack)
    columns = {name: values[:, place] for place, name in enumerate(signals)}
    derived = [balance(rule, [columns[name] for name in rule.signals]) for rule in pack.features.balances]
    return np.column_stack([*(columns[name] for name in pack.features.signals), *derived])


def limit_of_readings(parts: Parts, unrounded: NDArray[np.float64], pack: Pack) -> dict[str, float]:
    """Return what rows lie on the limit of HDF, where readings of a tenth of a kelvin cannot tell.

    Heat is not carried away below a rise of 8.6 K and 1,380 rpm (Matzka 2020, section II). Readings are whole tenths,
    so that 8.6 K itself is common; whether the publisher flagged it follows from how its double fell when two decimal
    numbers were subtracted. Whoever keeps the doubles learns that; no physics and no single precision does.

    Returns:
        `rows` on the limit, `flagged` of them, and the F1 of who makes no other error but tells none or all of them.
    """
    names = [*pack.features.signals, *(rule.id for rule in pack.features.balances)]
    rise, speed = unrounded[:, names.index("heat_rise")], unrounded[:, names.index("spindle_speed")]
    is_limit = (np.abs(rise - _HEAT_RISE_K) < _RESOLUTION_K / 2.0) & (speed < _HEAT_SPEED_RPM)
    heat, ruled = MODES.index("HDF"), parts.modes[:, [MODES.index(name) for name in ("PWF", "OSF")]].any(axis=1)
    none = ruled | (parts.modes[:, heat] & ~is_limit)
    return {
        "rows": int(is_limit.sum()),
        "flagged": int(parts.modes[is_limit, heat].sum()),
        "f1_told_none": f1_of(parts.has_failed, np.asarray(none)),
        "f1_told_all": f1_of(parts.has_failed, np.asarray(none | is_limit)),
    }


def judge(
    vectors: NDArray[np.float32] | NDArray[np.float64], parts: Parts, fold: NDArray[np.int64], tell: Tell | None = None
) -> Figures:
    """Tell every part by trees that have not seen its fold."""
    failed, modes = np.zeros_like(parts.has_failed), np.zeros_like(parts.modes)
    folds = np.unique(fold)
    for done, index in enumerate(folds, start=1):
        judged = fold == index
        fit = fit_modes(vectors[~judged], parts.modes[~judged], parts.has_failed[~judged], MODES)
        modes[judged], failed[judged] = fit.tell(vectors[judged])
        if tell is not None:
            tell(done, len(folds))
    return figures_of(parts, failed, modes)


def figures_of(parts: Parts, failed: NDArray[np.bool_], modes: NDArray[np.bool_]) -> Figures:
    """Judge what was told."""
    hits = int((failed & parts.has_failed).sum())
    return Figures(
        f1=f1_of(parts.has_failed, failed),
        precision=hits / max(int(failed.sum()), 1),
        recall=hits / max(int(parts.has_failed.sum()), 1),
        by_mode={name: f1_of(parts.modes[:, place], modes[:, place]) for place, name in enumerate(MODES)},
    )


def f1_of(is_true: NDArray[np.bool_], told: NDArray[np.bool_]) -> float:
    """Return 2 TP / (2 TP + FP + FN); 0 where nothing was told and nothing is true."""
    return 2.0 * int((is_true & told).sum()) / max(int(is_true.sum()) + int(told.sum()), 1)


def random_folds(parts: Parts, seed: int) -> NDArray[np.int64]:
    """Deal parts by chance."""
    return deal_evenly(parts.has_failed, FOLDS, seed)


def block_folds(parts: Parts) -> NDArray[np.int64]:
    """Deal parts into blocks of neighbours."""
    count = len(parts.has_failed)
    return np.asarray(np.arange(count) * FOLDS // count, np.int64)


def shuffled(parts: Parts, seed: int) -> Parts:
    """Return the parts with the flags of others."""
    order = np.random.default_rng(seed).permutation(len(parts.has_failed))
    return Parts(parts.stretches, parts.has_failed[order], parts.modes[order])


def told_by_rules(parts: Parts) -> float:
    """Return the F1 of who told the three modes that follow a rule without an error, and no worn tool.

    A tool fails at a moment drawn by chance, so that hardly more is in the data.
    """
    ruled = [place for place, name in enumerate(MODES) if name != "TWF"]
    return f1_of(parts.has_failed, np.asarray(parts.modes[:, ruled].any(axis=1)))
