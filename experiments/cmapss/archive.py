"""Takes wanted files out of a zip archive, or out of an archive within it. No path of the archive is ever used."""

import io
import lzma
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from experiments.errors import ArchiveRefused

MOST_ARCHIVE_BYTES = 64 * 2**20
"""The publishers' archives have 12 MB."""

_BROKEN = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, RuntimeError, ValueError)
"""What zipfile and its decompressors raise for an archive that is cut off, damaged or encrypted."""

_MOST_FILE_BYTES = 32 * 2**20
_MOST_MEMBERS = 200
_DEPTH = 2
_REMEDY = "Try again later, or from another address."


def read_wanted(archive: Path, wanted: frozenset[str]) -> dict[str, bytes]:
    """Read the wanted files, wherever in the archive they lie.

    Args:
        archive: A zip archive; archives within it are looked into as well.
        wanted: Names of files, without folders.

    Returns:
        The bytes by name, every wanted one.

    Raises:
        ArchiveRefused: If the archive is broken, points outside of itself, unpacks to too much, or lacks a file.
    """
    with archive.open("rb") as file:
        found: dict[str, bytes] = {}
        for name, content in _walk(file, wanted, _DEPTH):
            if found.setdefault(name, content) != content:
                raise ArchiveRefused(f"the archive must hold {name} once; it holds two that differ. {_REMEDY}")
    if missing := sorted(wanted - found.keys()):
        raise ArchiveRefused(f"the archive must hold all files; it lacks {', '.join(missing)}. {_REMEDY}")
    return found


def _walk(file: IO[bytes], wanted: frozenset[str], depth: int) -> Iterator[tuple[str, bytes]]:
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            _check_members(members)
            for member in members:
                name = PurePosixPath(member.filename).name
                if name in wanted and not member.is_dir():
                    yield name, _read(archive, member, _MOST_FILE_BYTES)
                elif name.lower().endswith(".zip") and depth > 1:
                    inner = _read(archive, member, MOST_ARCHIVE_BYTES)
                    yield from _walk(io.BytesIO(inner), wanted, depth - 1)
    except _BROKEN as error:
        if isinstance(error, ArchiveRefused):
            raise
        raise ArchiveRefused(f"it must be a whole zip archive; {type(error).__name__}: {error}. {_REMEDY}") from error


def _check_members(members: list[zipfile.ZipInfo]) -> None:
    if len(members) > _MOST_MEMBERS:
        raise ArchiveRefused(f"the archive must hold at most {_MOST_MEMBERS} entries; found {len(members)}. {_REMEDY}")
    for member in members:
        path = PurePosixPath(member.filename.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or ":" in member.filename:
            raise ArchiveRefused(f"entries must stay within the archive; found {member.filename!r}. {_REMEDY}")


def _read(archive: zipfile.ZipFile, member: zipfile.ZipInfo, most_bytes: int) -> bytes:
    with archive.open(member) as file:
        content = file.read(most_bytes + 1)  # whatever size the entry announces
    if len(content) > most_bytes:
        raise ArchiveRefused(f"{member.filename} must unpack to at most {most_bytes:,} bytes; it does not. {_REMEDY}")
    return content
