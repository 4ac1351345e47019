"""What bundles are called where a number is taken."""

from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest

from edge_export.bundle.shelf import BundleShelf, Standing
from models.registry.registry import CHAMPION, ModelRegistry
from pipelines.aliases import free_version, lag


def test_number_that_the_shelf_has_gets_the_first_letters_of_the_run(tmp_path: Path) -> None:
    """Another MLflow server begins its numbers anew, or another installation had this one."""
    shelf = BundleShelf(tmp_path)
    assert free_version(shelf, "fan", "1", "0123456789abcdef") == "1"
    (tmp_path / "fan" / "1").mkdir(parents=True)
    assert free_version(shelf, "fan", "1", "0123456789abcdef") == "1-01234567"


@dataclass(frozen=True)
class Shelf:
    """Has the bundles "old" and "new"; the new one serves."""

    def standing(self, pack_id: str) -> Standing:
        return Standing(champion=("2", "new"), shadow=None)

    def find(self, sha256: str) -> str | None:
        return sha256 if sha256 in ("old", "new") else None


@dataclass(frozen=True)
class Registry:
    """Knows what bundles its versions became."""

    bundles: dict[str, str]
    champion: str | None

    def version_of(self, name: str, alias: str) -> str | None:
        return self.champion if alias == CHAMPION else None

    def version_of_bundle(self, name: str, sha256: str) -> str | None:
        return next((version for version, each in self.bundles.items() if each == sha256), None)

    def bundle_of(self, name: str, version: str) -> str | None:
        return self.bundles.get(version)


@pytest.mark.parametrize(
    ("bundles", "champion", "expected"),
    [
        ({"1": "old", "2": "new"}, "2", None),
        ({"1": "old", "2": "new"}, "1", "champion is 2, and the alias names version 1"),
        ({"1": "old", "2": "new"}, None, "champion is 2, and the alias names nothing"),
        ({"1": "old"}, "1", "champion is 2, and the alias names version 1"),  # MLflow never knew the champion
        ({"1": "old"}, None, None),
        ({"1": "old", "7": "of another installation"}, "7", None),
    ],
)
def test_aliases_lag_where_they_name_another_bundle_of_ours_or_none_that_is_known(
    bundles: dict[str, str], champion: str | None, expected: str | None
) -> None:
    registry = cast("ModelRegistry", Registry(bundles, champion))
    assert lag(registry, cast("BundleShelf", Shelf()), "fan") == expected
