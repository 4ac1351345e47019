"""The shelf: every bundle that was ever put there, and which one is the champion of its pack.

<root>/<pack_id>/<version>/…
<root>/<pack_id>/champion.json
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from edge_export.bundle.documents import read_document, write_document
from edge_export.bundle.durable import replace_file, write_folder
from edge_export.bundle.errors import BundleCorrupt, BundleMissing, BundleRefused
from edge_export.bundle.manifest import MANIFEST, label
from edge_export.bundle.reading import VerifiedBundle, read_bundle

CHAMPION = "champion.json"


@dataclass(frozen=True, slots=True)
class BundleShelf:
    """Bundles by pack and version, below one folder.

    Attributes:
        root: The folder; made at the first `put`.
    """

    root: Path

    def put(self, folder: Path) -> Path:
        """Verify a bundle and copy it onto the shelf, all at once.

        Putting the same bundle again changes nothing.

        Returns:
            Where it lies now.

        Raises:
            BundleRefused: If another bundle already has its pack and version.
        """
        bundle = read_bundle(folder)
        target = self._place(bundle.calibration.pack_id, bundle.manifest.version)
        if not target.exists():
            try:
                write_folder(target, bundle.contents)
            except BundleRefused:
                if not target.exists():  # else another process was faster; see below what it put there
                    raise
        found = read_bundle(target)
        if found.bundle_sha256 != bundle.bundle_sha256:
            raise BundleRefused(
                f"Version {bundle.manifest.version} of {bundle.calibration.pack_id} must stay bundle "
                f"{found.bundle_sha256[:12]}; found {bundle.bundle_sha256[:12]} offered. Give it a new version."
            )
        return target

    def promote(self, pack_id: str, version: str) -> None:
        """Make a version the champion of its pack, at once.

        Raises:
            BundleMissing: If it is not on the shelf.
            BundleCorrupt: If its bytes are damaged.
        """
        bundle = read_bundle(self._place(pack_id, version))
        document: dict[str, object] = {"version": version, "bundle_sha256": bundle.bundle_sha256}
        replace_file(self._pack(pack_id) / CHAMPION, write_document(document))

    def champion(self, pack_id: str) -> Path | None:
        """Return where the champion of a pack lies, or None before the first promotion.

        Raises:
            BundleCorrupt: If what lies there is not the bundle that was promoted.
        """
        pointer = self._read_champion(pack_id)
        if pointer is None:
            return None
        version, expected = pointer
        place = self._place(pack_id, version)
        try:
            found = hashlib.sha256((place / MANIFEST).read_bytes()).hexdigest()
        except OSError as error:
            raise BundleCorrupt(
                f"The champion {version} of {pack_id} must lie on the shelf; found: {error.strerror}. "
                "Put it there again, or promote another version."
            ) from error
        _check_champion(pack_id, version, expected, found)
        return place

    def champion_bundle(self, pack_id: str) -> VerifiedBundle | None:
        """Read and verify the champion of a pack; None before the first promotion.

        Raises:
            BundleCorrupt: If what lies there is damaged or not the bundle that was promoted.
        """
        pointer = self._read_champion(pack_id)
        if pointer is None:
            return None
        version, expected = pointer
        try:
            bundle = read_bundle(self._place(pack_id, version))
        except BundleMissing as error:
            raise BundleCorrupt(f"The champion {version} of {pack_id} must lie on the shelf. {error}") from error
        _check_champion(pack_id, version, expected, bundle.bundle_sha256)
        return bundle

    def versions(self, pack_id: str) -> list[str]:
        """Return the versions of a pack on the shelf, "9" before "10"."""
        pack = self._pack(pack_id)
        if not pack.is_dir():
            return []
        found = [each.name for each in pack.iterdir() if each.is_dir() and not each.name.startswith(".")]
        return sorted(found, key=_natural)

    def _read_champion(self, pack_id: str) -> tuple[str, str] | None:
        try:
            data = (self._pack(pack_id) / CHAMPION).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise BundleCorrupt(
                f"{CHAMPION} of {pack_id} must be a file that can be read; found: {error.strerror}. Promote a version."
            ) from error
        document = read_document(data, CHAMPION, ("version", "bundle_sha256"))
        return document.text("version"), document.text("bundle_sha256")

    def _pack(self, pack_id: str) -> Path:
        return self.root / label("pack", pack_id)

    def _place(self, pack_id: str, version: str) -> Path:
        if version == CHAMPION:
            raise BundleRefused(f"A version must not be called {CHAMPION}. Give it another name.")
        return self._pack(pack_id) / label("version", version)


def _check_champion(pack_id: str, version: str, expected: str, found: str) -> None:
    if found != expected:
        raise BundleCorrupt(
            f"The champion {version} of {pack_id} must be bundle {expected[:12]} as promoted; found {found[:12]}. "
            "Promote a version that is whole."
        )


def _natural(version: str) -> list[tuple[int, int, str]]:
    parts = re.findall(r"\d+|\D+", version)
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in parts]
