"""Which failure mode, if it fails: shares of modes given the features, learned from rows near failures (ADR 0015).

With competing risks, P(mode, fails within h | x) = P(mode | fails within h, x) · P(fails within h | x). The second
factor is what the hazard network gives; the first is learned here, on rows of failed lives within the longest horizon
of their failure, which is what it is conditioned on. Lives that were cut off say nothing of the first factor.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from features.domain.forecasts import OTHER_MODE
from features.transforms.modes import ModeShares
from models.prognosis.folds import machine_folds, rows_per_life
from models.prognosis.mode_figures import ModeFigures, life_losses, life_weight, mode_figures
from models.prognosis.targets import LabelledVectors

if TYPE_CHECKING:
    from models.states.logistic import StateFit

FEWEST_LIVES = 8
"""Failed lives from which a mode is told by itself. Below, its share would be a guess about a handful of machines."""

ROWS_PER_LIFE = 10
PENALTIES = (10.0, 30.0, 100.0, 300.0, 1000.0)
"""Tried against one unit of log likelihood per life."""

_FOLDS = 5
_DIRECTIONS = 32
_SHARPNESS = np.linspace(0.0, 2.5, 51)
_ONE_SIDED_95 = 1.645


@dataclass(frozen=True, slots=True)
class FittedModes:
    """What the labels allow to say of failure modes.

    Attributes:
        reason: Why no shares are given, for people; None where they are.
        shares: The model; None where it is no better than the base rate, or there is too little to learn from.
        modes: Modes told apart, in the order of all columns.
        base: How often each ended a life among those learned from. Shape (mode,).
        unseen: Figures on training machines, each by a model that had not seen it; None where none was fitted.
        penalty: The ridge that was chosen.
        sharpness: By how much log odds against the base rate are multiplied: 0 is the base rate, 1 the fit as it is.
    """

    reason: str | None
    shares: ModeShares | None = None
    modes: tuple[str, ...] = ()
    base: tuple[float, ...] = ()
    unseen: ModeFigures | None = None
    penalty: float = 0.0
    sharpness: float = 0.0


@dataclass(frozen=True, slots=True)
class ModeScope:
    """Which rows shares of modes are learned and judged on.

    Attributes:
        within: Rows with at most so much remaining life, the longest horizon of a pack, life units.
        first_age: Rows younger than this get no forecast, life units.
    """

    within: float
    first_age: float

    def rows(self, rows: LabelledVectors, seed: int = 0) -> LabelledVectors:
        """Draw rows near failures whose mode is known, at most ten of each life."""
        if rows.mode is None:
            return rows.take(np.zeros(0, np.int64))
        is_near = rows.is_failure & (rows.remaining <= self.within) & (rows.mode != "")
        near = rows.take(is_near)
        return near.take(rows_per_life(near.life_id, near.age, self.first_age, ROWS_PER_LIFE, seed))


def fit_modes(rows: LabelledVectors, scope: ModeScope, seed: int = 0) -> FittedModes:
    """Learn shares of failure modes, and keep them only if they beat the base rate on machines not seen.

    Features, standardised, enter a multinomial logistic model; its ridge is chosen on folds of machines, the most
    cautious that does about as well as the best. Then its log odds against the base rate are multiplied by what the
    same folds say of their sharpness (temperature scaling, Guo et al. 2017, "On calibration of modern neural networks",
    ICML, towards the base rate in the place of equal shares). "Beat" means by 1.645 standard errors, machines drawn
    whole; as the ridge was chosen on the same folds, chance gets by a little more often than one time in twenty.

    Args:
        rows: Labelled rows of training machines.
        scope: Which of them count.
        seed: Of the draw of rows and of the folds.
    """
    near = scope.rows(rows, seed)
    modes, place = modes_told_apart(near)
    reason = _too_little(near, modes, place)
    if reason is not None:
        return FittedModes(reason)
    evidence = _Evidence.of(near.take(place >= 0), place[place >= 0], len(modes), seed)
    tried = [_tried(evidence, penalty) for penalty in sorted(PENALTIES, reverse=True)]
    chosen = _most_cautious(tried, evidence)
    unseen = mode_figures(
        modes, chosen.shares, chosen.base, evidence.place, evidence.rows.life_id, evidence.rows.machine
    )
    base = base_rate(evidence.place, evidence.weight, len(modes))
    found = FittedModes(
        None, None, modes, tuple(base.tolist()), unseen, chosen.penalty, _sharpness(chosen.odds, evidence)
    )
    if unseen is None or unseen.gain_error is None or unseen.gain <= _ONE_SIDED_95 * unseen.gain_error:
        return replace(found, reason=_not_better(unseen))
    return replace(found, shares=_model(evidence, found))


def judge_modes(fitted: FittedModes, rows: LabelledVectors, scope: ModeScope, seed: int = 0) -> ModeFigures | None:
    """Judge shares on machines not learned from.

    Args:
        fitted: The model.
        rows: Labelled rows of other machines.
        scope: As it was fitted.
        seed: Of the draw of rows.

    Returns:
        The figures; None without a model, or without a failure of a mode that it tells.
    """
    if fitted.shares is None:
        return None
    near = scope.rows(rows, seed)
    place = _places(near, fitted.modes)
    near = near.take(place >= 0)
    shares = fitted.shares.of_rows(near.vectors)
    return mode_figures(fitted.modes, shares, np.asarray(fitted.base), place[place >= 0], near.life_id, near.machine)


def modes_told_apart(near: LabelledVectors) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Return the modes with lives enough, the rest together as "other" where they have enough, and each row's mode.

    Returns:
        Names in ascending order, and for each row its place among them, -1 where it is left out. Shape (batch,).
    """
    counts = Counter(_mode_of_life(near).values())
    told = {mode for mode, lives in counts.items() if lives >= FEWEST_LIVES}
    if sum(lives for mode, lives in counts.items() if mode not in told) >= FEWEST_LIVES:
        told.add(OTHER_MODE)
    modes = tuple(sorted(told))
    return modes, _places(near, modes)


def base_rate(place: NDArray[np.int64], weight: NDArray[np.float64], modes: int) -> NDArray[np.float64]:
    """Return how often each mode occurs, half a life added to each, so that none is impossible. Shape (mode,)."""
    count = np.bincount(place, weight, modes) + 0.5
    return np.asarray(count / count.sum(), np.float64)


@dataclass(frozen=True, slots=True)
class _Evidence:
    """Rows learned from: each life weighs 1. Arrays have shape (batch,)."""

    rows: LabelledVectors
    place: NDArray[np.int64]
    weight: NDArray[np.float64]
    fold: NDArray[np.int64]
    modes: int

    @staticmethod
    def of(rows: LabelledVectors, place: NDArray[np.int64], modes: int, seed: int) -> "_Evidence":
        folds = min(_FOLDS, len(np.unique(rows.machine)))
        return _Evidence(rows, place, life_weight(rows.life_id), machine_folds(rows.machine, folds, seed), modes)


@dataclass(frozen=True, slots=True)
class _Tried:
    """One penalty: out of fold, log odds against the base rate, base rate and calibrated shares. (batch, mode)."""

    penalty: float
    odds: NDArray[np.float64]
    base: NDArray[np.float64]
    shares: NDArray[np.float64]


def _tried(evidence: _Evidence, penalty: float) -> _Tried:
    odds = np.zeros((len(evidence.place), evidence.modes))
    base = np.zeros_like(odds)
    for fold in np.unique(evidence.fold):
        judged = evidence.fold == fold
        base[judged] = base_rate(evidence.place[~judged], evidence.weight[~judged], evidence.modes)
        odds[judged] = _log_odds(evidence, ~judged, judged, penalty)
    shares = np.zeros_like(odds)
    for fold in np.unique(evidence.fold):  # the sharpness, too, comes from other machines
        judged = evidence.fold == fold
        shares[judged] = sharpened(base[judged], odds[judged], _sharpness(odds, evidence, ~judged))
    return _Tried(penalty, odds, base, shares)


def _log_odds(
    evidence: _Evidence, learned: NDArray[np.bool_], judged: NDArray[np.bool_], penalty: float
) -> NDArray[np.float64]:
    """Return log odds against the base rate by a model of the learned rows; 0 for a mode that it never saw."""
    base = base_rate(evidence.place[learned], evidence.weight[learned], evidence.modes)
    odds = np.zeros((int(judged.sum()), evidence.modes))
    seen = np.unique(evidence.place[learned])
    if len(seen) < 2:
        return odds
    probability = _fit(evidence, learned, penalty).probability(evidence.rows.vectors[judged])
    odds[:, seen] = np.log(np.maximum(probability, 1e-12)) - np.log(base[seen])
    return odds


def _fit(evidence: _Evidence, learned: NDArray[np.bool_], penalty: float) -> "StateFit":
    from models.states.logistic import fit_states  # lazy: torch

    vectors = evidence.rows.vectors[learned]
    names = np.char.mod("%06d", evidence.place[learned])  # the order of names is the order of columns
    columns = np.arange(vectors.shape[1])
    return fit_states(vectors, names, columns, penalty, weight=evidence.weight[learned], directions=_DIRECTIONS)


def sharpened(base: NDArray[np.float64], odds: NDArray[np.float64], sharpness: float) -> NDArray[np.float64]:
    """Return shares from log odds against base rates, all of shape (batch, mode)."""
    logits = np.log(base) + sharpness * odds
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(shares / shares.sum(axis=1, keepdims=True), np.float64)


def _sharpness(odds: NDArray[np.float64], evidence: _Evidence, learned: NDArray[np.bool_] | None = None) -> float:
    """Return the sharpness with the least log loss on rows that the odds come blind to."""
    chosen = np.ones(len(odds), np.bool_) if learned is None else learned
    base = base_rate(evidence.place[chosen], evidence.weight[chosen], evidence.modes)[None, :]
    place, life = evidence.place[chosen], evidence.rows.life_id[chosen]
    losses = [life_losses(sharpened(base, odds[chosen], each), place, life).mean() for each in _SHARPNESS.tolist()]
    return float(_SHARPNESS[int(np.argmin(losses))])


def _most_cautious(tried: Sequence[_Tried], evidence: _Evidence) -> _Tried:
    """Return the largest penalty that is worse than the best by no more than a standard error of the difference."""
    losses = [life_losses(each.shares, evidence.place, evidence.rows.life_id) for each in tried]
    best = min(losses, key=lambda each: float(each.mean()))
    worse = [loss - best for loss in losses]  # paired by life, so what all find hard does not blur the comparison
    allowed = [float(each.mean()) <= float(each.std()) / np.sqrt(len(each)) for each in worse]
    return tried[allowed.index(True)]


def _model(evidence: _Evidence, found: FittedModes) -> ModeShares:
    fit = _fit(evidence, np.ones(len(evidence.place), np.bool_), found.penalty)
    log_base = np.log(np.asarray(found.base))
    bias = log_base + found.sharpness * (fit.bias - log_base)
    return ModeShares(found.modes, fit.center, fit.scale, found.sharpness * fit.weights, bias)


def _places(near: LabelledVectors, modes: tuple[str, ...]) -> NDArray[np.int64]:
    column = {mode: place for place, mode in enumerate(modes)}
    rest = column.get(OTHER_MODE, -1)
    given = [] if near.mode is None else near.mode.tolist()
    return np.array([column.get(mode, rest) for mode in given], np.int64)


def _mode_of_life(near: LabelledVectors) -> dict[int, str]:
    return {} if near.mode is None else dict(zip(near.life_id.tolist(), near.mode.tolist(), strict=True))


def _too_little(near: LabelledVectors, modes: tuple[str, ...], place: NDArray[np.int64]) -> str | None:
    if not len(near):
        return "No failure of the training machines names its mode."
    if len(modes) < 2:
        counts = Counter(_mode_of_life(near).values())
        told = ", ".join(f"{mode} {lives}" for mode, lives in sorted(counts.items()))
        return f"Two modes must have {FEWEST_LIVES} failed lives each to be told apart; found {told}."
    if len(np.unique(near.machine[place >= 0])) < 2:
        return "Failures of two machines at least must name their mode; found one machine."
    return None


def _not_better(unseen: ModeFigures | None) -> str:
    assert unseen is not None, "there are rows"
    assert unseen.gain_error is not None, "there are two machines"
    return (
        f"Log loss {unseen.log_loss:.3f} on machines not seen does not clearly beat {unseen.base_log_loss:.3f} of the "
        f"base rate (standard error of the difference {unseen.gain_error:.3f}, {unseen.lives} lives)."
    )
