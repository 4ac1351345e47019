"""One process that takes readings in and follows them with the features, from its opening to its death."""

import hashlib
import json
import os
import signal
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from experiments.faults.features_following import Follower, recomputed
from experiments.faults.features_making import Delivery, Ends
from experiments.faults.features_mutants import STORE_POINTS, parts_of
from experiments.faults.life import AT_POINT, FAILED, MESSAGE
from features.domain.identifiers import DEFAULT_TENANT, AssetId
from features.transforms.specification import FeatureSpecification

DELIVERED = b"d"
LOOP_POINTS = ("before the readings are written", "after the readings are written", "before the features are taken")
POINTS = (*LOOP_POINTS, *STORE_POINTS)
"""Every named point at which a life may end."""


@dataclass(frozen=True, slots=True)
class Chain:
    """What lives over the same files are about.

    Attributes:
        specification: What is computed.
        assets: All pumps.
        deliveries: What arrives, in this order.
        mutant: The planted fault, if any.
    """

    specification: FeatureSpecification
    assets: Sequence[AssetId]
    deliveries: Sequence[Delivery]
    mutant: str | None = None

    def open(self, folder: Path, begin: int) -> Follower:
        """Open the stores as somebody who knows of the deliveries before one."""
        ends: dict[AssetId, Ends] = {}
        for delivery in self.deliveries[:begin]:
            ends |= delivery.news
        return Follower(folder, self.specification, self.assets, ends, parts_of(self.mutant))


@dataclass(frozen=True, slots=True)
class FeatureLife:
    """What one process is to do, and how it is to die by itself.

    Attributes:
        begin: The first delivery that was not acknowledged.
        point: The named point at which it kills itself, if any.
        passing: At which passing of that point.
    """

    begin: int
    point: str | None = None
    passing: int = 1


def live(chain: Chain, folder: Path, life: FeatureLife, report: int) -> NoReturn:
    """Take in what is left and follow it, in this process, and end the process."""

    def work() -> None:
        killer = _Killer(life, report)
        follower = chain.open(folder, life.begin)
        follower.store.observe = killer.observe
        follower.look()  # as a worker does that was started anew
        for place, delivery in enumerate(chain.deliveries[life.begin :], life.begin):
            killer.observe(LOOP_POINTS[0])
            follower.deliver(delivery)
            killer.observe(LOOP_POINTS[1])
            os.write(report, MESSAGE.pack(DELIVERED, place + 1))
            follower.settle()
            killer.observe(LOOP_POINTS[2])
            follower.look()
        follower.close()

    _ending(chain, work)


def take_stock(chain: Chain, folder: Path, begin: int, report: int) -> NoReturn:
    """Catch up as a worker does that was started anew, and write what there is then to a pipe as JSON."""

    def work() -> None:
        follower = chain.open(folder, begin)
        follower.catch_up()
        anew = recomputed(follower).vectors
        found = {
            "vectors": _hex(follower.vectors()),
            "states": _hex(follower.states()),
            "anew": _hex(anew),
            "position": follower.streams.position(),
            "readings": _readings(follower),
        }
        follower.close()
        with os.fdopen(report, "w", encoding="utf-8") as pipe:
            json.dump(found, pipe)

    _ending(chain, work)


@dataclass(slots=True)
class _Killer:
    life: FeatureLife
    report: int
    passings: int = 0

    def observe(self, point: str) -> None:
        if point == self.life.point:
            self.passings += 1
            if self.passings >= self.life.passing:
                os.write(self.report, MESSAGE.pack(AT_POINT, 0))
                os.kill(os.getpid(), signal.SIGKILL)


def _ending(chain: Chain, work: Callable[[], None]) -> NoReturn:
    status = FAILED
    try:
        with parts_of(chain.mutant).in_place():
            work()
        status = 0
    except BaseException:  # noqa: BLE001  # the process ends here, and its parent sees the status
        traceback.print_exc()
    finally:
        os._exit(status)


def _hex(contents: Mapping[AssetId, bytes]) -> dict[str, str]:
    return {asset: content.hex() for asset, content in contents.items()}


def _readings(follower: Follower) -> dict[str, str]:
    """Return a hash of the readings of each pump."""
    readings = follower.telemetry.read(DEFAULT_TENANT)
    parts = readings.partition_by("asset", as_dict=True)
    return {str(asset): hashlib.sha256(str(part.rows()).encode()).hexdigest() for (asset,), part in parts.items()}
