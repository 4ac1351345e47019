"""Where results go: tried before the long work begins, and written whole or not at all."""

import os
import tempfile
from pathlib import Path

from experiments.errors import OutputUnwritable


def check_writable(path: Path) -> None:
    """Make sure that a file can be written there, so that nobody learns it after the work.

    The folder is made where it is missing; the file itself is left as it is.

    Raises:
        OutputUnwritable: If it cannot.
    """
    if path.exists() and not path.is_file():
        raise OutputUnwritable(f"{path} must be a file or not exist; found something else. Name a file.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise _unwritable(path, error) from error


def write_whole(path: Path, text: str) -> None:
    """Write a text file that is complete as soon as it is there.

    Raises:
        OutputUnwritable: If it cannot be written.
    """
    unfinished = path.with_name(f".{path.name}.unfinished-{os.getpid()}")
    try:
        unfinished.write_text(text, encoding="utf-8", newline="")
        unfinished.replace(path)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> OutputUnwritable:
    return OutputUnwritable(f"{path} must be a place to write to: {error}. Name another file or folder.")
