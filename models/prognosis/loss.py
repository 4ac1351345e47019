"""How well hazards foretold what became of a machine, censored machines included."""

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid


def hazard_loss(logits: Tensor, outlived: Tensor, has_failed: Tensor, weights: Tensor) -> Tensor:
    """Return the mean negative log likelihood over members and rows.

    A row that outlived k steps contributes Σ log(1 - h_j) over j < k, and log h_k if it then failed
    (Gensheimer & Narasimhan 2019, equation 3). A censored row contributes what it outlived and no more.

    Args:
        logits: Shape (member, batch, time).
        outlived: Whole steps outlived. Shape (batch,), integer.
        has_failed: Shape (batch,), boolean.
        weights: Weight of a row for a member, 0 where the member may not see it. Shape (batch, member).

    Returns:
        A scalar; members count alike whatever the number of their rows.
    """
    is_outlived, is_hit = _what_happened(logits, outlived, has_failed)
    return _over_members(_surprise(logits, logsigmoid(-logits), is_outlived, is_hit), weights)


def curve_loss(
    logits: Tensor,
    outlived: Tensor,
    has_failed: Tensor,
    weights: Tensor,
    likelihood: float,
    totals: Tensor | None = None,
) -> Tensor:
    """Return the mean squared distance of survival curves from what happened, and a share of the likelihood.

    The distance is the continuous ranked probability score of a life on the grid, which is the mean Brier score over
    all horizons and asks for a sharp middle, where the likelihood asks about the one step of the failure. A censored
    row counts over the steps it outlived (Avati, Duan, Zhou, Jung, Shah & Ng 2020, "Countdown regression: sharp and
    calibrated survival predictions", UAI, equation 5); that alone would be proper no longer, so the likelihood, which
    is, has a share.

    Args:
        logits: Shape (member, batch, time).
        outlived: Whole steps outlived. Shape (batch,), integer.
        has_failed: Shape (batch,), boolean.
        weights: Weight of a row for a member, 0 where the member may not see it. Shape (batch, member).
        likelihood: Weight of the negative log likelihood (`hazard_loss`) beside the distance.
        totals: Weight of all rows for each member, by which sums are divided; by default that of these rows. Of
            workers that share a batch each gives the weight of the batch over their number: the mean of their losses
            is then that of the batch, however it was shared. Shape (member,).

    Returns:
        A scalar; members count alike whatever the number of their rows.
    """
    is_outlived, is_hit = _what_happened(logits, outlived, has_failed)
    is_known = torch.maximum(is_outlived, has_failed[:, None].to(logits.dtype))
    survives = logsigmoid(-logits)
    survival = torch.exp(torch.cumsum(survives, dim=-1))
    distance = ((survival - is_outlived).square() * is_known).mean(dim=-1)
    return _over_members(distance + likelihood * _surprise(logits, survives, is_outlived, is_hit), weights, totals)


def _what_happened(logits: Tensor, outlived: Tensor, has_failed: Tensor) -> tuple[Tensor, Tensor]:
    """Return 1 for steps outlived, and for the step of a failure. Each of shape (batch, time)."""
    steps = torch.arange(logits.shape[-1], device=logits.device)
    is_outlived = steps < outlived[:, None]
    is_hit = (steps == outlived[:, None]) & has_failed[:, None]
    return is_outlived.to(logits.dtype), is_hit.to(logits.dtype)


def _surprise(logits: Tensor, survives: Tensor, is_outlived: Tensor, is_hit: Tensor) -> Tensor:
    """Return the negative log likelihood of each row, with log(1 - h) given: log h is it and the logit."""
    return -(is_outlived * survives + is_hit * (logits + survives)).sum(dim=-1)


def _over_members(loss: Tensor, weights: Tensor, totals: Tensor | None = None) -> Tensor:
    by_member = weights.T
    divided_by = by_member.sum(dim=1) if totals is None else totals
    return ((loss * by_member).sum(dim=1) / divided_by.clamp_min(1e-9)).mean()
