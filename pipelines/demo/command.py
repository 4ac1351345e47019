"""`python -m pipelines demo`: simulate, ingest, learn, judge, promote, serve, and compare with the gateway."""

import json as json_module
import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from features.domain.home import Home
from features.domain.identifiers import DEFAULT_TENANT
from pipelines.progress import Stages, print_result
from pipelines.settings import read_settings

PACK = "pump"


def demo(
    home: Annotated[Path, typer.Option(help="Folder of the demonstration's data; it is emptied first.")] = Path(
        "var/demo"
    ),
    pumps: Annotated[int, typer.Option(help="Pumps in the fleet.")] = 48,
    days: Annotated[int, typer.Option(help="Days of history.")] = 420,
    serve: Annotated[bool, typer.Option("--serve/--no-serve", help="Keep serving at the end.")] = True,
    port: Annotated[int, typer.Option(help="Where to serve on at the end.")] = 3000,
    json: Annotated[bool, typer.Option("--json", help="Print the summary on standard output.")] = False,
) -> None:
    """Take a simulated fleet of pumps the whole way and write what was found to summary.json."""
    started, stages = time.perf_counter(), Stages()
    summary = run_demo(Home(home), pumps, days, stages)
    summary["stages"] = [{"name": name, "seconds": seconds} for name, seconds in stages.seconds.items()]
    summary["total_seconds"] = time.perf_counter() - started
    path = home / "summary.json"
    path.write_text(json_module.dumps(summary, indent=2, allow_nan=False) + "\n", encoding="utf-8")
    stages.console.print(f"Summary: [bold]{path}[/bold]")
    if json:
        print_result(summary)
    if serve:
        keep_serving(home, port, stages)


def run_demo(home: Home, pumps: int, days: int, stages: Stages) -> dict[str, object]:
    """Run every stage but the last and return what was found."""
    from features.packs.loader import load_pack  # lazy: whatever takes seconds to import is imported when needed
    from features.records.assets import AssetRecords
    from features.records.database import open_records
    from models.prognosis.training import candidates
    from pipelines.demo.gateway import run_gateway
    from pipelines.demo.service import ask_for_everything, running_service
    from pipelines.train.run import TrainingOrder, train

    pack, settings = load_pack(PACK), read_settings(home=home.root, pack=PACK, tenant=DEFAULT_TENANT)
    ingested = _simulate_and_ingest(home, pumps, days, stages)
    order = TrainingOrder(
        home,
        pack,
        settings.owner,
        candidates(),
        held_out_share=settings.held_out_share,
        workers=settings.ray_workers,
        features_url=settings.online_url,
        offline_url=settings.offline_url,
        tracking_url=settings.tracking_url,
    )
    outcome = train(order, stages)
    assets = [asset.id for asset in AssetRecords(open_records(home.records_url)).list_all(settings.owner, pack.id)]
    log = home.root / "service.log"
    with stages.stage("serve and ask for every forecast"), running_service(home.root, PACK, None, log) as service:
        report = ask_for_everything(service.address, assets)
    with stages.stage("the same on the gateway"):
        gateway = run_gateway(home, settings.owner, outcome.bundle, report.forecasts)
    serving = {
        "forecasts": len(report.forecasts),
        "by_status": report.by_status,
        "p50_ms": report.p50_ms,
        "p99_ms": report.p99_ms,
    }
    return {**ingested, **outcome.to_dict(), "serving": serving, "edge": asdict(gateway)}


def _simulate_and_ingest(home: Home, pumps: int, days: int, stages: Stages) -> dict[str, object]:
    import shutil  # lazy, with the rest

    from features.packs.loader import load_pack
    from features.records.database import open_records
    from features.telemetry.sqlite import SqliteTelemetryStore
    from pipelines.demo.fleet import write_demo_fleet
    from pipelines.ingest.folder import ingest_folder
    from pipelines.simulate.settings import FleetSettings

    _refuse_foreign(home.root)
    shutil.rmtree(home.root, ignore_errors=True)
    home.root.mkdir(parents=True)
    (home.root / MARK).write_text("The demonstration empties this folder at each start.\n", encoding="utf-8")
    folder = home.root / "data"
    with stages.stage("simulate") as tell:
        write_demo_fleet(folder, FleetSettings(pumps=pumps, days=days), datetime.now(UTC), tell)
    with stages.stage("ingest") as tell, SqliteTelemetryStore(home.telemetry) as store:
        records = open_records(home.records_url)
        pack = load_pack(PACK)
        report = ingest_folder(folder, pack, DEFAULT_TENANT, store, records, lambda _, rows: tell(rows, rows))
    found = report.to_dict()
    return {"assets": report.assets, "readings": report.written, "set_aside": found["set_aside"]}


MARK = "demonstration"


def _refuse_foreign(folder: Path) -> None:
    if folder.exists() and any(folder.iterdir()) and not (folder / MARK).exists():
        raise typer.BadParameter(
            f"must be empty or of an earlier demonstration; found other files in {folder}. Name another folder.",
            param_hint="--home",
        )


def keep_serving(home: Path, port: int, stages: Stages) -> None:
    """Serve until the user ends it."""
    from pipelines.demo.service import running_service  # lazy, with the rest

    with running_service(home, PACK, port, home / "service.log") as service:
        stages.console.print(f"\nOpen [bold]{service.address}[/bold] in a browser; Ctrl+C ends it.")
        try:
            service.wait()
        except KeyboardInterrupt:
            stages.console.print("Ending.")
