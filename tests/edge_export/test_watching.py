"""A bundle without a network: it tells whether a machine is as usual, and says of every forecast that there is none."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edge_export.bundle.errors import BundleCorrupt
from edge_export.bundle.manifest import CONDITION, LISTED, MANIFEST, MODES, FileEntry, Manifest
from edge_export.bundle.reading import VerifiedBundle, verify
from edge_export.bundle.writing import assemble_bundle
from edge_export.runtime.bench import bench
from edge_export.runtime.errors import MakesNoForecasts
from edge_export.runtime.gateway import Gateway, GatewayPlan
from edge_export.runtime.requests import VectorRequest
from edge_export.runtime.runtime import Runtime
from edge_export.watching import export_watching
from features.domain.forecasts import ForecastStatus
from features.domain.identifiers import DEFAULT_TENANT, AssetId
from features.domain.time import format_time, time_of_life
from tests.edge_export.fan_condition import CONDITION_TABLE, with_condition
from tests.edge_export.machine import SPECIFICATION, healthy_rows, life_rows
from tests.pipelines.building.machines import at, fan


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("watching") / "bundle"
    pack = replace(fan(), id=SPECIFICATION.pack_id, version=SPECIFICATION.pack_version, life=SPECIFICATION.life)
    export_watching(
        place,
        pack,
        SPECIFICATION,
        CONDITION_TABLE,
        name="fan-hazard",
        version="1",
        card_markdown="# Fan\n",
        readings=life_rows(),
    )
    return place


@pytest.fixture
def watching(folder: Path) -> Runtime:
    return Runtime.load(folder)


def test_it_holds_no_network_and_says_so(folder: Path, watching: Runtime) -> None:
    assert {each.name for each in folder.iterdir()} == {MANIFEST, CONDITION, *LISTED}
    assert not watching.bundle.manifest.forecasts
    assert watching.bundle.model is None
    assert watching.condition is not None
    assert watching.bundle.golden.readings is not None  # features are tried at every load all the same


def test_every_forecast_says_that_there_is_none(watching: Runtime) -> None:
    found = watching.forecast([VectorRequest(DEFAULT_TENANT, AssetId("fan-1"), None)], at(0))[0]
    assert (found.status, found.life, found.horizons) == (ForecastStatus.NO_MODEL, None, ())
    assert found.reason is not None
    assert "as usual" in found.reason


def test_what_only_a_network_can_tell_is_refused(watching: Runtime) -> None:
    with pytest.raises(MakesNoForecasts, match="fan-hazard 1 only tells whether machines are as usual"):
        watching.survival(np.zeros((1, len(SPECIFICATION.names)), np.float32))


def test_a_gateway_that_is_to_forecast_alone_does_not_begin(watching: Runtime) -> None:
    with pytest.raises(MakesNoForecasts, match="only tells whether machines are as usual"):
        Gateway(watching, GatewayPlan(DEFAULT_TENANT, detects=False))


def test_a_gateway_judges_every_row(watching: Runtime) -> None:
    gateway, rows = Gateway(watching, GatewayPlan(DEFAULT_TENANT)), healthy_rows(5)
    answers = [
        answer
        for number, (time, values) in enumerate(zip(rows.time.tolist(), rows.values.tolist(), strict=True), start=1)
        for answer in gateway.answers(_line(time, values), number)
    ]
    assert {each["status"] for each in answers} == {"no_model"}
    assert all(isinstance(each["condition"], dict) for each in answers)


def test_nothing_is_measured_that_it_does_not_do(watching: Runtime) -> None:
    found = bench(watching, 3)
    assert found["vector_to_forecast_us"] is found["reading_to_forecast_us"] is None
    assert found["row_to_condition_us"] is not None


def _line(time: float, values: list[float]) -> bytes:
    signals = dict(zip(SPECIFICATION.signals, values, strict=True))
    return json.dumps({"asset_id": "fan-1", "time": format_time(time_of_life(time)), "signals": signals}).encode()


def reassembled(bundle: VerifiedBundle, **changes: object) -> VerifiedBundle:
    parts = {
        "name": "fan-hazard",
        "version": "1",
        "created_at": bundle.manifest.created_at,
        "model": bundle.model,
        "specification_json": bundle.specification_json,
        "calibration": bundle.calibration,
        "golden": bundle.golden,
        "card": bundle.card,
        "modes": bundle.modes,
        "condition": bundle.condition,
    }
    return assemble_bundle(**(parts | changes))  # type: ignore[arg-type]  # whatever is tried


def test_a_bundle_must_do_something(watching: Runtime, bundle: VerifiedBundle) -> None:
    with pytest.raises(BundleCorrupt, match="it must forecast or detect states"):
        reassembled(watching.bundle, condition=None)
    with pytest.raises(BundleCorrupt, match="something must be answered"):
        reassembled(bundle, golden=replace(watching.bundle.golden, condition=None))


def test_golden_forecasts_are_there_exactly_where_a_network_is(watching: Runtime, bundle: VerifiedBundle) -> None:
    both = with_condition(bundle)
    with pytest.raises(BundleCorrupt, match=r"must hold no forecasts, for the bundle has no model\.onnx"):
        reassembled(watching.bundle, golden=both.golden)
    with pytest.raises(BundleCorrupt, match=r"must hold forecasts, for the bundle has a model\.onnx; found none"):
        reassembled(both, golden=watching.bundle.golden)


def test_failure_modes_share_out_what_a_network_says(watching: Runtime, modal_bundle: VerifiedBundle) -> None:
    with pytest.raises(BundleCorrupt, match=r"list model\.onnx beside modes\.json"):
        reassembled(watching.bundle, modes=modal_bundle.modes)
    assert MODES in modal_bundle.contents


def test_older_formats_have_a_network(watching: Runtime) -> None:
    contents = dict(watching.bundle.contents)
    document = json.loads(contents[MANIFEST])
    del document["distilled_from"]
    document["files"] = [each for each in document["files"] if each["name"] != CONDITION]
    contents[MANIFEST] = json.dumps(document | {"format": 2}).encode()
    del contents[CONDITION]
    with pytest.raises(BundleCorrupt, match=r"list exactly .*model\.onnx"):
        verify(contents)


def test_a_manifest_knows_by_its_files(bundle: VerifiedBundle) -> None:
    assert bundle.manifest.forecasts
    files = tuple(each for each in bundle.manifest.files if each.name != "model.onnx")
    bare = replace(bundle.manifest, files=(*files, FileEntry.of(CONDITION, b"{}")))
    assert not Manifest.from_json(bare.to_json()).forecasts
