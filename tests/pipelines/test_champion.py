from pathlib import Path

import pytest

from edge_export.bundle.shelf import BundleShelf
from pipelines.champion import forecasting_champion
from pipelines.errors import NothingForecasts, NothingPromoted
from tests.pipelines.promote.bundles import put_bundle, put_watching


def test_what_serves_must_be_there_and_forecast(tmp_path: Path) -> None:
    shelf = BundleShelf(tmp_path / "shelf")
    with pytest.raises(NothingPromoted):
        forecasting_champion(shelf, "fan")
    shelf.put(put_watching(tmp_path, "1"))
    shelf.promote("fan", "1")
    with pytest.raises(NothingForecasts, match="found version 1, which only tells whether machines are as usual"):
        forecasting_champion(shelf, "fan")
    shelf.put(put_bundle(tmp_path, "2", 2))
    shelf.promote("fan", "2")
    assert forecasting_champion(shelf, "fan").manifest.version == "2"
