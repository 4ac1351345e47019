"""The shelf: every bundle that was ever put there, which one is the champion of its pack, and which runs in its shadow.

<root>/<pack_id>/<version>/…
<root>/<pack_id>/champion.json
<root>/<pack_id>/former.json      champions before it, the oldest first
<root>/<pack_id>/shadow.json
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from edge_export.bundle.documents import read_document, write_document
from edge_export.bundle.durable import replace_file, write_folder
from edge_export.bundle.errors import BundleCorrupt, BundleMissing, BundleRefused
from edge_export.bundle.manifest import MANIFEST, Manifest, label
from edge_export.bundle.reading import VerifiedBundle, read_bundle

CHAMPION, SHADOW, FORMER = "champion.json", "shadow.json", "former.json"
_POINTER = ("version", "bundle_sha256")


@dataclass(frozen=True, slots=True)
class Standing:
    """Version and identity of the bundles that have a part to play; None where none has it.

    Attributes:
        champion: The one that serves.
        shadow: The one that runs in its shadow.
    """

    champion: tuple[str, str] | None
    shadow: tuple[str, str] | None


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
        """Make a version the champion of its pack, at once; the one before it is remembered.

        Raises:
            BundleMissing: If it is not on the shelf.
            BundleCorrupt: If its bytes are damaged.
            BundleRefused: If it is a network for gateways, distilled from another version.
        """
        bundle = self.bundle(pack_id, version)
        refuse_distilled(bundle.manifest)
        before = self._read_pointer(pack_id, CHAMPION)
        if before is not None and before != (version, bundle.bundle_sha256):
            # Remembered first: a crash in between leaves the champion twice, and `roll_back` passes over it.
            self._write_former(pack_id, [*self._former(pack_id), before])
        self._point(pack_id, CHAMPION, version, bundle.bundle_sha256)

    def roll_back(self, pack_id: str) -> str:
        """Make the champion before the present one the champion again.

        Returns:
            Its version.

        Raises:
            BundleMissing: If there was none before, or it is no longer on the shelf.
            BundleCorrupt: If its bytes are damaged or not those that were promoted.
        """
        now, former = self._read_pointer(pack_id, CHAMPION), self._former(pack_id)
        while former and former[-1] == now:
            former.pop()
        if not former:
            raise BundleMissing(f"A champion of {pack_id} must have been followed by another; found none before it.")
        version, expected = former[-1]
        found = self.bundle(pack_id, version).bundle_sha256
        _check_sha256("former champion", pack_id, version, expected, found)
        self._point(pack_id, CHAMPION, version, expected)
        self._write_former(pack_id, former[:-1])
        return version

    def champion(self, pack_id: str) -> Path | None:
        """Return where the champion of a pack lies, or None before the first promotion.

        Raises:
            BundleCorrupt: If what lies there is not the bundle that was promoted.
        """
        return self._pointed(pack_id, CHAMPION)

    def champion_bundle(self, pack_id: str) -> VerifiedBundle | None:
        """Read and verify the champion of a pack; None before the first promotion.

        Raises:
            BundleCorrupt: If what lies there is damaged or not the bundle that was promoted.
        """
        pointer = self._read_pointer(pack_id, CHAMPION)
        if pointer is None:
            return None
        version, expected = pointer
        try:
            bundle = self.bundle(pack_id, version)
        except BundleMissing as error:
            raise BundleCorrupt(f"The champion {version} of {pack_id} must lie on the shelf. {error}") from error
        _check_sha256("champion", pack_id, version, expected, bundle.bundle_sha256)
        return bundle

    def forecasts(self, pack_id: str) -> bool:
        """Say whether the champion of a pack makes forecasts; one that only tells whether machines are as usual may go.

        Raises:
            BundleCorrupt: If what lies there is damaged or not the bundle that was promoted.
        """
        bundle = self.champion_bundle(pack_id)
        return bundle is not None and bundle.manifest.forecasts

    def cast_shadow(self, pack_id: str, version: str | None) -> None:
        """Let a version run in the champion's shadow, or none.

        Raises:
            BundleMissing: If it is not on the shelf.
            BundleCorrupt: If its bytes are damaged.
            BundleRefused: If it is a network for gateways, distilled from another version, or makes no forecasts.
        """
        if version is None:
            (self._pack(pack_id) / SHADOW).unlink(missing_ok=True)
            return
        bundle = self.bundle(pack_id, version)
        refuse_distilled(bundle.manifest)
        refuse_watching(bundle.manifest)
        self._point(pack_id, SHADOW, version, bundle.bundle_sha256)

    def standing(self, pack_id: str) -> Standing:
        """Return which versions have a part to play, as it is written down; their bytes are not looked at."""
        return Standing(*(self._read_pointer(pack_id, name) for name in (CHAMPION, SHADOW)))

    def shadow(self, pack_id: str) -> Path | None:
        """Return where the version lies that runs in the champion's shadow, or None.

        Raises:
            BundleCorrupt: If what lies there is not the bundle that was put in shadow.
        """
        return self._pointed(pack_id, SHADOW)

    def find(self, bundle_sha256: str) -> VerifiedBundle | None:
        """Return the bundle of this hash, of whatever pack and version; None where none has it.

        Raises:
            BundleCorrupt: If it is there, but its bytes are damaged.
        """
        if not self.root.is_dir():
            return None
        for manifest in sorted(self.root.glob(f"*/*/{MANIFEST}")):
            if hashlib.sha256(manifest.read_bytes()).hexdigest() == bundle_sha256:
                return read_bundle(manifest.parent)
        return None

    def bundle(self, pack_id: str, version: str) -> VerifiedBundle:
        """Read and verify a version of a pack.

        Raises:
            BundleMissing: If it is not on the shelf.
            BundleCorrupt: If its bytes are damaged.
            BundleRefused: If no version can have this name.
        """
        return read_bundle(self._place(pack_id, version))

    def versions(self, pack_id: str) -> list[str]:
        """Return the versions of a pack on the shelf, "9" before "10"."""
        pack = self._pack(pack_id)
        if not pack.is_dir():
            return []
        found = [each.name for each in pack.iterdir() if each.is_dir() and not each.name.startswith(".")]
        return sorted(found, key=_natural)

    def _pointed(self, pack_id: str, name: str) -> Path | None:
        pointer, role = self._read_pointer(pack_id, name), name.removesuffix(".json")
        if pointer is None:
            return None
        version, expected = pointer
        place = self._place(pack_id, version)
        try:
            found = hashlib.sha256((place / MANIFEST).read_bytes()).hexdigest()
        except OSError as error:
            raise BundleCorrupt(
                f"The {role} {version} of {pack_id} must lie on the shelf; found: {error.strerror}. "
                "Put it there again, or promote another version."
            ) from error
        _check_sha256(role, pack_id, version, expected, found)
        return place

    def _read_pointer(self, pack_id: str, name: str) -> tuple[str, str] | None:
        data = self._read(pack_id, name)
        if data is None:
            return None
        document = read_document(data, name, _POINTER)
        return document.text("version"), document.text("bundle_sha256")

    def _former(self, pack_id: str) -> list[tuple[str, str]]:
        data = self._read(pack_id, FORMER)
        listed = () if data is None else read_document(data, FORMER, ("champions",)).objects("champions", _POINTER)
        return [(each.text("version"), each.text("bundle_sha256")) for each in listed]

    def _write_former(self, pack_id: str, former: list[tuple[str, str]]) -> None:
        champions = [dict(zip(_POINTER, each, strict=True)) for each in former]
        replace_file(self._pack(pack_id) / FORMER, write_document({"champions": champions}))

    def _point(self, pack_id: str, name: str, version: str, bundle_sha256: str) -> None:
        document: dict[str, object] = {"version": version, "bundle_sha256": bundle_sha256}
        replace_file(self._pack(pack_id) / name, write_document(document))

    def _read(self, pack_id: str, name: str) -> bytes | None:
        try:
            return (self._pack(pack_id) / name).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise BundleCorrupt(
                f"{name} of {pack_id} must be a file that can be read; found: {error.strerror}. Promote a version."
            ) from error

    def _pack(self, pack_id: str) -> Path:
        return self.root / label("pack", pack_id)

    def _place(self, pack_id: str, version: str) -> Path:
        if version in {CHAMPION, SHADOW, FORMER}:
            raise BundleRefused(f"A version must not be called {version}. Give it another name.")
        return self._pack(pack_id) / label("version", version)


def refuse_distilled(manifest: Manifest) -> None:
    """Check that a network may serve the centre, which keeps the one that others are distilled from.

    Raises:
        BundleRefused: If it was distilled from another version.
    """
    if manifest.distilled_from is not None:
        raise BundleRefused(
            f"What serves in the centre must have learnt from what machines did; found {manifest.version}, distilled "
            f"from version {manifest.distilled_from.version} for gateways. Name that version."
        )


def refuse_watching(manifest: Manifest) -> None:
    """Check that a bundle can be compared with the champion, which its forecasts are.

    Raises:
        BundleRefused: If it makes none.
    """
    if not manifest.forecasts:
        raise BundleRefused(
            f"What challenges a champion must make forecasts; found {manifest.version}, which only tells whether "
            "machines are as usual. Name a version that forecasts."
        )


def _check_sha256(role: str, pack_id: str, version: str, expected: str, found: str) -> None:
    if found != expected:
        raise BundleCorrupt(
            f"The {role} {version} of {pack_id} must be bundle {expected[:12]} as promoted; found {found[:12]}. "
            "Promote a version that is whole."
        )


def _natural(version: str) -> list[tuple[int, int, str]]:
    parts = re.findall(r"\d+|\D+", version)
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in parts]
