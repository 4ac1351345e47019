import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from features.packs.loader import load_pack
from pipelines.drafting.profile import profile_folder
from pipelines.drafting.proposing import nice, propose
from pipelines.pack import app


def write_machines(folder: Path, *, failures: bool = True, life: bool = False) -> Path:
    """Write two machines: a load that stands still now and then, a sensor, a counter, a batch number, an odd column."""
    folder.mkdir(parents=True)
    generator = np.random.default_rng(0)
    parts = []
    for name in ("a", "b"):
        load = np.where(np.arange(200) % 8 == 0, 0.0, 50 + 10 * generator.random(200))
        times = pl.datetime_range(
            pl.datetime(2026, 1, 1), pl.datetime(2026, 1, 9, 7), "1h", time_zone="UTC", eager=True
        )
        key = {"life": np.arange(200.0)} if life else {"time": times.dt.strftime("%Y-%m-%dT%H:%M:%SZ")}
        parts.append(
            pl.DataFrame(
                {
                    "asset_id": [name] * 200,
                    **key,
                    "motor_load": load,
                    "bearing_temperature": 40 + 5 * generator.standard_normal(200),
                    "operating_hours": np.cumsum(load > 0).astype(float),
                    "batch_number": np.arange(200.0) // 20,
                    "Odd Name": generator.random(200),
                    "remark": ["fine"] * 200,
                }
            )
        )
    pl.concat(parts).write_csv(folder / "telemetry.csv")
    if failures:
        moment = {"life": [150.0]} if life else {"time": ["2026-01-07T00:00:00Z"]}
        event = {"asset_id": ["a"], **moment, "kind": ["failure"], "failure_mode": ["bearing"]}
        pl.DataFrame(event).write_csv(folder / "events.csv")
    return folder


def test_roles_follow_names_and_behaviour(tmp_path: Path) -> None:
    proposal = propose(profile_folder(write_machines(tmp_path / "data")), "grinder")
    roles = {signal.id: signal.role for signal in proposal.signals}
    assert roles == {
        "motor_load": "condition",
        "bearing_temperature": "sensor",
        "operating_hours": "counter",
        "batch_number": "cycle",
    }
    assert proposal.source == "counter"
    assert proposal.counter == "operating_hours"
    assert proposal.running is not None
    assert proposal.running[0] == "motor_load"


def test_what_cannot_be_a_signal_is_told(tmp_path: Path) -> None:
    proposal = propose(profile_folder(write_machines(tmp_path / "data")), "grinder")
    assert any("Odd Name" in doubt for doubt in proposal.doubts)
    assert any("remark" in doubt for doubt in proposal.doubts)
    assert any("bearing" in doubt for doubt in proposal.doubts)


@pytest.mark.parametrize(("failures", "life"), [(True, False), (False, False), (True, True), (False, True)])
def test_proposal_passes_the_check(tmp_path: Path, failures: bool, life: bool) -> None:
    data = write_machines(tmp_path / "data", failures=failures, life=life)
    done = CliRunner().invoke(app, ["draft", "--data", str(data), "--out", str(tmp_path / "pack"), "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["ok"]
    pack = load_pack(tmp_path / "pack")
    assert [target.value for target in pack.targets] == (
        ["remaining_life", "failure_within"] if failures else ["detection"]
    )
    assert pack.life.source.value == ("count" if life else "counter")
    low, high = pack.signals[1].low, pack.signals[1].high
    assert low < 30 < 50 < high
    assert {signal.sampling_seconds for signal in pack.signals} == {None if life else 3600.0}


def test_a_signal_that_comes_less_often_is_proposed_so(tmp_path: Path) -> None:
    data = write_machines(tmp_path / "data")
    table = pl.read_csv(data / "telemetry.csv")
    slow = pl.when(pl.int_range(pl.len()) % 4 == 0).then(pl.col("bearing_temperature"))
    table.with_columns(slow.alias("bearing_temperature")).write_csv(data / "telemetry.csv")
    every = {each.id: each.sampling_seconds for each in propose(profile_folder(data), "grinder").signals}
    assert every["bearing_temperature"] == 4 * 3600.0
    assert every["motor_load"] == 3600.0


def test_labels_that_are_no_failure_become_states(tmp_path: Path) -> None:
    data = write_machines(tmp_path / "data", failures=False)
    label = {"asset_id": ["a"], "from": ["2026-01-02T00:00:00Z"], "to": ["2026-01-03T00:00:00Z"]}
    pl.DataFrame({**label, "target": ["heat"], "value": ["hot"]}).write_csv(data / "labels.csv")
    assert propose(profile_folder(data), "oven").targets == ("state",)


def test_pack_is_not_written_over_another(tmp_path: Path) -> None:
    data = write_machines(tmp_path / "data")
    arguments = ["draft", "--data", str(data), "--out", str(tmp_path / "pack")]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    again = CliRunner().invoke(app, arguments)
    assert again.exit_code == 1
    assert "must not hold a pack" in str(again.exception)


@pytest.mark.parametrize("number", [1e-5, 0.37, 4.0, 99.0, 12345.0])
def test_nice_numbers_are_near(number: float) -> None:
    assert 0.75 < nice(number) / number < 1.34
