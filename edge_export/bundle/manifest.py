"""The manifest: what a bundle is called and which bytes belong to it."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from edge_export.bundle.documents import Fields, read_document, write_document
from edge_export.bundle.errors import BundleCorrupt, BundleRefused
from features.domain.errors import InvalidValue
from features.domain.time import format_time, parse_time

FORMAT = 3
"""Version of the bundle's layout as it is written."""

READABLE = (1, 2, FORMAT)
"""Versions that are read; a runtime refuses any other. In 1 the interval had one half level for all forecasts; up to 2
no network was distilled from another and no failure modes were told apart. Optional files came without a new version:
a runtime that does not know one of them refuses the bundle as one with an extra file, or one without a model as one
with a missing file."""

MANIFEST = "manifest.json"
MODEL = "model.onnx"
FEATURES = "features.json"
CALIBRATION = "calibration.json"
GOLDEN = "golden.json"
CARD = "model_card.md"
MODES = "modes.json"
CONDITION = "condition.json"

LARGEST_BYTES: Mapping[str, int] = {
    MANIFEST: 64 << 10,
    MODEL: 256 << 20,
    FEATURES: 16 << 20,
    CALIBRATION: 64 << 10,
    GOLDEN: 16 << 20,
    CARD: 1 << 20,
    MODES: 16 << 20,
    CONDITION: 4 << 20,
}
"""Every file that a bundle may hold and the most bytes that are read of it."""

OPTIONAL = (MODEL, MODES, CONDITION)
"""Files that a bundle may hold or not, from format 3 on; it must forecast or detect states, if not both."""

LISTED = tuple(name for name in LARGEST_BYTES if name != MANIFEST and name not in OPTIONAL)
"""The files that every manifest lists; from format 3 on it may list optional ones beside them."""

_OLDER_KEYS = ("format", "name", "version", "created_at", "specification_sha256", "files")
_KEYS = (*_OLDER_KEYS, "distilled_from")
_POINTER = ("version", "bundle_sha256")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,127}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One file: its name, size and hash."""

    name: str
    size: int
    sha256: str

    @staticmethod
    def of(name: str, data: bytes) -> "FileEntry":
        """Describe some bytes."""
        return FileEntry(name, len(data), hashlib.sha256(data).hexdigest())


@dataclass(frozen=True, slots=True)
class Teacher:
    """The bundle whose answers a smaller network learnt to give.

    Attributes:
        version: Version of its model, which has the same name.
        bundle_sha256: Its identity.
    """

    version: str
    bundle_sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a bundle is called and which bytes belong to it.

    Attributes:
        specification_sha256: Hash of the feature specification whose vectors the model takes.
        files: Every file but the manifest itself.
        distilled_from: Whose answers the network learnt to give; None for one that learnt from what machines did.
    """

    name: str
    version: str
    created_at: datetime
    specification_sha256: str
    files: tuple[FileEntry, ...]
    distilled_from: Teacher | None = None

    @property
    def forecasts(self) -> bool:
        """Whether there is a network; without one the bundle only tells whether a machine is as usual."""
        return any(entry.name == MODEL for entry in self.files)

    def to_json(self) -> bytes:
        """Return the canonical JSON form, whose hash is the identity of the bundle."""
        return write_document(
            {
                "format": FORMAT,
                "name": self.name,
                "version": self.version,
                "created_at": format_time(self.created_at),
                "specification_sha256": self.specification_sha256,
                "files": [{"name": e.name, "bytes": e.size, "sha256": e.sha256} for e in self.files],
                "distilled_from": None if self.distilled_from is None else asdict(self.distilled_from),
            }
        )

    @staticmethod
    def from_json(data: bytes) -> "Manifest":
        """Read the JSON form and check it against the layout.

        Raises:
            BundleCorrupt: If it is not a manifest.
        """
        document = read_document(data, MANIFEST, _KEYS, _OLDER_KEYS)
        _check_format(document.integer("format"))
        if document.has("distilled_from") != (document.integer("format") >= FORMAT):
            document.refuse("distilled_from", f"be there from format {FORMAT} on, and only there", document.values)
        entries = document.objects("files", ("name", "bytes", "sha256"))
        files = tuple(FileEntry(e.text("name"), e.integer("bytes"), e.text("sha256")) for e in entries)
        _check_listed(document, [each.name for each in files])
        try:
            created_at = parse_time(document.text("created_at"))
        except InvalidValue as error:
            document.refuse("created_at", error.must, error.found)
        manifest = Manifest(
            label("name", document.text("name")),
            label("version", document.text("version")),
            created_at,
            document.text("specification_sha256"),
            files,
            _teacher(document),
        )
        teacher = [] if manifest.distilled_from is None else [manifest.distilled_from.bundle_sha256]
        for digest in (manifest.specification_sha256, *teacher, *(each.sha256 for each in files)):
            if not _SHA256.fullmatch(digest):
                document.refuse("sha256", "be 64 hexadecimal digits in lower case", digest)
        return manifest


def label(what: str, value: str) -> str:
    """Check and return a name or version: it becomes a folder's name, so it is plain and short.

    Raises:
        BundleRefused: If it is anything but letters, digits and `. _ + -`, a letter or digit first.
    """
    if not _NAME.fullmatch(value):
        raise BundleRefused(
            f"The {what} of a bundle must be 1 to 128 letters, digits or . _ + - and begin with a letter or digit; "
            f"found {value[:140]!r}. Rename it before export."
        )
    return value


def _teacher(document: Fields) -> Teacher | None:
    if not document.has("distilled_from"):
        return None
    found = document.optional_object("distilled_from", _POINTER)
    return None if found is None else Teacher(label("version", found.text("version")), found.text("bundle_sha256"))


def _check_listed(document: Fields, names: list[str]) -> None:
    is_old = document.integer("format") < FORMAT
    needed, allowed = ((*LISTED, MODEL), ()) if is_old else (LISTED, OPTIONAL)
    beside = tuple(name for name in names if name in allowed)
    if sorted(names) != sorted({*needed, *beside}):
        also = f" and perhaps {', '.join(allowed)}" if allowed else ""
        document.refuse("files", f"list exactly {', '.join(needed)}{also}", names)
    if MODEL not in names and CONDITION not in names:
        document.refuse("files", f"list {MODEL} or {CONDITION}: it must forecast or detect states", names)
    if MODEL not in names and MODES in names:
        document.refuse("files", f"list {MODEL} beside {MODES}, which shares out what the model says", names)


def _check_format(found: int) -> None:
    if found not in READABLE:
        raise BundleRefused(
            f"{MANIFEST} must be of format {' or '.join(map(str, READABLE))}; found {found}. "
            "Export the model again, or use the version of Millwright that wrote it."
        )


def check_entry(entry: FileEntry, data: bytes) -> None:
    """Check bytes against their entry.

    Raises:
        BundleCorrupt: If size or hash differ.
    """
    found = FileEntry.of(entry.name, data)
    if found != entry:
        raise BundleCorrupt(
            f"{entry.name} must have {entry.size} bytes with sha256 {entry.sha256[:12]}; "
            f"found {found.size} bytes with {found.sha256[:12]}. Copy the bundle again from where it came from."
        )
