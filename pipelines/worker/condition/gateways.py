"""Which machines are judged together: those behind one gateway, for what befalls it befalls all of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from features.domain.assets import Asset
from features.domain.identifiers import AssetId
from pipelines.alarms.gateways import gateways
from pipelines.shards import Shard


@dataclass(frozen=True, slots=True, order=True)
class Gateway:
    """The way by which the data of machines come.

    Attributes:
        name: Of the gateway; of a machine of which nobody knows its gateway, its own.
        is_known: Whether it is a gateway's name.
    """

    name: str
    is_known: bool


def behind_gateways(assets: Sequence[Asset], shard: Shard) -> dict[Gateway, tuple[AssetId, ...]]:
    """Return the machines behind each gateway that belongs to a share, by their names.

    All machines behind a gateway belong to one share, whatever the shares of the machines themselves are.
    """
    known = gateways(assets)
    found: dict[Gateway, list[AssetId]] = {}
    for asset in sorted(each.id for each in assets):
        gateway = Gateway(known.get(asset, asset), asset in known)
        if shard.holds(AssetId(gateway.name)):
            found.setdefault(gateway, []).append(asset)
    return {gateway: tuple(found[gateway]) for gateway in sorted(found)}
