"""From the answer to a row to what is put on record of the machine."""

import math

import numpy as np

from features.domain.conditions import AssetCondition, ConditionVerdict
from features.domain.identifiers import AssetId, TenantId
from features.domain.time import from_microseconds
from features.transforms.condition.answer import ConditionAnswer, Evidence
from features.transforms.condition.borrowed import borrowed_share
from features.transforms.condition.model import ConditionModel
from features.transforms.condition.state import ConditionState

THRESHOLD = 1.0
"""Score above which a deviation is one: scores are told in the most that healthy machines show."""


def condition_of(
    tenant: TenantId,
    asset: AssetId,
    answer: ConditionAnswer,
    model: ConditionModel,
    at_us: int,
    since_us: int,
    name: str,
    state: ConditionState | None = None,
) -> AssetCondition:
    """Return what is said of a machine.

    Args:
        tenant: Whose.
        asset: Which.
        answer: To its newest row, or to its silence since.
        model: Of the answer.
        at_us: Time of that row, microseconds since 1970.
        since_us: Time of the first row since which the verdict has been the same.
        name: What judged.
        state: After that row, by which it is told how much the machine borrows; None to leave that untold.
    """
    return AssetCondition(
        tenant=tenant,
        asset=asset,
        verdict=answer.verdict,
        at=from_microseconds(at_us),
        since=from_microseconds(min(since_us, at_us)),
        score=_known(answer.score),
        threshold=THRESHOLD,
        shares=_shares(answer, model.table.sensors),
        evidence=_evidence(answer),
        seen=answer.seen_rows,
        model=name,
        borrowed=None if state is None else _known(borrowed_share(model, state)),
        lenders=None if state is None else model.table.machines,
    )


def not_computed(tenant: TenantId, asset: AssetId, at_us: int, model: str) -> AssetCondition:
    """Return what is said of a machine whose condition could not be computed: that it cannot be told."""
    at = from_microseconds(at_us)
    verdict = ConditionVerdict.UNDETERMINED
    return AssetCondition(tenant, asset, verdict, at, at, None, None, (), (("not_computed", 1.0),), 0, model)


def _known(number: float) -> float | None:
    return number if math.isfinite(number) else None


def _shares(answer: ConditionAnswer, sensors: tuple[str, ...]) -> tuple[tuple[str, float], ...]:
    """Return the share of every sensor that was compared, the largest first; they add up to 1."""
    known = np.isfinite(answer.shares)
    total = float(answer.shares[known].sum())
    if total <= 0.0:
        return ()
    compared = zip(sensors, answer.shares.tolist(), known.tolist(), strict=True)
    pairs = [(name, share / total) for name, share, is_known in compared if is_known]
    return tuple(sorted(pairs, key=lambda pair: (-pair[1], pair[0])))


def _evidence(answer: ConditionAnswer) -> tuple[tuple[str, float], ...]:
    """Return the evidence by name, what speaks for the verdict first; then estimates, and the risk of a silence."""
    ordered = sorted(answer.evidence, key=lambda each: each.verdict is not answer.verdict)
    found = {_name(each): each.value for each in ordered}
    for each in answer.estimates:
        found[f"estimated:{each.signal}"] = each.value
        found[f"estimated_within:{each.signal}"] = each.deviation
    if answer.risk > answer.score:
        found["risk"] = answer.risk
    return tuple((name, float(value)) for name, value in found.items() if math.isfinite(value))


def _name(evidence: Evidence) -> str:
    """Return a name that no other number of the answer has."""
    name = f"{evidence.name}_{evidence.verdict.value}" if evidence.name == "probability" else evidence.name
    return name if evidence.signal is None else f"{name}:{evidence.signal}"
