"""Reading a bundle: every byte once, checked, and never again from the disk."""

import errno
import hashlib
import json
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from edge_export.bundle.calibration import Calibration
from edge_export.bundle.condition import read_condition
from edge_export.bundle.errors import BundleCorrupt, BundleMissing, BundleRefused
from edge_export.bundle.golden import Golden
from edge_export.bundle.manifest import (
    CALIBRATION,
    CARD,
    CONDITION,
    FEATURES,
    GOLDEN,
    LARGEST_BYTES,
    LISTED,
    MANIFEST,
    MODEL,
    MODES,
    Manifest,
    check_entry,
)
from edge_export.bundle.modes import read_modes
from features.transforms.condition.table import ConditionTable
from features.transforms.modes import ModeShares


@dataclass(frozen=True, slots=True)
class VerifiedBundle:
    """A bundle whose bytes were read once and agree with its manifest; only they are used from here on.

    Attributes:
        bundle_sha256: Hash of the manifest's bytes: the identity of the whole.
        contents: The bytes of every file by its name, the manifest among them.
        modes: Shares of failure modes; None where the model tells none apart.
        condition: What is usual of such machines, for state detection; None where it was not learnt.
    """

    manifest: Manifest
    bundle_sha256: str
    calibration: Calibration
    golden: Golden
    contents: Mapping[str, bytes] = field(repr=False)
    modes: ModeShares | None = field(default=None, repr=False)
    condition: ConditionTable | None = field(default=None, repr=False)

    @property
    def model(self) -> bytes | None:
        """The graph, ONNX; None of a bundle that makes no forecasts."""
        return self.contents.get(MODEL)

    @property
    def specification_json(self) -> str:
        """The feature specification in its canonical JSON form."""
        return self.contents[FEATURES].decode()

    @property
    def card(self) -> str:
        """The model card, Markdown."""
        return self.contents[CARD].decode()

    @property
    def total_bytes(self) -> int:
        """Size of all files together."""
        return sum(len(data) for data in self.contents.values())


def read_bundle(folder: Path | str) -> VerifiedBundle:
    """Read and verify a bundle.

    The folder may be reached through a link; inside it every file must be a regular file of its own: symbolic
    links are refused, and hard links too, because a file with a second name can be changed from outside the folder.

    Raises:
        BundleMissing: If there is no such folder.
        BundleCorrupt: If files are missing, extra, too large, or not what the manifest says.
        BundleRefused: If a file is a link, or the format is another one.
    """
    return verify(_read_folder(Path(folder)))


def verify(contents: Mapping[str, bytes]) -> VerifiedBundle:
    """Verify the bytes of a bundle.

    Args:
        contents: Bytes by file name.

    Raises:
        BundleCorrupt: If they are not what the manifest says.
    """
    _check_names(set(contents))
    _check_sizes(contents)
    manifest = Manifest.from_json(contents[MANIFEST])
    _check_names(set(contents), {MANIFEST, *(entry.name for entry in manifest.files)})
    for entry in manifest.files:
        check_entry(entry, contents[entry.name])
    _check_specification(contents[FEATURES], manifest.specification_sha256)
    _check_text(contents[CARD])
    golden = Golden.from_json(contents[GOLDEN])
    _check_golden(manifest, golden)
    return VerifiedBundle(
        manifest,
        hashlib.sha256(contents[MANIFEST]).hexdigest(),
        Calibration.from_json(contents[CALIBRATION]),
        golden,
        dict(contents),
        read_modes(contents[MODES], MODES) if MODES in contents else None,
        read_condition(contents[CONDITION], CONDITION) if CONDITION in contents else None,
    )


def _check_golden(manifest: Manifest, golden: Golden) -> None:
    """There are golden forecasts exactly where there is something that makes them."""
    if bool(golden.vectors) != manifest.forecasts:
        needed, found = ("hold", "none") if manifest.forecasts else ("hold no", len(golden.vectors))
        raise BundleCorrupt(
            f"{GOLDEN} must {needed} forecasts, for the bundle has {'a' if manifest.forecasts else 'no'} {MODEL}; "
            f"found {found}. Export the bundle again."
        )


def _read_folder(folder: Path) -> dict[str, bytes]:
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            raise BundleMissing(f"A bundle must be a folder; found none at {folder}. Check the path.") from error
        raise BundleCorrupt(f"The bundle {folder} must be readable; found: {error.strerror}.") from error
    try:
        with os.scandir(descriptor) as entries:
            found = {entry.name for entry in entries}
        _check_names(found)
        return {name: _read_file(descriptor, name, most) for name, most in LARGEST_BYTES.items() if name in found}
    finally:
        os.close(descriptor)


def _check_names(found: set[str], listed: set[str] | None = None) -> None:
    """Check the names of files: against what any bundle must and may hold, or against what a manifest lists."""
    needed, allowed = ({MANIFEST, *LISTED}, set(LARGEST_BYTES)) if listed is None else (listed, listed)
    missing, extra = sorted(needed - found), sorted(found - allowed)
    if missing or extra:
        optional = sorted(allowed - needed)
        may = f", and may hold {', '.join(optional)}" if optional else ""
        raise BundleCorrupt(
            f"A bundle must hold exactly {', '.join(sorted(needed))}{may}; missing: {', '.join(missing) or 'none'}; "
            f"extra: {', '.join(extra[:10])[:200] or 'none'}. Copy it again from where it came from."
        )


def _read_file(folder: int, name: str, most: int) -> bytes:
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        descriptor = os.open(name, flags, dir_fd=folder)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise _not_its_own(name, "a symbolic link") from error
        raise BundleCorrupt(f"{name} must be readable; found: {error.strerror}. Check the permissions.") from error
    try:
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode):
            raise _not_its_own(name, "something that is not a file")
        if facts.st_nlink > 1:
            raise _not_its_own(name, f"{facts.st_nlink} hard links to it")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            data = file.read(most + 1)
    except OSError as error:
        raise BundleCorrupt(f"{name} must be readable; found: {error.strerror}. Check the disk.") from error
    finally:
        os.close(descriptor)
    _check_sizes({name: data})
    return data


def _check_sizes(contents: Mapping[str, bytes]) -> None:
    for name, data in contents.items():
        if len(data) > LARGEST_BYTES[name]:
            raise BundleCorrupt(f"{name} must have at most {LARGEST_BYTES[name]} bytes; found more. Make it smaller.")


def _not_its_own(name: str, found: str) -> BundleRefused:
    return BundleRefused(f"{name} must be a regular file of its own; found {found}. Copy the bundle without links.")


def _check_specification(data: bytes, expected: str) -> None:
    found = hashlib.sha256(data).hexdigest()
    if found != expected:
        raise BundleCorrupt(
            f"{FEATURES} must be the specification {expected[:12]} that the manifest names; found {found[:12]}. "
            "Export the bundle again."
        )
    try:
        canonical = json.dumps(json.loads(data), sort_keys=True, separators=(",", ":")).encode()
    except (ValueError, RecursionError) as error:
        raise BundleCorrupt(f"{FEATURES} must be JSON; found: {error}. Export the bundle again.") from error
    if canonical != data:
        raise BundleCorrupt(f"{FEATURES} must be in its canonical form; found another. Export the bundle again.")


def _check_text(data: bytes) -> None:
    try:
        data.decode()
    except UnicodeDecodeError as error:
        raise BundleCorrupt(f"{CARD} must be UTF-8; found: {error}. Export the bundle again.") from error
