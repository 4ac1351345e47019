"""What is said of machines of which nothing came: silence is information, and whose it is matters."""

from features.domain.conditions import AssetCondition
from features.domain.identifiers import AssetId, TenantId
from features.transforms.condition.answer import Circumstances
from features.transforms.condition.model import ConditionModel
from features.transforms.condition.step import wait
from pipelines.condition.judging.memory import MachineMemory
from pipelines.worker.condition.answers import condition_of
from pipelines.worker.condition.stream import GatewayStream


def silent_machines(
    model: ConditionModel, stream: GatewayStream, now_us: int, tenant: TenantId, name: str
) -> dict[AssetId, AssetCondition]:
    """Return what is said of the machines behind a gateway of which nothing came for longer than usual.

    It is told under the newest row of each, once. A gateway that is silent as a whole is the data path's; a machine
    alone may be either's.

    Args:
        model: What is usual of them.
        stream: The machines; nothing of theirs waits to be judged.
        now_us: The present moment, microseconds since 1970.
        tenant: Whose.
        name: What judges.
    """
    newest_us, found = stream.newest_us, dict[AssetId, AssetCondition]()
    for asset, machine in stream.machines.items():
        if machine.last_us is None or newest_us is None or now_us - machine.last_us <= _patience_us(model, machine):
            continue
        is_whole = stream.gateway.is_known and now_us - newest_us > _patience_us(model, machine)
        if stream.silent.get(asset) is is_whole:
            continue  # it was said
        stream.silent[asset] = is_whole
        path = Circumstances(gateway_silent_seconds=(now_us - newest_us) / 1e6 if is_whole else 0.0)
        answer = wait(model, machine.state, now_us / 1e6, path)
        found[asset] = condition_of(tenant, asset, answer, model, machine.last_us, machine.last_us, name, machine.state)
    return found


def _patience_us(model: ConditionModel, machine: MachineMemory) -> float:
    return model.parameters.gap_intervals * machine.state.interval * 1e6
