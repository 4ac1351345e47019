"""`python -m pipelines features`."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.building.stored import compare, materialize, tidy
from pipelines.progress import Stages, print_result
from pipelines.settings import read_settings

app = typer.Typer(help="Feature specifications and the rows of the feature store.", no_args_is_help=True)
app.command()(materialize)
app.command()(compare)
app.command()(tidy)


@app.callback()
def features() -> None:
    """Feature specifications and the rows of the feature store."""


@app.command()
def build(
    home: Annotated[Path | None, typer.Option(help="Folder of all data.")] = None,
    pack: Annotated[str | None, typer.Option(help="Equipment pack: a shipped name, or a folder.")] = None,
    tenant: Annotated[str | None, typer.Option(help="Whose machines.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")] = False,
) -> None:
    """Fit the specification on training machines and fill the feature store, offline and online."""
    from features.packs.loader import load_pack  # lazy: only this command pays
    from pipelines.train.data import prepare, read_tracks

    settings = read_settings(home=home, pack=pack, tenant=tenant)
    equipment, stages = load_pack(settings.pack), Stages()
    with stages.stage("features") as tell:
        tracks = read_tracks(settings.folder, equipment, settings.owner, settings.telemetry_server, tell)
        share, urls = settings.held_out_share, (settings.online_url, settings.offline_url)
        data = prepare(settings.folder, equipment, settings.owner, tracks, share, tell, *urls)
    with stages.stage("online"):
        online = data.features.materialise()
    specification = data.features.specification
    document: dict[str, object] = {
        "view": specification.view,
        "specification_sha256": specification.sha256,
        "features": len(specification.names),
        "regimes": len(specification.regimes.centers),
        "feature_rows": data.feature_rows,
        "training_rows": len(data.training),
        "online_assets": online,
        "held_out": sorted(data.unseen),
    }
    if json:
        print_result(document)
    else:
        stages.console.print(document)


@app.command()
def describe(
    pack: Annotated[str | None, typer.Option(help="Equipment pack: a shipped name, or a folder.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")] = False,
) -> None:
    """Print every feature of a pack: meaning, unit, formula, source, the signals it hangs on, and its data grade."""
    from features.packs.loader import load_pack  # lazy: only this command pays
    from pipelines.building.describe import describe_features, print_features

    document = describe_features(load_pack(read_settings(pack=pack).pack))
    if json:
        print_result(document)
    else:
        print_features(Stages().console, document)
