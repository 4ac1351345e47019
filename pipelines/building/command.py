"""`python -m pipelines features`."""

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from features.domain.identifiers import TenantId
from pipelines.building.stored import compare, materialize, tidy
from pipelines.progress import Stages, print_result
from pipelines.settings import Settings, read_settings

if TYPE_CHECKING:
    from features.domain.packs import Pack
    from features.store.feast_store import FeastFeatures
    from pipelines.building.build import BuiltFeatures, Progress
    from pipelines.building.promoted import PromotedFeatures
    from pipelines.building.tracks import LifeTrack
    from pipelines.building.vectors import Build

_TASKS_PER_CPU = 4
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
    ray: Annotated[
        bool | None, typer.Option("--ray/--no-ray", help="As Ray tasks by asset; by default where a cluster is set.")
    ] = None,
    fit: Annotated[
        bool,
        typer.Option("--fit", help="Fit a new specification, as a training does, instead of that of what serves."),
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")] = False,
) -> None:
    """Fill the feature store, offline and online, under the specification of the model that serves.

    Where none serves yet, or with --fit, a specification is fitted on training machines, as a training does.
    """
    from features.packs.loader import load_pack  # lazy: only this command pays
    from pipelines.building.build import build_features
    from pipelines.building.promoted import promoted_features
    from pipelines.train.cluster import ray_cluster

    settings = read_settings(home=home, pack=pack, tenant=tenant)
    equipment, stages = load_pack(settings.pack), Stages()
    with_ray = settings.ray_address is not None if ray is None else ray
    cluster = ray_cluster(settings.ray_workers, settings.ray_address) if with_ray else nullcontext()
    how = _by_ray if with_ray else build_features
    promoted = None
    if not fit:
        promoted = promoted_features(settings.folder, equipment, settings.online_url, settings.offline_url)
    with cluster:
        document = (
            _fitted(settings, equipment, stages, how)
            if promoted is None
            else _promoted(promoted, settings, equipment, stages, how)
        )
    words = "a specification fitted anew" if promoted is None else f"the specification of {promoted.version}, serving"
    stages.console.print(f"Built under {words}.", highlight=False)
    if json:
        print_result(document)
    else:
        stages.console.print(document)


def _promoted(
    promoted: "PromotedFeatures", settings: Settings, pack: "Pack", stages: Stages, how: "Build"
) -> dict[str, object]:
    from pipelines.building.promoted import build_promoted  # lazy: feast

    with stages.stage("features") as tell:
        server = settings.telemetry_server
        built = build_promoted(promoted, settings.folder, pack, settings.owner, server, tell, how)
    document = _document(promoted.features, promoted.version, built.rows, stages)
    return {**document, "new_versions": built.versions}


def _fitted(settings: Settings, pack: "Pack", stages: Stages, how: "Build") -> dict[str, object]:
    from pipelines.train.data import prepare, read_tracks  # lazy: feast

    with stages.stage("features") as tell:
        tracks = read_tracks(settings.folder, pack, settings.owner, settings.telemetry_server, tell)
        share, urls = settings.held_out_share, (settings.online_url, settings.offline_url)
        data = prepare(settings.folder, pack, settings.owner, tracks, share, tell, *urls, how)
    document = _document(data.features, None, data.feature_rows, stages)
    return {**document, "training_rows": len(data.training), "held_out": sorted(data.unseen)}


def _document(features: "FeastFeatures", version: str | None, rows: int, stages: Stages) -> dict[str, object]:
    with stages.stage("online"):
        online = features.materialise()
    specification = features.specification
    return {
        "view": specification.view,
        "specification_sha256": specification.sha256,
        "serving_version": version,
        "features": len(specification.names),
        "regimes": len(specification.regimes.centers),
        "feature_rows": rows,
        "online_assets": online,
    }


def _by_ray(
    features: "FeastFeatures", tenant: TenantId, tracks: "Sequence[LifeTrack]", progress: "Progress | None"
) -> "BuiltFeatures":
    import ray  # lazy: takes seconds to import

    from pipelines.building.fleet import build_fleet

    tasks = _TASKS_PER_CPU * int(ray.cluster_resources().get("CPU", 1))  # type: ignore[no-untyped-call]  # has none
    return build_fleet(features, tenant, tracks, tasks, progress)


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
