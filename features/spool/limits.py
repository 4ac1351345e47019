"""How much a spool takes before it says no."""

from dataclasses import dataclass

from features.domain.errors import InvalidValue

_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class SpoolLimits:
    """The bounds of a spool, bytes of content unless said otherwise.

    Attributes:
        max_pending_bytes: What may wait for delivery; beyond it `SpoolBusy`.
        max_waiting_bytes: What may wait in memory for its commit, all threads together; beyond it `SpoolBusy`.
        max_record_bytes: The largest record.
        max_aside_bytes: What may be set aside; beyond it `SpoolFull` until a person restored or dropped some.
        reserve_bytes: Size of the file beside the spool that keeps room on the disk for `done` and `set_aside`; 0 for
            none. It must hold what the largest commit may make the file grow by, so keep it above 8 MiB.
    """

    max_pending_bytes: int = 4096 * _MIB
    max_waiting_bytes: int = 64 * _MIB
    max_record_bytes: int = 32 * _MIB
    max_aside_bytes: int = 1024 * _MIB
    reserve_bytes: int = 16 * _MIB

    def __post_init__(self) -> None:
        for name in ("max_pending_bytes", "max_waiting_bytes", "max_record_bytes", "max_aside_bytes"):
            self._at_least(name, 1)
        self._at_least("reserve_bytes", 0)

    def _at_least(self, name: str, least: int) -> None:
        if (found := getattr(self, name)) < least:
            raise InvalidValue(name, must=f"be at least {least}", found=found, remedy="Correct the spool's limits.")
