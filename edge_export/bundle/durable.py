"""Writing that a crash leaves either undone or done: new files under a temporary name, synced, then renamed."""

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from edge_export.bundle.errors import BundleRefused


def write_folder(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Make a new folder with these files, all at once.

    Raises:
        BundleRefused: If something else is already there.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=".incoming-", dir=folder.parent))
    try:
        for name, data in contents.items():
            _write_synced(temporary / name, data)
        temporary.chmod(0o755)
        sync_folder(temporary)
        _rename_new(temporary, folder)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    sync_folder(folder.parent)


def refuse_taken(folder: Path) -> None:
    """Check early that a new folder can be made; `write_folder` checks again.

    Raises:
        BundleRefused: If something is there.
    """
    if folder.is_symlink() or (folder.exists() and (not folder.is_dir() or any(folder.iterdir()))):
        raise _taken(folder)


def replace_file(path: Path, data: bytes) -> None:
    """Replace a file's contents at once; a reader sees the old or the new, never a part."""
    descriptor, name = tempfile.mkstemp(prefix=".incoming-", dir=path.parent)
    os.close(descriptor)
    temporary = Path(name)
    try:
        _write_synced(temporary, data)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_synced(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    path.chmod(0o644)


def _rename_new(temporary: Path, folder: Path) -> None:
    try:
        temporary.rename(folder)  # refuses a folder that holds anything
    except OSError as error:
        raise _taken(folder) from error


def _taken(folder: Path) -> BundleRefused:
    return BundleRefused(
        f"A bundle must be written to a new folder; found something at {folder}. Choose another path or version."
    )
