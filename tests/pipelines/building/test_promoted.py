"""Rows for the model that serves: under its own specification, whatever a training would fit now."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edge_export.bundle.shelf import BundleShelf
from features.domain.home import Home
from features.domain.identifiers import AssetId
from features.packs import loader
from features.records.database import open_records
from features.telemetry.sqlite import SqliteTelemetryStore
from features.transforms.batch import compute
from pipelines.__main__ import build_app
from pipelines.building.build import fit_specification
from pipelines.building.promoted import build_promoted, promoted_features
from tests.pipelines.building.machines import MINE
from tests.pipelines.promote.bundles import PACK, machines, put_bundle
from tests.pipelines.worker.stores import readings, record

pytestmark = pytest.mark.slow  # feast and an export


def test_rows_are_built_under_the_specification_that_serves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home, tracks = Home(tmp_path / "home"), machines(6)
    assert promoted_features(home, PACK) is None
    records = open_records(home.records_url)
    with SqliteTelemetryStore(home.telemetry) as store:
        for life in tracks:
            record(records, PACK, str(life.epoch.asset))
            store.write(MINE, readings(PACK, life))
    shelf = BundleShelf(home.bundles)
    shelf.put(put_bundle(tmp_path, "1", seed=1))
    shelf.promote("fan", "1")
    later = replace(PACK, features=replace(PACK.features, windows=(7.0,)))  # the pack asks for something else by now

    promoted = promoted_features(home, later)
    assert promoted is not None
    assert promoted.version == "1"
    specification = promoted.features.specification
    assert specification.sha256 != fit_specification(PACK, tracks).sha256
    built = build_promoted(promoted, home, later, MINE)
    lives = compute(specification, [life.rows for life in tracks])
    assert built.rows == built.versions == sum(int(life.is_running.sum()) for life in lives)
    assert promoted.features.materialise() == 6
    newest = promoted.features.online.vectors(MINE, [AssetId(life.epoch.asset) for life in tracks])
    assert len(newest) == 6
    assert build_promoted(promoted, home, later, MINE).versions == 0  # and nothing is new

    monkeypatch.setattr(loader, "load_pack", lambda _: PACK)
    for more, serving in ((), "1"), (("--fit",), None):
        given = ["features", "build", "--home", str(home.root), "--tenant", MINE, "--json", *more]
        result = CliRunner().invoke(build_app("features"), given)
        assert result.exit_code == 0, result.exception
        told = json.loads(result.stdout)
        assert told["serving_version"] == serving
        assert (told["specification_sha256"] == specification.sha256) == (serving == "1")
