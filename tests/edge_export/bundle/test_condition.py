import json
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_export.bundle.condition import condition_json, read_condition
from edge_export.bundle.errors import BundleCorrupt, BundleRefused
from edge_export.bundle.manifest import CONDITION, LISTED, MANIFEST, MODEL
from edge_export.bundle.reading import VerifiedBundle, read_bundle, verify
from edge_export.bundle.writing import write_bundle
from edge_export.runtime.runtime import Runtime
from features.transforms.condition.answer import ConditionRow
from features.transforms.condition.model import ConditionModel
from features.transforms.condition.state import initial_condition
from features.transforms.condition.step import condition_step
from features.transforms.condition.table import ConditionParameters, ConditionTable
from tests.edge_export.fan_condition import CONDITION_TABLE, with_condition
from tests.edge_export.machine import HOUR

DOCUMENT: dict[str, Any] = json.loads(condition_json(CONDITION_TABLE))  # Any: whatever JSON holds
PARAMETERS: dict[str, Any] = DOCUMENT["parameters"]


def read(**changes: object) -> ConditionTable:
    return read_condition(json.dumps({**DOCUMENT, **changes}).encode(), CONDITION)


def test_a_table_comes_back_to_the_bit() -> None:
    assert read_condition(condition_json(CONDITION_TABLE), CONDITION) == CONDITION_TABLE


def test_a_machine_without_conditions_comes_back() -> None:
    table = replace(
        CONDITION_TABLE,
        conditions=(),
        running=None,
        floors=(None, None),
        spans=(10.0, 120.0),
        regime_conditions=(),
        regime_centers=(),
        slopes=((), ()),
        slope_spreads=((), ()),
        condition_spreads=(),
        condition_covariance=(),
        modes=(),
    )
    assert read_condition(condition_json(table), CONDITION) == table


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"format": 1}, "format must be 2"),
        ({"regime_radius": 1e308}, "regime_radius must be at most 1e"),
        ({"code": "x"}, "unknown: 'code'"),
        ({"noise": [None, 0.01]}, "noise must be a number"),
        ({"noise": [0.0, 0.01]}, "noise must be above 0; found 0"),
        ({"noise": [0.02]}, "noise must have 2 entries; found 1"),
        ({"slope_spreads": [[0.05] * 4, [0.05, -0.05, 0.1, 0.1]]}, "slope_spreads must be above 0"),
        ({"slope_spreads": [[0.05] * 2, [0.05] * 2]}, "slope_spreads must have rows of 4 numbers"),
        ({"slopes": [[0.0] * 3, [0.0] * 3]}, "slopes must have 2 rows of 2 or 4 numbers"),
        ({"slopes": []}, "slopes must have 2 rows"),
        ({"sensors": ["vibration", "vibration"]}, "conditions and sensors must have names, each once"),
        ({"sensors": ["vibration", "speed"]}, "conditions and sensors must have names, each once"),
        ({"sensors": []}, "there must be a sensor"),
        ({"floors": [4.0, None, None]}, "floors must have 4 entries"),
        ({"floors": [-4.0, None, None, None]}, "floors must be above 0"),
        ({"spans": [2000.0, 60.0, 10.0, 0.0]}, "spans must be above 0"),
        ({"running": 4}, "running must be the place of a signal, 0 to 3, or null; found 4"),
        ({"running": 0.5}, "running must be a whole number"),
        ({"regime_conditions": [2]}, "regime_conditions must be places of the 2 conditions"),
        ({"regime_conditions": [0, 0]}, "each once"),
        ({"regime_conditions": []}, "regime_centers must be empty"),
        ({"regime_centers": [[0.5, 0.1], [0.9, 0.1]]}, "regime_centers must have rows of 1 numbers"),
        ({"regime_radius": -1.0}, "regime_radius must be above 0"),
        ({"interval_seconds": 0.0}, "interval_seconds must be above 0"),
        ({"limit": 0.0}, "limit must be above 0"),
        ({"rows": 0}, "rows must be above 0"),
        ({"covariance": [[0.12, 0.03], [0.02, 0.1]]}, "covariance must be symmetric"),
        ({"covariance": [[0.1, 0.2], [0.2, 0.1]]}, "covariance must be positive definite"),
        ({"covariance": [[0.0, 0.0], [0.0, 0.1]]}, "covariance must be above 0"),
        ({"covariance": [[0.1]]}, "covariance must have 2 entries"),
        ({"condition_covariance": [[1.0, 0.5], [0.5, 0.0]]}, "condition_covariance must be positive definite"),
        ({"condition_covariance": [[-1.0, 0.0], [0.0, 1.0]]}, "condition_covariance must have no variance below 0"),
        ({"modes": [{"id": "worn", "signs": [0.0, 0.0, 1.0]}]}, "signs of worn must have 4 entries"),
        ({"modes": [{"id": "worn", "signs": [0.0, 0.0, 2.0, 1.0]}]}, "signs of worn must be -1, 0 or 1"),
        ({"modes": [DOCUMENT["modes"][0]] * 2}, "modes must have names, each once"),
        ({"parameters": {**PARAMETERS, "haste": 1.0}}, "unknown: 'haste'"),
        ({"parameters": {**PARAMETERS, "smoothing": 0.0}}, "smoothing must be above 0"),
        ({"parameters": {**PARAMETERS, "hold": 1.5}}, "hold must be 0 or more and at most 1"),
        ({"parameters": {**PARAMETERS, "patience": 6.5}}, "patience must be a whole number"),
    ],
)
def test_an_unfit_table_is_refused(changes: dict[str, object], says: str) -> None:
    with pytest.raises(BundleCorrupt, match=says):
        read(**changes)


@pytest.mark.parametrize("key", [*(each.name for each in fields(ConditionTable)), "format"])
def test_every_key_must_be_there(key: str) -> None:
    document = {name: value for name, value in DOCUMENT.items() if name != key}
    with pytest.raises(BundleCorrupt, match=f"missing: {key}"):
        read_condition(json.dumps(document).encode(), CONDITION)


@pytest.mark.parametrize("key", [each.name for each in fields(ConditionParameters)])
def test_every_parameter_must_be_there_and_no_number_below_0(key: str) -> None:
    with pytest.raises(BundleCorrupt, match=f"missing: {key}"):
        read(parameters={name: value for name, value in PARAMETERS.items() if name != key})
    with pytest.raises(BundleCorrupt, match=f"{key} must be"):
        read(parameters={**PARAMETERS, key: -1})


def test_what_is_not_finite_is_not_written() -> None:
    with pytest.raises(BundleCorrupt, match="must be finite numbers"):
        condition_json(replace(CONDITION_TABLE, limit=np.inf))


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 9)
    | st.floats(allow_nan=False)
    | st.sampled_from(["", "speed", "vibration"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["id", "signs", "x"]), inner),
    max_leaves=8,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:  # Any: whatever JSON holds
    """Return the way to everything inside a document."""
    keys = value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    return [each for key in keys for each in ((*path, key), *places(value[key], (*path, key)))]


@given(st.sampled_from(places(DOCUMENT)), JSON)
def test_a_damaged_document_is_refused_or_can_be_computed_with(path: tuple[Any, ...], other: object) -> None:
    """Whatever stands in one place of it: never another error, and never a model that cannot be run."""
    document = json.loads(json.dumps(DOCUMENT))
    inner = document
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = other
    try:
        table = read_condition(json.dumps(document).encode(), CONDITION)
    except BundleCorrupt:
        return
    assert np.isfinite(ConditionModel.of(table).precision).all()


def test_a_table_is_a_file_of_its_own(bundle: VerifiedBundle, tmp_path: Path) -> None:
    assert bundle.condition is None
    found = write_bundle(tmp_path / "bundle", with_condition(bundle))
    assert set(found.contents) == {MANIFEST, MODEL, CONDITION, *LISTED}
    assert found.condition == CONDITION_TABLE
    assert read_bundle(tmp_path / "bundle").bundle_sha256 == found.bundle_sha256 != bundle.bundle_sha256


def test_a_changed_byte_is_found(bundle: VerifiedBundle) -> None:
    contents = with_condition(bundle).contents
    with pytest.raises(BundleCorrupt, match=r"condition\.json must have"):
        verify({**contents, CONDITION: contents[CONDITION].replace(b"1200", b"1201")})
    with pytest.raises(BundleCorrupt, match=r"missing: condition\.json"):
        verify({name: data for name, data in contents.items() if name != CONDITION})


def test_a_runtime_hands_out_the_model_that_the_table_makes(bundle: VerifiedBundle) -> None:
    assert Runtime.load(bundle).condition is None
    model = Runtime.load(with_condition(bundle)).condition
    assert model is not None
    good = np.zeros(4, np.int8)
    row = ConditionRow(HOUR, np.array([1000.0, 20.0, 2.0, 40.0]), good, good)
    state, answer = condition_step(model, initial_condition(model), row)
    expected = condition_step(
        ConditionModel.of(CONDITION_TABLE), initial_condition(ConditionModel.of(CONDITION_TABLE)), row
    )
    assert (state.seconds, answer.verdict) == (expected[0].seconds, expected[1].verdict)


def test_a_table_of_another_machine_is_refused(bundle: VerifiedBundle) -> None:
    other = with_condition(bundle, replace(CONDITION_TABLE, sensors=("torque", "noise"), components=()))
    with pytest.raises(BundleRefused, match="State detection must look at signals of the machine"):
        Runtime.load(other)
