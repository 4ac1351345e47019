"""What gateways are sent: from telemetry, shelf and MLflow to a folder, with good students and bad ones."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from edge_export.bundle.calibration import Calibration
from edge_export.bundle.errors import BundleMissing, BundleRefused
from edge_export.bundle.manifest import Teacher
from edge_export.bundle.reading import read_bundle
from edge_export.export import export_bundle
from edge_export.runtime.requests import VectorRequest
from edge_export.runtime.runtime import Runtime
from edge_export.runtime.stream import StreamVector
from features.domain.events import Event, EventKind
from features.domain.home import Home
from features.domain.identifiers import AssetId, TenantId
from features.records.database import open_records
from features.telemetry.sqlite import SqliteTelemetryStore
from features.transforms.intervals import IntervalTable
from features.transforms.specification import FeatureSpecification
from models.prognosis.distilling import DistillingSettings
from models.prognosis.network import HazardEnsemble, NetworkShape
from models.prognosis.targets import LabelledVectors
from models.registry.errors import RegistryUnavailable
from models.registry.tracking import PARENT, Tracking
from pipelines.building.build import fit_specification
from pipelines.errors import NothingPromoted
from pipelines.gateway.judging import Told, compare
from pipelines.gateway.order import GatewayOrder, GatewayOutcome, Network, export_for_gateway
from pipelines.progress import Stages
from pipelines.promote.finding import Finding
from pipelines.promote.order import PromotionOrder, promote
from pipelines.train.data import label_frame
from pipelines.train.record import SPLIT, WEIGHTS
from tests.models.registry.test_tracking import identity_graph
from tests.pipelines.building.machines import MINE, at, fan, track
from tests.pipelines.worker.stores import readings, record

pytestmark = pytest.mark.slow  # MLflow and exports

PACK, FOLDS, TRAINED, UNSEEN = fan(), 3, 15, 6
NAMES = [f"fan-{index:02d}" for index in range(TRAINED + UNSEEN)]
TRACKS = [track(PACK, name, 60 + 5 * (index % 9), seed=3) for index, name in enumerate(NAMES)]
GOOD = DistillingSettings(hidden=(16,), epochs=25, batch_rows=32, learning_rate=1e-2)
UNTAUGHT = replace(GOOD, epochs=1, learning_rate=0.0)


@pytest.fixture(scope="module", autouse=True)
def _threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def ensemble(specification: FeatureSpecification) -> HazardEnsemble:
    """Return an ensemble that fails machines the sooner the more they vibrate, each member by its own measure."""
    torch.manual_seed(0)
    width = len(specification.names)
    frame = label_frame(specification, MINE, TRACKS[:TRAINED])
    found = HazardEnsemble(NetworkShape(width, PACK.grid.steps, FOLDS, hidden=(24,)))
    found.logits.standardise_by(frame.select(specification.names).to_numpy().astype(np.float32))
    with torch.no_grad():
        found.logits.weights[0][:, : width // 2, :12] += 0.3
        found.logits.weights[1][:, :12] += 0.5
        found.logits.weights[1][:, 12:] *= 0.2
    return found.eval()


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> GatewayOrder:
    """Return an order in an installation whose champion is an ensemble that MLflow keeps as a training leaves it."""
    folder = tmp_path_factory.mktemp("gateway")
    order = GatewayOrder(Home(folder / "home"), PACK, MINE, folder / "out", Network.STUDENT, GOOD)
    order.home.root.mkdir(parents=True)
    records = open_records(order.home.records_url)
    with SqliteTelemetryStore(order.home.telemetry) as store:
        for life in TRACKS:
            end = Event(MINE, life.epoch.asset, life.epoch.ended_at or at(0), EventKind.FAILURE)
            record(records, PACK, str(life.epoch.asset), [end])
            store.write(MINE, readings(PACK, life))
    with pytest.raises(NothingPromoted):
        export_for_gateway(order, Stages())
    specification = fit_specification(PACK, TRACKS[:TRAINED])
    network = ensemble(specification)
    _register(order, folder, specification, network, "1", {name: v.numpy() for name, v in network.state_dict().items()})
    order.shelf.promote("fan", "1")
    return order


def _register(
    order: GatewayOrder,
    folder: Path,
    specification: FeatureSpecification,
    network: HazardEnsemble,
    version: str,
    weights: dict[str, np.ndarray] | None,
) -> None:
    tracking, rows = order.registry.tracking, np.zeros((2, 3), np.float32)
    run_id = tracking.start("fan", version, {}, {})
    if weights is not None:
        tracking.log_arrays(run_id, weights, WEIGHTS)
    split = {
        "held_out": NAMES[TRAINED:],
        "training": NAMES[:TRAINED],
        "folds": [NAMES[k:TRAINED:FOLDS] for k in range(3)],
    }
    tracking.log_text(run_id, json.dumps(split), SPLIT)
    assert order.registry.register(run_id, "fan_prognosis", identity_graph(), rows, rows, {}) == version
    vectors = label_frame(specification, MINE, TRACKS[:3]).select(specification.names).to_numpy().astype(np.float32)
    place = folder / f"fan-{version}"
    export_bundle(
        place,
        network,
        specification,
        Calibration.of(PACK, IntervalTable.of_half_level(0.45)),
        vectors,
        name="fan_prognosis",
        version=version,
        card_markdown="# Fan\n",
        readings=TRACKS[0].rows,
    )
    order.shelf.put(place)
    order.registry.mark_bundle("fan_prognosis", version, read_bundle(place).bundle_sha256)


def near_enough(pack: object, rows: LabelledVectors, teacher: Told, student: Told) -> tuple[Finding, ...]:
    """Ask for what this toy can promise: fifteen machines teach little, so margins are not what is tried here."""
    assert len(np.unique(rows.machine)) == UNSEEN
    apart = float(np.abs(teacher.curves - student.curves).mean())
    return (Finding("error", apart < 0.05, "be near", f"{apart:.3f}"),)


def sent(order: GatewayOrder, target: Path, **changes: Any) -> GatewayOutcome:
    return export_for_gateway(replace(order, target=target, **changes), Stages(), comparing=near_enough)


def test_a_student_that_answers_as_the_ensemble_does_is_sent_and_told_apart(
    installation: GatewayOrder, tmp_path: Path
) -> None:
    champion = installation.shelf.champion_bundle("fan")
    assert champion is not None
    outcome = sent(installation, tmp_path / "small")
    assert outcome.network is Network.STUDENT, outcome.reason
    bundle = read_bundle(tmp_path / "small")
    assert bundle.manifest.distilled_from == Teacher("1", champion.bundle_sha256)
    assert (bundle.manifest.name, bundle.manifest.version) == ("fan_prognosis", "1+student")
    assert bundle.total_bytes < champion.total_bytes
    assert "distilled for gateways" in bundle.card
    small, large = Runtime.load(tmp_path / "small"), Runtime.load(champion)  # each gives its golden answers
    vectors = np.asarray(champion.golden.vectors, np.float32)[-9:]
    assert np.abs(small.survival(vectors) - large.survival(vectors)).max() < 0.3
    assert small.calibration.interval != large.calibration.interval
    assert replace(small.calibration, interval=large.calibration.interval) == large.calibration
    ask = VectorRequest(MINE, AssetId("fan-00"), StreamVector(at(60), vectors[0], 50.0, 0))
    said = [each.forecast([ask], at(60))[0].model for each in (small, large)]
    assert [each.version for each in said if each is not None] == ["1+student", "1"]
    assert outcome.measured is not None
    assert outcome.measured.student_us > 0
    assert 0 < outcome.measured.fidelity.mean < 0.05
    document = json.loads(json.dumps(outcome.to_dict(), allow_nan=False))
    assert document["distilled_from"]["version"] == "1"
    assert {each["check"] for each in document["findings"]} == {"error", "latency", "size", "parity", "gain"}


def test_it_is_taught_once_and_found_by_its_hash_for_replays(installation: GatewayOrder, tmp_path: Path) -> None:
    first = sent(installation, tmp_path / "one")
    again = sent(installation, tmp_path / "two", settings=UNTAUGHT)
    assert again.measured is None
    assert again.bundle.bundle_sha256 == first.bundle.bundle_sha256
    assert installation.shelf.find(first.bundle.bundle_sha256) is not None
    runs = installation.registry.tracking.client().search_runs(["1"], f"tags.`{PARENT}` != ''")
    assert [(run.data.tags["distilled_from"], run.data.tags["accepted"]) for run in runs] == [("1", "True")]
    assert runs[0].data.metrics["fidelity_mean"] < 0.05


def test_it_serves_gateways_and_nobody_in_the_centre(installation: GatewayOrder, tmp_path: Path) -> None:
    sent(installation, tmp_path / "small")
    order = PromotionOrder(installation.home, PACK, MINE, 0.3, 0.0, version="1+student")
    with pytest.raises(BundleRefused, match="distilled from version 1"):
        promote(order, Stages())
    with pytest.raises(BundleRefused, match="distilled from version 1"):
        sent(installation, tmp_path / "smaller", version="1+student")
    champion = installation.shelf.champion("fan")
    assert champion is not None
    assert champion.name == "1"


def test_the_ensemble_is_sent_to_whoever_asks_for_it(installation: GatewayOrder, tmp_path: Path) -> None:
    outcome = sent(installation, tmp_path / "large", network=Network.ENSEMBLE)
    champion = installation.shelf.champion_bundle("fan")
    assert champion is not None
    assert outcome.bundle.contents == champion.contents
    with pytest.raises(BundleRefused, match="must be"):
        sent(installation, tmp_path / "large")
    with pytest.raises(BundleMissing):
        sent(installation, tmp_path / "none", version="9")
    with pytest.raises(BundleRefused):
        sent(installation, tmp_path / "none", version="../fan/1")


def test_a_bad_student_is_refused_with_the_reason_and_the_ensemble_goes_instead(
    installation: GatewayOrder, tmp_path: Path
) -> None:
    """Of an ensemble under another version, so that no student is known; judged by the checks that always judge."""
    specification = fit_specification(PACK, TRACKS[:TRAINED])
    network = ensemble(specification)
    weights = {name: value.numpy() for name, value in network.state_dict().items()}
    _register(installation, tmp_path, specification, network, "2", weights)
    order = replace(installation, target=tmp_path / "out", version="2", settings=UNTAUGHT)
    outcome = export_for_gateway(order, Stages(), comparing=compare)
    assert outcome.network is Network.ENSEMBLE
    assert outcome.reason.startswith("The ensemble, because the small network is refused.")
    assert "must" in outcome.reason
    assert read_bundle(tmp_path / "out").manifest.version == "2"
    assert "2+student" not in installation.shelf.versions("fan")
    assert any(not each["holds"] for each in outcome.to_dict()["findings"])  # type: ignore[attr-defined]


def test_without_the_weights_of_its_ensemble_the_bundle_goes_as_it_is(
    installation: GatewayOrder, tmp_path: Path
) -> None:
    specification = fit_specification(PACK, TRACKS[:TRAINED])
    network = ensemble(specification)
    _register(installation, tmp_path, specification, network, "3", None)
    outcome = sent(installation, tmp_path / "out", version="3")
    assert (outcome.network, outcome.measured) == (Network.ENSEMBLE, None)
    assert "kept no ensemble" in outcome.reason
    other = {name: 0.9 * value.numpy() for name, value in network.state_dict().items()}
    _register(installation, tmp_path, specification, network, "4", other)
    outcome = sent(installation, tmp_path / "other", version="4")
    assert "differ by" in outcome.reason


def test_a_good_student_is_sent_although_mlflow_fails_and_its_run_has_failed(
    installation: GatewayOrder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    specification = fit_specification(PACK, TRACKS[:TRAINED])
    network = ensemble(specification)
    weights = {name: value.numpy() for name, value in network.state_dict().items()}
    _register(installation, tmp_path, specification, network, "5", weights)

    def hiccup(self: Tracking, run_id: str, folder: Path, into: str) -> None:
        raise RegistryUnavailable("MLflow", "the disk is full")

    monkeypatch.setattr(Tracking, "log_files", hiccup)
    outcome = sent(installation, tmp_path / "out", version="5")
    assert outcome.network is Network.STUDENT, outcome.reason
    assert outcome.warning is not None
    assert "the disk is full" in outcome.warning
    assert "5+student" in installation.shelf.versions("fan")
    runs = installation.registry.tracking.client().search_runs(["1"], "tags.distilled_from = '5'")
    assert [run.info.status for run in runs] == ["FAILED"]


def test_without_any_life_the_ensemble_is_sent(installation: GatewayOrder, tmp_path: Path) -> None:
    specification = fit_specification(PACK, TRACKS[:TRAINED])
    network = ensemble(specification)
    weights = {name: value.numpy() for name, value in network.state_dict().items()}
    _register(installation, tmp_path, specification, network, "6", weights)
    outcome = sent(installation, tmp_path / "out", version="6", tenant=TenantId("nobody"))
    assert (outcome.network, outcome.measured) == (Network.ENSEMBLE, None)
    assert "no life of any machine" in outcome.reason
