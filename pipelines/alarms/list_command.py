"""`python -m pipelines alarms list` and `acknowledge`: alarms on record, for people and programs at a terminal."""

import getpass
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.progress import print_result
from pipelines.settings import Settings, read_settings

if TYPE_CHECKING:
    from features.domain.alarms import Alarm, DataPathNotice
    from features.records.alarms import AlarmRecords

Home = Annotated[Path | None, typer.Option(help="Folder of all data.")]
PackName = Annotated[str | None, typer.Option(help="Equipment pack: a shipped name, or a folder.")]
Tenant = Annotated[str | None, typer.Option(help="Whose machines.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")]
Moment = Callable[[datetime], str]


def list_alarms(
    standing: Annotated[bool, typer.Option("--standing", help="Those alone whose deviation lasts.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="Those that are over too.")] = False,
    asset: Annotated[str | None, typer.Option(help="Of one machine.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="At most so many.")] = 100,
    home: Home = None,
    pack: PackName = None,
    tenant: Tenant = None,
    json: AsJson = False,
) -> None:
    """List alarms that stand or wait for somebody, standing ones first, and what is wrong with the way of the data."""
    from features.domain.identifiers import AssetId  # lazy: with the rest
    from features.records.alarms import AlarmQuery

    settings = read_settings(home=home, pack=pack, tenant=tenant)
    name = None if asset is None else AssetId(asset)
    with _records(settings) as records:
        found, total = records.list_all(settings.owner, AlarmQuery(standing=standing or None, asset=name), limit)
        notices = records.notices(settings.owner)
    shown = found if everything else [each for each in found if each.stage.stands or each.stage.waits]
    moment = _moments(settings)
    if json:
        told = {"alarms": [_document(each, moment) for each in shown], "on_record": total}
        print_result({**told, "notices": [_notice_document(each, moment) for each in notices]})
    else:
        _print(shown, notices, moment)


def acknowledge(
    alarm: Annotated[str, typer.Argument(help="Identity of the alarm; its beginning is enough where no other has it.")],
    by: Annotated[str | None, typer.Option(help="Who has seen it; else the user of this terminal.")] = None,
    comment: Annotated[str | None, typer.Option(help="What they have to say.")] = None,
    home: Home = None,
    pack: PackName = None,
    tenant: Tenant = None,
    json: AsJson = False,
) -> None:
    """Put on record that somebody has seen an alarm; one that waits for nobody stays as it is."""
    settings = read_settings(home=home, pack=pack, tenant=tenant)
    with _records(settings) as records:
        name = _whole(records, settings, alarm)
        found = records.acknowledge(settings.owner, name, datetime.now(UTC), by or getpass.getuser(), comment)
    moment = _moments(settings)
    if json:
        print_result(_document(found, moment))
    else:
        _print([found], [], moment)


@contextmanager
def _records(settings: Settings) -> "Iterator[AlarmRecords]":
    from features.records.alarms import AlarmRecords  # lazy: sqlalchemy is for commands that read records
    from features.records.database import open_records

    engine = open_records(settings.folder.records_url)
    try:
        yield AlarmRecords(engine)
    finally:
        engine.dispose()


def _whole(records: "AlarmRecords", settings: Settings, begun: str) -> str:
    """Return the identity that begins so, if one alone of those that wait for somebody does; else what was given."""
    from features.records.alarms import AlarmQuery  # lazy: with the rest

    found, _ = records.list_all(settings.owner, AlarmQuery(unacknowledged=True), 10_000)
    named = [each.id for each in found if each.id.startswith(begun)]
    return named[0] if len(named) == 1 else begun


def _moments(settings: Settings) -> Moment:
    """Return what writes moments as the machines count them."""
    from features.domain.packs import LifeSource  # lazy: with the rest
    from features.domain.time import microseconds
    from features.packs.loader import load_pack
    from pipelines.onboard.moments_given import written_moment

    is_count = load_pack(settings.pack).life.source is LifeSource.COUNT
    return lambda moment: written_moment(microseconds(moment), is_count=is_count)


def _document(alarm: "Alarm", moment: Moment) -> dict[str, object]:
    from features.domain.time import format_time  # lazy: with the rest

    seen = alarm.acknowledged
    return {
        "id": alarm.id,
        "asset": alarm.asset,
        "gateway": alarm.gateway,
        "stage": alarm.stage.value,
        "cause": alarm.cause.value,
        "lead": alarm.lead,
        "score": alarm.score,
        "threshold": alarm.threshold,
        "over": alarm.over,
        "raised_at": moment(alarm.raised_at),
        "standing_since": moment(alarm.stood_since),
        "returned_at": None if alarm.returned_at is None else moment(alarm.returned_at),
        "times": alarm.times,
        "acknowledged": None if seen is None else {"at": format_time(seen.at), "by": seen.by, "comment": seen.comment},
        "model": alarm.model,
    }


def _notice_document(notice: "DataPathNotice", moment: Moment) -> dict[str, object]:
    return {
        "kind": notice.kind.value,
        "gateway": notice.gateway,
        "asset": notice.asset,
        "raised_at": moment(notice.raised_at),
        "standing": list(notice.standing),
    }


def _print(alarms: "Sequence[Alarm]", notices: "Sequence[DataPathNotice]", moment: Moment) -> None:
    from rich import box  # lazy: only for people
    from rich.console import Console
    from rich.table import Table

    console = Console()
    console = console if console.is_terminal else Console(width=150)
    if not alarms and not notices:
        console.print("No alarm stands, and none waits for somebody.")
    if alarms:
        table = Table("alarm", "machine", "stage", "cause", "signal", "over", "since", "seen by", box=box.SIMPLE)
        for each in alarms:
            over = "" if each.over is None else f"{each.over:.1f} x"
            seen = "" if each.acknowledged is None else each.acknowledged.by
            since = moment(each.stood_since)
            cells = (each.id[:8], each.asset, each.stage.value, each.cause.value, each.lead or "", over, since, seen)
            table.add_row(*cells)
        console.print(table)
    for notice in notices:
        named = f"{notice.gateway}: {notice.kind.value}" + ("" if notice.asset is None else f" {notice.asset}")
        console.print(f"{named}, since {moment(notice.raised_at)}", markup=False, highlight=False)
