"""`features materialize` and `features compare`: what is stored for the promoted model's features."""

from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.progress import Stages, print_result
from pipelines.settings import Settings, read_settings

if TYPE_CHECKING:
    from features.store.feast_store import FeastFeatures

Home = Annotated[Path | None, typer.Option(help="Folder of all data.")]
PackName = Annotated[str | None, typer.Option(help="Equipment pack: a shipped name, or a folder.")]
Tenant = Annotated[str | None, typer.Option(help="Whose machines.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")]


def materialize(home: Home = None, pack: PackName = None, tenant: Tenant = None, json: Json = False) -> None:
    """Bring the newest offline row of every asset online, under the promoted model's specification."""
    settings = read_settings(home=home, pack=pack, tenant=tenant)
    stages = Stages()
    with stages.stage("online"):
        features = _features(settings)
        written = features.materialise()
    document = {"specification_sha256": features.specification.sha256, "vectors": written}
    if json:
        print_result(document)
    else:
        stages.console.print(document)


def tidy(
    home: Home = None,
    pack: PackName = None,
    retention: Annotated[
        int | None, typer.Option(min=1, help="Days; older feature rows of the pack are forgotten. By default none is.")
    ] = None,
    json: Json = False,
) -> None:
    """Merge small files of the offline rows, delete what counts no longer, and with --retention forget old rows."""
    from features.domain.errors import InvalidValue  # lazy: only this command pays
    from features.domain.packs import LifeSource
    from features.packs.loader import load_pack
    from features.store.feast_store import offline_place
    from features.store.tidying import stored_views
    from features.store.tidying import tidy as tidy_view

    settings, stages = read_settings(home=home, pack=pack), Stages()
    equipment, place = load_pack(settings.pack), offline_place(settings.folder.root, settings.offline_url)
    if retention is not None and equipment.life.source is LifeSource.COUNT:
        raise InvalidValue(
            "--retention",
            must="be for machines whose life has dates",
            found=f"pack {equipment.id}, whose life is a bare count",
            remedy="Leave it out: nothing of such machines grows old.",
        )
    views: list[dict[str, object]] = []
    with stages.stage("tidying") as tell:
        names = stored_views(place)
        for name in names:
            is_aged = retention is not None and name.startswith(f"{equipment.id}_condition_")
            views.append(asdict(tidy_view(place, name, timedelta(days=retention or 0) if is_aged else None)))
            tell(len(views), len(names))
    if json:
        print_result({"views": views, "seconds": stages.seconds})
    else:
        stages.console.print(views)


def compare(
    home: Home = None,
    pack: PackName = None,
    tenant: Tenant = None,
    assets: Annotated[int, typer.Option(min=1, help="Assets to compare at most, in the order of their names.")] = 1_000,
    current: Annotated[
        bool, typer.Option("--current", help="Only the life that is going on, not those before.")
    ] = False,
    json: Json = False,
) -> None:
    """Compare offline rows, online vectors and a gateway's own computation of the same readings, value by value."""
    from features.packs.loader import load_pack  # lazy: only this command pays
    from features.records.database import open_records
    from features.records.events import EventRecords
    from features.records.lives import LifeRecords
    from features.telemetry.opening import open_telemetry
    from pipelines.building.comparison import Comparison

    settings = read_settings(home=home, pack=pack, tenant=tenant)
    stages, equipment = Stages(), load_pack(settings.pack)
    records = open_records(settings.folder.records_url)
    lives = LifeRecords(records).list_all(settings.owner)
    chosen = set(sorted({life.asset for life in lives})[:assets])
    newest = {life.asset: life.number for life in lives}  # they come by number
    lives = [each for each in lives if each.asset in chosen and (not current or each.number == newest[each.asset])]
    with (
        stages.stage("comparing") as tell,
        open_telemetry(settings.folder, equipment, settings.telemetry_server) as store,
    ):
        found = Comparison(store, _features(settings), EventRecords(records)).run(settings.owner, lives, tell)
    records.dispose()
    if json:
        print_result({**asdict(found), "is_equal": found.is_equal, "seconds": stages.seconds})
    else:
        stages.console.print(asdict(found))
    raise typer.Exit(0 if found.is_equal else 1)


def _features(settings: Settings) -> "FeastFeatures":
    from features.packs.loader import load_pack  # lazy: only these commands pay
    from pipelines.building.promoted import promoted_features
    from pipelines.errors import NothingPromoted

    pack = load_pack(settings.pack)
    found = promoted_features(settings.folder, pack, settings.online_url, settings.offline_url)
    if found is None:
        raise NothingPromoted(pack.id)
    return found.features
