import pytest

from features.domain.assets import Asset
from features.domain.errors import InvalidIdentifier
from features.domain.identifiers import AssetId, Identifier, IdentifierScheme, TenantId

HANDLE = Identifier(IdentifierScheme.HANDLE, "88.118.8/pump-1")
LINK = Identifier(IdentifierScheme.IEC61406, "https://id.example.com/1", is_primary=True)
EAN = Identifier(IdentifierScheme.GS1, "4006381333931", is_primary=True)


def asset(*identifiers: Identifier) -> Asset:
    return Asset(TenantId("mine"), AssetId("p-01"), "pump", identifiers=identifiers)


def test_identifier_marked_primary_is_primary_wherever_it_stands() -> None:
    assert asset(HANDLE, LINK).primary_identifier == LINK
    assert asset(LINK, HANDLE).primary_identifier == LINK


def test_without_a_mark_the_first_identifier_is_primary() -> None:
    assert asset(HANDLE).primary_identifier == HANDLE
    assert asset().primary_identifier is None


def test_two_primary_identifiers_are_refused() -> None:
    with pytest.raises(InvalidIdentifier, match="one primary") as refused:
        asset(LINK, EAN)
    assert refused.value.found == [LINK.value, EAN.value]


def test_attributes_of_an_asset_cannot_be_written_by_accident() -> None:
    with pytest.raises(TypeError):
        asset().attributes["power"] = "7 kW"  # type: ignore[index]  # that is the point


def test_days_of_an_asset_are_counted_by_its_own_zone_and_else_by_utc() -> None:
    assert asset().time_zone == "UTC"
    somewhere = Asset(TenantId("mine"), AssetId("p-01"), "pump", attributes={"time_zone": "Asia/Shanghai"})
    assert somewhere.time_zone == "Asia/Shanghai"
