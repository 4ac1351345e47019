"""A training whose runs and models are kept by an MLflow server."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from features.domain.home import Home
from features.domain.identifiers import DEFAULT_TENANT
from features.packs.loader import load_pack
from models.prognosis.training import TrainingSettings
from models.registry.address import tracking_of
from models.registry.errors import RegistryUnavailable
from models.registry.registry import CHALLENGER, ModelRegistry
from pipelines.progress import Stages
from pipelines.train.run import TrainingOrder, train
from tests.models.registry.servers import mlflow_server
from tests.pipelines.train.clusters import free_port

PACK = load_pack("pump")
SETTINGS = TrainingSettings(epochs=2, batch_rows=256, hidden=(16,), folds=3)


def order(home: Path, url: str) -> TrainingOrder:
    return TrainingOrder(Home(home), PACK, DEFAULT_TENANT, [SETTINGS], workers=1, tracking_url=url)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """Address of an MLflow server on this machine, with a store of its own."""
    with mlflow_server(tmp_path / "server") as url:
        yield url


@pytest.mark.integration
@pytest.mark.slow  # starts Ray and a server
def test_runs_artefacts_and_versions_of_a_training_are_at_the_server_and_nowhere_else(
    installation: Path, server: str
) -> None:
    outcome = train(order(installation, server), Stages())
    store = tracking_of(Home(installation), server)
    client = store.client()
    assert store.known(outcome.run_id).status == "FINISHED"
    losses = client.get_metric_history(outcome.run_id, "blind_loss_0.all_16")
    assert [each.step for each in losses] == [0, 1]
    assert ModelRegistry(store).version_of(outcome.model, CHALLENGER) == outcome.version == "1"
    kept = {each.path for each in client.list_artifacts(outcome.run_id)}
    assert {"weights.npz", "model_card.md", "bundle", "lives"} <= kept
    assert not Home(installation).artefacts.exists()
    assert not (installation / "mlflow.db").exists()
    assert PACK.id in {each.name for each in client.search_experiments()}


@pytest.mark.slow  # imports MLflow
def test_server_that_does_not_answer_is_told_before_any_work(tmp_path: Path) -> None:
    url, began = f"http://127.0.0.1:{free_port()}", time.monotonic()
    with pytest.raises(RegistryUnavailable, match=f"{url} must answer.*MILLWRIGHT_TRACKING_URL"):
        train(order(tmp_path / "home", url), Stages())
    assert time.monotonic() - began < 60
    assert not (tmp_path / "home").exists()
