"""What lies in the files of a trial when no process is at work, read through the same doors as ever."""

import json
import os
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from experiments.faults.errors import SpoolMisread
from experiments.faults.ledger import Found
from experiments.faults.life import FAILED
from experiments.faults.mutants import parts_of
from experiments.faults.payload import number_of
from experiments.faults.sink import Sink
from features.spool.contract import AsideRecord, Spool, SpooledRecord

_PAGE, _PAGE_BYTES = 500, 16 << 20


def take_census(folder: Path, report: int, *, with_sink: bool) -> NoReturn:
    """Count what is there, in a process of its own, and write it to a pipe as JSON.

    Args:
        folder: Where the spool and the sink lie.
        report: Descriptor of the pipe.
        with_sink: Whether to look into the sink: nothing changes there while nobody delivers.
    """
    status = FAILED
    try:
        with os.fdopen(report, "w", encoding="utf-8") as pipe:
            json.dump(_counted(folder, with_sink), pipe)
        status = 0
    except BaseException:  # noqa: BLE001  # the process ends here, and its parent sees the status
        traceback.print_exc()
    finally:
        os._exit(status)


def read_census(text: str, effects: Mapping[int, int]) -> Found:
    """Read what `take_census` wrote; what was known of the sink before holds where it was not looked at."""
    document: dict[str, Any] = json.loads(text)  # Any: what JSON holds
    found = document["effects"]
    return Found(
        pending=[(offset, number) for offset, number in document["pending"]],
        aside=[(offset, number) for offset, number in document["aside"]],
        effects=effects if found is None else {int(number): times for number, times in found.items()},
        wrong=document["wrong"],
        unbalanced=document["unbalanced"],
    )


def pending_of(spool: Spool) -> list[tuple[int, int | None]]:
    """Return offset and number of every pending record.

    Raises:
        SpoolMisread: If offsets do not rise.
    """
    return _places(lambda after: spool.peek(_PAGE, after=after, max_bytes=_PAGE_BYTES))


def aside_of(spool: Spool) -> list[tuple[int, int | None]]:
    """Return offset and number of every record that is set aside.

    Raises:
        SpoolMisread: If offsets do not rise.
    """
    return _places(lambda after: spool.aside(_PAGE, after=after))


def _places(
    read: Callable[[int], Sequence[SpooledRecord] | Sequence[AsideRecord]],
) -> list[tuple[int, int | None]]:
    """Read page after page; on a broken file the pages might not end."""
    places: list[tuple[int, int | None]] = []
    after = 0
    while page := read(after):
        for record in page:
            if record.offset <= after:
                raise SpoolMisread(f"offsets must rise; {record.offset} was found after {after}")
            places.append((record.offset, number_of(record.content)))
            after = record.offset
    return places


def _counted(folder: Path, with_sink: bool) -> dict[str, object]:
    effects, wrong = _effects(folder / "sink.db") if with_sink else (None, 0)
    spool = parts_of(None).open(folder / "spool.db")
    pending, aside = pending_of(spool), aside_of(spool)
    counters = spool.counters()
    spool.close()
    accounted = counters.done + counters.aside + counters.pending + counters.dropped
    balanced = counters.put == accounted and counters.pending == len(pending) and counters.aside == len(aside)
    return {"pending": pending, "aside": aside, "effects": effects, "wrong": wrong, "unbalanced": not balanced}


def _effects(path: Path) -> tuple[dict[int, int], int]:
    if not path.exists():
        return {}, 0
    sink = Sink(path)
    effects = sink.effects()
    sink.close()
    return effects
