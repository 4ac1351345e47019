"""The Bento: built from a copy of the packages, started from another folder, it answers with our application alone."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from tests.serving.fakes import asset, forecast

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("edge_export", "features", "models", "serving")
HEAVY = ("feast", "mlflow", "torch", "ray", "polars", "pandas", "plotly", "onnx")


def test_importing_the_service_brings_nothing_heavy() -> None:
    program = (
        f"import sys, json, serving.service\nprint(json.dumps([each for each in {HEAVY!r} if each in sys.modules]))\n"
    )
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", program], cwd=ROOT, capture_output=True, check=True)
    assert json.loads(done.stdout.splitlines()[-1]) == []


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A copy of the packages that says a version of its own, so that nobody takes the checkout for it."""
    folder = tmp_path / "source"
    skipped = shutil.ignore_patterns("__pycache__")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=skipped)
    for file in ("pyproject.toml", "constraints.txt", "bentofile.yaml"):
        shutil.copy(ROOT / file, folder / file)
    app = folder / "serving" / "app.py"
    text = app.read_text(encoding="utf-8")
    assert 'VERSION = "' in text
    app.write_text(text.replace('VERSION = "', 'VERSION = "bento-', 1), encoding="utf-8")
    return folder


def record_one_forecast(home: Path) -> None:
    from datetime import UTC, datetime

    from features.domain.home import Home
    from features.records.assets import AssetRecords
    from features.records.database import open_records
    from features.records.forecasts import ForecastLedger

    engine = open_records(Home(home).records_url)
    AssetRecords(engine).put(asset("p-01"))
    ForecastLedger(engine).append(forecast("p-01", issued_at=datetime.now(UTC)), b"")
    engine.dispose()


@pytest.mark.integration
@pytest.mark.slow
def test_a_built_bento_answers_from_another_folder(tmp_path: Path, source: Path) -> None:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("MILLWRIGHT_")} | {
        "BENTOML_HOME": str(tmp_path / "bentoml"),
        "BENTOML_DO_NOT_TRACK": "True",
        "MILLWRIGHT_HOME": str(tmp_path / "home"),
        "PYTHONWARNINGS": "ignore",
    }
    environment.pop("PYTHONPATH", None)
    bentoml = [sys.executable, "-m", "bentoml"]
    subprocess.run([*bentoml, "build", "-f", "bentofile.yaml", "."], cwd=source, env=environment, check=True)
    shutil.rmtree(source)
    record_one_forecast(tmp_path / "home")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [*bentoml, "serve", "millwright:latest", "--host", "127.0.0.1", "--port", str(port)]
    with (
        (tmp_path / "log").open("wb") as log,
        subprocess.Popen(command, cwd=elsewhere, env=environment, stdout=log, stderr=subprocess.STDOUT) as process,
    ):
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10.0) as client:
                wait_until_live(client, process)
                check_answers(client)
        finally:
            process.terminate()
            process.wait(30)
    assert list(elsewhere.iterdir()) == []


def wait_until_live(client: httpx.Client, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(300):
        assert process.poll() is None
        try:
            if client.get("/livez").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    pytest.fail("the Bento did not answer within a minute")


def check_answers(client: httpx.Client) -> None:
    assert client.get("/openapi.json").json()["info"]["version"].startswith("bento-")
    assert client.get("/livez").json() == {"live": True}
    assert client.get("/v1/assets/p-01/forecast").json()["status"] == "ok"
    assert client.get("/readyz").json()["parts"][-1]["state"] == "missing"
    assert "<h1>" in client.get("/").text
    assert 'route="/v1/assets/{asset}/forecast",status="200"} 1.0' in client.get("/metrics").text
    assert client.post("/write", content=b"pump,asset_id=p-01 speed=1480").status_code == 204
    assert 'millwright_received_deliveries_total{outcome="whole",route="/write"} 1.0' in client.get("/metrics").text
    assert "millwright_spool_pending " in client.get("/metrics").text
    odd = client.post("/write", content=b"pump", headers=[(b"content-type", b"\xff\xfe")])
    assert (odd.status_code, odd.json()["faulty"]) == (400, 1)
    for bentos_own in ("/healthz", "/schema.json", "/docs.json", "/static_content/swagger-ui.css"):
        assert client.get(bentos_own).headers["content-type"] == "application/problem+json"
    for path in ("/", "/livez", "/healthz", "/schema.json"):
        assert client.get(path, headers={"host": "evil.example"}).status_code == 403
        assert client.get(path, headers={"x-forwarded-for": "10.0.0.7"}).status_code == 403
