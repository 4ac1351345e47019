import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.transforms.intervals import bounds
from models.calibration.censoring import life_weights
from models.calibration.evidence import Alike, Evidence
from models.calibration.levels import LevelRule, Tails, fit_levels, level_scores
from tests.models.calibration.fleets import CAP, GRID, STEP, STEPS, Fleet, weibull_fleet

STAGED = LevelRule(stage_edges=(35.0,), regimes=2)


def held(rule: LevelRule, known: Fleet, new: Fleet, weight: bool = False) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    weights = life_weights(known.remaining, known.is_failure, known.age, known.life, CAP) if weight else None
    fitted = fit_levels(
        known.survival, STEP, known.remaining, Evidence.of_units(known.life, weights), rule, known.regime
    )
    low, _, high = bounds(new.survival, STEP, fitted.table, new.regime)
    truth = np.minimum(new.truth, CAP)
    return np.asarray((low - 1e-9 <= truth) & (truth <= high + 1e-9), np.bool_)


@pytest.mark.parametrize(
    ("tails", "believed"), [(Tails.TOGETHER, 2.0), (Tails.TOGETHER, 4.0), (Tails.APART, 4.0)], ids=str
)
def test_intervals_hold_in_every_regime_whatever_the_model_believes(tails: Tails, believed: float) -> None:
    known, new = weibull_fleet(3000, 1, believed), weibull_fleet(3000, 2, believed)
    for_all = held(LevelRule(tails=tails), known, new)
    assert np.mean(for_all) == pytest.approx(0.9, abs=0.015)
    own = held(LevelRule(tails=tails, regimes=2), known, new)
    gaps = [abs(np.mean(which[new.regime == regime]) - 0.9) for which in (for_all, own) for regime in (0, 1)]
    assert max(gaps[2:]) < 0.02
    assert max(gaps[:2]) > 0.02, "the regimes must differ, or their own levels prove nothing"


@pytest.mark.parametrize("alike", list(Alike))
def test_stages_of_life_hold_each_by_itself_under_the_law_they_were_made_for(alike: Alike) -> None:
    known, new = weibull_fleet(4000, 3, rows_per_life=8), weibull_fleet(4000, 4, rows_per_life=8)
    evidence = Evidence.of_units(known.life, alike=alike)
    table = fit_levels(known.survival, STEP, known.remaining, evidence, STAGED, known.regime).table
    low, median, high = bounds(new.survival, STEP, table, new.regime)
    truth, stage = np.minimum(new.truth, CAP), table.stage_of(median)
    for regime in range(2):
        for column in range(2):
            rows = (new.regime == regime) & (stage == column)
            is_held = (low[rows] <= truth[rows]) & (truth[rows] <= high[rows])
            mass = Evidence.of_units(new.life[rows], alike=alike).mass
            chance = 3 * np.sqrt(2 * 0.09 / len(np.unique(new.life[rows])))  # both fleets are samples
            assert np.average(is_held, weights=mass) == pytest.approx(0.9, abs=chance), (regime, column)
            assert chance < 0.04


def test_tails_apart_are_each_missed_as_often_as_their_share() -> None:
    known, new = weibull_fleet(3000, 5, believed=4.0), weibull_fleet(3000, 6, believed=4.0)
    rule = LevelRule(tails=Tails.APART, low_share=0.2)
    table = fit_levels(known.survival, STEP, known.remaining, Evidence.of_units(known.life), rule).table
    low, _, high = bounds(new.survival, STEP, table, new.regime)
    truth = np.minimum(new.truth, CAP)
    assert np.mean(truth < low) == pytest.approx(0.02, abs=0.006)
    assert np.mean(truth > high) == pytest.approx(0.08, abs=0.012)


@pytest.mark.parametrize("lives", [9, 20, 45])
@pytest.mark.parametrize("tails", list(Tails))
def test_promise_holds_for_few_lives_too(lives: int, tails: Tails) -> None:
    """Mean over 120 fleets of the share of a new fleet's rows that is held: a finite-sample bound."""
    shares = []
    for seed in range(120):
        fleet = weibull_fleet(lives + 6, 1000 + seed, believed=4.0)
        is_known = fleet.life < lives
        known, new = _part(fleet, is_known), _part(fleet, ~is_known)
        shares.append(float(np.mean(held(LevelRule(tails=tails), known, new))))
    deviation = float(np.std(shares) / np.sqrt(len(shares)))
    assert np.mean(shares) > 0.9 - 3.5 * deviation


@pytest.mark.parametrize("censored_above", [250.0, 400.0])
def test_censored_lives_do_not_break_the_promise(censored_above: float) -> None:
    """Failures alone favour short lives and miss the long ones; weighted, the interval holds the truth."""
    known = weibull_fleet(4000, 7, censored_above=censored_above)
    new = weibull_fleet(4000, 8, censored_above=censored_above)  # its truth is known here, and nowhere else
    assert 0.2 < 1 - np.mean(known.is_failure) < 0.5
    rule = LevelRule(tails=Tails.APART)
    naive = _part(known, known.is_failure)
    above = {
        name: np.mean(new.truth > _high(part, rule, new, name == "weighted"))
        for name, part in (("naive", naive), ("weighted", known))
    }
    assert np.mean(held(rule, known, new, weight=True)) == pytest.approx(0.9, abs=0.02)
    assert above["naive"] > 0.065
    assert above["weighted"] == pytest.approx(0.05, abs=0.015)


def test_promise_holds_for_few_lives_under_censoring() -> None:
    shares = []
    for seed in range(120):
        fleet = weibull_fleet(46, 5000 + seed, believed=4.0, censored_above=250.0)
        is_known = fleet.life < 40
        shares.append(float(np.mean(held(LevelRule(), _part(fleet, is_known), _part(fleet, ~is_known), weight=True))))
    deviation = float(np.std(shares) / np.sqrt(len(shares)))
    assert np.mean(shares) > 0.9 - 3.5 * deviation


def test_too_few_lives_give_the_whole_range() -> None:
    fleet = weibull_fleet(8, 9)
    fitted = fit_levels(fleet.survival, STEP, fleet.remaining, Evidence.of_units(fleet.life), LevelRule())
    assert fitted.table.low == ((0.0,),)
    assert fitted.table.high == ((1.0,),)
    low, _, high = bounds(fleet.survival, STEP, fitted.table, fleet.regime)
    assert low.max() == 0.0
    assert high.min() == CAP


def test_groups_say_whose_levels_they_have() -> None:
    fleet = weibull_fleet(300, 10)
    rule = LevelRule(stage_edges=(20.0, 60.0), regimes=3, fewest=30)
    fitted = fit_levels(fleet.survival, STEP, fleet.remaining, Evidence.of_units(fleet.life), rule, fleet.regime)
    told = {(row["regime"], row["stage"]): row["levels_from"] for row in fitted.to_rows()}
    assert told[0, 1] == ["regime 0, stage 1"] * 2
    assert told[2, 1] == ["stage 1"] * 2, "nobody ran in the third regime"
    assert told[None, 1] == ["stage 1"] * 2
    assert fitted.table.low[2] == fitted.table.low[3]
    assert len(told) == 12


def test_level_never_crosses_the_median() -> None:
    """A model that is wrong on one side only still gives its median inside of its interval."""
    generator = np.random.default_rng(11)
    survival = np.repeat(np.exp(-GRID / 30.0)[None, :], 200, axis=0)
    late = np.full(200, 0.9 * CAP) + generator.random(200)
    table = fit_levels(survival, STEP, late, Evidence.of_rows(200), LevelRule(tails=Tails.APART)).table
    assert table.low == ((0.5,),)
    assert table.high[0][0] > 0.9


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), level=st.floats(0.01, 0.49))
def test_row_is_held_exactly_if_its_scores_are_within_the_levels(seed: int, level: float) -> None:
    fleet = weibull_fleet(40, seed, believed=1.5)
    low_score, high_score = level_scores(fleet.survival, STEP, fleet.truth)
    rule = LevelRule()
    table = fit_levels(fleet.survival, STEP, fleet.remaining, Evidence.of_units(fleet.life), rule).table
    table = type(table)(0.9, (), ((0.5 - level,),), ((0.5 + level,),), whole_steps=table.whole_steps)
    low, _, high = bounds(fleet.survival, STEP, table, fleet.regime)
    truth = np.minimum(fleet.truth, CAP)
    clear = (np.abs(0.5 - level - low_score) > 1e-9) & (np.abs(high_score - 0.5 - level) > 1e-9)
    inside = (low - 1e-9 <= truth) & (truth <= high + 1e-9)
    within = (0.5 - level <= low_score) & (high_score <= 0.5 + level)
    np.testing.assert_array_equal(inside[clear], within[clear])


def test_life_that_ends_within_the_coming_step_is_held_without_giving_up_the_upper_bound() -> None:
    generator = np.random.default_rng(5)
    survival = np.exp(-GRID / generator.uniform(3.0, 9.0, (400, 1)))
    whole = np.floor(generator.exponential(4.0, 400) / STEP) * STEP  # as whole steps tell it, many of them 0
    assert np.mean(whole == 0.0) > 0.5
    table = fit_levels(survival, STEP, whole, Evidence.of_rows(400), LevelRule()).table
    low, _, high = bounds(survival, STEP, table, np.zeros(400, np.int64))
    assert np.mean((low <= whole) & (whole <= high)) >= 0.9
    assert high.max() < CAP / 2


def test_life_at_the_cap_is_held_as_soon_as_the_upper_bound_reaches_it() -> None:
    curve = np.linspace(0.95, 0.2, STEPS)[None, :]  # a fifth outlives the grid
    low, high = level_scores(curve, STEP, np.array([10 * CAP]))
    assert low[0] == 1.0
    assert high[0] == pytest.approx(0.8)


def _part(fleet: Fleet, rows: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Fleet:
    names = ("survival", "truth", "remaining", "is_failure", "age", "life", "regime")
    return Fleet(**{name: getattr(fleet, name)[rows] for name in names})


def _high(known: Fleet, rule: LevelRule, new: Fleet, weight: bool) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    weights = life_weights(known.remaining, known.is_failure, known.age, known.life, CAP) if weight else None
    evidence = Evidence.of_units(known.life, weights)
    table = fit_levels(known.survival, STEP, known.remaining, evidence, rule).table
    high = bounds(new.survival, STEP, table, new.regime)[2]
    return np.asarray(np.where(high >= CAP, np.inf, high), np.float64)
