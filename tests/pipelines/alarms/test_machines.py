from types import MappingProxyType

from features.domain.assets import Asset
from features.domain.identifiers import DEFAULT_TENANT, AssetId
from pipelines.alarms.machines import Machines, gateways


def asset(name: str, site: str | None = None, **attributes: str) -> Asset:
    return Asset(DEFAULT_TENANT, AssetId(name), "pump", site=site, attributes=MappingProxyType(attributes))


def test_gateway_is_the_one_named_else_that_of_the_site_else_ones_own() -> None:
    known = gateways([asset("a", "hall", gateway="g7"), asset("b", "hall"), asset("c")])
    assert known == {"a": "g7", "b": "hall"}
    machines = Machines([], gateway_by_asset=known)
    assert [machines.gateway(each) for each in "abc"] == ["g7", "hall", "c"]
    assert Machines([]).gateway("a") == "a"
