import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from edge_export.bundle.errors import BundleCorrupt, BundleError, BundleMissing, BundleRefused
from edge_export.bundle.manifest import LISTED, MODEL, Teacher
from edge_export.bundle.reading import VerifiedBundle, read_bundle, verify
from tests.edge_export.machine import CALIBRATION, SPECIFICATION


@pytest.fixture
def folder(bundle_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(bundle_folder, tmp_path / "bundle"))


def sealed(folder: Path) -> None:
    """Write the manifest anew, so that it fits whatever the files hold now."""
    manifest = json.loads((folder / "manifest.json").read_bytes())
    for entry in manifest["files"]:
        data = (folder / entry["name"]).read_bytes()
        entry.update(bytes=len(data), sha256=hashlib.sha256(data).hexdigest())
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def change(folder: Path, **values: object) -> None:
    manifest = json.loads((folder / "manifest.json").read_bytes())
    (folder / "manifest.json").write_text(json.dumps({**manifest, **values}), encoding="utf-8")


def test_a_whole_bundle_is_read(folder: Path) -> None:
    bundle = read_bundle(folder)
    assert bundle.bundle_sha256 == hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest()
    assert (bundle.manifest.name, bundle.manifest.version) == ("fan-hazard", "3")
    assert bundle.manifest.specification_sha256 == SPECIFICATION.sha256
    assert bundle.specification_json == SPECIFICATION.to_json()
    assert bundle.calibration == CALIBRATION
    assert bundle.card.startswith("# Fan")
    assert bundle.total_bytes == sum(each.stat().st_size for each in folder.iterdir())


def test_what_it_was_distilled_from_is_said_in_full_or_not_at_all(folder: Path) -> None:
    assert read_bundle(folder).manifest.distilled_from is None
    change(folder, distilled_from={"version": "2", "bundle_sha256": "ab" * 32})
    assert read_bundle(folder).manifest.distilled_from == Teacher("2", "ab" * 32)
    for unfit in ({"version": "2"}, {"version": "../2", "bundle_sha256": "ab" * 32}, "2"):
        change(folder, distilled_from=unfit)
        with pytest.raises(BundleError):
            read_bundle(folder)
    change(folder, distilled_from={"version": "2", "bundle_sha256": "AB" * 32})
    with pytest.raises(BundleCorrupt, match="64 hexadecimal"):
        read_bundle(folder)


@pytest.mark.parametrize("number", [1, 2])
def test_older_formats_say_nothing_of_a_teacher(folder: Path, number: int) -> None:
    change(folder, format=number)
    with pytest.raises(BundleCorrupt, match="from format 3 on"):
        read_bundle(folder)
    manifest = json.loads((folder / "manifest.json").read_bytes())
    del manifest["distilled_from"]
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    assert read_bundle(folder).manifest.distilled_from is None


def test_nothing_is_read_again_after_it_was_verified(folder: Path) -> None:
    bundle = read_bundle(folder)
    model = bundle.model
    shutil.rmtree(folder)
    assert verify(bundle.contents).model == model


@pytest.mark.parametrize("name", [*LISTED, MODEL])
def test_one_changed_byte_in_any_file_is_found(folder: Path, name: str) -> None:
    data = bytearray((folder / name).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / name).write_bytes(data)
    with pytest.raises(BundleCorrupt, match=f"{name} must have"):
        read_bundle(folder)


def link_outside(folder: Path) -> None:
    (folder / "model.onnx").rename(folder.parent / "model.onnx")
    (folder / "model.onnx").symlink_to(folder.parent / "model.onnx")


def second_name(folder: Path) -> None:
    os.link(folder / "model.onnx", folder.parent / "model.onnx")


def pipe(folder: Path) -> None:
    (folder / "golden.json").unlink()
    os.mkfifo(folder / "golden.json")


def folder_within(folder: Path) -> None:
    (folder / "golden.json").unlink()
    (folder / "golden.json").mkdir()


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (link_outside, "symbolic link"),
        (second_name, "2 hard links"),
        (pipe, "not a file"),
        (folder_within, "not a file"),
    ],
)
def test_a_file_that_is_not_its_own_is_refused(folder: Path, damage: Callable[[Path], None], says: str) -> None:
    damage(folder)
    with pytest.raises(BundleRefused, match=says):
        read_bundle(folder)


def test_extra_and_missing_files_are_named(folder: Path) -> None:
    (folder / "weights.bin").write_bytes(b"x")
    (folder / "model_card.md").unlink()
    with pytest.raises(
        BundleCorrupt,
        match=r"may hold condition\.json, model\.onnx, modes\.json; missing: model_card\.md; extra: weights\.bin",
    ):
        read_bundle(folder)


def test_a_file_that_is_too_large_is_refused(folder: Path) -> None:
    (folder / "calibration.json").write_bytes(b" " * (65 << 10))
    with pytest.raises(BundleCorrupt, match="at most 65536 bytes"):
        read_bundle(folder)


def test_there_must_be_a_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for place in (tmp_path / "nowhere", tmp_path / "file"):
        with pytest.raises(BundleMissing):
            read_bundle(place)


def test_the_folder_itself_may_be_reached_through_a_link(folder: Path, bundle: VerifiedBundle) -> None:
    (folder.parent / "current").symlink_to(folder)
    assert read_bundle(folder.parent / "current").bundle_sha256 == bundle.bundle_sha256


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"format": 4}, "format 1 or 2 or 3; found 4"),
        ({"format": "1"}, "whole number"),
        ({"signature": "x"}, "unknown: 'signature'"),
        ({"name": "../../etc"}, "name of a bundle must"),
        ({"version": ""}, "version of a bundle must"),
        ({"created_at": "2026-03-01T08:00:00"}, "created_at must carry its zone"),
        ({"files": []}, "files must list exactly"),
        ({"files": [{"name": "../model.onnx", "bytes": 1, "sha256": "0" * 64}]}, "files must list exactly"),
        ({"specification_sha256": "0" * 64}, r"features\.json must be the specification 000"),
        ({"specification_sha256": "XYZ"}, "64 hexadecimal digits"),
    ],
)
def test_an_unfit_manifest_is_refused(folder: Path, values: dict[str, object], says: str) -> None:
    change(folder, **values)
    with pytest.raises(BundleError, match=says):
        read_bundle(folder)


def test_a_specification_that_is_not_canonical_is_refused(folder: Path) -> None:
    text = json.dumps(json.loads((folder / "features.json").read_bytes()), indent=1)
    (folder / "features.json").write_text(text, encoding="utf-8")
    sealed(folder)
    change(folder, specification_sha256=hashlib.sha256(text.encode()).hexdigest())
    with pytest.raises(BundleCorrupt, match="canonical form"):
        read_bundle(folder)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"p50": [1.0]}, "one row per vector"),
        ({"vectors": [[1.0], [1.0, 2.0]]}, "rows of one length"),
        ({"mean": [None]}, "mean must be a number"),
        ({"readings": []}, "readings must be an object"),
        ({"readings": {"time": []}}, "readings must have exactly the keys"),
    ],
)
def test_unfit_golden_answers_are_refused(folder: Path, changes: dict[str, object], says: str) -> None:
    golden = json.loads((folder / "golden.json").read_bytes())
    (folder / "golden.json").write_text(json.dumps({**golden, **changes}), encoding="utf-8")
    sealed(folder)
    with pytest.raises(BundleCorrupt, match=says):
        read_bundle(folder)
