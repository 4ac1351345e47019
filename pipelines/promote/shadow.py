"""The check of a challenger that ran in the champion's shadow."""

from features.records.shadows import ShadowEvidence
from pipelines.promote.finding import Finding

_MOST_LOST = 0.01


def check_shadow(evidence: ShadowEvidence, hours: float) -> tuple[Finding, ...]:
    """Check that a challenger ran long enough on live data, and answered where the champion did.

    Args:
        evidence: What it did in shadow.
        hours: How long it has to; 0 asks for no shadow at all, and there is no finding.
    """
    if hours <= 0:
        return ()
    lost = evidence.lost / max(evidence.forecasts, 1)
    holds = evidence.forecasts > 0 and evidence.hours >= hours and lost <= _MOST_LOST
    must = (
        f"run in shadow for {hours:g} hours and lose at most {_MOST_LOST:.0%} of the champion's answers "
        "(the worker runs it; wait, or see why it does not)"
    )
    apart = "" if evidence.mean_apart is None else f", probabilities {evidence.mean_apart:.3f} apart on average"
    found = f"{evidence.forecasts} forecasts of {evidence.assets} assets in {evidence.hours:.1f} hours, {lost:.1%} lost"
    return (Finding("shadow", holds, must, found + apart),)
