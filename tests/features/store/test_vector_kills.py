"""A writer that is killed leaves whole batches: vector, state and cursor tell of the same one."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from features.domain.identifiers import AssetId
from features.store.opening import open_vectors
from features.store.packed import Cursor, unpack
from tests.architecture.source_tree import ROOT
from tests.features.store.conftest import KINDS
from tests.features.store.test_vectors import MINE, VIEW

pytestmark = pytest.mark.slow

KILLS = 8
ASSETS = [AssetId(f"m{number}") for number in range(20)]

_WRITER = """
import sys
from pathlib import Path
from features.store.opening import open_vectors
from features.store.packed import Cursor
from tests.features.store.test_vector_kills import ASSETS
from tests.features.store.test_vectors import VIEW, state, vector
store = open_vectors(Path(sys.argv[1]), *sys.argv[2:])
before = store.cursor("spool")
print("ready", flush=True)
while True:
    number = before + 1
    vectors = [vector(asset, number, number) for asset in ASSETS]
    states = [state(asset, str(number).encode()) for asset in ASSETS]
    store.write(vectors, states, Cursor("spool", number, before=before))
    before = number
"""


@pytest.mark.parametrize("kind", KINDS)
def test_killed_writer_leaves_whole_batches(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    path, arguments = tmp_path / "vectors.sqlite", [str(tmp_path / "vectors.sqlite")]
    url = request.getfixturevalue("redis_url") if kind == "redis" else None
    if url is not None:
        arguments.append(url)
    store = open_vectors(path, url)
    store.create(VIEW)
    store.write([], [], Cursor("spool", 0))
    reached = [0]
    for number in range(KILLS):
        command = [sys.executable, "-c", _WRITER, *arguments]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            time.sleep(0.01 + 0.013 * number)
            process.kill()
        later = open_vectors(path, url)
        cursor = later.cursor("spool")
        assert cursor is not None
        reached.append(cursor)
        times = {unpack(content).time_us for content in later.read(MINE, VIEW, ASSETS).values()}
        states = {int(content) for content in later.state(MINE, VIEW, ASSETS).values()}
        assert times == states == ({cursor} if cursor else set())
        later.close()
    assert reached == sorted(reached)
    assert reached[-1] > KILLS
