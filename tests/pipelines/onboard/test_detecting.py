"""Every row of a folder judged: what teaches, what is written, and that a line hangs on nothing that came after it."""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from rich.console import Console

from features.domain.conditions import ConditionVerdict
from features.domain.home import Home
from features.domain.packs import Pack, Target
from features.domain.time import format_time
from features.transforms.condition.answer import ConditionAnswer, Evidence
from models.prognosis.folds import held_out
from pipelines.condition.learning import LearntCondition
from pipelines.onboard.bringing import bring
from pipelines.onboard.detecting import (
    COLUMNS,
    Detections,
    first_half,
    first_signal,
    learn_detection,
    write_detections,
)
from pipelines.onboard.printing import print_detections
from tests.edge_export.fan_condition import CONDITION_TABLE
from tests.pipelines.building.machines import MINE, at, fan, track
from tests.pipelines.condition.test_learning import pump

HOURS, FAULT = 320, 260
UNSEEN = "d"


def detecting() -> Pack:
    """Return a fan with two sensors and the load that both follow, of which nothing but states are asked."""
    return replace(pump(), targets=(Target.DETECTION,), horizons=(24.0,))


def telemetry(names: str, faulty: str = "", hours: int = HOURS) -> pl.DataFrame:
    """Return hourly rows of machines; the sensors of one stray from a row on. Row 5 of each measured nothing."""
    parts = []
    for name in names:
        rng = np.random.default_rng([*name.encode()])
        load = 5.0 + 0.5 * rng.standard_normal(HOURS)
        stray = np.where((np.arange(HOURS) >= FAULT) & (name in faulty), 1.5, 1.0)
        values = {
            "speed": 1000.0 + 10.0 * rng.standard_normal(HOURS),
            "load": load,
            "vibration": 2.0 * stray * (load / 5.0) ** 0.8 * (1.0 + 0.02 * rng.standard_normal(HOURS)),
            "warmth": 40.0 * stray * (load / 5.0) ** 0.3 * (1.0 + 0.01 * rng.standard_normal(HOURS)),
        }
        times = [format_time(at(hour)) for hour in range(HOURS)]
        one = pl.DataFrame({"asset_id": name, "time": times, **values})
        missing = pl.int_range(pl.len()) == 5
        parts.append(one.with_columns(pl.when(~missing).then(pl.col(list(values)))).head(hours))
    return pl.concat(parts)


Told = tuple[pl.DataFrame, LearntCondition, Detections]


def detected(folder: Path, rows: pl.DataFrame, learnt: LearntCondition | None = None) -> Told:
    (folder / "data").mkdir(parents=True)
    rows.write_csv(folder / "data" / "telemetry.csv")
    home, pack = Home(folder / "home"), detecting()
    brought = bring(folder / "data", pack, MINE, home)
    found = learn_detection(home, pack, MINE, brought.tracks, 0.3, ()) if learnt is None else learnt
    assert found.table is not None
    told = write_detections(folder / "out" / "detections.csv", folder / "data", home, pack, MINE, found.table)
    return pl.read_csv(folder / "out" / "detections.csv"), found, told


@pytest.mark.slow  # brings two folders in
def test_every_row_gets_a_line_that_hangs_on_nothing_later(tmp_path: Path) -> None:
    whole = telemetry("abcdef", faulty=UNSEEN)
    lines, learnt, told = detected(tmp_path / "whole", whole)
    assert UNSEEN in held_out(list("abcdef"), 0.3, detecting().id)  # a fault that nobody labels would teach otherwise
    assert tuple(lines.columns) == COLUMNS
    assert lines.select("asset_id", "at").equals(whole.select("asset_id", pl.col("time").alias("at")))
    empty = lines.filter(pl.col("at") == format_time(at(5)))
    assert empty["verdict"].to_list() == ["undetermined"] * 6
    assert empty["score"].null_count() == 6
    strays = lines.filter(pl.col("asset_id") == UNSEEN)[FAULT + 12 :]
    assert (strays["score"] > 1.0).all()
    assert not (strays["verdict"] == "normal").any()
    assert told.rows == lines.height == sum(sum(said.values()) for said in told.said.values())
    assert told.leading[UNSEEN] in ("vibration", "warmth")
    early, _, _ = detected(tmp_path / "early", telemetry("abcdef", faulty=UNSEEN, hours=290), learnt)
    assert early.equals(lines.filter(pl.col("at").is_in(early["at"].implode())))


def test_of_a_single_machine_the_first_half_teaches() -> None:
    pack = fan()
    lives = [track(pack, "a", 40), track(pack, "a", 60, number=1, start=50.0, end=None)]
    half = first_half(lives)
    assert [len(each.time_us) for each in half] == [40, 10]
    assert half[1].rows.values.shape == (10, 2)
    assert [len(each.rows.time) for each in first_half(lives[:1])] == [20]


def test_what_was_said_is_printed_most_unusual_first() -> None:
    said = {"a": {"normal": 90}, "b": {"machine": 20, "normal": 70}}
    found = Detections(180, said, {"a": "", "b": "warmth"})
    assert found.to_dict()["said"] == {"machine": 20, "normal": 160}
    words = io.StringIO()
    table = replace(CONDITION_TABLE, machines=1)
    print_detections(LearntCondition(table, left_out={"load": "never moves"}), found, Console(file=words, width=200))
    text = words.getvalue()
    assert "learnt on 1,200 rows of 1 machine" in text
    assert "without load: never moves" in text
    assert text.index("b: machine 20, normal 70; warmth leads") < text.index("a: normal 90")


def test_where_nothing_could_be_learnt_the_reason_is_printed() -> None:
    words = io.StringIO()
    print_detections(LearntCondition(None, "No sensor was measured."), None, Console(file=words, width=200))
    assert "detection: No sensor was measured." in words.getvalue()


def test_a_line_names_the_instrument_at_fault_before_the_sensor_with_the_largest_share() -> None:
    sensors, shares = ("vibration", "warmth"), np.array([0.9, 0.1])
    flat = Evidence(ConditionVerdict.INSTRUMENT, "reading_flat", 1.0, "warmth")
    blamed = ConditionAnswer(ConditionVerdict.INSTRUMENT, 0.4, 0.4, 300, shares, (flat,))
    assert first_signal(blamed, sensors) == "warmth"
    assert first_signal(replace(blamed, evidence=()), sensors) == "vibration"
    assert first_signal(replace(blamed, verdict=ConditionVerdict.MACHINE), sensors) == "vibration"
