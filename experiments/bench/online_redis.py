"""A real Redis on loopback for the length of a block."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from experiments.bench.errors import PartMissing
from experiments.bench.processes import free_port

_PATIENCE_SECONDS = 30.0


@contextmanager
def real_redis(folder: Path) -> Iterator[int]:
    """Start the Redis that is installed, empty and without files.

    Args:
        folder: Where its log goes.

    Yields:
        Its port.

    Raises:
        PartMissing: If it is not installed, or does not answer in time.
    """
    program = shutil.which("redis-server")
    if program is None:
        raise PartMissing("the program redis-server is not installed")
    port = free_port()
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    with (folder / "redis.log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            _wait_for(port, process)
            yield port
        finally:
            process.terminate()
            process.wait(_PATIENCE_SECONDS)


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise PartMissing(f"redis-server ended with status {process.returncode} instead of answering")
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1) as link:
                link.sendall(b"PING\r\n")
                if link.recv(7) == b"+PONG\r\n":
                    return
        except OSError:
            pass
        time.sleep(0.05)
    raise PartMissing(f"redis-server did not answer within {_PATIENCE_SECONDS:.0f} s")
