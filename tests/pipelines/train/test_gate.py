from dataclasses import dataclass, field
from pathlib import Path

import pytest

from edge_export.bundle.shelf import BundleShelf
from edge_export.runtime.runtime import Runtime
from features.domain.identifiers import AssetId, TenantId
from features.domain.packs import Pack
from pipelines.building.tracks import LifeTrack
from pipelines.promote.examining import Examine, examine
from pipelines.train.evaluation import Evaluation
from pipelines.train.gate import Decision, decide
from tests.pipelines.building.machines import MINE
from tests.pipelines.promote.bundles import PACK, machines, put_bundle, put_watching
from tests.pipelines.promote.trials import content


@dataclass(frozen=True)
class Data:
    """Prepared data as far as the gate looks at it."""

    pack: Pack = PACK
    tenant: TenantId = MINE
    tracks: list[LifeTrack] = field(default_factory=lambda: machines(6))
    unseen: frozenset[AssetId] = frozenset(AssetId(f"fan-{index}") for index in range(6))


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> BundleShelf:
    folder = tmp_path_factory.mktemp("gate")
    shelf = BundleShelf(folder / "shelf")
    for version, seed in (("1", 1), ("2", 2)):
        shelf.put(put_bundle(folder, version, seed))
    return shelf


def decided(
    skill: float, shelf: BundleShelf, version: str = "2", hours: float = 24.0, examining: Examine = examine
) -> Decision:
    figures = Evaluation(skill, 0.9, 10.0, 5.0)
    runtime = Runtime.load(shelf.root / "fan" / version)
    return decide(figures, runtime, Data(), shelf, hours, examining=examining)  # type: ignore[arg-type]


def test_first_model_is_promoted_if_it_has_skill(shelf: BundleShelf) -> None:
    decision = decided(0.1, shelf)
    assert decision.is_promoted
    assert not decision.is_in_shadow
    assert "First model" in decision.reason


@pytest.mark.parametrize("skill", [0.0, -0.2, float("nan")])
def test_model_without_skill_is_never_promoted(shelf: BundleShelf, skill: float) -> None:
    decision = decided(skill, shelf)
    assert not decision.is_promoted
    assert "above 0" in decision.reason


def test_a_model_is_no_better_than_itself(shelf: BundleShelf) -> None:
    shelf.promote("fan", "1")
    decision = decided(0.1, shelf, version="1")
    assert (decision.is_promoted, decision.is_in_shadow) == (False, False)
    assert decision.reason.startswith("Cost: ")


def test_a_better_model_runs_in_shadow_first(shelf: BundleShelf) -> None:
    shelf.promote("fan", "1")
    waiting = decided(0.1, shelf, examining=content)
    assert (waiting.is_promoted, waiting.is_in_shadow) == (False, True)
    assert "24 hours" in waiting.reason
    at_once = decided(0.1, shelf, hours=0.0, examining=content)
    assert (at_once.is_promoted, at_once.is_in_shadow) == (True, False)
    assert at_once.to_dict()["findings"] == [{"check": "cost", "holds": True, "must": "cost less", "found": "less"}]


def test_the_first_model_that_forecasts_takes_the_place_of_one_that_watches(tmp_path: Path) -> None:
    shelf = BundleShelf(tmp_path / "shelf")
    shelf.put(put_bundle(tmp_path, "2", 2))
    shelf.put(put_watching(tmp_path, "1"))
    shelf.promote("fan", "1")
    decision = decided(0.1, shelf)
    assert decision.is_promoted
    assert "First model of this pack that forecasts" in decision.reason
    assert "watched no more" in decision.reason  # it brings no state detection
    assert not decided(0.0, shelf).is_promoted
