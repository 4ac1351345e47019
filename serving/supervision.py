"""The processes of one installation: started together, watched, and ended together, however the parent ends."""

import ctypes
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 60.0
SOUND_SECONDS = 60.0
"""A child that ran this long was sound: its next restart waits as little as the first."""

PATIENCE_SECONDS = 15.0
_SET_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of prctl(2)
_logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Child:
    """One process of ours.

    Attributes:
        name: What the log calls it.
        command: Program and arguments.
        environment: Its environment.
        seconds: A clock that only goes forwards.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    seconds: Callable[[], float] = time.monotonic
    process: "subprocess.Popen[bytes] | None" = None
    _started_at: float = 0.0
    _pause: float = FIRST_PAUSE_SECONDS
    _start_at: float = field(default=float("-inf"))

    def start(self) -> None:
        """Start the process, with its output on our standard error.

        On Linux the kernel ends it when this process ends, in whatever way.
        """
        self.process = subprocess.Popen(
            list(self.command),
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr,
            preexec_fn=_end_with_parent(),
        )
        self._started_at = self.seconds()
        _logger.info("process started", extra={"child": self.name, "pid": self.process.pid})

    def returncode(self) -> int | None:
        """Return how the process ended, or None while it runs."""
        return None if self.process is None else self.process.poll()

    def revive(self) -> None:
        """Start the process again if it ended, after a pause that doubles each time until it runs soundly."""
        if self.process is not None and self.process.poll() is None:
            return
        if self.process is not None:
            self._note_end(self.process.returncode)
        if self.seconds() >= self._start_at:
            self.start()

    def stop(self) -> None:
        """Ask the process to end."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def wait(self, seconds: float) -> None:
        """Wait for the end of the process; past the time it is killed."""
        if self.process is None:
            return
        try:
            self.process.wait(max(0.0, seconds))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _note_end(self, code: int) -> None:
        now = self.seconds()
        if now - self._started_at >= SOUND_SECONDS:
            self._pause = FIRST_PAUSE_SECONDS
        self._start_at, self._pause = now + self._pause, min(2 * self._pause, LONGEST_PAUSE_SECONDS)
        self.process = None
        _logger.warning("process ended and will be restarted", extra={"child": self.name, "returncode": code})


def stop_all(children: Sequence[Child], patience_seconds: float = PATIENCE_SECONDS) -> None:
    """End every child: ask all at once, then wait for each, and kill what is still there in the end."""
    for child in children:
        child.stop()
    end = time.monotonic() + patience_seconds
    for child in children:
        child.wait(end - time.monotonic())


def _end_with_parent() -> Callable[[], None] | None:
    """Return what a child does before it becomes its program: ask the kernel for SIGTERM at its parent's end."""
    if not sys.platform.startswith("linux"):
        return None
    library, parent = ctypes.CDLL(None, use_errno=True), os.getpid()

    def ask() -> None:
        library.prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGTERM)
        if os.getppid() != parent:  # the parent ended before the kernel was asked
            os.kill(os.getpid(), signal.SIGTERM)

    return ask
