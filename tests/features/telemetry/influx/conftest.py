"""Real servers on loopback, each in a folder of its own."""

import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

_CONFIGURATION = """
reporting-disabled = true
bind-address = "127.0.0.1:{rpc}"
[meta]
  dir = "{folder}/meta"
[data]
  dir = "{folder}/data"
  wal-dir = "{folder}/wal"
[http]
  bind-address = "127.0.0.1:{port}"
  log-enabled = false
[monitor]
  store-enabled = false
[retention]
  check-interval = "1h"
"""


def free_port() -> int:
    """Return a port of loopback that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def started(command: list[str], url: str, folder: Path) -> Iterator[str]:
    """Run a server for the length of a test session."""
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, cwd=folder)
        try:
            _wait_for(url, process, folder)
            yield url
        finally:
            process.terminate()
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_for(url: str, process: "subprocess.Popen[bytes]", folder: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"{url}/ping", trust_env=False).status_code < 500:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    pytest.fail(f"the server did not start: {(folder / 'log').read_text(errors='replace')[-2000:]}")


@pytest.fixture(scope="session")
def _influxd(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Iterator[str]]:
    def start(program: str) -> Iterator[str]:
        folder, port = tmp_path_factory.mktemp("influxd"), free_port()
        settings = _CONFIGURATION.format(folder=folder, port=port, rpc=free_port())
        (folder / "influxdb.conf").write_text(settings)
        command = [program, "run", "-config", str(folder / "influxdb.conf")]
        return started(command, f"http://127.0.0.1:{port}", folder)

    return start


_running: dict[str, tuple[str, Iterator[str]]] = {}


@pytest.fixture(scope="session")
def _stop() -> Iterator[None]:
    yield
    while _running:
        _, (_, run) = _running.popitem()
        next(run, None)


@pytest.fixture
def influxd(require_program: Callable[..., str], _influxd: Callable[[str], Iterator[str]], _stop: None) -> str:
    """The address of a real InfluxDB 1.x, started once."""
    program = require_program("influxd")
    if program not in _running:
        run = _influxd(program)
        _running[program] = next(run), run
    return _running[program][0]


@pytest.fixture
def victoria(require_program: Callable[..., str], tmp_path_factory: pytest.TempPathFactory, _stop: None) -> str:
    """The address of a real VictoriaMetrics, started once."""
    program = require_program("victoria-metrics")
    if program not in _running:
        folder, port = tmp_path_factory.mktemp("victoria"), free_port()
        command = [
            program, f"-storageDataPath={folder}/data", f"-httpListenAddr=127.0.0.1:{port}",
            "-search.latencyOffset=0s", "-retentionPeriod=100y",
        ]  # fmt: skip
        run = started(command, f"http://127.0.0.1:{port}", folder)
        _running[program] = next(run), run
    return _running[program][0]
