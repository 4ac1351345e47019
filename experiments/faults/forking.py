"""Children of a warm process: forked, heard, and killed when patience ends."""

import os
import select
import signal
import time
from collections.abc import Callable, Iterator
from typing import NoReturn


def forked(child: Callable[[int], NoReturn], patience_seconds: float) -> tuple[bytes, int]:
    """Run a child, kill it when patience ends, and return what it said and how it ended.

    Args:
        child: What it does, given the descriptor of a pipe to its parent; it never returns.
        patience_seconds: How long it may take.
    """
    reading, writing = os.pipe()
    process = os.fork()
    if process == 0:
        os.close(reading)
        child(writing)
    os.close(writing)
    said = b"".join(_heard(reading, process, time.monotonic() + patience_seconds))
    os.close(reading)
    return said, os.waitpid(process, 0)[1]


def _heard(reading: int, process: int, deadline: float) -> Iterator[bytes]:
    alive = True
    while True:
        left = max(0.0, deadline - time.monotonic())
        if alive and (left == 0 or not select.select([reading], [], [], left)[0]):
            os.kill(process, signal.SIGKILL)
            alive = False
        part = os.read(reading, 1 << 16)
        if not part:
            return
        yield part
