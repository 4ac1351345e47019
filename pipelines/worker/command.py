"""`python -m pipelines worker`."""

import logging
import os
import signal
import socket
import threading
from collections.abc import Mapping
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import uuid4

import typer

from pipelines.progress import print_result
from pipelines.settings import read_settings

if TYPE_CHECKING:
    from features.spool.drain import Drainer
    from features.spool.durable import DurableSpool
    from pipelines.worker.worker import Worker


def worker(
    home: Annotated[Path | None, typer.Option(help="Folder of all data.")] = None,
    pack: Annotated[str | None, typer.Option(help="Equipment pack: a shipped name, or a folder.")] = None,
    tenant: Annotated[str | None, typer.Option(help="Whose machines.")] = None,
    shard: Annotated[
        str | None, typer.Option(help="Its share of the assets: 0/4 is the first of four workers.")
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Take in what waits, look once and end.")] = False,
    json: Annotated[bool, typer.Option("--json", help="With --once: print one JSON object.")] = False,
) -> None:
    """Take in what arrives, keep online features and forecasts up to date; one per installation, or per shard."""
    from features.packs.loader import load_pack  # lazy: only this command pays
    from features.telemetry.opening import open_telemetry
    from features.telemetry.store import TelemetryStore
    from pipelines.worker.background import Background, Job
    from pipelines.worker.issuing import Spacing
    from pipelines.worker.receiving import receiving, spool_drainer
    from pipelines.worker.worker import Worker

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    settings = read_settings(home=home, pack=pack, tenant=tenant, shard=shard)
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
        settings.share,
        settings.offline_url,
    )

    if once:
        drains = nullcontext() if not settings.share.is_first else spool_drainer(settings, machine, owner, open_store)
        document = _look_once(work, drains)
        if json:
            print_result(document)
        return
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with ExitStack() as stack:
        jobs: Mapping[str, Job] = {}
        if settings.share.is_first:  # the others follow what it stores
            jobs = stack.enter_context(receiving(settings, machine, owner, open_store))
        background = stack.enter_context(Background(jobs, stop))
        work.run(background.wait, settings.poll_seconds)


def _look_once(
    work: "Worker", drains: "AbstractContextManager[tuple[DurableSpool, Drainer] | None]"
) -> dict[str, object]:
    """Drain the spool, if that is this worker's to do, and look once; return what was done."""
    from pipelines.worker.receiving import Drained, drain_all  # lazy: only this command pays

    try:
        with drains as opened:
            drained = Drained() if opened is None else drain_all(opened[1])
        done = work.look()
    finally:
        work.close()
    return {**asdict(done), "spool": asdict(drained)}
