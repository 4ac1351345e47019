"""Runs every test of the leakage probe, and the test of the tests: labels that were shuffled tell nothing."""

import numpy as np
from numpy.typing import NDArray

from pipelines.onboard.leakage.future import future_values, whole_life_scales
from pipelines.onboard.leakage.groups import groups
from pipelines.onboard.leakage.probe_table import Leak, LeakKind, ProbeTable, area
from pipelines.onboard.leakage.single import at_failure, clocks, constants, labels, too_well_from_the_start
from pipelines.onboard.leakage.splitting import Split, split_leaks

_SINGLE = (clocks, constants, labels, at_failure, too_well_from_the_start, whole_life_scales)
_RIDGE = 10.0
_LARGEST_SCORE = 6.0


def probe(table: ProbeTable, split: Split | None = None, *, is_causal: bool = False) -> tuple[Leak, ...]:
    """Look for leaks: each column alone, columns together, and the split.

    Args:
        table: Columns with what is known of their rows.
        split: Which rows are learned from; None where that is not decided.
        is_causal: The columns are made by the product's own step, which cannot look ahead: later values need no search.

    Returns:
        One leak for each column at most, then groups, then those of the split.
    """
    lives, found = table.lives(), dict[str, Leak]()
    if lives and table.names:
        for test in _SINGLE if is_causal else (*_SINGLE, future_values):
            for leak in test(table, lives):
                found.setdefault(leak.names[0], leak)
    single = tuple(found.values())
    harmless = [index for index, name in enumerate(table.names) if name not in found]
    together = tuple(groups(table, lives, harmless)) if lives else ()
    return (*single, *together, *(split_leaks(table, split) if split is not None else ()))


def columns_of(leaks: tuple[Leak, ...]) -> frozenset[str]:
    """Return the columns that may not be used."""
    return frozenset(name for leak in leaks if leak.kind is not LeakKind.SCALER for name in leak.names)


def shuffled_area(
    values: NDArray[np.float64],
    labels: NDArray[np.bool_],
    group: NDArray[np.int64],
    seed: int = 0,
    shuffles: int = 20,
    folds: int = 5,
) -> float:
    """Return the mean area that a model reaches on labels that were shuffled: 0.5, or the way of judging leaks.

    Args:
        values: NaN where unknown. Shape (batch, column).
        labels: Shape (batch,).
        group: What must stay on one side of a split. Shape (batch,).
        seed: Of the shuffles.
        shuffles: How often.
        folds: Of the groups.
    """
    generator, groups_of = np.random.default_rng(seed), np.unique(group)
    areas = []
    for _ in range(shuffles):
        shuffled = generator.permutation(labels)
        place = dict(zip(groups_of.tolist(), generator.permutation(len(groups_of)) % folds, strict=True))
        fold = np.array([place[each] for each in group.tolist()])
        for index in range(folds):
            judged = fold == index
            if len(np.unique(shuffled[judged])) == 2 and len(np.unique(shuffled[~judged])) == 2:
                scores = ridge_scores(values[~judged], shuffled[~judged], values[judged])
                areas.append((area(scores, shuffled[judged]), int(judged.sum())))
    if not areas:
        return 0.5
    found, weights = np.array(areas).T
    return float(np.average(found, weights=weights))


def ridge_scores(
    training: NDArray[np.float64], labels: NDArray[np.bool_], judged: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Fit a ridge regression on labels, in standard deviations of the training rows, and score other rows."""
    with np.errstate(invalid="ignore"):
        known = np.isfinite(training)
        count = np.maximum(known.sum(axis=0), 1)
        center = np.where(known, training, 0.0).sum(axis=0) / count
        spread = np.sqrt(np.where(known, (training - center) ** 2, 0.0).sum(axis=0) / count)
    scale = np.where(spread > 1e-12, spread, 1.0)
    first, second = (
        np.nan_to_num(np.clip((part - center) / scale, -_LARGEST_SCORE, _LARGEST_SCORE)) for part in (training, judged)
    )
    gram = first.T @ first + _RIDGE * np.eye(first.shape[1])
    weights = np.linalg.solve(gram, first.T @ (labels - labels.mean()))
    return np.asarray(second @ weights, np.float64)
