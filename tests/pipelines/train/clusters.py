"""Clusters of Ray on this machine, for tests that join one."""

import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from pipelines.train.cluster import ON_LOOPBACK

ROOT = Path(__file__).resolve().parents[3]
RAY = str(Path(sys.executable).with_name("ray"))
_NODE = ["--object-store-memory", "100000000", "--disable-usage-stats", "--block"]
_SECONDS_TO_START = 90


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a cluster.

    Attributes:
        address: Where other nodes and drivers join it.
        folder: Where it keeps logs, and what it was given to run.
        process: `ray start`; all others are below it.
    """

    address: str
    folder: Path
    process: psutil.Process


def let_in() -> dict[str, str]:
    """Return the environment of who may use a cluster that is started with it.

    A Ray that this process started for itself left its wish for loopback behind; nodes of a cluster would not find
    each other by it.
    """
    return {
        **{name: value for name, value in os.environ.items() if name not in ON_LOOPBACK},
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": secrets.token_hex(32),
        "RAY_USAGE_STATS_ENABLED": "0",
        "AUTOSCALER_METRIC_PORT": str(free_port()),
        "DASHBOARD_METRIC_PORT": str(free_port()),
    }


@contextmanager
def head(environment: Mapping[str, str], *arguments: str) -> Iterator[Head]:
    """Run the head of a cluster until the end of the block."""
    port = free_port()
    free = ["--ray-client-server-port", str(free_port()), "--dashboard-agent-listen-port", str(free_port())]
    with node(environment, "--head", "--port", str(port), *free, *arguments) as (process, folder):
        wait_for(port)
        yield Head(f"127.0.0.1:{port}", folder, process)


@contextmanager
def node(environment: Mapping[str, str], *arguments: str) -> Iterator[tuple[psutil.Process, Path]]:
    """Run a node of a cluster in the foreground of a process of its own, and end it with the block.

    It has a folder of its own, or a second node on this machine would take away what the first was shipped and unpack
    it again, under workers that stand in it.
    """
    with tempfile.TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True) as folder:
        command = [RAY, "start", "--temp-dir", folder, *arguments, *_NODE]
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            yield psutil.Process(process.pid), Path(folder)
        finally:
            for each in [*psutil.Process(process.pid).children(recursive=True), process]:
                each.kill()
            process.wait()


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int) -> None:
    """Wait until somebody listens on a port of this machine."""
    end = time.monotonic() + _SECONDS_TO_START
    while time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    pytest.fail(f"nobody listens on port {port}")


def reachable_from_outside(process: psutil.Process) -> list[str]:
    """Return the addresses, other than loopback, that a process and those below it listen on."""
    found = []
    for each in [process, *process.children(recursive=True)]:
        for connection in each.net_connections():
            if connection.status == psutil.CONN_LISTEN and not _is_loopback(connection.laddr.ip):
                found.append(f"{each.name()} on {connection.laddr.ip}:{connection.laddr.port}")
    return found


def _is_loopback(address: str) -> bool:
    return address.removeprefix("::ffff:").startswith("127.") or address == "::1"
