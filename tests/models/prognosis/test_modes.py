from dataclasses import replace

import numpy as np
import pytest

from features.domain.forecasts import OTHER_MODE
from models.prognosis.modes import FEWEST_LIVES, ModeScope, fit_modes, judge_modes
from models.prognosis.targets import LabelledVectors

SCOPE = ModeScope(within=40.0, first_age=5.0)


def lives(modes: list[str], seed: int = 0, telling: float = 3.0, failed: bool = True) -> LabelledVectors:
    """Make one machine per mode named, whose first feature near its end tells leaks, whose second tells wear."""
    generator = np.random.default_rng(seed)
    age = np.tile(np.arange(0.0, 100.0, 5.0), len(modes))
    machine = np.repeat(np.arange(len(modes)), 20)
    mode = np.repeat(np.array(modes), 20)
    near = age > 60.0
    vectors = generator.standard_normal((len(age), 6)).astype(np.float32)
    vectors[near & (mode == "leak"), 0] += telling
    vectors[near & (mode == "wear"), 1] += telling
    is_failure = np.full(len(age), failed)
    return LabelledVectors(vectors, 100.0 - age, is_failure, machine, machine.copy(), age, 0 * machine, mode)


def joined(first: LabelledVectors, second: LabelledVectors) -> LabelledVectors:
    names = ("vectors", "remaining", "is_failure", "age", "regime", "mode")
    parts = {name: np.concatenate([getattr(first, name), getattr(second, name)]) for name in names}
    machine = np.concatenate([first.machine, second.machine + 1000])
    return LabelledVectors(machine=machine, life_id=machine.copy(), **parts)


def test_modes_that_show_are_told_apart_on_machines_not_seen() -> None:
    fitted = fit_modes(lives(["leak", "wear", "wear"] * 12), SCOPE)
    assert fitted.modes == ("leak", "wear")
    assert fitted.base == pytest.approx((1 / 3, 2 / 3), abs=0.02)
    held_out = judge_modes(fitted, lives(["leak", "wear"] * 15, seed=9), SCOPE)
    assert held_out is not None
    assert held_out.accuracy > 0.9 > held_out.base_accuracy
    assert held_out.log_loss < 0.4 < held_out.base_log_loss


@pytest.mark.parametrize("seed", range(3))
def test_permuted_labels_are_refused(seed: int) -> None:
    """The planted bug: labels that have nothing to do with the machines must not pass for knowledge."""
    rows = lives(["leak", "wear"] * 15, seed)
    order = np.random.default_rng(seed).permutation(30)
    assert rows.mode is not None
    fitted = fit_modes(replace(rows, mode=rows.mode[order[rows.life_id] * 20]), SCOPE, seed)
    assert fitted.shares is None
    assert fitted.reason is not None
    assert "does not clearly beat" in fitted.reason


def test_where_nothing_shows_the_base_rate_stays_and_is_not_given_out() -> None:
    fitted = fit_modes(lives(["leak", "wear"] * 12, telling=0.0), SCOPE)
    assert fitted.shares is None
    assert fitted.unseen is not None


def test_shares_are_as_sure_as_they_are_right() -> None:
    fitted = fit_modes(lives(["leak", "wear"] * 25, telling=1.0), SCOPE)
    held_out = judge_modes(fitted, lives(["leak", "wear"] * 60, seed=5, telling=1.0), SCOPE)
    assert held_out is not None
    assert max(each.error for each in held_out.modes) < 0.12


def test_modes_of_few_lives_are_told_together_or_left_out() -> None:
    frequent = ["leak", "wear"] * 10
    alone = fit_modes(lives([*frequent, *["crack"] * (FEWEST_LIVES - 1)]), SCOPE)
    assert alone.modes == ("leak", "wear")
    together = fit_modes(lives([*frequent, *["crack", "knock"] * (FEWEST_LIVES - 1)]), SCOPE)
    assert together.modes == ("leak", OTHER_MODE, "wear")


def test_lives_cut_off_and_failures_of_no_known_mode_teach_nothing() -> None:
    rows = lives(["leak", "wear"] * 12)
    silent = joined(lives([""] * 5, seed=2), lives(["leak"] * 30, seed=3, failed=False))
    alone, beside = fit_modes(rows, SCOPE), fit_modes(joined(rows, silent), SCOPE)
    assert beside.base == pytest.approx(alone.base)
    assert beside.unseen is not None
    assert beside.unseen.lives == 24


def test_too_little_to_learn_from_is_said() -> None:
    unlabelled = replace(lives(["leak", "wear"] * 12), mode=None)
    assert "names its mode" in str(fit_modes(unlabelled, SCOPE).reason)
    assert "found leak 24" in str(fit_modes(lives(["leak"] * 24), SCOPE).reason)
    rows = lives(["leak", "wear"] * 12)
    assert "two machines" in str(fit_modes(replace(rows, machine=0 * rows.machine), SCOPE).reason).lower()


def test_mode_of_one_machine_alone_is_no_obstacle() -> None:
    rows = lives(["leak", "wear"] * 12)
    assert rows.mode is not None
    one = replace(rows, machine=np.where(rows.mode == "leak", 0, rows.machine))
    assert fit_modes(one, SCOPE).unseen is not None
