from dataclasses import replace

import numpy as np
import pytest

from features.transforms.condition.borrowed import borrowed_share
from features.transforms.condition.model import ConditionModel
from features.transforms.condition.state import forget_levels, initial_condition
from features.transforms.condition.step import advance
from tests.features.transforms.condition.rig import MODEL, judged, rows_of
from tests.features.transforms.condition.streams import TABLES


def share_after(count: int, model: ConditionModel = MODEL) -> float:
    state = initial_condition(model)
    for row in rows_of(count):
        advance(model, state, row)
    return borrowed_share(model, state)


def test_of_a_machine_never_seen_all_is_borrowed() -> None:
    assert borrowed_share(MODEL, initial_condition(MODEL)) == pytest.approx(1.0)


def test_the_more_a_machine_showed_the_less_is_borrowed() -> None:
    shares = [share_after(count) for count in (12, 60, 240)]
    assert shares == sorted(shares, reverse=True)
    assert 0.0 < shares[-1] < 0.6 * shares[0]


def test_the_less_machines_differ_the_more_one_borrows() -> None:
    alike = replace(MODEL.table, slope_spreads=tuple(tuple(0.2 * s for s in row) for row in MODEL.table.slope_spreads))
    assert share_after(60, ConditionModel.of(alike)) > share_after(60)


def test_slopes_count_by_how_far_their_condition_moves() -> None:
    table = replace(MODEL.table, condition_spreads=(3.0, 1.0), slope_spreads=((0.1, 0.1),) * len(MODEL.table.sensors))
    model = ConditionModel.of(table)
    state = initial_condition(model)
    state.spread[:, 1, 1] *= 0.25
    assert borrowed_share(model, state) == pytest.approx((9.0 * 0.25 + 1.0) / 10.0)


def test_it_is_the_weight_that_the_fleet_s_slope_has_in_the_machine_s() -> None:
    """A machine whose slope is another one lies between it and the fleet's, by that share."""
    conditions = replace(MODEL.table, slope_spreads=((0.05, 0.05),) * len(MODEL.table.sensors))
    model, steeper = ConditionModel.of(conditions), 0.04
    state, rng = initial_condition(model), np.random.default_rng(3)
    load = np.repeat([0.0, 0.8], 150) + 0.1 * rng.standard_normal(300)
    for row in rows_of(300, 3, load):
        row.values[2:] += steeper * (row.values[0] - 1.0)
        advance(model, state, row)
    moved = (state.weights[:, 1] - model.slopes[:, 0]) / steeper
    own = 1.0 - state.spread[:, 1, 1] / np.square(0.05 / model.noise)
    assert np.abs(moved - own).mean() < 0.2


def test_what_is_learnt_anew_of_a_level_borrows_nothing_more() -> None:
    state = initial_condition(MODEL)
    judged(rows_of(120), state)
    anew = forget_levels(MODEL, state, list(MODEL.table.sensors))
    assert borrowed_share(MODEL, anew) == pytest.approx(borrowed_share(MODEL, state), rel=0.2)


def test_where_nothing_follows_a_condition_nothing_is_borrowed() -> None:
    sensors = len(MODEL.table.sensors)
    bare = replace(
        MODEL.table,
        conditions=(),
        running=None,
        floors=MODEL.table.floors[-sensors:],
        spans=MODEL.table.spans[-sensors:],
        slopes=((),) * sensors,
        slope_spreads=((),) * sensors,
        condition_spreads=(),
        condition_covariance=(),
        modes=(),
    )
    model = ConditionModel.of(bare)
    assert borrowed_share(model, initial_condition(model)) == 0.0


def test_regimes_that_a_machine_is_never_in_do_not_count() -> None:
    model = ConditionModel.of(TABLES[2])
    state = initial_condition(model)
    state.spread[:, 1:3, 1:3] *= 0.2
    state.visits[0] = 50.0
    assert borrowed_share(model, state) == pytest.approx(0.2)
    state.visits[1] = 50.0
    assert borrowed_share(model, state) > 0.2
