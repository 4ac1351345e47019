"""The receiving service in a process of its own: the real application, put together as always, served by uvicorn.

`python -m experiments.bench.receiver HOME PORT durable|volatile`. A volatile spool is the same with SQLite's
`synchronous` off: it says "on disk" and is not, which is what its speed is compared for. Each line on standard input
is answered with a line of JSON, `{"cpu_seconds": …}`; the process ends with its standard input.
"""

import asyncio
import json
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import uvicorn

from features.domain.home import Home
from features.spool.durable import DurableSpool
from serving.app import build_app
from serving.assembly import assemble
from serving.parts import Wiring
from serving.settings import Settings


class VolatileSpool(DurableSpool):
    """A spool that does not wait for the disk; for comparison alone."""

    settings: ClassVar[Sequence[str]] = (*DurableSpool.settings, "PRAGMA synchronous = OFF")


def main(home: Path, port: int, is_durable: bool) -> None:
    """Serve until standard input ends."""
    settings = Settings(home=home, port=port)
    parts = assemble(settings)
    if not is_durable:
        parts = replace(parts, spool=VolatileSpool(Home(home).spool.with_name("volatile.sqlite")))
    wiring = Wiring()
    wiring.attach(settings, parts)
    config = uvicorn.Config(build_app(wiring), host="127.0.0.1", port=port, log_level="warning", access_log=False)
    server = uvicorn.Server(config)
    threading.Thread(target=_listen, args=(server,), daemon=True).start()
    asyncio.run(server.serve())


def _listen(server: uvicorn.Server) -> None:
    """Answer what the parent asks, and end the server when it is gone."""
    for _ in sys.stdin:
        sys.stdout.write(json.dumps({"cpu_seconds": time.process_time()}) + "\n")
        sys.stdout.flush()
    server.should_exit = True


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "durable")
