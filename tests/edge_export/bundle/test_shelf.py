import json
import shutil
from pathlib import Path

import pytest

from edge_export.bundle.errors import BundleCorrupt, BundleMissing, BundleRefused
from edge_export.bundle.golden import Golden
from edge_export.bundle.manifest import Teacher
from edge_export.bundle.reading import VerifiedBundle, read_bundle
from edge_export.bundle.shelf import BundleShelf
from edge_export.bundle.writing import assemble_bundle, write_bundle
from edge_export.golden_condition import golden_condition
from tests.edge_export.fan_condition import CONDITION_TABLE


def other_version(
    bundle: VerifiedBundle, folder: Path, version: str, card: str = "# Other\n", teacher: Teacher | None = None
) -> Path:
    """Write the same model under another version, card or origin."""
    copy = assemble_bundle(
        name=bundle.manifest.name,
        version=version,
        created_at=bundle.manifest.created_at,
        model=bundle.model,
        specification_json=bundle.specification_json,
        calibration=bundle.calibration,
        golden=bundle.golden,
        card=card,
        distilled_from=teacher,
    )
    write_bundle(folder, copy)
    return folder


@pytest.fixture
def shelf(tmp_path: Path) -> BundleShelf:
    return BundleShelf(tmp_path / "shelf")


def test_an_empty_shelf_has_no_champion_and_no_versions(shelf: BundleShelf) -> None:
    assert shelf.champion("fan") is None
    assert shelf.champion_bundle("fan") is None
    assert shelf.versions("fan") == []


def test_a_bundle_is_put_promoted_and_found(shelf: BundleShelf, bundle_folder: Path, bundle: VerifiedBundle) -> None:
    place = shelf.put(bundle_folder)
    assert place == shelf.root / "fan" / "3"
    assert shelf.champion("fan") is None
    shelf.promote("fan", "3")
    assert shelf.champion("fan") == place
    found = shelf.champion_bundle("fan")
    assert found is not None
    assert found.bundle_sha256 == bundle.bundle_sha256
    assert read_bundle(place).contents == bundle.contents


def test_putting_the_same_bundle_again_changes_nothing(shelf: BundleShelf, bundle_folder: Path) -> None:
    assert shelf.put(bundle_folder) == shelf.put(bundle_folder)
    assert shelf.versions("fan") == ["3"]


def test_a_version_never_becomes_another_bundle(
    shelf: BundleShelf, bundle_folder: Path, bundle: VerifiedBundle, tmp_path: Path
) -> None:
    shelf.put(bundle_folder)
    with pytest.raises(BundleRefused, match="must stay bundle"):
        shelf.put(other_version(bundle, tmp_path / "other", "3"))


def test_versions_are_in_the_order_of_their_numbers_and_leave_no_rests(
    shelf: BundleShelf, bundle: VerifiedBundle, tmp_path: Path
) -> None:
    for version in ("10", "9", "1.2", "1.10"):
        shelf.put(other_version(bundle, tmp_path / version, version))
    assert shelf.versions("fan") == ["1.2", "1.10", "9", "10"]
    assert not [each for each in (shelf.root / "fan").iterdir() if each.name.startswith(".")]


def test_promotion_moves_at_once_to_another_version(
    shelf: BundleShelf, bundle_folder: Path, bundle: VerifiedBundle, tmp_path: Path
) -> None:
    shelf.put(bundle_folder)
    shelf.promote("fan", "3")
    later = shelf.put(other_version(bundle, tmp_path / "4", "4"))
    shelf.promote("fan", "4")
    assert shelf.champion("fan") == later


def test_only_what_is_on_the_shelf_is_promoted(shelf: BundleShelf) -> None:
    with pytest.raises(BundleMissing):
        shelf.promote("fan", "7")


def test_a_champion_that_was_changed_is_not_handed_out(
    shelf: BundleShelf, bundle_folder: Path, bundle: VerifiedBundle, tmp_path: Path
) -> None:
    place = shelf.put(bundle_folder)
    shelf.promote("fan", "3")
    shutil.rmtree(place)
    other_version(bundle, place, "3")
    for ask in (shelf.champion, shelf.champion_bundle):
        with pytest.raises(BundleCorrupt, match="as promoted"):
            ask("fan")


def test_a_champion_that_is_gone_is_said(shelf: BundleShelf, bundle_folder: Path) -> None:
    place = shelf.put(bundle_folder)
    shelf.promote("fan", "3")
    shutil.rmtree(place)
    for ask in (shelf.champion, shelf.champion_bundle):
        with pytest.raises(BundleCorrupt, match="must lie on the shelf"):
            ask("fan")


def test_a_pointer_that_cannot_be_read_is_said(shelf: BundleShelf, bundle_folder: Path) -> None:
    shelf.put(bundle_folder)
    (shelf.root / "fan" / "champion.json").mkdir()
    for ask in (shelf.champion, shelf.champion_bundle):
        with pytest.raises(BundleCorrupt, match="can be read"):
            ask("fan")


@pytest.mark.parametrize("name", ["..", "../fan", "a/b", "", ".hidden"])
def test_names_cannot_leave_the_shelf(shelf: BundleShelf, name: str) -> None:
    with pytest.raises(BundleRefused):
        shelf.champion(name)
    with pytest.raises(BundleRefused):
        shelf.promote("fan", name)
    with pytest.raises(BundleRefused):
        shelf.bundle("fan", name)


def test_a_version_is_read_by_its_name(shelf: BundleShelf, bundle_folder: Path, bundle: VerifiedBundle) -> None:
    shelf.put(bundle_folder)
    assert shelf.bundle("fan", "3").bundle_sha256 == bundle.bundle_sha256
    with pytest.raises(BundleMissing):
        shelf.bundle("fan", "9")


def test_the_pointer_cannot_leave_the_shelf(shelf: BundleShelf, bundle_folder: Path) -> None:
    shelf.put(bundle_folder)
    shelf.promote("fan", "3")
    pointer = shelf.root / "fan" / "champion.json"
    document = json.loads(pointer.read_bytes())
    pointer.write_text(json.dumps({**document, "version": "../../../etc"}), encoding="utf-8")
    with pytest.raises(BundleRefused):
        shelf.champion("fan")


def test_a_version_may_not_take_the_pointers_name(shelf: BundleShelf, bundle: VerifiedBundle, tmp_path: Path) -> None:
    with pytest.raises(BundleRefused, match=r"champion\.json"):
        shelf.put(other_version(bundle, tmp_path / "other", "champion.json"))


def test_roll_back_brings_the_champion_before_back_again_and_again(
    shelf: BundleShelf, bundle_folder: Path, bundle: VerifiedBundle, tmp_path: Path
) -> None:
    places = [shelf.put(bundle_folder)]
    places += [shelf.put(other_version(bundle, tmp_path / name, name)) for name in ("4", "5")]
    for version in ("3", "4", "4", "5"):
        shelf.promote("fan", version)
    assert shelf.champion("fan") == places[2]
    assert [shelf.roll_back("fan"), shelf.roll_back("fan")] == ["4", "3"]
    assert shelf.champion("fan") == places[0]
    with pytest.raises(BundleMissing, match="found none before"):
        shelf.roll_back("fan")
    assert shelf.champion("fan") == places[0]


def test_a_crash_between_remembering_and_promoting_is_passed_over(
    shelf: BundleShelf, bundle_folder: Path, bundle: VerifiedBundle, tmp_path: Path
) -> None:
    shelf.put(bundle_folder)
    shelf.put(other_version(bundle, tmp_path / "4", "4"))
    shelf.promote("fan", "3")
    shelf.promote("fan", "4")
    former, pointer = shelf.root / "fan" / "former.json", shelf.root / "fan" / "champion.json"
    document = json.loads(former.read_text())
    document["champions"].append(json.loads(pointer.read_text()))  # remembered, but never followed
    former.write_text(json.dumps(document))
    assert shelf.roll_back("fan") == "3"


def test_roll_back_refuses_a_former_champion_that_was_changed(
    shelf: BundleShelf, bundle_folder: Path, bundle: VerifiedBundle, tmp_path: Path
) -> None:
    shelf.put(bundle_folder)
    shelf.put(other_version(bundle, tmp_path / "4", "4"))
    shelf.promote("fan", "3")
    shelf.promote("fan", "4")
    shutil.rmtree(shelf.root / "fan" / "3")
    shelf.put(other_version(bundle, tmp_path / "other", "3", "# Not what was promoted\n"))
    with pytest.raises(BundleCorrupt, match="former champion 3"):
        shelf.roll_back("fan")
    assert shelf.champion("fan") == shelf.root / "fan" / "4"


def test_a_shadow_is_cast_and_taken_away(shelf: BundleShelf, bundle_folder: Path) -> None:
    assert shelf.shadow("fan") is None
    with pytest.raises(BundleMissing):
        shelf.cast_shadow("fan", "3")
    place = shelf.put(bundle_folder)
    shelf.cast_shadow("fan", "3")
    assert shelf.shadow("fan") == place
    assert shelf.champion("fan") is None
    shelf.cast_shadow("fan", None)
    shelf.cast_shadow("fan", None)
    assert shelf.shadow("fan") is None


def test_a_network_for_gateways_lies_on_the_shelf_but_serves_nobody_in_the_centre(
    shelf: BundleShelf, bundle_folder: Path, bundle: VerifiedBundle, tmp_path: Path
) -> None:
    shelf.put(bundle_folder)
    small = other_version(bundle, tmp_path / "small", "3+student", teacher=Teacher("3", bundle.bundle_sha256))
    sha256 = read_bundle(shelf.put(small)).bundle_sha256
    assert shelf.versions("fan") == ["3", "3+student"]
    found = shelf.find(sha256)
    assert found is not None
    assert found.manifest.distilled_from == Teacher("3", bundle.bundle_sha256)
    for forbidden in (shelf.promote, shelf.cast_shadow):
        with pytest.raises(BundleRefused, match=r"3\+student, distilled from version 3"):
            forbidden("fan", "3+student")
    assert shelf.champion("fan") is None
    assert shelf.shadow("fan") is None


def test_a_champion_may_make_no_forecasts(shelf: BundleShelf, bundle: VerifiedBundle, tmp_path: Path) -> None:
    assert not shelf.forecasts("fan")
    watching = assemble_bundle(
        name=bundle.manifest.name,
        version="0",
        created_at=bundle.manifest.created_at,
        model=None,
        specification_json=bundle.specification_json,
        calibration=bundle.calibration,
        golden=Golden((), (), (), (), (), (), (), (), condition=golden_condition(CONDITION_TABLE)),
        card="# Watches\n",
        condition=CONDITION_TABLE,
    )
    write_bundle(tmp_path / "watching", watching)
    shelf.put(tmp_path / "watching")
    shelf.promote("fan", "0")
    assert not shelf.forecasts("fan")
    with pytest.raises(BundleRefused, match="must make forecasts; found 0"):
        shelf.cast_shadow("fan", "0")
    shelf.put(other_version(bundle, tmp_path / "other", "1"))
    shelf.promote("fan", "1")
    assert shelf.forecasts("fan")
