"""Threads beside the worker's loop: they end with it, and it with them."""

import logging
import threading
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self

from pipelines.errors import BackgroundFailed

Job = Callable[[threading.Event], None]
"""Works until the event is set."""

_logger = logging.getLogger(__name__)


class Background:
    """Runs jobs, each in a thread of its own, from entering its block to leaving it.

    Args:
        jobs: The jobs by name.
        stop: Set when it is time to end; set here too when a job fails.
    """

    def __init__(self, jobs: Mapping[str, Job], stop: threading.Event) -> None:
        self._stop = stop
        self._failure: BackgroundFailed | None = None
        self._threads = [
            threading.Thread(target=self._run, args=(name, job), name=name, daemon=True) for name, job in jobs.items()
        ]

    def start(self) -> None:
        """Start every job."""
        for thread in self._threads:
            thread.start()

    def wait(self, seconds: float) -> bool:
        """Wait so many seconds, and say whether it is time to end.

        Raises:
            BackgroundFailed: If a job has failed.
        """
        is_over = self._stop.wait(seconds)
        if self._failure is not None:
            raise self._failure
        return is_over

    def close(self, timeout_seconds: float = 30.0) -> None:
        """End every job; one that hangs longer ends with the process."""
        self._stop.set()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(timeout_seconds)

    def __enter__(self) -> Self:
        """Start every job."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End every job."""
        self.close()

    def _run(self, name: str, job: Job) -> None:
        try:
            job(self._stop)
        except Exception as error:  # whatever it was, the worker must not go on without the job
            _logger.exception("a job of the worker failed", extra={"job": name})
            self._failure = BackgroundFailed(f"The worker's job {name} must go on; it failed: {error}. Start it again.")
            self._failure.__cause__ = error
            self._stop.set()
