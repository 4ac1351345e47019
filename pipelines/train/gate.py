"""The promotion gate: a challenger must be worth something, and beat the champion on machines neither has seen."""

from dataclasses import dataclass

import numpy as np

from edge_export.bundle.shelf import BundleShelf
from edge_export.runtime.runtime import Runtime
from pipelines.train.data import PreparedData, unseen_rows
from pipelines.train.evaluation import Evaluation, Examination


@dataclass(frozen=True, slots=True)
class Decision:
    """What the gate decided, and why, for people.

    Attributes:
        champion: Figures of the champion on the same machines, or None before the first promotion.
    """

    is_promoted: bool
    reason: str
    champion: Evaluation | None


def decide(challenger: Evaluation, data: PreparedData, constant_rate: float, shelf: BundleShelf) -> Decision:
    """Compare a challenger with knowing the failure rate, and with the champion.

    Args:
        challenger: Its figures on the held-out machines.
        data: The held-out machines. The champion never trained on them either as long as the share held out is the
            same, for the split hangs on names.
        constant_rate: Failures per life unit, the yardstick of skill.
        shelf: Where the champion lies.

    Returns:
        The decision.
    """
    if not challenger.brier_skill > 0:
        reason = f"Brier skill must be above 0 on unseen machines; found {challenger.brier_skill:.3f}."
        return Decision(False, reason, None)
    place = shelf.champion(data.pack.id)
    if place is None:
        return Decision(True, f"First model of this pack, Brier skill {challenger.brier_skill:.3f}.", None)
    runtime = Runtime.load(place)
    examination = Examination(data.pack, unseen_rows(runtime.specification, data), constant_rate)
    champion = examination.of_network(
        lambda vectors: runtime.survival(vectors).astype(np.float64), runtime.calibration.interval_half_level
    )
    found = f"{challenger.brier_skill:.4f} against {champion.brier_skill:.4f} of the champion"
    if challenger.brier_skill > champion.brier_skill:
        return Decision(True, f"Brier skill on unseen machines is {found}.", champion)
    return Decision(False, f"Brier skill on unseen machines must beat the champion's; found {found}.", champion)
