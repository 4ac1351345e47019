"""Processes of a benchmark that are spoken with line by line, for the length of a block."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from experiments.bench.errors import PartMissing

PATIENCE_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Child:
    """A process that answers lines with lines, and ends when its standard input does."""

    process: subprocess.Popen[str]

    def tell(self, words: str) -> None:
        """Write one line to it."""
        if self.process.stdin:
            self.process.stdin.write(words + "\n")
            self.process.stdin.flush()

    def line(self) -> str:
        """Return the next line that it writes.

        Raises:
            PartMissing: If it ended.
        """
        line = self.process.stdout.readline() if self.process.stdout else ""
        if not line:
            raise PartMissing("a process of the benchmark ended early; see what it wrote to standard error")
        return line


@dataclass(frozen=True, slots=True)
class Service:
    """A receiving service.

    Attributes:
        url: Its address.
    """

    url: str
    child: Child

    def cpu_seconds(self) -> float:
        """Ask how much processor time it has used so far."""
        self.child.tell("cpu")
        return float(json.loads(self.child.line())["cpu_seconds"])


@contextmanager
def child(module: str, arguments: Sequence[str]) -> Iterator[Child]:
    """Run a module as a process."""
    command = [sys.executable, "-m", module, *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Child(process)
        finally:
            if process.stdin:
                process.stdin.close()
            process.wait(PATIENCE_SECONDS)


@contextmanager
def receiving_service(home: Path, kind: str) -> Iterator[Service]:
    """Run the receiving service with a kind of spool, and wait until it listens."""
    port = free_port()
    with child("experiments.bench.receiver", [str(home), str(port), kind]) as process:
        service = Service(f"http://127.0.0.1:{port}", process)
        service.cpu_seconds()  # it answers once it is put together
        _wait_until_listening(port)
        yield service


def free_port() -> int:
    """Return a port of loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_listening(port: int) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise PartMissing(f"the service did not listen within {PATIENCE_SECONDS:.0f} s") from None
            time.sleep(0.05)
        else:
            return
