import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from edge_export.bundle.errors import BundleCorrupt
from edge_export.bundle.manifest import LISTED, MANIFEST, MODEL, MODES, Manifest
from edge_export.bundle.modes import modes_json, read_modes
from edge_export.bundle.reading import VerifiedBundle, read_bundle, verify
from edge_export.bundle.writing import write_bundle
from tests.edge_export.machine import fan_modes


def test_shares_come_back_to_the_bit() -> None:
    one = fan_modes()
    other = read_modes(modes_json(one), MODES)
    assert other.modes == one.modes
    for name in ("center", "scale", "weights", "bias"):
        assert np.array_equal(getattr(one, name), getattr(other, name))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"format": 2}, "format must be 1"),
        ({"modes": ["bearing"]}, "modes must be two or more"),
        ({"modes": "bearing"}, "modes must be a list"),
        ({"bias": [0.0]}, "mode shares must have the shapes"),
        ({"scale": [None]}, "scale must be a number"),
        ({"code": "x"}, "unknown: 'code'"),
    ],
)
def test_unfit_shares_are_refused(changes: dict[str, object], says: str) -> None:
    document = {**json.loads(modes_json(fan_modes())), **changes}
    with pytest.raises(BundleCorrupt, match=says):
        read_modes(json.dumps(document).encode(), MODES)


def test_modes_are_a_file_of_their_own(bundle: VerifiedBundle, modal_bundle: VerifiedBundle) -> None:
    assert bundle.modes is None
    assert set(bundle.contents) == {MANIFEST, MODEL, *LISTED}
    assert set(modal_bundle.contents) == {MANIFEST, MODEL, MODES, *LISTED}


def test_a_bundle_with_modes_is_read_from_the_disk(modal_bundle: VerifiedBundle, tmp_path: Path) -> None:
    found = write_bundle(tmp_path / "bundle", modal_bundle)
    assert found.bundle_sha256 == modal_bundle.bundle_sha256
    assert found.modes is not None
    assert found.modes.modes == ("bearing", "blade")


def test_modes_that_the_manifest_does_not_list_are_refused(bundle: VerifiedBundle, tmp_path: Path) -> None:
    write_bundle(tmp_path / "bundle", bundle)
    (tmp_path / "bundle" / MODES).write_bytes(modes_json(fan_modes()))
    with pytest.raises(BundleCorrupt, match=r"extra: modes\.json"):
        read_bundle(tmp_path / "bundle")


def test_modes_that_the_manifest_lists_must_be_there(modal_bundle: VerifiedBundle) -> None:
    with pytest.raises(BundleCorrupt, match=r"missing: modes\.json"):
        verify({name: data for name, data in modal_bundle.contents.items() if name != MODES})


def test_format_2_lists_no_modes(modal_bundle: VerifiedBundle) -> None:
    document = json.loads(modal_bundle.contents[MANIFEST])
    del document["distilled_from"]
    with pytest.raises(BundleCorrupt, match="files must list exactly"):
        Manifest.from_json(json.dumps({**document, "format": 2}).encode())


def test_a_changed_byte_is_found(modal_bundle: VerifiedBundle) -> None:
    changed = modal_bundle.contents[MODES].replace(b"bearing", b"bearinG")
    assert hashlib.sha256(changed).digest() != hashlib.sha256(modal_bundle.contents[MODES]).digest()
    with pytest.raises(BundleCorrupt, match=r"modes\.json must have"):
        verify({**modal_bundle.contents, MODES: changed})
