"""The gate behind a training: the first model must be worth something, every other must be better than the champion."""

from dataclasses import dataclass

from edge_export.bundle.shelf import BundleShelf
from edge_export.runtime.runtime import Runtime
from features.domain.assets import Asset
from features.domain.identifiers import AssetId
from pipelines.promote.contest import contest
from pipelines.promote.examining import Examine, examine
from pipelines.promote.finding import Promotion
from pipelines.promote.running import check_running
from pipelines.train.data import PreparedData
from pipelines.train.evaluation import Evaluation


@dataclass(frozen=True, slots=True)
class Decision:
    """What the gate decided, and why, for people.

    Attributes:
        is_promoted: It serves from now on.
        is_in_shadow: It runs in the champion's shadow from now on; `promote` decides later.
        promotion: Every check against the champion; None before the first promotion, or without skill.
    """

    is_promoted: bool
    reason: str
    is_in_shadow: bool = False
    promotion: Promotion | None = None

    def to_dict(self) -> dict[str, object]:
        """Return the JSON form."""
        findings = [] if self.promotion is None else self.promotion.to_dict()["findings"]
        told = {"promoted": self.is_promoted, "in_shadow": self.is_in_shadow, "reason": self.reason}
        return {**told, "findings": findings}


def decide(
    challenger: Evaluation,
    runtime: Runtime,
    data: PreparedData,
    shelf: BundleShelf,
    shadow_hours: float,
    assets: dict[AssetId, Asset] | None = None,
    examining: Examine = examine,
) -> Decision:
    """Compare a challenger with knowing the failure rate, and with the champion.

    Args:
        challenger: Its figures on the held-out machines.
        runtime: Its bundle, loaded.
        data: The held-out machines. The champion never trained on them either as long as the share held out is the
            same, for the split hangs on names.
        shelf: Where the champion lies.
        shadow_hours: How long a challenger runs in shadow before it may serve; 0 for not at all.
        assets: Model and site of the machines.
        examining: The checks against a champion.

    Returns:
        The decision.
    """
    if not challenger.brier_skill > 0:
        return Decision(False, f"Brier skill must be above 0 on unseen machines; found {challenger.brier_skill:.3f}.")
    serving = shelf.champion_bundle(data.pack.id)
    if serving is None or not serving.manifest.forecasts:
        promotion = Promotion.of(check_running(None, runtime))
        found = f"First model of this pack that forecasts, Brier skill {challenger.brier_skill:.3f}."
        if serving is not None and runtime.condition is None:
            found += " It brings no state detection: machines, which were watched, are watched no more."
        return Decision(promotion.is_deserved, found if promotion.is_deserved else promotion.reason)
    champion = Runtime.load(serving)
    unseen = [track for track in data.tracks if track.epoch.asset in data.unseen]
    trial = contest(data.pack, data.tenant, unseen, champion, runtime, assets)
    promotion = Promotion.of(examining(trial, champion, runtime))
    if not promotion.is_deserved:
        return Decision(False, promotion.reason, promotion=promotion)
    if shadow_hours <= 0:
        return Decision(True, promotion.reason, promotion=promotion)
    reason = f"{promotion.reason} It runs in shadow for {shadow_hours:g} hours; then `python -m pipelines promote`."
    return Decision(False, reason, is_in_shadow=True, promotion=promotion)
