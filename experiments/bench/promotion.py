"""How often a promotion is wrong: models against their equals, against models known to be worse, and better."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from experiments.bench.promotion_models import Seen, trial_of, worse_than
from features.domain.packs import Pack
from models.prognosis.comparison import paired_difference
from pipelines.promote.finding import Finding, Promotion
from pipelines.promote.judging import judge
from pipelines.promote.trial import Trial

Progress = Callable[[int, int], None]
Judge = Callable[[Trial], tuple[Finding, ...]]

NOISE = 0.7
_BETTER, _MOST_EQUALS = 0.5, 0.05


@dataclass(frozen=True, slots=True)
class PromotionRates:
    """Promotions among comparisons.

    Attributes:
        same: Of a model by another that is exactly as good, and how many comparisons there were.
        same_by_cost: The same, had the check of cost alone decided.
        identical: Of a model by one that says the same to the last bit.
        worse: Of models known to be worse, by what is wrong with them.
        better: Of a model whose noise is half.
    """

    same: tuple[int, int]
    same_by_cost: tuple[int, int]
    identical: tuple[int, int]
    worse: dict[str, tuple[int, int]]
    better: tuple[int, int]

    @property
    def same_share(self) -> float:
        """Share of comparisons with an equal that promote."""
        return self.same[0] / max(self.same[1], 1)

    @property
    def worse_promoted(self) -> int:
        """Models known to be worse that were promoted."""
        return sum(promoted for promoted, _ in self.worse.values())

    def to_dict(self) -> dict[str, object]:
        """Return the JSON form."""
        return {
            "same_promoted": self.same[0],
            "same_comparisons": self.same[1],
            "same_share": self.same_share,
            "same_share_by_cost_alone": self.same_by_cost[0] / max(self.same_by_cost[1], 1),
            "identical_promoted": self.identical[0],
            "worse_promoted": self.worse_promoted,
            "worse_comparisons": sum(count for _, count in self.worse.values()),
            "worse": {name: {"promoted": found, "comparisons": count} for name, (found, count) in self.worse.items()},
            "better_promoted": self.better[0],
            "better_comparisons": self.better[1],
        }


def measure_promotion(
    pack: Pack,
    comparisons: int,
    worse: int,
    machines: int,
    seed: int,
    judging: Judge = judge,
    progress: Progress | None = None,
) -> PromotionRates:
    """Compare models of known worth on fleets of known lives, again and again.

    Args:
        pack: Says horizons, costs and the cap.
        comparisons: Of a model with its equal.
        worse: Models known to be worse, dealt over the ways of being so.
        machines: Held out in each comparison.
        seed: Of the fleets; every comparison has its own.
        judging: The checks; another one to see whether this measurement finds a broken one.
        progress: Told of comparisons done.
    """
    usual, bad, by_cost = Seen(NOISE), worse_than(Seen(NOISE)), 0
    each = [worse // len(bad) + (place < worse % len(bad)) for place in range(len(bad))]
    better, done, total = max(1, worse), 0, comparisons + worse + max(1, worse) + max(1, comparisons // 10)

    def rate(challenger: Seen, count: int, first: int, *, is_identical: bool = False) -> tuple[int, int]:
        nonlocal done, by_cost
        promoted = 0
        for run in range(count):
            trial = trial_of(pack, usual, challenger, machines, seed + first + run)
            if is_identical:
                trial = replace(trial, challenger=trial.champion)
            findings = judging(trial)
            promoted += Promotion.of(findings).is_deserved
            by_cost += first == 0 and findings[0].holds
            done += 1
            if progress is not None:
                progress(done, total)
        return promoted, count

    same = rate(usual, comparisons, 0)
    return PromotionRates(
        same,
        (by_cost, comparisons),
        rate(usual, max(1, comparisons // 10), 1_000_000, is_identical=True),
        {
            name: rate(seen, count, 2_000_000 + 10_000 * place)
            for place, ((name, seen), count) in enumerate(zip(bad.items(), each, strict=True))
        },
        rate(replace(usual, noise=_BETTER * NOISE), better, 3_000_000),
    )


def broken_judges() -> dict[str, Judge]:
    """Return judges with a bug each, that this measurement has to find."""
    return {
        "rows drawn as if they were machines": _by_rows,
        "whatever looks cheaper is promoted": _by_estimate,
        "subgroups not looked at": lambda trial: _without(judge(trial), "subgroup"),
        "answers not counted": lambda trial: _without(judge(trial), "answers"),
        "coverage not looked at": lambda trial: _without(judge(trial), "coverage"),
        "the sign of the cost turned round": _turned,
    }


def is_caught(rates: PromotionRates) -> bool:
    """Tell whether a judge is found out: too many equals, any worse one, or hardly a better one promoted."""
    by_cost = rates.same_by_cost[0] / max(rates.same_by_cost[1], 1)
    return (
        max(rates.same_share, by_cost) > _MOST_EQUALS
        or rates.worse_promoted > 0
        or rates.better[0] < 0.2 * rates.better[1]
    )


def _without(findings: tuple[Finding, ...], check: str) -> tuple[Finding, ...]:
    return tuple(finding for finding in findings if finding.check != check)


def _replaced(trial: Trial, holds: bool) -> tuple[Finding, ...]:
    return (Finding("cost", holds, "cost less", ""), *_without(judge(trial), "cost"))


def _by_rows(trial: Trial) -> tuple[Finding, ...]:
    champion, challenger = trial.costs()
    return _replaced(trial, paired_difference(champion, challenger, np.arange(len(champion)), draws=200).high < 0)


def _by_estimate(trial: Trial) -> tuple[Finding, ...]:
    champion, challenger = trial.costs()
    return _replaced(trial, float(np.nanmean(challenger - champion)) < 0)


def _turned(trial: Trial) -> tuple[Finding, ...]:
    champion, challenger = trial.costs()
    return _replaced(trial, paired_difference(challenger, champion, trial.machine).high < 0)
