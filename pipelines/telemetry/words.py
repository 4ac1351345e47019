"""The status of telemetry as a person reads it."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from rich.console import Console
from rich.table import Table

from features.domain.packs import LifeSource, Pack
from features.domain.time import life_of_time
from features.quality.verdicts import Namur
from pipelines.telemetry.status import LATE_CLASSES, AssetStatus, TelemetryStatus, worst_first

NAMUR_WORDS = {
    Namur.NORMAL: "normal",
    Namur.FAILURE: "failure",
    Namur.CHECK_FUNCTION: "check function",
    Namur.OUT_OF_SPECIFICATION: "out of specification",
    Namur.MAINTENANCE_REQUIRED: "maintenance required",
}


def tell(status: TelemetryStatus, pack: Pack, now: datetime, console: Console, most: int) -> None:
    """Write the status.

    Args:
        status: What was found.
        pack: Tells whether times are dates or a count of life.
        now: The time to count silence from.
        console: Where to.
        most: Assets to show, worst first.
    """
    table = Table("asset", "newest reading", "silent for", "arrives", "not good", "measuring points", box=None)
    for each in worst_first(status.assets, now)[:most]:
        table.add_row(*_cells(each, pack, now))
    console.print(table)
    if len(status.assets) > most:
        console.print(f"… and {len(status.assets) - most} more; --all shows them")
    for line in _lines(status):
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def _cells(each: AssetStatus, pack: Pack, now: datetime) -> tuple[str, ...]:
    counts_life = pack.life.source is LifeSource.COUNT
    if each.newest is None:
        newest, silent = "none", ""
    elif counts_life:
        newest, silent = f"{life_of_time(each.newest):g} {pack.life.unit}", ""
    else:
        newest, silent = f"{each.newest:%Y-%m-%d %H:%M:%S} UTC", _length(now - each.newest)
    late = " ".join(f"{name} {count:,}" for name, count in zip(LATE_CLASSES, each.late, strict=True) if count)
    suspect = " ".join(f"{verdict.name.lower()} {count:,}" for verdict, count in sorted(each.suspect.items()))
    points = ", ".join(f"{point.signal}: {NAMUR_WORDS[point.namur]} ({point.namur.value})" for point in each.points)
    return each.asset, newest, silent, late, suspect, points or "all normal"


def _lines(status: TelemetryStatus) -> Iterator[str]:
    if status.spool is None:
        yield "spool: nothing was received by HTTP or MQTT yet"
    else:
        counted = status.spool
        yield (
            f"spool: {counted.put:,} deliveries came, {counted.done:,} stored, {counted.pending:,} wait"
            f" ({counted.pending_bytes / 2**20:,.1f} MiB), {counted.aside:,} aside"
        )
        if counted.aside:
            yield "  python -m pipelines telemetry aside --spool shows them"
    for reason, count in status.set_aside.items():
        yield f"set aside: {count:,} {reason}  (python -m pipelines telemetry aside --reason {reason})"
    for each in status.quarantine:
        yield (
            f"in quarantine: {each.readings:,} readings of {each.signal} from {each.asset}; no pack claims them"
            f" (they came as {each.pack})"
        )


def _length(duration: timedelta) -> str:
    seconds = duration.total_seconds()
    if seconds < 0:
        return f"{-seconds:,.0f} s ahead"
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:,.0f} {unit}"
    return f"{seconds:,.0f} s"
