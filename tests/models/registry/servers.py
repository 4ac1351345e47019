"""An MLflow server on this machine, for tests that share one."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from tests.pipelines.train.clusters import free_port, reachable_from_outside, wait_for


@contextmanager
def mlflow_server(folder: Path) -> Iterator[str]:
    """Run a server with a store of its own until the end of the block; gives its address."""
    port = free_port()
    folder.mkdir()
    stores = ["--backend-store-uri", f"sqlite:///{folder / 'mlflow.db'}", "--artifacts-destination", str(folder)]
    listening = ["--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    environment = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"}
    command = [sys.executable, "-m", "mlflow", "server", *stores, *listening]
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        wait_for(port)
        assert reachable_from_outside(psutil.Process(process.pid)) == []
        yield f"http://127.0.0.1:{port}"
    finally:
        for each in [*psutil.Process(process.pid).children(recursive=True), process]:
            each.kill()
        process.wait()
