import json
from dataclasses import replace

import pytest

from edge_export.bundle.calibration import Calibration
from edge_export.bundle.errors import BundleCorrupt
from features.domain.errors import InvalidValue
from features.transforms.intervals import IntervalTable
from tests.edge_export.machine import CALIBRATION


def interval(**changes: object) -> dict[str, object]:
    return {"coverage": 0.9, "stage_edges": [], "low": [[0.1]], "high": [[0.9]], "whole_steps": True, **changes}


def test_json_reads_back_as_it_was_written() -> None:
    assert Calibration.from_json(CALIBRATION.to_json()) == CALIBRATION


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("ttl", "8", "ttl must be a number"),
        ("ttl", True, "ttl must be a number"),
        ("ttl", 10**400, "ttl must be finite"),
        ("ttl", 0, "ttl must be greater than 0"),
        ("is_count", 0, "is_count must be true or false"),
        ("grid_steps", 12.0, "grid_steps must be a whole number"),
        ("horizons", [48, 12], "horizons must be one or more, ascending"),
        ("horizons", [500], "at most the cap of 120"),
        ("horizons", [None], "horizons must be a number"),
        ("interval", 0.42, "interval must be an object"),
        ("interval", interval(low=[[0.6]]), "low must hold levels from 0 to 0.5"),
        ("interval", interval(low=[[0.1, 0.1]]), "low must have rows of 1 stages"),
        ("interval", interval(low=[["0.1"]]), "low must be a number"),
        ("interval", interval(low=0.1), "low must be a list"),
        ("interval", interval(stage_edges=[120.0], low=[[0.1] * 2], high=[[0.9] * 2]), "below the cap of 120"),
        ("interval", {"low": [[0.1]]}, "missing: coverage, high, stage_edges, whole_steps"),
        ("interval", interval(whole_steps=1), "whole_steps must be true or false"),
        ("format", 4, "format must be 2 or 3; found 4"),
        ("life_unit", 3, "life_unit must be text"),
    ],
)
def test_an_unfit_value_is_named(key: str, value: object, says: str) -> None:
    document = {**json.loads(CALIBRATION.to_json()), key: value}
    with pytest.raises(BundleCorrupt, match=says):
        Calibration.from_json(json.dumps(document).encode())


def test_older_form_with_one_half_level_is_still_read() -> None:
    document = json.loads(CALIBRATION.to_json())
    del document["interval"], document["format"]
    document["interval_half_level"] = 0.42
    read = Calibration.from_json(json.dumps(document).encode())
    assert read == replace(CALIBRATION, interval=IntervalTable.of_half_level(0.42))
    with pytest.raises(BundleCorrupt, match=r"interval_half_level must be above 0 and at most 0\.5"):
        Calibration.from_json(json.dumps({**document, "interval_half_level": 0.6}).encode())


def test_form_before_whole_steps_is_still_read_and_never_rounds() -> None:
    document = json.loads(CALIBRATION.to_json())
    del document["interval"]["whole_steps"]
    older = {**document, "format": 2}
    read = Calibration.from_json(json.dumps(older).encode())
    assert read == replace(CALIBRATION, interval=replace(CALIBRATION.interval, whole_steps=False))
    with pytest.raises(BundleCorrupt, match="missing: whole_steps"):
        Calibration.from_json(json.dumps(document).encode())


def test_missing_and_unknown_keys_are_named() -> None:
    document = json.loads(CALIBRATION.to_json())
    del document["ttl"]
    document["extra"] = 1
    with pytest.raises(BundleCorrupt, match=r"missing: ttl; unknown: 'extra'"):
        Calibration.from_json(json.dumps(document).encode())


@pytest.mark.parametrize("data", [b"[1]", b"{", b"\xff", b'{"a":1,"a":2}', b'{"a":NaN}', b"[" * 100_000])
def test_what_is_no_strict_json_object_is_refused(data: bytes) -> None:
    with pytest.raises(BundleCorrupt, match=r"calibration\.json must"):
        Calibration.from_json(data)


def test_a_calibration_in_memory_keeps_the_same_rules() -> None:
    with pytest.raises(InvalidValue, match="valid_for must be greater than 0"):
        replace(CALIBRATION, valid_for=-1.0)
