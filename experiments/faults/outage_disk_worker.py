"""The real application on a small disk, posted to until the disk is full, and again when there is room.

`python -m experiments.faults.outage_disk_worker FOLDER MUTANT` prints one JSON object. FOLDER lies on a small disk.
"""

import asyncio
import json
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from pathlib import Path

import httpx

from experiments.faults.outage_mutants import SPOOLS
from experiments.faults.outage_results import DiskFigures
from experiments.faults.outage_traffic import Traffic
from features.domain.arrivals import Arrival
from features.domain.home import Home
from features.spool.durable import DurableSpool
from serving.app import build_app
from serving.assembly import assemble
from serving.parts import Wiring
from serving.settings import Settings

_BALLAST_MIB = 8
_MIB = 1024 * 1024
_MOST = 300
_REFUSALS = 10
_AFTERWARDS = 10
_LOW_BOUND = _MIB


@dataclass(slots=True)
class Posts:
    """What was posted to an application, and how it was answered.

    Attributes:
        client: Speaks with it.
        acknowledged: Digests of the deliveries that it took.
        refused: Digests of the others.
        statuses: Refusals with a problem document and a Retry-After, by status.
        odd: Other answers.
    """

    client: httpx.AsyncClient
    acknowledged: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    odd: int = 0
    _second: int = 0

    async def post(self) -> int:
        """Post the next delivery; return the status."""
        body = Traffic().body(self._second)
        self._second += 1
        answer = await self.client.post("/api/v2/write", content=body)
        if answer.status_code == 204:
            self.acknowledged.append(_digest(body))
            return 204
        self.refused.append(_digest(body))
        if _is_proper(answer):
            self.statuses[answer.status_code] += 1
        else:
            self.odd += 1
        return answer.status_code

    async def until_refused(self, refusals: int) -> None:
        """Post until so many deliveries in a row were refused, or there is no end to it."""
        in_a_row = 0
        for _ in range(_MOST):
            in_a_row = 0 if await self.post() == 204 else in_a_row + 1
            if in_a_row == refusals:
                return


async def full_disk(folder: Path, mutant: str) -> DiskFigures:
    """Fill the disk, make room again, and look what is in the spool."""
    home, ballast = folder / "home", folder / "ballast"
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, _BALLAST_MIB * _MIB)
    wiring = _wired(Settings(home=home), mutant)
    async with _client(wiring) as client:
        posts = Posts(client)
        await posts.until_refused(_REFUSALS)
        ballast.unlink()
        statuses = [await posts.post() for _ in range(_AFTERWARDS)]
    wiring.parts.spool.close()
    held = _held(home)
    busy = await too_much_waits()
    return DiskFigures(
        acknowledged=len(posts.acknowledged),
        found=len(held & set(posts.acknowledged)),
        invented=len(held & set(posts.refused)),
        refused_507=posts.statuses.pop(507, 0),
        odd=posts.odd + busy.odd + posts.statuses.total(),
        recovered=statuses == [204] * _AFTERWARDS,
        refused_429=busy.statuses[429],
        acknowledged_before_429=len(busy.acknowledged),
    )


async def too_much_waits() -> Posts:
    """Post to a spool with a low bound until it takes no more; count what it lost as odd."""
    with tempfile.TemporaryDirectory() as name:
        wiring = _wired(Settings(home=Path(name), spool_max_bytes=_LOW_BOUND), "")
        async with _client(wiring) as client:
            posts = Posts(client)
            await posts.until_refused(_REFUSALS)
        wiring.parts.spool.close()
        posts.odd += len(_held(Path(name)) ^ set(posts.acknowledged))
        return posts


def _wired(settings: Settings, mutant: str) -> Wiring:
    parts = assemble(settings)
    if mutant:
        parts.spool.close()
        parts = replace(parts, spool=SPOOLS[mutant](Home(settings.home).spool))
    wiring = Wiring()
    wiring.attach(settings, parts)
    return wiring


def _client(wiring: Wiring) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(build_app(wiring))
    return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1")


def _held(home: Path) -> set[str]:
    """Return the digests of the deliveries in a spool, opened anew."""
    with DurableSpool(Home(home).spool) as spool:
        after, found = 0, set[str]()
        while page := spool.peek(100, after=after):
            found.update(_digests(record.content for record in page))
            after = page[-1].offset
        return found


def _digests(contents: Iterable[bytes]) -> list[str]:
    return [_digest(Arrival.from_bytes(content).body) for content in contents]


def _digest(body: bytes) -> str:
    return sha256(body).hexdigest()


def _is_proper(answer: httpx.Response) -> bool:
    """Say whether a refusal is a problem document of its status that says when to come back."""
    if answer.headers.get("content-type") != "application/problem+json" or "retry-after" not in answer.headers:
        return False
    document = answer.json()
    return document["status"] == answer.status_code and bool(document["title"]) and bool(document["detail"])


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asdict(asyncio.run(full_disk(Path(sys.argv[1]), sys.argv[2])))) + "\n")
