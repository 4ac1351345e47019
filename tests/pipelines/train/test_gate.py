from dataclasses import dataclass
from pathlib import Path

import pytest

from edge_export.bundle.shelf import BundleShelf
from features.domain.packs import Pack
from pipelines.train.evaluation import Evaluation
from pipelines.train.gate import Decision, decide
from tests.pipelines.building.machines import fan


@dataclass(frozen=True)
class NoMachines:
    """Prepared data of a pack whose shelf is empty: nobody is asked for machines."""

    pack: Pack


def decided(skill: float, shelf: Path) -> Decision:
    figures = Evaluation(skill, 0.9, 10.0, 5.0)
    return decide(figures, NoMachines(fan()), 0.01, BundleShelf(shelf))  # type: ignore[arg-type]


def test_first_model_is_promoted_if_it_has_skill(tmp_path: Path) -> None:
    decision = decided(0.1, tmp_path)
    assert decision.is_promoted
    assert decision.champion is None
    assert "First model" in decision.reason


@pytest.mark.parametrize("skill", [0.0, -0.2, float("nan")])
def test_model_without_skill_is_never_promoted(tmp_path: Path, skill: float) -> None:
    decision = decided(skill, tmp_path)
    assert not decision.is_promoted
    assert "above 0" in decision.reason
