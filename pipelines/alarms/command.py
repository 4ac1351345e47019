"""`python -m pipelines alarms`: the list, acknowledgement, and what a budget of alarms would have meant."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.alarms.list_command import acknowledge, list_alarms
from pipelines.alarms.order import Asked, Split
from pipelines.progress import Stages, print_result
from pipelines.settings import Settings, read_settings

if TYPE_CHECKING:
    from rich.console import Console

    from features.domain.packs import Pack
    from pipelines.alarms.judging import Judge
    from pipelines.alarms.machines import Machines

app = typer.Typer(help="Alarms within a budget.", no_args_is_help=True, pretty_exceptions_enable=False)
app.command("list")(list_alarms)
app.command("acknowledge")(acknowledge)


@app.callback()
def alarms() -> None:
    """Alarms within a budget."""


@app.command()
def replay(
    budget: Annotated[
        float | None, typer.Option(min=0.001, help="Alarms per 100 machines and week; else the pack's.")
    ] = None,
    pack: Annotated[str | None, typer.Option(help="Equipment pack: a shipped name, or a folder.")] = None,
    data: Annotated[Path | None, typer.Option(help="Bring-your-own folder to replay; else what is stored.")] = None,
    home: Annotated[Path | None, typer.Option(help="Folder of all data.")] = None,
    tenant: Annotated[str | None, typer.Option(help="Whose machines.")] = None,
    confidence: Annotated[float, typer.Option(min=0.5, max=0.9999, help="With which the budget is promised.")] = 0.95,
    split: Annotated[
        Split | None, typer.Option(help="What sets the threshold; else time, or machines for bare lives.")
    ] = None,
    margin_days: Annotated[
        float | None, typer.Option(min=0, help="Not known to be healthy before a life's end; else the longest horizon.")
    ] = None,
    on_delay: Annotated[float, typer.Option(min=0, help="Minutes that a deviation must last.")] = 10.0,
    off_delay: Annotated[float, typer.Option(min=0, help="Minutes that a score must be normal.")] = 60.0,
    week: Annotated[float | None, typer.Option(min=0.001, help="Life in a week, where life is a bare count.")] = None,
    threshold: Annotated[float | None, typer.Option(min=0, help="Replay with this one, whatever is promised.")] = None,
    bundle: Annotated[
        Path | None, typer.Option(help="Bundle whose state detection judges the rows; else the champion's.")
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Keep the threshold for the worker's alarms.")] = False,
    picture: Annotated[Path | None, typer.Option(help="Draw alarms by week and machine into this file.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")] = False,
) -> None:
    """Show what a budget would have meant: one part of history sets the threshold, the other shows the alarms."""
    from features.packs.loader import load_pack  # lazy: only this command pays
    from pipelines.alarms.keeping import check_keep, find_judge, keep_threshold
    from pipelines.alarms.picture import write_picture
    from pipelines.alarms.replay import replay_alarms
    from pipelines.alarms.tables import print_judge, print_replay

    settings, stages = read_settings(home=home, pack=pack, tenant=tenant), Stages()
    machine = load_pack(settings.pack)
    order = Asked(budget, confidence, split, margin_days, on_delay, off_delay, week, threshold).order(machine)
    judge = find_judge(settings.folder, machine.id, bundle)
    check_keep(keep=keep, judge=judge, data=data)
    read, moment = _machines(settings, machine, data, stages, judge), _moments(machine)
    tell_of_ingest(read, stages.console)
    with stages.stage("replaying"):
        found = replay_alarms(machine, read, order)
    kept = keep_threshold(settings.folder, settings.owner, machine.id, read, found) if keep else None
    if picture is not None:
        write_picture(found, picture, moment)
    if json:
        ingest = None if read.ingest is None else read.ingest.to_dict()
        told = {"judged_by": read.judged_by, "kept": kept is not None, **found.to_dict(moment)}
        print_result({"pack": machine.id, "ingest": ingest, **told, "seconds": stages.seconds})
    else:
        print_judge(_console(), read.judged_by, kept)
        print_replay(_console(), found, moment)


def _machines(settings: Settings, pack: "Pack", data: Path | None, stages: Stages, judge: "Judge | None") -> "Machines":
    from pipelines.alarms.machines import read_folder, read_machines  # lazy: with the rest

    with stages.stage("reading") as tell:
        if data is not None:
            return read_folder(data, pack, settings.owner, judge=judge)
        return read_machines(settings.folder, pack, settings.owner, settings.telemetry_server, tell, judge)


def tell_of_ingest(read: "Machines", words: "Console") -> None:
    """Say what of a folder was read, what was not, and why."""
    if read.ingest is None:
        return
    lines = [f"{read.ingest.rows:,} rows of {read.ingest.assets:,} machines"]
    lines += [f"set aside: {count:,} {reason.value}" for reason, count in read.ingest.set_aside.items()]
    for line in (*lines, *read.ingest.notes):
        words.print(line, markup=False, highlight=False)


def _moments(pack: "Pack") -> Callable[[float], str]:
    """Return what writes seconds since EPOCH as the data count them."""
    from features.domain.packs import LifeSource  # lazy: with the rest
    from pipelines.onboard.moments_given import written_moment

    is_count = pack.life.source is LifeSource.COUNT
    return lambda seconds: written_moment(round(seconds * 1e6), is_count=is_count)


def _console() -> "Console":
    """Return standard output, wide enough for a table where it is no terminal."""
    from rich.console import Console  # lazy: only for people

    console = Console()
    return console if console.is_terminal else Console(width=130)
