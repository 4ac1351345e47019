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
    once: Annotated[bool, typer.Option("--once", help="Look once and end.")] = False,
    json: Annotated[bool, typer.Option("--json", help="With --once: print one JSON object.")] = False,
) -> None:
    """Keep online features and forecasts up to date; exactly one per installation."""
    from features.packs.loader import load_pack  # lazy: only this command pays
    from pipelines.worker.worker import Worker

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    settings = read_settings(home=home, pack=pack, tenant=tenant)
    owner = f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:8]}"
    work = Worker(settings.folder, load_pack(settings.pack), settings.owner, owner, settings.lease_seconds)
    if once:
        try:
            done = work.look()
        finally:
            work.close()
        if json:
            print_result(asdict(done))
        return
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    work.run(stop.wait, settings.poll_seconds)
