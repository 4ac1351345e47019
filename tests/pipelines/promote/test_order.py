"""A promotion from the stores to a changed alias, with MLflow and bundles in a folder of its own."""

from dataclasses import replace

import numpy as np
import pytest

from edge_export.bundle.errors import BundleMissing, BundleRefused
from features.domain.home import Home
from features.records.database import open_records
from features.telemetry.sqlite import SqliteTelemetryStore
from models.registry.registry import CHALLENGER, CHAMPION, HELD_OUT_SHARE, SHADOW
from pipelines.errors import NothingPromoted, NothingToPromote
from pipelines.progress import Stages
from pipelines.promote.order import PromotionOrder, RollBack, promote, roll_back
from tests.models.registry.test_tracking import identity_graph
from tests.pipelines.building.machines import MINE
from tests.pipelines.promote.bundles import PACK, machines, put_bundle
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
        order.shelf.put(put_bundle(folder, version, seed))
        run_id = tracking.start("fan", version, {}, {})
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
