"""A student answers as its teachers do, on the data and off it, and what calibration sees of it is unseen."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from models.prognosis.distilling import Distilled, DistillingSettings, curve_distance, distil, disturbed, mixed
from models.prognosis.errors import FoldsUnfit
from models.prognosis.folds import machine_deals
from models.prognosis.loss import curve_loss
from models.prognosis.network import HazardEnsemble, NetworkShape, mean_survival, survival_of
from models.prognosis.targets import hazard_targets
from tests.models.prognosis.toys import GRID, toy_rows

FOLDS = 3
ROWS = toy_rows(machines=24, rows=30)
FOLDED = machine_deals(ROWS.machine, FOLDS, 1, 0)
FOLD = FOLDED[:, 0]
UNSEEN = toy_rows(machines=10, rows=20, seed=5).vectors
TAUGHT = DistillingSettings(hidden=(16,), epochs=20, batch_rows=64, learning_rate=1e-2)


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """Let torch use one thread: more of them wait for each other over networks this small."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def teacher(members: int = FOLDS, inputs: int = 0) -> HazardEnsemble:
    """Return an ensemble whose survival falls the faster the larger the first feature, each member a little apart."""
    torch.manual_seed(1)
    found = HazardEnsemble(NetworkShape(3, GRID.steps, members, hidden=(8,), dropout=0.5, inputs=inputs))
    found.logits.standardise_by(ROWS.vectors)
    if inputs:
        found.logits.project_by(np.eye(3)[:, :inputs], ROWS.vectors)
    with torch.no_grad():
        found.logits.weights[0][:, 0, :4] += 1.0
        found.logits.weights[1][:, :4] += 0.6
        found.logits.biases[1] += 1.0
    return found.eval()


@pytest.fixture(scope="module")
def taught() -> Distilled:
    return distil(teacher(), ROWS.vectors, FOLDED, FOLDS, TAUGHT)


def apart(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    return float(np.quantile(np.abs(one - other), 0.99))


def test_student_answers_as_the_ensemble_does_on_machines_that_neither_saw(taught: Distilled) -> None:
    wanted = mean_survival(teacher(), UNSEEN)
    assert float(np.ptp(wanted[:, 5])) > 0.4  # else there was nothing to learn
    assert apart(mean_survival(taught.student, UNSEEN), wanted) < 0.15
    assert taught.student.shape == NetworkShape(3, GRID.steps, 1, (16,), dropout=0.5)
    assert not taught.student.training


def test_student_follows_its_teacher_off_the_data(taught: Distilled) -> None:
    generator = torch.Generator().manual_seed(3)
    rows = torch.from_numpy(UNSEEN)
    between = mixed(rows, rows[torch.randperm(len(rows), generator=generator)], generator).numpy()
    noisy = disturbed(rows, teacher().logits.scale, TAUGHT, generator).numpy()
    for vectors in (between, noisy):
        assert apart(mean_survival(taught.student, vectors), mean_survival(teacher(), vectors)) < 0.15


def test_it_is_better_there_than_one_that_was_shown_the_data_alone(taught: Distilled) -> None:
    bare = distil(teacher(), ROWS.vectors, FOLDED, FOLDS, replace(TAUGHT, noise=0.0, left_out=0.0))
    strange = np.random.default_rng(0).normal(0.0, 2.0, (300, 3)).astype(np.float32)
    wanted = mean_survival(teacher(), strange)
    errors = [np.abs(mean_survival(each.student, strange) - wanted).mean() for each in (taught, bare)]
    assert errors[0] < errors[1]


@settings(max_examples=60, deadline=None)
@given(
    arrays(
        np.float32,
        st.tuples(st.integers(1, 4), st.just(3)),
        elements=st.one_of(st.floats(-1e6, 1e6, width=32), st.just(np.float32(np.nan))),
    )
)
def test_survival_of_a_student_never_rises_and_is_a_probability(
    taught: Distilled, vectors: NDArray[np.float32]
) -> None:
    curves = mean_survival(taught.student, vectors)
    assert np.isfinite(curves).all()
    assert ((curves >= 0.0) & (curves <= 1.0)).all()
    assert (np.diff(curves, axis=1) <= 0.0).all()


def test_the_same_arguments_give_the_same_student(taught: Distilled) -> None:
    again = distil(teacher(), ROWS.vectors, FOLDED, FOLDS, TAUGHT).student
    for name, value in again.state_dict().items():
        assert torch.equal(value, taught.student.state_dict()[name]), name


def test_what_calibration_sees_of_a_machine_hangs_on_no_machine_of_its_fold() -> None:
    """Changing one machine changes nothing that is said of others of its fold, and something of other folds."""
    once = replace(TAUGHT, epochs=1)
    machine = ROWS.machine[FOLD == 0][0]
    changed = ROWS.vectors.copy()
    changed[ROWS.machine == machine] = 9.0
    before = distil(teacher(), ROWS.vectors, FOLDED, FOLDS, once).unseen
    after = distil(teacher(), changed, FOLDED, FOLDS, once).unseen
    same_fold = (FOLD == 0) & (machine != ROWS.machine)
    np.testing.assert_array_equal(before[same_fold], after[same_fold])
    assert np.abs(before[FOLD == 1] - after[FOLD == 1]).max() > 1e-6


def test_each_student_learns_from_the_member_that_is_blind_as_it_is() -> None:
    """Members blind to fold 1 of either deal say that nothing ever fails; so do their students and no others."""
    deals = machine_deals(ROWS.machine, FOLDS, 2, 0)
    two_deals = teacher(members=2 * FOLDS)
    with torch.no_grad():
        for member in (1, 1 + FOLDS):
            two_deals.logits.biases[1][member] -= 30.0
    unseen = distil(two_deals, ROWS.vectors, deals, FOLDS, TAUGHT).unseen
    times = (deals == 1).sum(axis=1)
    assert unseen[times == 2].min() > 0.9
    assert unseen[times == 0, -1].max() < 0.5
    assert 0.4 < unseen[times == 1, -1].mean() < 0.8  # the mean of one that says so and one that does not


def test_student_looks_along_the_wear_directions_of_its_teacher() -> None:
    found = distil(teacher(inputs=2), ROWS.vectors, FOLDED, FOLDS, replace(TAUGHT, epochs=1)).student
    assert found.shape.inputs == 2
    assert found.logits.projection is not None
    torch.testing.assert_close(found.logits.projection, teacher(inputs=2).logits.projection, rtol=0, atol=0)
    torch.testing.assert_close(found.logits.scale, teacher().logits.scale, rtol=0, atol=0)


def test_it_ends_when_it_no_longer_learns() -> None:
    seen: list[int] = []
    still = replace(TAUGHT, learning_rate=0.0, epochs=30, patience=2)
    found = distil(teacher(), ROWS.vectors, FOLDED, FOLDS, still, lambda done, _: seen.append(done))
    assert (found.epoch, seen) == (0, [1, 2, 3])
    assert found.distance > 0.05


def test_distance_of_what_happened_is_the_loss_of_the_teacher() -> None:
    """A teacher that is certain, and right, asks for the same as the truth does."""
    remaining = np.array([3.0, 22.0, 58.0, 200.0])
    targets = hazard_targets(remaining, np.ones(4, np.bool_), GRID)
    certain = (np.arange(GRID.steps) < targets.outlived[:, None]).astype(np.float32)
    logits = torch.randn((2, 4, GRID.steps), generator=torch.Generator().manual_seed(0))
    told = torch.from_numpy(targets.outlived), torch.from_numpy(targets.has_failed), torch.ones((4, 2))
    wanted = torch.from_numpy(certain).expand(2, -1, -1)
    found = curve_distance(logits, wanted, torch.ones((2, 4)), 0.1)
    # For the life beyond the grid the truth tells nothing of a failure, and the loss asks about every step outlived.
    torch.testing.assert_close(found, curve_loss(logits, *told, 0.1))


def test_what_a_student_may_not_see_does_not_count() -> None:
    logits, wanted = torch.zeros((1, 2, 4)), torch.rand((1, 2, 4))
    alone = curve_distance(logits[:, :1], wanted[:, :1], torch.ones((1, 1)), 0.01)
    torch.testing.assert_close(curve_distance(logits, wanted, torch.tensor([[1.0, 0.0]]), 0.01), alone)


def test_a_point_between_two_rows_is_unknown_where_either_is() -> None:
    rows, others = torch.tensor([[0.0, torch.nan, 1.0]]), torch.tensor([[1.0, 2.0, torch.nan]])
    found = mixed(rows, others, torch.Generator().manual_seed(0))
    assert torch.isnan(found).tolist() == [[False, True, True]]
    assert 0.0 <= float(found[0, 0]) <= 1.0


def test_folds_and_members_belong_together() -> None:
    with pytest.raises(FoldsUnfit, match="3 members for 2 folds in 1 deals"):
        distil(teacher(), ROWS.vectors, FOLDED, 2, TAUGHT)
    with pytest.raises(FoldsUnfit, match=r"rows in folds \[\[1, 2\]\]"):
        distil(teacher(), ROWS.vectors, np.maximum(FOLDED, 1), FOLDS, TAUGHT)


def test_each_row_is_told_by_the_student_of_its_fold(taught: Distilled) -> None:
    by_member = survival_of(teacher(), ROWS.vectors)
    wanted = by_member[FOLD, np.arange(len(FOLD))]
    assert apart(taught.unseen, wanted) < 0.15
    assert taught.distance == pytest.approx(np.sqrt(np.mean((taught.unseen - wanted) ** 2)), rel=1e-4)
