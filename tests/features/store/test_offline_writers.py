"""Offline rows that several read, write and tidy at once, and whose writers are killed."""

import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from features.domain.errors import ServiceError
from features.store.compaction import compact, sweep
from features.store.files import open_files
from features.store.rows import OfflineRows
from tests.features.store.versions import files_of, found, versions


@pytest.mark.slow
def test_readers_see_every_acknowledged_row_once_while_others_write_compact_and_sweep(tmp_path: Path) -> None:
    rows = OfflineRows(files_of("local", tmp_path))
    acknowledged = [0]
    failed: list[Exception] = []
    end = threading.Event()

    def guarded(work: Callable[[], None]) -> threading.Thread:
        def run() -> None:
            try:
                while not end.is_set():
                    work()
            except (AssertionError, OSError, ServiceError, pl.exceptions.PolarsError) as error:
                failed.append(error)
                end.set()

        return threading.Thread(target=run)

    def write() -> None:
        number = acknowledged[0]
        rows.append(versions(("mine", f"m{number % 7}", number, number, number)))
        acknowledged[0] = number + 1

    def read() -> None:
        least = acknowledged[0]
        seen = found(rows)
        assert set(seen.values()) <= {1}
        assert {each[4] for each in seen} >= set(range(least))

    def tidy() -> None:
        compact(rows, rows_of_a_part=20)
        sweep(rows, grace=timedelta(seconds=2))  # longer than anybody reads, on a busy machine too

    threads = [guarded(work) for work in (write, read, read, tidy)]
    for thread in threads:
        thread.start()
    end.wait(6)
    end.set()
    for thread in threads:
        thread.join()
    assert failed == []
    assert acknowledged[0] > 10
    assert found(rows).total() == acknowledged[0]


WRITER = """
import sys
from features.store.compaction import compact
from features.store.rows import OfflineRows
from tests.features.store.versions import versions
rows, number = OfflineRows.at(sys.argv[1]), int(sys.argv[2])
while True:
    rows.append(versions(("mine", f"m{number % 3}", number, number, number)))
    print(number, flush=True)
    number += 1
    if number % 4 == 0:
        compact(rows)
"""


@pytest.mark.slow
def test_killed_writers_lose_nothing_that_they_acknowledged_and_show_nothing_twice(tmp_path: Path) -> None:
    chance = random.Random(7)
    rows = OfflineRows(open_files(tmp_path / "rows"))
    acknowledged: set[int] = set()
    for attempt in range(8):
        command = [sys.executable, "-c", WRITER, str(tmp_path / "rows"), str(attempt * 1000)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            acknowledged.add(int(writer.stdout.readline()))
            time.sleep(chance.uniform(0, 0.4))
            writer.kill()
            acknowledged |= {int(line) for line in writer.stdout.read().split("\n")[:-1]}
        seen = found(rows)
        assert set(seen.values()) == {1}
        numbers = {each[4] for each in seen}
        assert numbers >= acknowledged
        assert len(numbers - acknowledged) <= attempt + 1  # one that counted before it could say so, each time
    compact(rows)
    assert {each[4] for each in found(rows)} == numbers
