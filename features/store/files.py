"""Files of the offline store, on a local disk or in object storage through fsspec.

No store is asked for an atomic rename, which object storage does not have. Two things are enough: a file that nobody
knows of may be half there, and `create` makes a whole file or none, and only where there was none.
"""

import io
import os
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import fsspec  # type: ignore[import-untyped]  # no stubs
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from features.domain.errors import InvalidValue
from features.store.address import OFFLINE, check_offline_url
from features.store.errors import FeatureStoreUnavailable


class Files(Protocol):
    """What the offline store asks of files. Names are relative, with `/` between folder and file."""

    def write(self, name: str, content: bytes) -> None:
        """Write a file of a new name, lasting when this returns; a crash may leave half of it."""

    def create(self, name: str, content: bytes) -> None:
        """Write a file whole or not at all, lasting when this returns.

        Raises:
            FileExistsError: If there is one of that name.
        """

    def read(self, name: str) -> bytes:
        """Return a file's content.

        Raises:
            FileNotFoundError: If there is none.
        """

    def names(self, folder: str) -> list[str]:
        """Return the names of the files of a folder, sorted; none where there is no folder."""

    def folders(self) -> list[str]:
        """Return the names of the folders at the top, sorted."""

    def modified(self, name: str) -> datetime:
        """Return when a file was last written."""

    def delete(self, name: str) -> None:
        """Remove a file; nothing where there is none."""

    def rows(self, names: Sequence[str], columns: Sequence[pl.Expr], where: pl.Expr | None) -> pl.DataFrame:
        """Return columns of the rows of Parquet files, in the order of the files.

        Raises:
            FileNotFoundError: If one is missing.
        """


def open_files(place: str | Path) -> Files:
    """Return the files under a local folder, or under a URL of object storage that fsspec knows.

    Raises:
        InvalidValue: If the URL names no storage that can be relied on, or the package for it is not installed.
    """
    protocol, _, path = str(place).rpartition("://")
    if protocol in ("", "file"):
        return LocalFiles(Path(path))
    check_offline_url(str(place))
    try:
        return ObjectFiles(*fsspec.core.url_to_fs(str(place)))
    except (ImportError, ValueError) as error:
        raise InvalidValue(
            OFFLINE,
            must="be storage that fsspec can reach",
            found=f"{protocol} ({error})",
            remedy="Install the package of fsspec for it into .venv: s3fs, gcsfs or adlfs.",
        ) from error


class LocalFiles:
    """Files on a local disk, flushed to it with their folder."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def write(self, name: str, content: bytes) -> None:
        """Write a file."""
        path = self._root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        _flush_folder(path.parent)

    def create(self, name: str, content: bytes) -> None:
        """Write a file under another name, then link it to its own: a link is there or not, and never replaces one."""
        path = self._root / name
        unfinished = path.with_name(f".{path.name}.{uuid.uuid4().hex}.unfinished")
        self.write(str(unfinished.relative_to(self._root)), content)
        try:
            os.link(unfinished, path)
        finally:
            unfinished.unlink()
        _flush_folder(path.parent)

    def read(self, name: str) -> bytes:
        """Return a file's content."""
        return (self._root / name).read_bytes()

    def names(self, folder: str) -> list[str]:
        """Return the names of the files of a folder."""
        found = (path for path in (self._root / folder).glob("*") if path.is_file())
        return sorted(path.relative_to(self._root).as_posix() for path in found)

    def folders(self) -> list[str]:
        """Return the names of the folders at the top."""
        return sorted(path.name for path in self._root.glob("*") if path.is_dir())

    def modified(self, name: str) -> datetime:
        """Return when a file was last written."""
        return datetime.fromtimestamp((self._root / name).stat().st_mtime, UTC)

    def delete(self, name: str) -> None:
        """Remove a file."""
        (self._root / name).unlink(missing_ok=True)

    def rows(self, names: Sequence[str], columns: Sequence[pl.Expr], where: pl.Expr | None) -> pl.DataFrame:
        """Return columns of Parquet files."""
        rows = pl.scan_parquet([self._root / name for name in names])
        return (rows if where is None else rows.filter(where)).select(columns).collect()


class ObjectFiles:
    """Files of anything that fsspec knows. Its `create` must be conditional, as that of S3, GCS and Azure is."""

    def __init__(self, system: Any, root: str) -> None:  # Any: fsspec ships no types
        self._system = system
        self._root = root.rstrip("/")

    def write(self, name: str, content: bytes) -> None:
        """Write an object."""
        self._system.pipe_file(self._path(name), content)

    def create(self, name: str, content: bytes) -> None:
        """Write an object where there is none."""
        self._system.pipe_file(self._path(name), content, mode="create")

    def read(self, name: str) -> bytes:
        """Return an object's content."""
        content: bytes = self._system.cat_file(self._path(name))
        return content

    def names(self, folder: str) -> list[str]:
        """Return the names of the objects of a folder, asked for anew."""
        return [f"{folder}/{name}" if folder else name for name in self._listed(folder, "file")]

    def folders(self) -> list[str]:
        """Return the names of the folders at the top."""
        return self._listed("", "directory")

    def modified(self, name: str) -> datetime:
        """Return when an object was last written."""
        at: datetime = self._system.modified(self._path(name))
        return at if at.tzinfo else at.replace(tzinfo=UTC)

    def delete(self, name: str) -> None:
        """Remove an object."""
        try:
            self._system.rm_file(self._path(name))
        except FileNotFoundError:
            return

    def rows(self, names: Sequence[str], columns: Sequence[pl.Expr], where: pl.Expr | None) -> pl.DataFrame:
        """Return columns of Parquet objects, of each only the columns that are asked for."""
        roots = [each.meta.root_names() for each in (*columns, *([] if where is None else [where]))]
        wanted = sorted({name for names_ in roots for name in names_}) if all(roots) else None  # `all` names none
        return pl.concat([self._columns(name, wanted, columns, where) for name in names])

    def _columns(
        self, name: str, wanted: list[str] | None, columns: Sequence[pl.Expr], where: pl.Expr | None
    ) -> pl.DataFrame:
        try:
            with self._system.open(self._path(name), "rb") as file:
                rows = pl.DataFrame(pl.from_arrow(pq.read_table(file, columns=wanted)))
        except pa.ArrowException as error:
            raise FeatureStoreUnavailable("offline store", f"{name} is no Parquet file: {error}") from error
        return (rows if where is None else rows.filter(where)).select(columns)

    def _listed(self, folder: str, kind: str) -> list[str]:
        self._system.invalidate_cache()
        try:
            found = self._system.ls(self._path(folder), detail=True)
        except FileNotFoundError:
            return []
        return sorted(each["name"].rstrip("/").rpartition("/")[2] for each in found if each["type"] == kind)

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}" if name else self._root


def parquet(rows: pl.DataFrame) -> bytes:
    """Return rows as the content of a Parquet file."""
    content = io.BytesIO()
    rows.write_parquet(content, compression="zstd", compression_level=1)
    return content.getvalue()


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
