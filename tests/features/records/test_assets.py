from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine

from features.domain.assets import Asset, Component
from features.domain.identifiers import AssetId, Identifier, IdentifierScheme, TenantId
from features.records.assets import UNCLAIMED, AssetRecords
from features.records.errors import IdentifierTaken, RecordNotFound

MINE, THEIRS = TenantId("mine"), TenantId("theirs")
HANDLE = Identifier(IdentifierScheme.HANDLE, "88.118.8/pump-1", is_primary=True)
UUID = Identifier(IdentifierScheme.UUID, "0f7a2f4e-1c35-4c5d-9a53-0d7f6a3b2c10")
PUMP = Asset(
    tenant=MINE,
    id=AssetId("p-01"),
    pack="pump",
    model="KX 80",
    batch="B7",
    site="north",
    commissioned=datetime(2024, 5, 1, 12, 0, 0, 123_456, tzinfo=UTC),
    identifiers=(HANDLE, UUID),
    components=(Component("seal", "Shaft seal"), Component("bearing", "Bearing")),
    attributes={"rated_flow_m3_h": "120", "名称": "泵"},
)


@pytest.fixture
def assets(records: Engine) -> AssetRecords:
    return AssetRecords(records)


def test_an_asset_comes_back_as_it_was_put(assets: AssetRecords) -> None:
    assets.put(PUMP)
    assert assets.get(MINE, PUMP.id) == PUMP
    assets.put(PUMP)
    assert assets.list_all(MINE) == [PUMP]


def test_putting_again_replaces_everything(assets: AssetRecords) -> None:
    assets.put(PUMP)
    bare = Asset(MINE, PUMP.id, pack="pump")
    assets.put(bare)
    assert assets.get(MINE, PUMP.id) == bare
    assert assets.find_by_identifier(MINE, HANDLE.scheme, HANDLE.value) is None


def test_the_list_is_sorted_and_can_be_of_one_pack(assets: AssetRecords) -> None:
    fan = Asset(MINE, AssetId("f-01"), pack="fan")
    assets.put_all([PUMP, fan])
    assert assets.list_all(MINE) == [fan, PUMP]
    assert assets.list_all(MINE, pack="pump") == [PUMP]


def test_an_asset_is_found_by_any_of_its_identifiers(assets: AssetRecords) -> None:
    assets.put(PUMP)
    assert assets.find_by_identifier(MINE, UUID.scheme, UUID.value) == PUMP
    assert assets.find_by_identifier(MINE, IdentifierScheme.GS1, HANDLE.value) is None


def test_an_identifier_belongs_to_one_asset_of_a_tenant(assets: AssetRecords) -> None:
    assets.put(PUMP)
    other = replace(PUMP, id=AssetId("p-02"))
    with pytest.raises(IdentifierTaken, match="p-01"):
        assets.put_all([Asset(MINE, AssetId("p-03"), pack="pump"), other])
    assert assets.list_all(MINE) == [PUMP]
    assets.put(replace(PUMP, tenant=THEIRS))
    assert len(assets.list_all(THEIRS)) == 1


def test_another_tenant_finds_nothing(assets: AssetRecords) -> None:
    assets.put(PUMP)
    with pytest.raises(RecordNotFound):
        assets.get(THEIRS, PUMP.id)
    assert assets.list_all(THEIRS) == []
    assert assets.find_by_identifier(THEIRS, HANDLE.scheme, HANDLE.value) is None


def test_adding_what_is_missing_leaves_what_is_on_record_alone(assets: AssetRecords) -> None:
    assets.put(PUMP)
    new = replace(PUMP, id=AssetId("p-02"), identifiers=(), site=None)
    assert assets.add_missing([Asset(MINE, PUMP.id, "fan"), new]) == 1
    assert assets.list_all(MINE) == [PUMP, new]
    with pytest.raises(IdentifierTaken):
        assets.add_missing([replace(PUMP, id=AssetId("p-03"))])
    assert len(assets.list_all(MINE)) == 2


def test_several_are_found_by_name(assets: AssetRecords) -> None:
    names = [AssetId(f"p-{number:04}") for number in range(1200)]
    assets.put_all(Asset(MINE, name, "pump") for name in names)
    assets.put(PUMP)
    assets.put(Asset(THEIRS, AssetId("p-9999"), "pump"))
    found = assets.find_all(MINE, [*names[100:], PUMP.id, AssetId("p-9999"), AssetId("?")])
    assert [asset.id for asset in found] == sorted([*names[100:], PUMP.id])
    assert PUMP in found
    assert assets.find_all(MINE, []) == []


def test_only_what_nobody_claimed_can_be_claimed(assets: AssetRecords) -> None:
    unclaimed = Asset(MINE, AssetId("host"), "cpu", attributes=UNCLAIMED)
    assets.put_all([unclaimed, PUMP, replace(unclaimed, tenant=THEIRS)])
    assert assets.claim(MINE, [unclaimed.id, PUMP.id, AssetId("?")], "fan") == 1
    assert assets.get(MINE, unclaimed.id) == Asset(MINE, unclaimed.id, "fan")
    assert assets.get(MINE, PUMP.id) == PUMP
    assert assets.get(THEIRS, unclaimed.id).pack == "cpu"
    assert assets.claim(MINE, [unclaimed.id], "pump") == 0
