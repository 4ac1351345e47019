from pathlib import Path

from features.domain.home import Home


def test_asking_for_paths_creates_nothing(tmp_path: Path) -> None:
    home = Home(tmp_path / "none")
    places = (home.telemetry, home.features, home.bundles, home.artefacts, home.runs)
    assert {place.parent for place in places} == {home.root}
    assert home.records_url == f"sqlite:///{tmp_path / 'none' / 'records.sqlite'}"
    assert home.tracking_url.startswith("sqlite:///")
    assert not home.root.exists()


def test_relative_home_gives_addresses_that_hold_anywhere() -> None:
    assert Home(Path("var")).records_url == f"sqlite:///{Path.cwd() / 'var' / 'records.sqlite'}"
