"""The parts of the product that a trial runs, and the same with one fault planted in each.

A trial that finds nothing proves nothing until it has found these.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from experiments.faults.sink import Deliver
from features.spool.checksum import Blake2Checksum
from features.spool.contract import Spool, SpooledRecord
from features.spool.durable import DurableSpool
from features.spool.limits import SpoolLimits
from features.spool.link import SETTINGS
from features.spool.points import Observe, unobserved

LIMITS = SpoolLimits(reserve_bytes=65_536)
"""As usual, but for a small reserve: a trial makes a new one with every chain of lives."""

_FULL, _NORMAL, _OFF = (f"PRAGMA synchronous = {word}" for word in ("FULL", "NORMAL", "OFF"))
_HELD_BACK = 4


def _as_it_is(_: Spool, deliver: Deliver) -> Deliver:
    return deliver


@dataclass(frozen=True, slots=True)
class Parts:
    """What a trial runs.

    Attributes:
        spool: The class of the spool.
        around: Wraps a delivery.
    """

    spool: type[DurableSpool] = DurableSpool
    around: Callable[[Spool, Deliver], Deliver] = _as_it_is

    def open(self, path: Path, observe: Observe = unobserved) -> DurableSpool:
        """Open the spool."""
        return self.spool(path, limits=LIMITS, observe=observe)


class AcknowledgesEarly(DurableSpool):
    """Returns from `put` before the commit, which another thread makes a moment later."""

    _late: list[threading.Thread] | None = None

    def put(self, contents: Sequence[bytes]) -> int:
        """Hand the records to another thread."""
        thread = threading.Thread(target=super().put, args=(contents,))
        self._late = [*(self._late or []), thread]
        thread.start()
        return 0

    def close(self) -> None:
        """Wait for what was handed over, so that nothing but a kill or lost power shows the fault."""
        for thread in self._late or []:
            thread.join()
        super().close()


class CommitsLater(DurableSpool):
    """Keeps what was put in memory until some more has come."""

    _held: list[bytes] | None = None

    def put(self, contents: Sequence[bytes]) -> int:
        """Commit only when enough has come."""
        self._held = [*(self._held or []), *contents]
        if len(self._held) < _HELD_BACK:
            return 0
        held, self._held = self._held, None
        return super().put(held)


class StoresTwice(DurableSpool):
    """Appends again although the first commit worked."""

    def put(self, contents: Sequence[bytes]) -> int:
        """Append the records, and once more."""
        super().put(contents)
        return super().put(contents)


class SyncRemoved(DurableSpool):
    """Never waits for the disk."""

    settings: ClassVar[Sequence[str]] = tuple(_OFF if each == _FULL else each for each in SETTINGS)


class SyncsLater(DurableSpool):
    """Waits for the disk at checkpoints only, not at commits."""

    settings: ClassVar[Sequence[str]] = tuple(_NORMAL if each == _FULL else each for each in SETTINGS)


class _Trusting(Blake2Checksum):
    def holds(self, content: bytes, digest: bytes) -> bool:
        """Believe everything."""
        return True


class ChecksumRemoved(DurableSpool):
    """Delivers whatever lies in the file."""

    checksum = _Trusting()


def _done_first(spool: Spool, deliver: Deliver) -> Deliver:
    def attempt(records: Sequence[SpooledRecord]) -> None:
        spool.done(records[-1].offset)
        deliver(records)

    return attempt


MUTANTS: dict[str, Parts] = {
    "acknowledged early": Parts(AcknowledgesEarly),
    "committed later": Parts(CommitsLater),
    "stored twice": Parts(StoresTwice),
    "done before delivery": Parts(around=_done_first),
    "fsync removed": Parts(SyncRemoved),
    "fsync at checkpoints only": Parts(SyncsLater),
    "checksum removed": Parts(ChecksumRemoved),
}
"""Every planted fault by its name."""

SEEN_BY_KILLS = ("acknowledged early", "committed later", "stored twice", "done before delivery")
SEEN_BY_POWER = ("acknowledged early", "fsync removed", "fsync at checkpoints only")
SEEN_BY_DAMAGE = ("checksum removed",)


def parts_of(mutant: str | None) -> Parts:
    """Return the product's own parts, or those with a fault planted."""
    return Parts() if mutant is None else MUTANTS[mutant]
