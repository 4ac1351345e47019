"""`python -m pipelines ledger`: score the forecasts that were issued, report on them, and replay the past."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from pipelines.progress import Stages, print_result
from pipelines.settings import Settings, read_settings

if TYPE_CHECKING:
    from features.domain.identifiers import AssetId
    from models.prognosis.ledger.report import LedgerReport
    from pipelines.ledger.scoring import LedgerScoring

app = typer.Typer(
    help="What became of the forecasts that were issued.", no_args_is_help=True, pretty_exceptions_enable=False
)

Home = Annotated[Path | None, typer.Option(help="Folder of all data.")]
PackName = Annotated[str | None, typer.Option(help="Equipment pack: a shipped name, or a folder.")]
Tenant = Annotated[str | None, typer.Option(help="Whose machines.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")]
Picture = Annotated[Path | None, typer.Option(help="Draw calibration and lead times into this file.")]
Threshold = Annotated[float, typer.Option(min=0.0, max=1.0, help="Probability from which on a forecast warns.")]


@app.command()
def score(
    home: Home = None,
    pack: PackName = None,
    tenant: Tenant = None,
    again: Annotated[bool, typer.Option("--again", help="Score every asset anew, not only what changed.")] = False,
    json: Json = False,
) -> None:
    """Score the forecasts of every life that has ended, as the worker does, and record the scores."""
    from pipelines.ledger.scoring import lives_by_asset  # lazy: only this command pays

    settings, stages = read_settings(home=home, pack=pack, tenant=tenant), Stages()
    with _opened(settings) as scoring, stages.stage("scoring"):
        lives = lives_by_asset(scoring.records, scoring.tenant, _assets(scoring))
        document: dict[str, object] = {"assets": len(lives), "scored": scoring.catch_up(lives, again=again)}
    if json:
        print_result(document)
    else:
        stages.console.print(document)


@app.command()
def report(
    home: Home = None,
    pack: PackName = None,
    tenant: Tenant = None,
    asset: Annotated[str | None, typer.Option(help="Only the forecasts for this asset.")] = None,
    since: Annotated[str | None, typer.Option(help="Only forecasts issued since (RFC 3339, with its zone).")] = None,
    threshold: Threshold = 0.5,
    picture: Picture = None,
    json: Json = False,
) -> None:
    """Say how often the forecasts that were issued were right, how early they warned, and what they saved."""
    from features.domain.time import parse_time  # lazy: only this command pays

    settings, stages = read_settings(home=home, pack=pack, tenant=tenant), Stages()
    begin = None if since is None else parse_time(since)
    with _opened(settings) as scoring:
        found = _report(scoring, asset, begin, threshold, stages)
    _show(found, "ledger", picture, {"pack": scoring.pack.id, "tenant": scoring.tenant}, as_json=json)


@app.command()
def backtest(
    home: Home = None,
    pack: PackName = None,
    tenant: Tenant = None,
    every: Annotated[
        float | None, typer.Option(help="Life between two forecasts; by default as long as one holds.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Machines that the model was trained on, too.")] = False,
    threshold: Threshold = 0.5,
    picture: Picture = None,
    json: Json = False,
) -> None:
    """Replay the past of machines that the promoted model has not seen; nothing of it enters the ledger."""
    from edge_export.bundle.shelf import BundleShelf  # lazy: only this command pays
    from edge_export.runtime.runtime import Runtime
    from features.domain.identifiers import AssetId
    from features.packs.loader import load_pack
    from models.prognosis.folds import held_out
    from models.prognosis.ledger.report import ledger_report
    from pipelines.champion import forecasting_champion
    from pipelines.ledger.backtest import Backtest, split
    from pipelines.train.data import read_tracks

    settings, stages = read_settings(home=home, pack=pack, tenant=tenant), Stages()
    machine = load_pack(settings.pack)
    runtime = Runtime.load(forecasting_champion(BundleShelf(settings.folder.bundles), machine.id))
    with stages.stage("read") as tell:
        tracks = read_tracks(settings.folder, machine, settings.owner, settings.telemetry_server, tell)
    names = sorted({track.epoch.asset for track in tracks})
    unseen = frozenset(AssetId(each) for each in held_out(names, settings.held_out_share, machine.id))
    mine, others = split(tracks, unseen)
    test = Backtest(runtime, machine, settings.owner, machine.valid_for if every is None else every)
    with stages.stage("replay") as tell:
        scored = test.run(tracks if everything else mine, tell)
        known = test.known(others)
    with stages.stage("judge") as tell:
        found = ledger_report(machine, scored.pairs, scored.unscored, known, threshold, tell)
    about: dict[str, object] = {
        "pack": machine.id,
        "tenant": settings.owner,
        "model_version": runtime.model.version,
        "bundle_sha256": runtime.model.bundle_sha256,
        "machines": len(names) if everything else len(unseen),
        "seen_in_training": everything,
        "note": "Replayed, never issued; readings as they are known today.",
    }
    title = f"backtest of {machine.id} {runtime.model.version} on {about['machines']} machines (replayed, never issued)"
    _show(found, title, picture, about, as_json=json)


def _report(
    scoring: "LedgerScoring", asset: str | None, since: datetime | None, threshold: float, stages: Stages
) -> "LedgerReport":
    from models.prognosis.ledger.report import ledger_report  # lazy: with the rest
    from pipelines.ledger.scoring import Scored, known_lives, lives_by_asset

    names = [each for each in _assets(scoring) if asset in (None, each)]
    if asset is not None and not names:
        raise typer.BadParameter(f"there is no asset {asset!r} of pack {scoring.pack.id}.", param_hint="--asset")
    lives, found, now = lives_by_asset(scoring.records, scoring.tenant, names), Scored(), datetime.now(UTC)
    with stages.stage("reading forecasts") as tell:
        for place, name in enumerate(names):
            found.take(*scoring.answers(name, lives[name], now), since)
            tell(place + 1, len(names))
    with stages.stage("known lives"):
        known = known_lives(scoring, found)
    with stages.stage("judging") as tell:
        return ledger_report(scoring.pack, found.pairs, found.unscored, known, threshold, tell)


def _show(found: "LedgerReport", title: str, picture: Path | None, about: dict[str, object], *, as_json: bool) -> None:
    from pipelines.ledger.picture import write_picture  # lazy: with the rest
    from pipelines.ledger.tables import print_report

    if picture is not None:
        write_picture(found, picture)
    if as_json:
        print_result({**about, **found.to_dict()})
    else:
        print_report(_console(), found, title)


def _opened(settings: Settings) -> "LedgerScoring":
    from features.packs.loader import load_pack  # lazy: with the rest
    from features.records.database import open_records
    from features.telemetry.opening import open_telemetry
    from pipelines.ledger.scoring import LedgerScoring

    machine = load_pack(settings.pack)
    telemetry = open_telemetry(settings.folder, machine, settings.telemetry_server)
    return LedgerScoring(open_records(settings.folder.records_url), telemetry, settings.owner, machine)


def _assets(scoring: "LedgerScoring") -> "list[AssetId]":
    from features.records.assets import AssetRecords  # lazy: with the rest

    return [each.id for each in AssetRecords(scoring.records).list_all(scoring.tenant, scoring.pack.id)]


def _console() -> Console:
    """Return standard output, wide enough for a table where it is no terminal."""
    console = Console()
    return console if console.is_terminal else Console(width=130)
