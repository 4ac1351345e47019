import numpy as np
import pytest

from features.domain.identifiers import AssetId
from models.condition.borrowing.prior import PriorSettings, learn_prior, summarise
from models.condition.errors import TooFewToBorrow
from models.condition.history import History
from models.condition.normal import learn_normal
from tests.models.condition.fleets import BETWEEN, LARGE, MINE, SMALL, THEIRS, machine, members, oftener, prior


def test_a_machine_that_was_never_seen_is_expected_as_its_group_is_and_all_is_borrowed() -> None:
    for group, shift in ((SMALL, 0.0), (LARGE, 20.0)):
        belief = prior().belief(group)
        assert belief.shares["own"] == 0.0
        assert sum(belief.shares.values()) == pytest.approx(1.0)
        away = (belief.level.center - machine(0).readings.mean(axis=0)) / BETWEEN - shift
        assert (np.abs(away) < 3.0).all()
        assert belief.normal().seen == 0


def test_what_is_expected_covers_machines_not_seen() -> None:
    expected = prior().belief(SMALL).expected
    z_scores = np.concatenate([expected.z_scores(machine(seed).readings) for seed in range(200, 220)])
    assert np.sqrt((z_scores**2).mean()) == pytest.approx(1.0, abs=0.25)


def test_own_share_grows_with_what_was_seen_and_in_the_end_the_machine_speaks_for_itself() -> None:
    own = machine(300, rows=1_500)
    beliefs = [prior().belief(SMALL).after_history(own.part(slice(None, rows))) for rows in (0, 2, 20, 200, 1_500)]
    shares = [belief.shares["own"] for belief in beliefs]
    assert shares == sorted(shares)
    assert shares[0] == 0.0
    assert shares[-1] == pytest.approx(1.0, abs=0.01)
    alone = learn_normal(own)
    np.testing.assert_allclose(beliefs[-1].normal().level.center, alone.level.center, atol=0.01 * BETWEEN.max())
    np.testing.assert_allclose(beliefs[-1].normal().scores(own), alone.scores(own), rtol=0.25, atol=0.15)


def test_after_a_day_a_borrowed_machine_is_judged_better_than_by_its_own_rows_alone() -> None:
    own = machine(301, rows=800)
    borrowed = prior().belief(SMALL).after_history(own.part(slice(None, 6))).normal()
    healthy_scores = borrowed.scores(own)[200:]
    assert np.quantile(healthy_scores, 0.9) < 2.0
    faulty = own.readings.copy()
    faulty[400:, 0] += 10.0
    assert borrowed.scores(History(own.seconds, faulty))[500:].min() > 3.0


def test_nothing_is_borrowed_from_fewer_machines_than_the_least() -> None:
    with pytest.raises(
        TooFewToBorrow, match="At least 5 healthy machines must be there to borrow from; found 4"
    ) as raised:
        learn_prior([*members(4), *members(1)], MINE)  # one of them told twice
    assert (raised.value.found, raised.value.least) == (4, 5)
    few = learn_prior([*members(), *members(4, LARGE, 50)], MINE)
    assert few.belief(LARGE).group is None
    assert few.belief(LARGE).shares["fleet"] == 1.0
    assert learn_prior(members(4), MINE, settings=PriorSettings(least=4)).machines == {SMALL: 4, None: 4}


def test_another_tenants_machines_teach_only_where_that_tenant_allowed_it() -> None:
    mixed = [*members(6), *members(6, first=80, tenant=THEIRS)]
    alone, lent = learn_prior(mixed, MINE), learn_prior(mixed, MINE, lenders=frozenset({THEIRS}))
    assert (alone.machines[None], lent.machines[None]) == (6, 12)
    np.testing.assert_array_equal(alone.level.fleet, learn_prior(members(6), MINE).level.fleet)
    with pytest.raises(TooFewToBorrow, match="found 0"):
        learn_prior(members(6), THEIRS)


def test_the_order_in_which_machines_are_told_never_matters() -> None:
    turned = learn_prior(reversed([*members(), *members(group=LARGE, first=50)]), MINE)
    np.testing.assert_array_equal(turned.level.fleet, prior().level.fleet)
    np.testing.assert_array_equal(turned.spread.between_machines, prior().spread.between_machines)


def test_a_new_instrument_makes_its_level_borrowed_again_and_nothing_else() -> None:
    own = prior().belief(SMALL).after_history(machine(302))
    changed = own.renewed(levels=np.array([True, False, False, False]), spreads=np.zeros(4, np.bool_))
    assert changed.level.variance[0] > 20 * own.level.variance[0]
    np.testing.assert_array_equal(changed.level.center[1:], own.level.center[1:])
    np.testing.assert_array_equal(changed.spread.center, own.spread.center)
    assert changed.shares["earlier"] == pytest.approx(own.level.weights[3, 0] * 0.5 / 4)
    assert sum(changed.shares.values()) == pytest.approx(1.0)


def test_signals_that_machines_lack_or_that_never_move_disturb_no_other_and_are_learnt_where_they_are() -> None:
    def odd(seed: int) -> History:
        history = machine(seed)
        history.readings[:, 1] = 50.0  # never moves
        history.readings[:, 2] = np.nan  # nobody has it
        if seed < 3:
            history.readings[:, 3] = np.nan
        return history

    fleet = [summarise(MINE, AssetId(f"m-{seed}"), SMALL, odd(seed)) for seed in range(8)]
    belief = learn_prior(fleet, MINE).belief(SMALL)
    plain = learn_prior(members(), MINE).belief(SMALL)
    assert belief.level.center[0] == pytest.approx(plain.level.center[0])
    assert belief.level.center[1] == pytest.approx(50.0)
    assert np.isnan(belief.level.center).tolist() == [False, False, True, False]
    normal = belief.after_history(odd(9).part(slice(None, 60))).normal()
    state = normal.start()
    for seconds, row in zip(odd(9).seconds.tolist(), odd(9).readings, strict=True):
        state, condition = normal.step(state, seconds, row)
    assert np.isnan(condition.shares).tolist() == [False, False, True, False]
    assert condition.score < 2.0
    moved = odd(9)
    moved.readings[:, 1] = 60.0  # a valve that was never touched
    assert normal.scores(moved)[-1] > 3.0


def test_a_signal_that_stands_still_and_that_only_this_machine_has_is_judged_once_it_moves() -> None:
    def leaking(seed: int, drops: float, rows: int) -> History:
        history = machine(seed, rows=rows)
        history.readings[:, 1] = drops
        return history

    fleet = [summarise(MINE, AssetId(f"m-{seed}"), SMALL, leaking(seed, np.nan, 110)) for seed in range(5)]
    own = leaking(9, 7.0, 200)
    first = own.part(slice(None, 120))
    belief = learn_prior(fleet, MINE).belief(SMALL).after_history(first)
    assert belief.normal().scores(own)[-1] < 2.0
    own.readings[120:, 1] = 9.0
    assert belief.normal().scores(own)[-1] == pytest.approx(learn_normal(first).scores(own)[-1], rel=0.25)


def test_rows_that_come_oftener_than_the_fleets_tell_no_more_of_a_machine_in_the_same_time() -> None:
    own, belief = machine(310, rows=90), prior().belief(SMALL)
    alike = [belief.after_history(each) for each in (own, oftener(own, 6))]
    for name in ("level", "spread", "wander"):
        plain, dense = (getattr(each, name).variance for each in alike)
        np.testing.assert_allclose(dense, plain, rtol=0.02)


def test_one_row_without_an_interval_of_its_own_tells_something() -> None:
    assert prior().belief(SMALL).after_history(machine(310, rows=1)).shares["own"] > 0.0
