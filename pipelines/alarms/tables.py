"""A replay of alarms as people read it: what is promised, what would have been raised, and when."""

from collections.abc import Callable

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table

from features.domain.alarms import KeptThreshold
from models.condition.alarms.budget import AlarmRate
from pipelines.alarms.outcome import AlarmReplay, ReplayedAlarm

_SHOWN = 20
_BARS = " ▁▂▃▄▅▆▇█"
_COLUMNS = 60


def print_judge(console: Console, judged_by: str | None, kept: KeptThreshold | None) -> None:
    """Say who judged the rows, and whether the threshold is kept."""
    if judged_by is None:
        console.print("Rows are scored against each machine's own first weeks; nothing is blamed (no bundle judges)")
    else:
        console.print(f"Rows are judged by the state detection of bundle {judged_by[:12]}")
    if kept is not None:
        console.print(f"[green]kept[/green] for the worker: threshold {kept.threshold:.3g}")


def print_replay(console: Console, found: AlarmReplay, moment: Callable[[float], str]) -> None:
    """Print a replay.

    Args:
        console: Where to.
        found: What was found.
        moment: Writes seconds since EPOCH as the data count them.
    """
    budget, fitted = found.order.budget, found.fitted
    console.print(
        f"[bold]Budget[/bold]: at most {budget.per_100_machine_weeks:g} alarms per 100 machines and week, "
        f"with {budget.confidence:.0%} confidence"
    )
    if fitted.threshold is None:
        console.print(f"  [yellow]no threshold can be promised[/yellow]: {fitted.reason}")
    else:
        console.print(f"  threshold {fitted.threshold:.3g} (1 is about the most that is usual for a machine)")
    if found.unscored:
        console.print(f"  {found.unscored} of {found.lives} lives are too short to learn what is normal")
    if found.healthy is None or found.all is None:
        if fitted.threshold is None:
            console.print("  `--threshold 1` shows what the alarms would have been at the most that is usual.")
        return
    console.print(_rates(found))
    if found.is_kept is not None:
        console.print(f"  {_verdict(found)}")
    _print_alarms(console, found, moment)
    _print_rest(console, found, moment)


def timeline(alarms: tuple[ReplayedAlarm, ...], columns: int = _COLUMNS) -> str:
    """Return how many alarms began when, as bars of text from the first alarm to the last.

    Examples:
        >>> timeline(())
        ''
    """
    if not alarms:
        return ""
    at = np.array([each.raised for each in alarms])
    counts, _ = np.histogram(at, columns, (at.min(), max(at.max(), at.min() + 1.0)))
    steps = len(_BARS) - 1
    return "".join(_BARS[int(np.ceil(steps * count / counts.max()))] for count in counts)


def _verdict(found: AlarmReplay) -> str:
    if found.is_kept:
        return "the budget was kept on healthy machines"
    if found.is_broken:
        return (
            "[red]the budget was not kept on healthy machines, and not by chance[/red]: what was counted is unlike "
            "what set the threshold (another season, other machines); take a longer history, or more machines"
        )
    return "[yellow]the budget was not kept on healthy machines[/yellow]; by so little that it may be chance"


def _rates(found: AlarmReplay) -> Table:
    names = ("alarms", "machines", "machine-weeks", "per 100 and week", "at most", "come together")
    table = Table("machines", *names, box=box.SIMPLE)
    rows = (
        ("healthy, threshold set on", found.fitted.rate),
        ("healthy, later", found.healthy),
        ("all, later", found.all),
    )
    for name, rate in rows:
        if rate is not None:
            table.add_row(name, *_cells(rate))
    return table


def _cells(rate: AlarmRate) -> tuple[str, ...]:
    weeks, rates = f"{rate.machine_weeks:,.0f}", f"{rate.per_100_machine_weeks:.2f}"
    return f"{rate.alarms}", f"{rate.machines}", weeks, rates, f"{rate.bound:.2f}", f"{rate.clusters:.1f}"


def _print_alarms(console: Console, found: AlarmReplay, moment: Callable[[float], str]) -> None:
    if not found.alarms:
        console.print("  no alarm would have been raised")
        return
    first, last = moment(found.alarms[0].raised), moment(found.alarms[-1].raised)
    console.print(f"  {first} ▕{timeline(found.alarms)}▏ {last}")
    console.print(f"  by cause: {_counts(found.by_cause)}")
    console.print(f"  by machine: {_counts(found.by_asset)}")
    table = Table("machine", "raised", "returned", "cause", "signal", "score", "times", "then healthy", box=box.SIMPLE)
    for each in found.alarms[:_SHOWN]:
        returned = "stands" if each.returned is None else moment(each.returned)
        returned += f" ({each.ended_by})" if each.ended_by else ""
        known = "yes" if each.is_healthy else ""
        score, times = f"{each.score:.1f}", f"{each.times}"
        table.add_row(each.asset, moment(each.raised), returned, each.cause, each.lead or "", score, times, known)
    console.print(table)
    if len(found.alarms) > _SHOWN:
        console.print(f"  … and {len(found.alarms) - _SHOWN} more; --json has them all")


def _print_rest(console: Console, found: AlarmReplay, moment: Callable[[float], str]) -> None:
    told = found.foreseen
    if told.failures:
        lead = (
            "" if told.lead is None else f", {7.0 * told.lead / found.order.budget.week:.1f} days before in the median"
        )
        console.print(f"  {told.warned} of {told.failures} failures had an alarm before them{lead}")
    kinds = [each.kind.value for each in found.raised_notices]
    console.print(f"  notices of the data path: {_counts({kind: kinds.count(kind) for kind in sorted(set(kinds))})}")
    for each in found.raised_notices[:5]:
        console.print(f"    {moment(each.seconds)} {each.kind.value} {each.asset or each.gateway}")
    if found.held:
        console.print(f"  {len(found.held)} alarms were held back by planned work")


def _counts(counts: dict[str, int]) -> str:
    shown = [f"{count} {name}" for name, count in list(counts.items())[:8]]
    more = len(counts) - len(shown)
    return (", ".join(shown) or "none") + (f" and {more} more" if more else "")
