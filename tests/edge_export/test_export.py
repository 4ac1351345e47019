import json
import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from edge_export.bundle.errors import BundleRefused, ExportFailed, ParityFailed, SelfTestFailed
from edge_export.bundle.manifest import LISTED, MANIFEST, MODEL
from edge_export.bundle.reading import VerifiedBundle, read_bundle
from edge_export.export import export_bundle
from edge_export.runtime.runtime import Runtime
from edge_export.runtime.selftest import check_features
from edge_export.runtime.session import GraphSession
from features.transforms.errors import EventsMissing
from tests.edge_export.machine import (
    CALIBRATION,
    EVENT_SPECIFICATION,
    HOUR,
    SPECIFICATION,
    STEPS,
    TinyHazard,
    eventful_rows,
    fan_modes,
    life_rows,
    sample_vectors,
)

WIDTH = len(SPECIFICATION.names)


class Ensemble(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.members = torch.nn.ModuleList([TinyHazard(seed=seed) for seed in range(3)])

    def forward(self, vectors: torch.Tensor) -> torch.Tensor:
        return torch.stack([member(vectors) for member in self.members]).mean(dim=0)


class Deep(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.body = torch.nn.Sequential(
            torch.nn.Linear(2 * WIDTH, 32), torch.nn.LayerNorm(32), torch.nn.GELU(), torch.nn.Dropout(0.5)
        )
        self.head = torch.nn.Linear(32, STEPS)

    def forward(self, vectors: torch.Tensor) -> torch.Tensor:
        missing = torch.isnan(vectors)
        known = torch.clamp(torch.nan_to_num(vectors, nan=0.0), -10.0, 10.0)
        hidden = self.body(torch.cat([known, missing.to(torch.float32)], dim=1))
        return torch.exp(torch.cumsum(torch.nn.functional.logsigmoid(self.head(hidden)), dim=1))


class ScaledInExport(TinyHazard):
    """A planted bug: what is exported is not what was trained."""

    def forward(self, vectors: torch.Tensor) -> torch.Tensor:
        survival = super().forward(vectors)
        return survival * 0.999 if torch.compiler.is_exporting() else survival


class LooksAtNeighbours(TinyHazard):
    def forward(self, vectors: torch.Tensor) -> torch.Tensor:
        return super().forward(vectors - torch.nanmean(vectors, dim=0, keepdim=True))


class PassesNanOn(TinyHazard):
    def forward(self, vectors: torch.Tensor) -> torch.Tensor:
        return torch.exp(-torch.cumsum(torch.nn.functional.softplus(self.linear(vectors)), dim=1))


class HasNoTranslation(TinyHazard):
    def forward(self, vectors: torch.Tensor) -> torch.Tensor:
        return torch.cumprod(super().forward(vectors), dim=1)


class Rises(TinyHazard):
    def forward(self, vectors: torch.Tensor) -> torch.Tensor:
        return super().forward(vectors).flip(1)


def export(folder: Path, network: torch.nn.Module, **changes: object) -> VerifiedBundle:
    arguments: dict[str, object] = {
        "specification": SPECIFICATION,
        "calibration": CALIBRATION,
        "vectors": sample_vectors(),
        "name": "fan-hazard",
        "version": "1",
        "card_markdown": "# Fan\n",
    }
    return export_bundle(folder, network, **{**arguments, **changes})  # type: ignore[arg-type]  # one of them varies


@pytest.mark.parametrize("network", [Ensemble(), Deep()], ids=lambda each: type(each).__name__)
def test_any_network_keeps_the_contract_of_a_model(network: torch.nn.Module, tmp_path: Path) -> None:
    network.train()
    runtime = Runtime.load(export(tmp_path / "bundle", network))
    assert network.training, "the network given must stay as it was"
    vectors = sample_vectors()
    network.eval()
    with torch.inference_mode():
        expected = network(torch.from_numpy(vectors)).numpy()
    survival = runtime.survival(vectors)
    assert survival.shape == (len(vectors), STEPS)
    assert survival.dtype == np.float32
    np.testing.assert_allclose(survival, expected, atol=1e-5)
    np.testing.assert_array_equal(survival, runtime.survival(vectors))
    for batch in (1, 3, 17):
        np.testing.assert_allclose(runtime.session.run(vectors[:batch]), expected[:batch], atol=1e-5)


def test_failure_modes_travel_beside_the_network(tmp_path: Path) -> None:
    found = export(tmp_path / "bundle", TinyHazard(), modes=fan_modes())
    assert found.modes is not None
    assert found.golden.shares is not None
    vectors = np.asarray(found.golden.vectors, np.float32)
    assert np.array_equal(fan_modes().of_rows(vectors), np.array(found.golden.shares))


def test_the_bundle_holds_exactly_its_files_and_no_trace_of_the_source(bundle_folder: Path) -> None:
    assert {each.name for each in bundle_folder.iterdir()} == {MANIFEST, MODEL, *LISTED}
    model = (bundle_folder / "model.onnx").read_bytes()
    assert b".py" not in model
    assert b"stack_trace" not in model


def test_export_says_nothing_and_the_same_network_gives_the_same_graph(
    bundle: VerifiedBundle, tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    assert export(tmp_path / "again", TinyHazard()).model == bundle.model
    assert capfd.readouterr() == ("", "")
    assert [each for each in caplog.records if each.levelno > logging.DEBUG] == []


def test_a_planted_bug_is_caught_and_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(ParityFailed, match="must agree within 1e-05") as caught:
        export(tmp_path / "bundle", ScaledInExport())
    assert 1e-5 < caught.value.difference < 1e-2
    assert list(tmp_path.iterdir()) == []


def test_a_network_that_looks_at_other_rows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ParityFailed, match="alone and in any batch"):
        export(tmp_path / "bundle", LooksAtNeighbours())


@pytest.mark.parametrize(("network", "says"), [(PassesNanOn(), "finite survival"), (Rises(), "never rises")])
def test_a_network_that_gives_no_survival_is_refused(network: torch.nn.Module, says: str, tmp_path: Path) -> None:
    with pytest.raises(ExportFailed, match=says):
        export(tmp_path / "bundle", network)


def test_a_network_of_another_width_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ExportFailed, match=f"must take rows of {WIDTH} features"):
        export(tmp_path / "bundle", TinyHazard(features=WIDTH + 1))


def test_an_operation_without_translation_is_named(tmp_path: Path) -> None:
    with pytest.raises(ExportFailed, match=r"No ONNX function found for .*prod"):
        export(tmp_path / "bundle", HasNoTranslation())


def test_a_calibration_of_another_grid_or_pack_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ExportFailed, match="on a grid of 13 steps"):
        export(tmp_path / "bundle", TinyHazard(), calibration=replace(CALIBRATION, grid_steps=STEPS + 1))
    with pytest.raises(BundleRefused, match="calibration's pack must be fan; found pump"):
        export(tmp_path / "bundle", TinyHazard(), calibration=replace(CALIBRATION, pack_id="pump"))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_taken_is_refused(bundle_folder: Path) -> None:
    before = (bundle_folder / "manifest.json").read_bytes()
    with pytest.raises(BundleRefused, match="new folder"):
        export(bundle_folder, TinyHazard())
    assert (bundle_folder / "manifest.json").read_bytes() == before


@pytest.mark.parametrize(
    "vectors", [np.zeros((0, WIDTH), np.float32), np.zeros((3, 2), np.float32), np.zeros((3, WIDTH))]
)
def test_an_unfit_sample_is_refused(vectors: np.ndarray, tmp_path: Path) -> None:
    with pytest.raises(ExportFailed, match="sample of vectors"):
        export(tmp_path / "bundle", TinyHazard(), vectors=vectors)


def test_golden_answers_cover_unknown_and_extreme_rows_and_the_feature_code(bundle_folder: Path) -> None:
    golden = json.loads((bundle_folder / "golden.json").read_bytes())
    assert any(all(value is None for value in row) for row in golden["vectors"])
    assert any(value is not None and abs(value) >= 1e6 for row in golden["vectors"] for value in row)
    assert len(golden["readings"]["time"]) == len(life_rows().time)


def test_golden_readings_carry_the_events_before_their_last_row_where_features_ask_for_events(
    bundle_folder: Path, event_folder: Path
) -> None:
    golden = json.loads((event_folder / "golden.json").read_bytes())
    first = float(life_rows().time[0])
    events = [((each["time"] - first) / 3600, each["kind"], each["detail"]) for each in golden["readings"]["events"]]
    assert events == [
        (-90.0, "part_replaced", "seal"),
        (-50.0, "part_replaced", "bearing"),
        (5.5, "error", "e1"),
        (5.5, "part_replaced", "seal"),
        (9.25, "error", "e2"),
        (20.0, "error", None),
        (30.5, "error", "e1"),
        (31.5, "error", "e1"),
    ]
    assert "events" not in json.loads((bundle_folder / "golden.json").read_bytes())["readings"]


def test_the_end_of_the_life_itself_is_in_no_golden_readings(tmp_path: Path) -> None:
    rows = eventful_rows()
    assert rows.events is not None
    inside = replace(rows.events, time=rows.events.time + 60 * HOUR)  # the bearing as well: it ends a life
    vectors = sample_vectors(EVENT_SPECIFICATION)
    changes = {"specification": EVENT_SPECIFICATION, "vectors": vectors, "readings": replace(rows, events=inside)}
    bundle = export(tmp_path / "bundle", TinyHazard(vectors.shape[1]), **changes)
    assert bundle.golden.readings is not None
    assert "bearing" not in {event.detail for event in bundle.golden.readings.events}


@pytest.mark.parametrize("change", ["dropped", "moved", "another code"])
def test_feature_code_that_counts_events_otherwise_fails_its_self_test(event_folder: Path, change: str) -> None:
    golden = read_bundle(event_folder).golden.readings
    assert golden is not None
    last = golden.events[-1]
    events = {
        "dropped": golden.events[:-1],
        "moved": (*golden.events[:-1], replace(last, time=last.time - 3600.0)),
        "another code": (*golden.events[:-1], replace(last, detail="e2")),
    }[change]
    check_features(golden, EVENT_SPECIFICATION)
    with pytest.raises(SelfTestFailed, match="feature vector"):
        check_features(replace(golden, events=events), EVENT_SPECIFICATION)


def test_readings_of_which_nobody_knows_the_events_are_refused_where_features_ask_for_them(tmp_path: Path) -> None:
    vectors = sample_vectors(EVENT_SPECIFICATION)
    changes = {"specification": EVENT_SPECIFICATION, "vectors": vectors, "readings": life_rows()}
    with pytest.raises(EventsMissing):
        export(tmp_path / "bundle", TinyHazard(vectors.shape[1]), **changes)


def test_the_graph_has_a_free_batch_and_named_ports(bundle: VerifiedBundle) -> None:
    assert bundle.model is not None
    session = GraphSession.load(bundle.model)
    assert (session.features, session.steps) == (WIDTH, STEPS)
