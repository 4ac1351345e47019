"""Behind which gateway each machine stands: what befalls it befalls all of them, so they are judged together."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from features.domain.assets import Asset
from features.domain.identifiers import AssetId
from pipelines.shards import Shard

GATEWAY = "gateway"
"""The attribute of an asset that names its gateway; without it the machines of a site share one."""


@dataclass(frozen=True, slots=True, order=True)
class Gateway:
    """The way by which the data of machines come.

    Attributes:
        name: Of the gateway; of a machine of which nobody knows its gateway, its own.
        is_known: Whether it is a gateway's name.
    """

    name: str
    is_known: bool


def gateways(assets: Iterable[Asset]) -> dict[str, str]:
    """Return the gateway of each machine of which one is known: its attribute `gateway`, else its site."""
    known = {str(asset.id): asset.attributes.get(GATEWAY) or asset.site for asset in assets}
    return {asset: gateway for asset, gateway in known.items() if gateway}


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
