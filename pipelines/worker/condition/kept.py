"""What is kept of the machines behind a gateway, so that a worker that begins anew goes on from there.

A point lies some way behind the newest row: what comes late, but not as late as that, is taken in as if the worker had
never ended. What came after it is read and judged again.
"""

import hashlib
import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from features.domain.conditions import ConditionVerdict
from features.domain.errors import ServiceError
from features.domain.events import Event
from features.domain.identifiers import AssetId, TenantId
from features.domain.time import microseconds
from features.quality.points import PointMemory, initial_points
from features.store.names import PROJECT, stored_name
from features.store.packed import PackedState, VectorKey
from features.store.vectors import VectorStore
from features.transforms.condition.model import ConditionModel, FloatArray
from features.transforms.condition.packing import pack_condition, unpack_condition
from features.transforms.condition.state import initial_condition
from pipelines.condition.judging.gateways import Gateway
from pipelines.condition.judging.memory import GatewayPoint, MachineMemory

_FORMAT = 1
_HEAD = struct.Struct("<I")


@dataclass(frozen=True, slots=True)
class KeptPoint:
    """A point of a gateway, and what it hangs on.

    Attributes:
        point: The machines.
        position: Place in the changes of the telemetry up to which everything before the point is in it.
        events: What `digest` says of the events before the point.
    """

    point: GatewayPoint
    position: int
    events: str


@dataclass(frozen=True, slots=True)
class KeptPoints:
    """Keeps one point of each gateway, machine by machine.

    Attributes:
        store: Where.
        tenant: Whose machines.
        model: What is usual of them.
        measured: Signals whose measurement is judged.
        pack: Of the machines.
    """

    store: VectorStore
    tenant: TenantId
    model: ConditionModel
    measured: Sequence[str]
    pack: str

    @property
    def view(self) -> str:
        """Name under which the points of this table lie: those of another are none of ours."""
        state, points = initial_condition(self.model), initial_points(len(self.measured))
        form = [each.name for part in (state, points) for each in fields(part)]
        identity = [_FORMAT, self.model.table.to_dict(), list(self.measured), form]
        digest = hashlib.sha256(json.dumps(identity).encode()).hexdigest()
        return stored_name(PROJECT, f"{self.pack}_condition_{digest[:12]}")

    def create(self) -> None:
        """Make room.

        Raises:
            FeatureStoreUnavailable: If the store does not answer.
        """
        self.store.create(self.view)

    def put(self, gateway: Gateway, kept: KeptPoint) -> None:
        """Keep the point of a gateway, in place of the one before.

        Raises:
            FeatureStoreUnavailable: If the store does not answer.
        """
        head = {
            "gateway": [gateway.name, gateway.is_known],
            "last_us": kept.point.last_us,
            "rows": kept.point.rows,
            "gaps": kept.point.gaps,
            "position": kept.position,
            "events": kept.events,
        }
        view = self.view
        states = [
            PackedState(VectorKey(self.tenant, view, asset), _to_bytes(head, machine))
            for asset, machine in kept.point.machines.items()
        ]
        self.store.write([], states)

    def read(self, gateways: Mapping[Gateway, Sequence[AssetId]]) -> dict[Gateway, KeptPoint]:
        """Return the point of each gateway that has one; none where machines have moved between gateways since.

        Raises:
            FeatureStoreUnavailable: If the store does not answer.
        """
        every = [asset for assets in gateways.values() for asset in assets]
        contents = self.store.state(self.tenant, self.view, every) if every else {}
        found = {}
        for gateway, assets in gateways.items():
            kept = self._joined(gateway, {asset: contents[asset] for asset in assets if asset in contents})
            if kept is not None:
                found[gateway] = kept
        return found

    def _joined(self, gateway: Gateway, contents: Mapping[AssetId, bytes]) -> KeptPoint | None:
        """Put machines together that were kept together; None where they were not."""
        machines, heads = {}, []
        for asset, content in contents.items():
            read = self._from_bytes(content)
            if read is None:
                return None
            heads.append(read[0])
            machines[asset] = read[1]
        if not heads or any(head != heads[0] for head in heads) or heads[0]["gateway"] != _named(gateway):
            return None
        head = heads[0]
        gaps = tuple((begin, end) for begin, end in head["gaps"])
        point = GatewayPoint(head["last_us"], head["rows"], machines, gaps)
        return KeptPoint(point, head["position"], head["events"])

    def _from_bytes(self, content: bytes) -> tuple[dict[str, Any], MachineMemory] | None:
        """Read what `_to_bytes` wrote; None where that is no state of ours."""
        try:
            (length,) = _HEAD.unpack_from(content)
            whole = json.loads(content[_HEAD.size : _HEAD.size + length])
            numbers = np.frombuffer(content, "<f8", offset=_HEAD.size + length).astype(np.float64)
            points, states = numbers[: whole["points"]], numbers[whole["points"] :]
            machine = MachineMemory(
                state=unpack_condition(self.model, states),
                points=_points(points, len(self.measured)),
                last_us=whole["newest_us"],
                verdict=ConditionVerdict(whole["verdict"]),
                since_us=whole["since_us"],
            )
            return whole["head"], machine
        except (struct.error, ValueError, KeyError, TypeError, ServiceError):
            return None


def digest(events: Mapping[AssetId, Sequence[Event]], until_us: int) -> str:
    """Return what changes when the events of machines up to a moment are others."""
    told = sorted(
        (asset, microseconds(each.at), each.kind.value, each.component or "")
        for asset, some in events.items()
        for each in some
        if microseconds(each.at) <= until_us
    )
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def _named(gateway: Gateway) -> list[object]:
    return [gateway.name, gateway.is_known]


def _to_bytes(head: Mapping[str, Any], machine: MachineMemory) -> bytes:
    points = np.concatenate([np.ravel(getattr(machine.points, each.name)) for each in fields(machine.points)])
    whole = {
        "head": head,
        "points": len(points),
        "newest_us": machine.last_us,
        "verdict": machine.verdict.value,
        "since_us": machine.since_us,
    }
    text = json.dumps(whole).encode()
    numbers = np.concatenate([points.astype(np.float64), pack_condition(machine.state)])
    return _HEAD.pack(len(text)) + text + numbers.astype("<f8").tobytes()


def _points(numbers: FloatArray, signals: int) -> PointMemory:
    memory, begin = initial_points(signals), 0
    for each in fields(memory):
        array = getattr(memory, each.name)
        array[...] = numbers[begin : begin + array.size].reshape(array.shape)
        begin += array.size
    return memory
