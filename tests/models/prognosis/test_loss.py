import math

import pytest
import torch

from models.prognosis.loss import hazard_loss


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
