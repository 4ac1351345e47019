"""Likelihood of what became of a machine under discrete-time hazards, censored machines included."""

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
    steps = torch.arange(logits.shape[-1], device=logits.device)
    is_outlived = (steps < outlived[:, None]).to(logits.dtype)
    is_hit = ((steps == outlived[:, None]) & has_failed[:, None]).to(logits.dtype)
    likelihood = (is_outlived * logsigmoid(-logits) + is_hit * logsigmoid(logits)).sum(dim=-1)
    by_member = weights.T
    return -((likelihood * by_member).sum(dim=1) / by_member.sum(dim=1).clamp_min(1e-9)).mean()
