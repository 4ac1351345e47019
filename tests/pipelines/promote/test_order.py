"""A promotion from the stores to a changed alias, with MLflow and bundles in a folder of its own."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from edge_export.bundle.errors import BundleMissing, BundleRefused
from edge_export.bundle.shelf import BundleShelf
from features.domain.home import Home
from features.domain.identifiers import TenantId
from features.records.database import open_records
from features.telemetry.sqlite import SqliteTelemetryStore
from models.registry.errors import RegistryUnavailable
from models.registry.registry import CHALLENGER, CHAMPION, HELD_OUT_SHARE, SHADOW, ModelRegistry
from pipelines.aliases import lag
from pipelines.doctor.findings import Finding, Level
from pipelines.doctor.stores import look_at, places
from pipelines.errors import NothingPromoted, NothingToJudgeBy, NothingToPromote, TrainingUnknown
from pipelines.progress import Stages
from pipelines.promote.order import PromotionOrder, RollBack, promote, repair, roll_back
from tests.models.registry.test_tracking import identity_graph
from tests.pipelines.building.machines import MINE
from tests.pipelines.promote.bundles import PACK, machines, put_bundle, put_watching
from tests.pipelines.promote.trials import content
from tests.pipelines.train.clusters import free_port
from tests.pipelines.worker.stores import readings, record

pytestmark = pytest.mark.slow  # MLflow and exports


@pytest.fixture(scope="module")
def order(tmp_path_factory: pytest.TempPathFactory) -> PromotionOrder:
    """Return an installation with two versions on shelf and registry, and machines that neither has seen."""
    folder = tmp_path_factory.mktemp("promotion")
    order = PromotionOrder(Home(folder / "home"), PACK, MINE, held_out_share=0.99, shadow_hours=0.0)
    order.home.root.mkdir(parents=True)
    records = open_records(order.home.records_url)
    with SqliteTelemetryStore(order.home.telemetry) as store:
        for life in machines(8):
            record(records, PACK, str(life.epoch.asset))
            store.write(MINE, readings(PACK, life))
    tracking, rows = order.registry.tracking, np.zeros((2, 3), np.float32)
    for version, seed in (("1", 1), ("2", 2)):
        place = put_bundle(folder, version, seed)
        order.shelf.put(place)
        run_id = tracking.start("fan", version, {}, {})
        tracking.log_files(run_id, place, "bundle")  # as trainings left it before versions were marked
        given = order.registry.register(
            run_id, order.model_name, identity_graph(), rows, rows, {HELD_OUT_SHARE: f"0.{90 + seed}"}
        )
        assert given == version
    return order


def test_a_challenger_serves_if_every_check_holds_and_one_command_goes_back(order: PromotionOrder) -> None:
    with pytest.raises(NothingPromoted):
        promote(order, Stages())
    order.shelf.promote("fan", "1")
    order.registry.set_alias(order.model_name, CHAMPION, "1")
    with pytest.raises(NothingToPromote, match="another version"):
        promote(replace(order, version="1"), Stages())
    order.shelf.cast_shadow("fan", "2")
    order.registry.set_alias(order.model_name, SHADOW, "2")

    waiting = promote(replace(order, shadow_hours=24.0), Stages())
    assert not waiting.is_promoted
    assert waiting.promotion.findings[-1].check == "shadow"
    assert "0 forecasts" in waiting.promotion.findings[-1].found
    assert waiting.to_dict()["champion"] == "1"

    rehearsed = promote(order, Stages(), is_rehearsal=True, examining=content)
    assert (rehearsed.is_promoted, rehearsed.promotion.is_deserved) == (False, True)
    assert order.registry.version_of(order.model_name, CHAMPION) == "1"

    assert promote(order, Stages(), examining=content).is_promoted
    champion = order.shelf.champion("fan")
    assert champion is not None
    assert champion.name == "2"
    assert order.shelf.shadow("fan") is None
    assert order.registry.version_of(order.model_name, CHAMPION) == "2"
    assert order.registry.version_of(order.model_name, SHADOW) is None

    assert roll_back(order) == RollBack("1")
    assert order.registry.version_of(order.model_name, CHAMPION) == "1"
    with pytest.raises(BundleMissing):
        roll_back(order)


def test_who_was_seen_by_either_is_left_out(order: PromotionOrder) -> None:
    """The smallest share of machines held out is held out by all: splits hang on names."""
    shares = [float(order.registry.tags_of(order.model_name, version)[HELD_OUT_SHARE]) for version in ("1", "2")]
    assert shares == [0.91, 0.92]


def test_going_back_needs_no_server_and_goes_back_once(order: PromotionOrder) -> None:
    for version in ("1", "2"):
        order.shelf.promote("fan", version)
    found = roll_back(replace(order, tracking_url=f"http://127.0.0.1:{free_port()}"))
    assert found.version == "1"
    assert found.warning is not None
    assert "must answer" in found.warning
    champion = order.shelf.champion("fan")
    assert champion is not None
    assert champion.name == "1"


def test_challenger_of_another_installation_is_not_taken(order: PromotionOrder) -> None:
    """At a shared server whoever trains last sets the alias."""
    order.shelf.promote("fan", "1")
    tracking, rows = order.registry.tracking, np.zeros((2, 3), np.float32)
    run_id = tracking.start("fan", "elsewhere", {}, {})
    version = order.registry.register(run_id, order.model_name, identity_graph(), rows, rows, {})
    order.registry.set_alias(order.model_name, CHALLENGER, version)
    with pytest.raises(NothingToPromote, match=f"challenger {version} was trained by another installation"):
        promote(order, Stages())
    with pytest.raises(BundleRefused):
        promote(replace(order, version="../fan/2"), Stages())


def in_shadow(order: PromotionOrder) -> None:
    """Let version 1 serve and version 2 run in its shadow, in shelf and MLflow."""
    order.shelf.promote("fan", "1")
    order.shelf.cast_shadow("fan", "2")
    assert repair(order) is None
    aliases = [order.registry.version_of(order.model_name, alias) for alias in (CHAMPION, SHADOW)]
    assert aliases == ["1", "2"]


def down(*_: object) -> None:
    raise RegistryUnavailable("MLflow", "the disk is full")


def served(order: PromotionOrder) -> tuple[str | None, ...]:
    """Return the versions of champion and shadow."""
    standing = order.shelf.standing("fan")
    return tuple(None if each is None else each[0] for each in (standing.champion, standing.shadow))


def test_without_any_life_there_is_nothing_to_judge_by_and_nothing_changes(order: PromotionOrder) -> None:
    in_shadow(order)
    with pytest.raises(NothingToJudgeBy, match="no life of any machine"):
        promote(replace(order, tenant=TenantId("nobody")), Stages(), examining=content)
    assert served(order) == ("1", "2")


def test_without_mlflow_nothing_is_judged_and_nothing_changes(order: PromotionOrder) -> None:
    in_shadow(order)
    url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(RegistryUnavailable):
        promote(replace(order, tracking_url=url), Stages(), examining=content)
    assert served(order) == ("1", "2")


def looked_at(order: PromotionOrder) -> Finding:
    """Return what the doctor says of the aliases."""
    seen = places(order.home, PACK, MINE, None, datetime.now(UTC))
    return next(look_at(each) for each in seen if each.check == "aliases")


@pytest.mark.parametrize("step", ["set_alias", "drop_alias"])
def test_mlflow_that_fails_after_the_shelf_leaves_the_challenger_serving_and_is_repaired(
    order: PromotionOrder, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    in_shadow(order)
    with monkeypatch.context() as failing:
        failing.setattr(ModelRegistry, step, down)
        outcome = promote(order, Stages(), examining=content)
    assert outcome.is_promoted
    assert served(order) == ("2", None)
    assert outcome.warning is not None
    assert "the disk is full" in outcome.warning
    assert "promote --aliases" in outcome.warning
    assert outcome.to_dict()["warning"] == outcome.warning
    behind = lag(order.registry, order.shelf, "fan")
    assert behind is not None
    assert "alias names version" in behind
    found = looked_at(order)
    assert found.level is Level.WARNING
    assert "promote --aliases" in (found.remedy or "")
    with pytest.raises(NothingToPromote):  # it serves already; the call before makes the aliases follow all the same
        promote(replace(order, version="2"), Stages(), examining=content)
    assert looked_at(order).level is Level.OK
    assert order.registry.version_of(order.model_name, CHAMPION) == "2"
    assert order.registry.version_of(order.model_name, SHADOW) is None


def test_promotion_cut_off_between_its_steps_on_the_shelf_is_finished_by_the_next(
    order: PromotionOrder, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_shadow(order)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as cut:
        cut.setattr(BundleShelf, "cast_shadow", killed)
        with pytest.raises(KeyboardInterrupt):
            promote(order, Stages(), examining=content)
    assert served(order) == ("2", "2")
    assert repair(order) is None
    assert served(order) == ("2", None)
    assert order.registry.version_of(order.model_name, CHAMPION) == "2"
    assert roll_back(order) == RollBack("1")


def test_a_version_is_known_by_its_bundle_not_by_its_number(order: PromotionOrder, tmp_path: Path) -> None:
    """Two homes share a server: the number on our shelf is a model of theirs."""
    in_shadow(order)
    tracking, rows = order.registry.tracking, np.zeros((2, 3), np.float32)

    def register() -> str:
        run_id = tracking.start("fan", "elsewhere", {}, {})
        return order.registry.register(run_id, order.model_name, identity_graph(), rows, rows, {})

    theirs = register()
    order.shelf.put(put_bundle(tmp_path, theirs, seed=3))
    order.registry.set_alias(order.model_name, CHALLENGER, theirs)
    order.shelf.cast_shadow("fan", None)
    with pytest.raises(NothingToPromote, match="another installation"):
        promote(order, Stages())
    with pytest.raises(TrainingUnknown, match="must be known to MLflow"):
        promote(replace(order, version=theirs), Stages())
    ours = register()
    order.registry.mark_bundle(order.model_name, ours, order.shelf.bundle("fan", theirs).bundle_sha256)
    order.registry.set_alias(order.model_name, CHALLENGER, ours)
    assert promote(order, Stages(), examining=content).challenger == theirs
    assert order.registry.version_of(order.model_name, CHAMPION) == ours


def test_where_nothing_forecasts_a_challenger_serves_by_its_own_figures(tmp_path: Path) -> None:
    order = PromotionOrder(Home(tmp_path / "home"), PACK, MINE, held_out_share=0.99, shadow_hours=24.0, version="2")
    order.shelf.put(put_watching(tmp_path, "1"))
    order.shelf.put(put_bundle(tmp_path, "2", 2))
    order.shelf.promote("fan", "1")
    with pytest.raises(TrainingUnknown):
        promote(order, Stages())
    tracking, rows = order.registry.tracking, np.zeros((2, 3), np.float32)
    run_id = tracking.start("fan", "2", {}, {})
    number = order.registry.register(run_id, order.model_name, identity_graph(), rows, rows, {})
    order.registry.mark_bundle(order.model_name, number, order.shelf.bundle("fan", "2").bundle_sha256)
    unproven = promote(order, Stages())
    assert (unproven.is_promoted, unproven.promotion.reason) == (
        False,
        "Skill: it must have a Brier skill above 0 on machines that it had not seen; found none.",
    )
    tracking.log_metrics(run_id, {"test_brier_skill": 0.3})
    assert not promote(order, Stages(), is_rehearsal=True).is_promoted
    told = promote(order, Stages())
    assert (told.champion, told.challenger, told.is_promoted) == ("1", "2", True)
    assert order.shelf.forecasts("fan")
    with pytest.raises(BundleRefused, match="must make forecasts; found 1"):
        promote(replace(order, version="1"), Stages())
    assert roll_back(order).version == "1"
    assert promote(order, Stages()).is_promoted  # gone back by mistake
