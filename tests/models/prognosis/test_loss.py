import math

import pytest
import torch

from models.prognosis.loss import curve_loss, hazard_loss


def logit(hazard: float) -> float:
    return math.log(hazard / (1.0 - hazard))


# Two members, three rows, three steps: hazards of 0.1, 0.2, 0.5 and of 0.3, 0.3, 0.3.
LOGITS = torch.tensor([[[logit(h) for h in (0.1, 0.2, 0.5)]] * 3, [[logit(0.3)] * 3] * 3])
OUTLIVED = torch.tensor([1, 2, 3])
HAS_FAILED = torch.tensor([True, False, False])
EVERY = torch.ones(3, 2)


def test_likelihood_is_that_computed_by_hand() -> None:
    first = [math.log(0.9 * 0.2), math.log(0.9 * 0.8), math.log(0.9 * 0.8 * 0.5)]
    second = [math.log(0.7 * 0.3), math.log(0.7**2), math.log(0.7**3)]
    expected = -0.5 * (sum(first) / 3 + sum(second) / 3)
    assert float(hazard_loss(LOGITS, OUTLIVED, HAS_FAILED, EVERY)) == pytest.approx(expected, rel=1e-6)


def test_censored_row_says_only_what_it_outlived() -> None:
    loss = hazard_loss(LOGITS[:1, 1:2], OUTLIVED[1:2], HAS_FAILED[1:2], torch.ones(1, 1))
    assert float(loss) == pytest.approx(-math.log(0.9 * 0.8), rel=1e-6)


def test_row_censored_at_once_says_nothing() -> None:
    loss = hazard_loss(LOGITS[:1, :1], torch.tensor([0]), torch.tensor([False]), torch.ones(1, 1))
    assert float(loss) == 0.0


def test_row_of_no_weight_does_not_count_and_members_count_alike() -> None:
    weights = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    first, second = math.log(0.9 * 0.2), (math.log(0.7**2) + math.log(0.7**3)) / 2
    loss = hazard_loss(LOGITS, OUTLIVED, HAS_FAILED, weights)
    assert float(loss) == pytest.approx(-0.5 * (first + second), rel=1e-6)


def test_member_without_any_row_in_the_batch_gives_no_nonsense() -> None:
    weights = torch.tensor([[1.0, 0.0]] * 3)
    logits = LOGITS.clone().requires_grad_()
    loss = hazard_loss(logits, OUTLIVED, HAS_FAILED, weights)
    loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
    assert torch.isfinite(loss)
    assert logits.grad is not None
    assert float(logits.grad[1].abs().sum()) == 0.0


def test_gradient_pulls_hazards_towards_what_happened() -> None:
    logits = LOGITS.clone().requires_grad_()
    hazard_loss(logits, OUTLIVED, HAS_FAILED, EVERY).backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
    assert logits.grad is not None
    failed, censored = logits.grad[0, 0], logits.grad[0, 1]
    assert failed[0] > 0  # outlived: less hazard
    assert failed[1] < 0  # failed here: more
    assert failed[2] == 0  # never reached
    assert (censored[:2] > 0).all()
    assert censored[2] == 0


def test_extreme_logits_stay_finite() -> None:
    logits = torch.tensor([[[1e4, -1e4, 1e4]] * 3] * 2, requires_grad=True)
    loss = hazard_loss(logits, OUTLIVED, HAS_FAILED, EVERY)
    loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
    assert logits.grad is not None
    assert torch.isfinite(loss)
    assert torch.isfinite(logits.grad).all()


def test_distance_of_curves_is_that_computed_by_hand() -> None:
    first, second = (0.9, 0.72, 0.36), (0.7, 0.49, 0.343)
    expected = 0.0
    for one, two, three in (first, second):
        failed = (1 - one) ** 2 + two**2 + three**2  # outlived one step, then failed
        censored = (1 - one) ** 2 + (1 - two) ** 2  # outlived two steps; of the third nothing is known
        whole = censored + (1 - three) ** 2
        expected += (failed + censored + whole) / 9 / 2
    assert float(curve_loss(LOGITS, OUTLIVED, HAS_FAILED, EVERY, 0.0)) == pytest.approx(expected, rel=1e-5)


def test_likelihood_has_its_share_of_the_loss() -> None:
    distance = float(curve_loss(LOGITS, OUTLIVED, HAS_FAILED, EVERY, 0.0))
    likelihood = float(hazard_loss(LOGITS, OUTLIVED, HAS_FAILED, EVERY))
    both = float(curve_loss(LOGITS, OUTLIVED, HAS_FAILED, EVERY, 0.25))
    assert both == pytest.approx(distance + 0.25 * likelihood, rel=1e-5)


def test_distance_is_least_where_hazards_are_those_that_made_the_lives() -> None:
    hazards = torch.tensor([0.2, 0.5])
    lives = [(0, True, 0.2), (1, True, 0.4), (2, False, 0.4)]  # outlived, failed, how often
    outlived, failed = torch.tensor([each[0] for each in lives]), torch.tensor([each[1] for each in lives])
    weights = torch.tensor([[each[2]] for each in lives])

    def loss(changed: torch.Tensor) -> float:
        return float(curve_loss(torch.logit(changed).expand(1, 3, 2), outlived, failed, weights, 0.0))

    for step in range(2):
        for change in (-0.02, 0.02):
            changed = hazards.clone()
            changed[step] += change
            assert loss(changed) > loss(hazards)


@pytest.mark.parametrize("workers", [2, 3])
def test_mean_of_the_losses_of_workers_is_that_of_the_batch_they_share(workers: int) -> None:
    generator = torch.Generator().manual_seed(3)
    logits = torch.randn(2, 7, 4, generator=generator)
    outlived, failed = torch.arange(7) % 4, torch.arange(7) % 3 > 0
    weights = torch.tensor([[1.0, 0.0]] * 3 + [[1.0, 1.0]] * 2 + [[0.0, 1.0]] * 2)
    totals, losses = weights.sum(dim=0) / workers, []
    for rank in range(workers):
        part = slice(rank, None, workers)
        told = outlived[part], failed[part], weights[part]
        losses.append(float(curve_loss(logits[:, part], *told, 0.1, totals)))
    whole = float(curve_loss(logits, outlived, failed, weights, 0.1))
    assert sum(losses) / workers == pytest.approx(whole, rel=1e-6)
