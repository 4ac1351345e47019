import json
import subprocess
import sys

from tests.architecture.source_tree import ROOT
from tests.conftest import missing

PROGRAM = """
import json, sqlite3, sys, tempfile
from pathlib import Path
from experiments.faults.disk import Disk
from experiments.faults.errors import RecorderUnavailable
from experiments.faults.recorder import recording
from experiments.faults.trace import Trace

with tempfile.TemporaryDirectory() as folder:
    path, trace = Path(folder) / "x.db", Trace()
    try:
        with recording(trace):
            for journal in ("delete", "wal"):
                connection = sqlite3.connect(path, isolation_level=None)
                connection.execute(f"PRAGMA journal_mode = {journal}")
                connection.execute("PRAGMA synchronous = FULL")
                connection.execute("CREATE TABLE IF NOT EXISTS t (x)")
                connection.executemany("INSERT INTO t VALUES (?)", [("y" * 3000,)] * 40)
                connection.close()
    except RecorderUnavailable as error:
        print(json.dumps({"unavailable": str(error)}))
        sys.exit()
    disk = Disk()
    for place, event in enumerate(trace.events):
        disk.take(place, event)
    recorded = len(trace.events)
    sqlite3.connect(path).execute("INSERT INTO t VALUES (1)")
    after = len(trace.events)
    print(json.dumps({
        "same": disk.intact() == {"x.db": path.read_bytes()} ,
        "kinds": sorted({type(event).__name__ for event in trace.events}),
        "silent_afterwards": recorded == after,
    }))
"""


def test_replayed_trace_gives_the_files_as_they_are() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    if "unavailable" in answer:
        missing(f"a shared SQLite library ({answer['unavailable']})")
    assert answer["silent_afterwards"]
    assert answer["kinds"] == ["FolderSynced", "Linked", "Synced", "Truncated", "Unlinked", "Wrote"]
    assert answer["same"]
