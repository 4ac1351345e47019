import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from experiments.bench.command import app
from experiments.bench.errors import OutputsDiffer
from experiments.bench.online_latency import Latency, latencies, latency_ratio
from experiments.bench.online_ways import HOT, Fleet, open_ways
from features.domain.identifiers import TenantId
from features.store.online_vectors import AssetVector
from features.store.packed import Vector

pytestmark = pytest.mark.slow  # importing Feast alone takes seconds


def test_latencies_are_told_of_every_way_and_the_warm_block_counts_not() -> None:
    asked: list[tuple[str, int]] = []
    ways = {name: lambda number, name=name: asked.append((name, number)) for name in ("one", "other")}
    told: list[tuple[int, int]] = []
    found = latencies(ways, 2, 3, lambda done, total: told.append((done, total)))
    assert [len(found[name].blocks_ms) for name in ways] == [2, 2]
    assert asked[:6] == [("one", 0), ("one", 1), ("one", 2), ("other", 0), ("other", 1), ("other", 2)]
    assert told[-1] == (6, 6)
    assert len(asked) == 18
    slow, fast = (Latency(p50, p50, p50, (p50,)) for p50 in (6.0, 2.0))
    assert latency_ratio(slow, fast) == 3.0


def test_every_way_answers_the_same_and_a_planted_difference_is_found(tmp_path: Path) -> None:
    fleet = Fleet.of(4, 3)
    ways = open_ways(fleet, tmp_path, None)
    ways.require_same()
    newer = Vector(2**52, 2**52, np.zeros(3, np.float32))
    ways.hot_path.write([AssetVector(TenantId("bench"), fleet.assets[1], newer)])
    with pytest.raises(OutputsDiffer, match="ours"):
        ways.require_same()
    ways.close()


def test_a_way_that_answers_for_another_asset_is_found(tmp_path: Path) -> None:
    ways = open_ways(Fleet.of(4, 3), tmp_path, None)
    turned = replace(ways.fleet, rows=ways.fleet.rows.iloc[::-1].reset_index(drop=True))
    with pytest.raises(OutputsDiffer):
        replace(ways, fleet=turned).require_same()
    assert set(ways.asks(2)) == {"feast", "ours_sdk", HOT}
    ways.close()


@pytest.mark.integration
def test_command_prints_one_json_object(require_program: Callable[..., str]) -> None:
    require_program("redis-server")
    done = CliRunner().invoke(app, ["online", "--blocks", "1", "--features", "3", "--json"], catch_exceptions=False)
    told = json.loads(done.stdout)
    assert told["ratio_100"] == min(told["sqlite"]["ratio_100"], told["redis"]["ratio_100"]) > 0
    assert told["ratio_1"] == min(told["sqlite"]["ratio_1"], told["redis"]["ratio_1"]) > 0
    assert told["redis_reason"] is None
    assert set(told["sqlite"]["latencies"]["feast_1"]) == {"p50_ms", "p99_ms", "cpu_ms", "blocks_ms"}


def test_missing_redis_is_null_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    done = CliRunner().invoke(app, ["online", "--blocks", "1", "--features", "3", "--json"], catch_exceptions=False)
    told = json.loads(done.stdout)
    assert (told["redis"], told["ratio_100"], told["ratio_1"]) == (None, None, None)
    assert "redis-server" in told["redis_reason"]
    assert told["sqlite"]["ratio_1"] > 0
    assert done.exit_code == 0
