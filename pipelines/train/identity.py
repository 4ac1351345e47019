"""What a model was made from: rows and code, so that anyone can tell whether two runs differ."""

import hashlib
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from models.registry.tracking import KnownRun


def snapshot_sha256(frame: pl.DataFrame) -> str:
    """Return the hash of a frame's content: names, types and values, whatever the order of its columns.

    It hangs on no version of a library and on no bit of a NaN, so the same rows have the same hash on every machine.

    Args:
        frame: Columns of numbers, booleans, texts and times.
    """
    digest = hashlib.sha256()
    for name in sorted(frame.columns):
        column = frame[name]
        digest.update(f"{name}:{len(column)}:".encode())
        digest.update(column.is_null().to_numpy().tobytes())
        digest.update(_content(column))
    return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class CodeRevision:
    """Which code ran.

    Attributes:
        commit: Of git, 40 hexadecimal digits.
        is_modified: Whether tracked files differed from it.
    """

    commit: str
    is_modified: bool


def code_revision(checkout: Path) -> CodeRevision | None:
    """Return the revision of a checkout, or None where there is no git or the folder is no checkout of its own."""
    git = shutil.which("git")
    if git is None or not (checkout / ".git").exists():
        return None
    commit = _told(git, checkout, "rev-parse", "HEAD")
    changes = _told(git, checkout, "status", "--porcelain", "--untracked-files=no")
    return None if commit is None or changes is None else CodeRevision(commit.strip(), bool(changes.strip()))


def revision_tags(revision: CodeRevision | None) -> dict[str, str]:
    """Return the revision as tags of a run; MLflow shows the first one beside the run."""
    if revision is None:
        return {}
    return {"mlflow.source.git.commit": revision.commit, "code.is_modified": str(revision.is_modified).lower()}


def difference(run: KnownRun, tags: dict[str, str], parameters: dict[str, object], names: Sequence[str]) -> str | None:
    """Return the name of the first tag or parameter in which a run differs from one that is to be made, or None.

    Args:
        run: The run that is known.
        tags: Of the other.
        parameters: Of the other, all of which count.
        names: The tags that count.
    """
    for name in names:
        if run.tags.get(name) != tags.get(name):
            return name
    return next((name for name, value in parameters.items() if run.parameters.get(name) != str(value)), None)


def _told(git: str, checkout: Path, *arguments: str) -> str | None:
    command = [git, "-C", str(checkout), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    return done.stdout if done.returncode == 0 else None


def _content(column: pl.Series) -> bytes:
    if column.dtype.is_float():
        values = column.fill_null(0.0).to_numpy().astype("<f8")
        values[np.isnan(values)] = np.nan
        return values.tobytes()
    if column.dtype.is_temporal():
        column = column.dt.timestamp("us")
    if column.dtype.is_integer() or column.dtype == pl.Boolean:
        return column.cast(pl.Int64).fill_null(0).to_numpy().astype("<i8").tobytes()
    texts = column.cast(pl.String).fill_null("").to_list()
    return b"".join(len(text.encode()).to_bytes(4, "little") + text.encode() for text in texts)
