import json
from dataclasses import replace

import pytest

from edge_export.bundle.calibration import Calibration
from edge_export.bundle.errors import BundleCorrupt
from features.domain.errors import InvalidValue
from tests.edge_export.machine import CALIBRATION


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
        ("interval_half_level", 0.6, "at most 0.5"),
        ("life_unit", 3, "life_unit must be text"),
    ],
)
def test_an_unfit_value_is_named(key: str, value: object, says: str) -> None:
    document = {**json.loads(CALIBRATION.to_json()), key: value}
    with pytest.raises(BundleCorrupt, match=says):
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
