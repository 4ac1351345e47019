"""A training on a cluster of two nodes, started on this machine, with tokens."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.pipelines.train.clusters import ROOT, head, let_in, node

_LARGEST = 10_000_000
"""A checkout without its tests, documents and history, in bytes."""


@pytest.fixture
def cluster() -> Iterator[tuple[str, dict[str, str]]]:
    """Address of a cluster of two nodes, and the environment that is let in."""
    environment = {**let_in(), "PYTHONPATH": str(ROOT)}
    with ExitStack() as stack:
        address = stack.enter_context(head(environment, "--num-cpus", "2", "--include-dashboard=false")).address
        stack.enter_context(node(environment, "--num-cpus", "2", "--address", address))
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
