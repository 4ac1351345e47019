"""A training on a cluster of two nodes, started on this machine, with tokens."""

import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).resolve().parents[3]
_RAY = str(Path(sys.executable).with_name("ray"))
_NODE = ["--num-cpus", "2", "--object-store-memory", "100000000", "--disable-usage-stats", "--block"]
_LARGEST = 10_000_000
"""A checkout without its tests, documents and history, in bytes."""


@contextmanager
def node(arguments: list[str], environment: dict[str, str]) -> Iterator[None]:
    """Run a node of a cluster in the foreground of a process of its own, and end it with the block."""
    process = subprocess.Popen(
        [_RAY, "start", *arguments, *_NODE], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        for each in [*psutil.Process(process.pid).children(recursive=True), process]:
            each.kill()
        process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int) -> None:
    end = time.monotonic() + 90
    while time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    pytest.fail("the head of the cluster did not start")


@pytest.fixture
def cluster() -> Iterator[tuple[str, dict[str, str]]]:
    """Address of a cluster of two nodes, and the environment that is let in."""
    environment = {
        **os.environ,
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": secrets.token_hex(32),
        "RAY_USAGE_STATS_ENABLED": "0",
        "PYTHONPATH": str(ROOT),
    }
    port = free_port()
    address = f"127.0.0.1:{port}"
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True))
        head = ["--head", "--port", str(port), "--include-dashboard=false", "--temp-dir", folder]
        stack.enter_context(node(head, environment))
        wait_for(port)
        stack.enter_context(node(["--address", address], environment))
        yield address, environment


@pytest.mark.integration
@pytest.mark.slow  # starts a cluster
def test_training_runs_on_both_nodes_of_a_cluster_with_a_small_checkout(
    cluster: tuple[str, dict[str, str]], tmp_path: Path
) -> None:
    address, environment = cluster
    command = [sys.executable, "-W", "ignore", str(Path(__file__).with_name("two_nodes.py")), address, str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3_000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert (told["workers"], told["epoch"]) == (3, 2)
    assert len({identity for identity, _, _ in told["given"]}) == 2
    for _, names, size in told["given"]:
        assert {"pipelines", "models", "features"} <= set(names)
        assert not {"tests", "docs", "var", ".git", ".venv"} & set(names)
        assert size < _LARGEST
