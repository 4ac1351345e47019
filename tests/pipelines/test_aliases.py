"""What bundles are called where a number is taken."""

from pathlib import Path

from edge_export.bundle.shelf import BundleShelf
from pipelines.aliases import free_version


def test_number_that_the_shelf_has_gets_the_first_letters_of_the_run(tmp_path: Path) -> None:
    """Another MLflow server begins its numbers anew, or another installation had this one."""
    shelf = BundleShelf(tmp_path)
    assert free_version(shelf, "fan", "1", "0123456789abcdef") == "1"
    (tmp_path / "fan" / "1").mkdir(parents=True)
    assert free_version(shelf, "fan", "1", "0123456789abcdef") == "1-01234567"
