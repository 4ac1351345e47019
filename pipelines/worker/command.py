"""`python -m pipelines worker`."""

import logging
import os
import signal
import socket
import threading
from dataclasses import asdict
from pathlib import Path
from typing import Annotated
from uuid import uuid4

import typer

from pipelines.progress import print_result
from pipelines.settings import read_settings


def worker(
    home: Annotated[Path | None, typer.Option(help="Folder of all data.")] = None,
    pack: Annotated[str | None, typer.Option(help="Equipment pack: a shipped name, or a folder.")] = None,
    tenant: Annotated[str | None, typer.Option(help="Whose machines.")] = None,
    once: Annotated[bool, typer.Option("--once", help="Take in what waits, look once and end.")] = False,
    json: Annotated[bool, typer.Option("--json", help="With --once: print one JSON object.")] = False,
) -> None:
    """Take in what arrives, keep online features and forecasts up to date; exactly one per installation."""
    from features.packs.loader import load_pack  # lazy: only this command pays
    from features.telemetry.opening import open_telemetry
    from features.telemetry.store import TelemetryStore
    from pipelines.worker.background import Background
    from pipelines.worker.issuing import Spacing
    from pipelines.worker.receiving import drain_all, receiving, spool_drainer
    from pipelines.worker.worker import Worker

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    settings = read_settings(home=home, pack=pack, tenant=tenant)
    owner = f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:8]}"
    machine = load_pack(settings.pack)

    def open_store() -> TelemetryStore:
        return open_telemetry(settings.folder, machine, settings.telemetry_server)

    work = Worker(
        settings.folder,
        machine,
        settings.owner,
        owner,
        settings.lease_seconds,
        open_store(),
        settings.retention_days,
        settings.online_url,
        Spacing(settings.forecast_every, settings.forecast_every_counts),
        settings.offline_url,
    )

    if once:
        try:
            with spool_drainer(settings, machine, owner, open_store) as (_, drainer):
                drained = drain_all(drainer)
            done = work.look()
        finally:
            work.close()
        if json:
            print_result({**asdict(done), "spool": asdict(drained)})
        return
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with receiving(settings, machine, owner, open_store) as jobs, Background(jobs, stop) as background:
        work.run(background.wait, settings.poll_seconds)
