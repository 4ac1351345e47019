from io import StringIO
from pathlib import Path
from types import MappingProxyType

from rich.console import Console

from features.domain.assets import Asset
from features.domain.identifiers import DEFAULT_TENANT, AssetId
from features.packs.loader import load_pack
from pipelines.alarms.command import tell_of_ingest
from pipelines.alarms.machines import Machines, read_folder
from pipelines.condition.judging.gateways import gateways


def asset(name: str, site: str | None = None, **attributes: str) -> Asset:
    return Asset(DEFAULT_TENANT, AssetId(name), "pump", site=site, attributes=MappingProxyType(attributes))


def test_gateway_is_the_one_named_else_that_of_the_site_else_ones_own() -> None:
    known = gateways([asset("a", "hall", gateway="g7"), asset("b", "hall"), asset("c")])
    assert known == {"a": "g7", "b": "hall"}
    machines = Machines([], gateway_by_asset=known)
    assert [machines.gateway(each) for each in "abc"] == ["g7", "hall", "c"]
    assert Machines([]).gateway("a") == "a"


def test_folder_says_what_of_it_was_not_read(tmp_path: Path) -> None:
    lines = [f"p1,2026-01-01T{hour:02d}:00:00{'' if hour % 2 else 'Z'},50.0,1.0" for hour in range(24)]
    (tmp_path / "telemetry.csv").write_text("asset_id,time,winding_temperature,unheard_of\n" + "\n".join(lines))
    read = read_folder(tmp_path, load_pack("pump"), DEFAULT_TENANT)
    assert read.ingest is not None
    assert (read.ingest.rows, sum(read.ingest.set_aside.values())) == (24, 12)
    words = Console(file=StringIO(), width=200)
    tell_of_ingest(read, words)
    assert isinstance(words.file, StringIO)
    assert "set aside: 12 " in words.file.getvalue()
    assert "unheard_of" in words.file.getvalue()
