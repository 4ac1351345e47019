"""The memory of processes, watched while something goes on."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import psutil

_EVERY_SECONDS = 0.02
_MIB = 1024 * 1024


@dataclass(slots=True)
class MemoryWatch:
    """The resident memory of some processes together.

    Attributes:
        begin: What it was when the watch began, bytes.
        peak: The most that it was since, bytes.
    """

    processes: Sequence[psutil.Process]
    begin: int = field(init=False)
    peak: int = field(init=False)

    def __post_init__(self) -> None:
        """Look for the first time."""
        self.begin = self.peak = self._resident()

    @property
    def growth_mib(self) -> float:
        """The peak less the beginning."""
        return (self.peak - self.begin) / _MIB

    def look(self) -> None:
        """Look again."""
        self.peak = max(self.peak, self._resident())

    def _resident(self) -> int:
        return sum(process.memory_info().rss for process in self.processes)


@contextmanager
def watched(process_ids: Sequence[int]) -> Iterator[MemoryWatch]:
    """Watch the memory of processes for the length of a block."""
    watch, stop = MemoryWatch([psutil.Process(each) for each in process_ids]), threading.Event()

    def look() -> None:
        while not stop.wait(_EVERY_SECONDS):
            watch.look()

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield watch
    finally:
        stop.set()
        thread.join()
