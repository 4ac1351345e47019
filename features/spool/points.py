"""The named points in the life of a record at which a crash test may end the process."""

from collections.abc import Callable

_WRITES = ("put", "done", "set_aside", "restore", "drop", "lease")

POINTS: tuple[str, ...] = (
    *(f"{write}:{point}" for write in _WRITES for point in ("before_begin", "before_commit", "after_commit")),
    "put:after_insert",
    "put:before_return",
    "peek:before_read",
    "peek:after_read",
    "checkpoint:before",
    "checkpoint:after",
    "shrink:before",
    "shrink:after",
)
"""Every name that a spool gives to its observer."""

Observe = Callable[[str], None]
"""Is told each named point as it is reached."""


def unobserved(point: str) -> None:
    """Let the point pass: what a spool does with its named points outside of tests."""
