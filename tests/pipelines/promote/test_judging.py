from dataclasses import replace

import numpy as np
import pytest

from pipelines.promote.finding import Finding, Promotion
from pipelines.promote.judging import judge
from pipelines.promote.trial import Answers, Trial
from tests.pipelines.promote.trials import trial


def by_check(told: Trial) -> dict[str, list[Finding]]:
    found: dict[str, list[Finding]] = {}
    for finding in judge(told):
        found.setdefault(finding.check, []).append(finding)
    return found


def test_a_better_model_passes_every_check() -> None:
    promotion = Promotion.of(judge(trial(1.0, 0.2, kind=2)))
    assert promotion.is_deserved
    assert promotion.reason.startswith("Cost: it must cost less")


def test_a_model_is_not_promoted_over_itself() -> None:
    same = trial(0.5, 0.5)
    assert not Promotion.of(judge(replace(same, challenger=same.champion))).is_deserved


def test_a_worse_model_is_told_why() -> None:
    promotion = Promotion.of(judge(trial(0.2, 1.0)))
    assert not promotion.is_deserved
    assert "cost less than the champion" in promotion.reason


def test_a_better_model_that_is_worse_for_one_group_is_refused() -> None:
    good, bad = trial(1.0, 0.1, 120, kind=8), trial(1.0, 2.5, 120, kind=8)
    rows = good.groups["kind"] == "a"  # one machine of eight
    mixed = Answers(
        *(
            np.where(rows if ours.ndim == 1 else rows[:, None], theirs, ours)
            for ours, theirs in (
                (good.challenger.probability, bad.challenger.probability),
                (good.challenger.low, bad.challenger.low),
                (good.challenger.high, bad.challenger.high),
            )
        )
    )
    found = by_check(replace(good, challenger=mixed))
    assert found["cost"][0].holds
    assert [finding.holds for finding in found["subgroup"]] == [False, True]
    assert "where kind is a" in found["subgroup"][0].must


def test_a_group_of_few_machines_is_not_judged() -> None:
    assert "subgroup" not in by_check(trial(1.0, 0.2, machines=4, kind=2))


@pytest.mark.parametrize("by", [0.4, 3.0])
def test_an_interval_too_narrow_or_too_wide_is_refused(by: float) -> None:
    told = trial(1.0, 0.2)
    middle = (told.challenger.low + told.challenger.high) / 2
    wrong = replace(
        told.challenger,
        low=middle + by * (told.challenger.low - middle),
        high=middle + by * (told.challenger.high - middle),
    )
    assert not by_check(replace(told, challenger=wrong))["coverage"][0].holds


def test_coverage_counts_what_lives_that_ended_in_time_hide() -> None:
    told = trial(1.0, 0.2)
    is_short = told.remaining < told.pack.grid.cap / 20
    held = np.full(len(told.remaining), told.pack.grid.cap)  # the interval holds every life that is not short
    never_short = replace(told.challenger, low=np.where(is_short, held, 0.0), high=held)
    seen = replace(told, challenger=never_short, champion=never_short, is_failure=~is_short)
    assert "1.000, champion 1.000" in by_check(seen)["coverage"][0].found  # short lives are hidden, and stand for 0
    by_weight = replace(seen, is_failure=told.is_failure, weight=np.where(is_short, 4.0, 1.0))
    share = 4 * is_short.sum() / (4 * is_short.sum() + (~is_short).sum())
    assert f"{1 - share:.3f}, champion" in by_check(by_weight)["coverage"][0].found


def test_probabilities_that_overstate_are_refused() -> None:
    told = trial(1.0, 0.2)
    wrong = replace(told.challenger, probability=np.minimum(told.challenger.probability + 0.2, 1.0))
    assert not by_check(replace(told, challenger=wrong))["calibration"][0].holds


def test_a_model_that_keeps_silent_where_the_champion_answers_is_refused() -> None:
    told = trial(1.0, 0.2)
    silent = told.challenger.probability.copy()
    silent[::10] = np.nan
    assert not by_check(replace(told, challenger=replace(told.challenger, probability=silent)))["answers"][0].holds


def test_without_rows_nothing_is_promoted() -> None:
    told = trial(1.0, 0.2)
    none = np.empty(0)
    empty = Answers(np.empty((0, len(told.pack.horizons))), none, none)
    nothing = Trial(told.pack, empty, empty, none, none.astype(np.bool_), none.astype(np.int64))
    with np.errstate(invalid="ignore"):
        assert not Promotion.of(judge(nothing)).is_deserved
    assert not Promotion.of().is_deserved
