"""Runs and versions at a real MLflow server."""

from pathlib import Path

import numpy as np
import pytest

from features.domain.home import Home
from models.registry.address import tracking_of
from models.registry.errors import RegistryRefused, RegistryUnavailable
from models.registry.registry import CHALLENGER, ModelRegistry
from tests.models.registry.servers import babbling_server, guarded_server, mlflow_server, write_certificate
from tests.models.registry.test_tracking import register, start
from tests.pipelines.train.clusters import free_port


@pytest.mark.integration
@pytest.mark.slow  # starts a server
def test_server_keeps_runs_artefacts_and_versions_and_the_data_folder_nothing(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    with mlflow_server(tmp_path / "server") as url:
        store = tracking_of(home, url)
        store.check()
        run_id = start(store)
        store.log_metrics(run_id, {"loss": 0.5}, step=1)
        store.log_text(run_id, "a card", "model_card.md")
        store.log_arrays(run_id, {"weights": np.zeros(3, np.float32)}, "weights.npz")
        version, registry = register(store, run_id), ModelRegistry(store)
        registry.set_alias("pump_prognosis", CHALLENGER, version)
        store.finish(run_id)
        again = tracking_of(Home(tmp_path / "another"), url)
        assert again.known(run_id).status == "FINISHED"
        assert ModelRegistry(again).version_of("pump_prognosis", CHALLENGER) == version == "1"
        assert ModelRegistry(again).tags_of("pump_prognosis", version) == {"view": "v"}
        assert {"model_card.md", "weights.npz"} <= {each.path for each in again.client().list_artifacts(run_id)}
        with pytest.raises(RegistryRefused):
            again.known("0" * 32)
    assert not home.root.exists()


@pytest.mark.slow  # imports MLflow
def test_server_that_does_not_answer_is_told_with_its_address_and_what_to_do(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(RegistryUnavailable, match=f"{url} must answer.*MILLWRIGHT_TRACKING_URL"):
        tracking_of(Home(tmp_path), url).check()


@pytest.mark.slow  # imports MLflow
def test_server_that_wants_a_token_is_asked_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with guarded_server("open-sesame") as url:
        with pytest.raises(RegistryRefused, match="401"):
            tracking_of(Home(tmp_path), url).check()
        monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "open-sesame")
        tracking_of(Home(tmp_path), url).check()


@pytest.mark.slow  # imports MLflow
def test_server_with_a_certificate_of_its_own_is_trusted_as_mlflow_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_certificate(tmp_path / "server.pem")
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "open-sesame")
    with guarded_server("open-sesame", tmp_path / "server.pem") as url:
        with pytest.raises(RegistryUnavailable, match="CERTIFICATE"):
            tracking_of(Home(tmp_path), url).check()
        monkeypatch.setenv("MLFLOW_TRACKING_SERVER_CERT_PATH", str(tmp_path / "server.pem"))
        tracking_of(Home(tmp_path), url).check()


@pytest.mark.slow  # imports MLflow
@pytest.mark.parametrize(
    ("said", "found"),
    [
        (b"SSH-2.0-nonsense\r\n", "found API request"),
        (b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", "found status 503"),
    ],
)
def test_what_is_no_mlflow_server_is_told_as_not_answering(tmp_path: Path, said: bytes, found: str) -> None:
    with babbling_server(said) as url, pytest.raises(RegistryUnavailable, match=found):
        tracking_of(Home(tmp_path), url).check()
