"""Servers on loopback for the length of a block: our own that answers from memory, and a real InfluxDB."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import polars as pl

from experiments.bench.errors import PartMissing
from experiments.bench.processes import child, free_port

_PATIENCE_SECONDS = 60.0


@contextmanager
def loopback_server(table: pl.DataFrame, folder: Path) -> Iterator[str]:
    """Serve a table from memory in a process of its own.

    Args:
        table: Wide: `asset`, `time`, one column for each signal.
        folder: Where the table is put for the process.

    Yields:
        The address.

    Raises:
        PartMissing: If the process ends instead of saying where it listens.
    """
    path = folder / "table.arrow"
    table.write_ipc(path)
    with child("experiments.bench.loopback", [str(path)]) as server:
        yield f"http://127.0.0.1:{server.line().strip()}"


@contextmanager
def real_influxd(folder: Path) -> Iterator[str]:
    """Start the InfluxDB 1.x that is installed, with an empty data folder.

    Yields:
        Its address.

    Raises:
        PartMissing: If it is not installed, or does not answer in time.
    """
    program = shutil.which("influxd")
    if program is None:
        raise PartMissing("the program influxd is not installed")
    http, inner = free_port(), free_port()
    settings = {
        "INFLUXDB_META_DIR": str(folder / "meta"),
        "INFLUXDB_DATA_DIR": str(folder / "data"),
        "INFLUXDB_DATA_WAL_DIR": str(folder / "wal"),
        "INFLUXDB_HTTP_BIND_ADDRESS": f"127.0.0.1:{http}",
        "INFLUXDB_BIND_ADDRESS": f"127.0.0.1:{inner}",
        "INFLUXDB_HTTP_LOG_ENABLED": "false",
        "INFLUXDB_REPORTING_DISABLED": "true",
    }
    (folder / "empty.conf").write_text("")
    command = [program, "-config", str(folder / "empty.conf")]
    with (folder / "influxd.log").open("wb") as log:
        process = subprocess.Popen(command, env={**os.environ, **settings}, stdout=log, stderr=log)
    try:
        url = f"http://127.0.0.1:{http}"
        _wait_for(url, process)
        yield url
    finally:
        process.terminate()
        process.wait(_PATIENCE_SECONDS)


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise PartMissing(f"influxd ended with status {process.returncode} instead of answering")
        try:
            with urlopen(f"{url}/ping", timeout=1):
                return
        except (URLError, OSError):
            time.sleep(0.1)
    raise PartMissing(f"influxd did not answer within {_PATIENCE_SECONDS:.0f} s")
