"""Starts the service as a user would, and asks it for every forecast."""

import os
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from features.domain.identifiers import DEFAULT_TENANT
from pipelines.errors import ServiceNotReady

_START_SECONDS, _ROUNDS, _BATCH = 180.0, 5, 100


@dataclass(frozen=True, slots=True)
class RunningService:
    """A service that answers.

    Attributes:
        address: Its URL without a slash at the end.
    """

    address: str
    process: "subprocess.Popen[bytes]"

    def wait(self) -> int:
        """Wait until it ends."""
        return self.process.wait()


@dataclass(frozen=True, slots=True)
class ServiceReport:
    """What the service answered.

    Attributes:
        forecasts: The forecasts that were computed, one per asset, as they came.
        by_status: How many of the served forecasts had which status.
        p50_ms: Median time of `GET /v1/assets/{id}/forecast`, milliseconds.
        p99_ms: 99 % of them were faster.
    """

    forecasts: list[dict[str, Any]]
    by_status: dict[str, int]
    p50_ms: float
    p99_ms: float


@contextmanager
def running_service(home: Path, pack: str, port: int | None, log: Path) -> Iterator[RunningService]:
    """Start the service with its worker and wait until it is ready; end it with the block.

    Args:
        home: The data folder.
        pack: Equipment pack to serve, for the default tenant.
        port: Where to listen; None for any free port.
        log: Where its output goes.

    Raises:
        ServiceNotReady: If it ends, or does not become ready in three minutes.
    """
    chosen = port if port is not None else _free_port()
    command = [sys.executable, "-m", "serving", "--home", str(home), "--pack", pack]
    command += ["--host", "127.0.0.1", "--port", str(chosen)]
    environment = {**os.environ, "MILLWRIGHT_SERVING_TENANT": DEFAULT_TENANT}
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, env=environment)
    service = RunningService(f"http://127.0.0.1:{chosen}", process)
    try:
        _wait_ready(service, log)
        yield service
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()


def ask_for_everything(address: str, assets: Sequence[str]) -> ServiceReport:
    """Have every asset forecast, then fetch each forecast a few times."""
    forecasts: list[dict[str, Any]] = []
    seconds: list[float] = []
    with httpx.Client(base_url=address, timeout=60.0) as client:
        for start in range(0, len(assets), _BATCH):
            answer = client.post("/v1/forecasts", json={"assets": list(assets[start : start + _BATCH])})
            answer.raise_for_status()
            forecasts += answer.json()["forecasts"]
        statuses: Counter[str] = Counter()
        for number in range(_ROUNDS):
            for asset in assets:
                started = time.perf_counter()
                served = client.get(f"/v1/assets/{asset}/forecast")
                seconds.append(time.perf_counter() - started)
                served.raise_for_status()
                if number == 0:
                    statuses[served.json()["status"]] += 1
    p50, p99 = np.percentile(np.array(seconds) * 1e3, [50, 99])
    return ServiceReport(forecasts, dict(statuses), float(p50), float(p99))


def _wait_ready(service: RunningService, log: Path) -> None:
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end:
        if service.process.poll() is not None:
            break
        try:
            if httpx.get(f"{service.address}/readyz", timeout=5.0).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    tail = log.read_text(errors="replace")[-2000:]
    raise ServiceNotReady(f"The service must become ready; it did not. The end of {log} says:\n{tail}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
