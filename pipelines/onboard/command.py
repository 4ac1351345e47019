"""`python -m pipelines onboard`."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.progress import Stages, print_result
from pipelines.settings import read_settings


def onboard(
    pack: Annotated[str, typer.Option(help="Equipment pack: a shipped name, or a folder.")],
    data: Annotated[Path, typer.Option(help="Bring-your-own folder: telemetry, events, labels, assets.")],
    predict: Annotated[
        Path | None, typer.Option(help="Write forecasts.csv, states.csv and detections.csv into this folder.")
    ] = None,
    home: Annotated[Path | None, typer.Option(help="Folder of all data.")] = None,
    tenant: Annotated[str | None, typer.Option(help="Whose machines.")] = None,
    workers: Annotated[int | None, typer.Option(help="Ray Train workers.")] = None,
    epochs: Annotated[int | None, typer.Option(help="Passes over the rows, where a network is trained.")] = None,
    seed: Annotated[int, typer.Option(help="Of everything random.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")] = False,
) -> None:
    """Say whether a machine type's data can carry forecasts; where they can, train, judge, register and predict."""
    from features.packs.loader import load_pack  # lazy: only this command pays
    from models.prognosis.training import candidates
    from pipelines.onboard.detecting import DETECTIONS, Detections, write_detections
    from pipelines.onboard.onboarding import OnboardingOrder
    from pipelines.onboard.onboarding import onboard as run_onboarding
    from pipelines.onboard.predicting import write_predictions
    from pipelines.onboard.printing import print_detections, print_feasibility, print_models

    settings, stages = read_settings(home=home, pack=pack, tenant=tenant, ray_workers=workers), Stages()
    order = OnboardingOrder(
        data,
        settings.folder,
        load_pack(settings.pack),
        settings.owner,
        candidates(seed, epochs),
        held_out_share=settings.held_out_share,
        workers=settings.ray_workers,
        ray_address=settings.ray_address,
        server=settings.telemetry_server,
        features_url=settings.online_url,
        offline_url=settings.offline_url,
        tracking_url=settings.tracking_url,
        shadow_hours=settings.shadow_hours,
        seed=seed,
    )
    outcome = run_onboarding(order, stages)
    written: dict[str, int] = {}
    if predict is not None:
        with stages.stage("forecasts of what has no labels"):
            written = write_predictions(predict, outcome.pack, outcome.brought, outcome.runtime, outcome.states)
    detections: Detections | None = None
    table = None if outcome.detection is None else outcome.detection.table
    if predict is not None and table is not None:
        with stages.stage("state of every row") as tell:
            place = predict / DETECTIONS
            detections = write_detections(place, data, order.home, order.pack, order.tenant, table, order.server, tell)
        written[DETECTIONS] = detections.rows
    if json:
        told = None if detections is None else detections.to_dict()
        document = {"predictions": written, "detections": told, "seconds": stages.seconds}
        print_result({**outcome.to_dict(), **document})
        return
    print_feasibility(outcome.feasibility)
    print_models(outcome.models, written)
    if outcome.detection is not None:
        print_detections(outcome.detection, detections)
