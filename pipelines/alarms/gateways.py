"""Behind which gateway each machine stands."""

from collections.abc import Iterable

from features.domain.assets import Asset

GATEWAY = "gateway"
"""The attribute of an asset that names its gateway; without it the machines of a site share one."""


def gateways(assets: Iterable[Asset]) -> dict[str, str]:
    """Return the gateway of each machine of which one is known: its attribute `gateway`, else its site."""
    known = {str(asset.id): asset.attributes.get(GATEWAY) or asset.site for asset in assets}
    return {asset: gateway for asset, gateway in known.items() if gateway}
