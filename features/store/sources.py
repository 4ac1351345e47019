"""Where the rows of a Feast source lie: a set of parts of ours, or Parquet files that somebody else has written."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import polars as pl
from feast.data_source import DataSource
from feast.infra.offline_stores.file_source import FileSource

from features.store.errors import FeatureRowsMissing, FeatureStoreRefused
from features.store.joining import Rows
from features.store.rows import OfflineRows, Snapshot

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PlainRows:
    """Parquet files that nobody writes while they are read.

    Attributes:
        path: A file, or a folder of them.
    """

    path: str

    def read(self, columns: Sequence[str | pl.Expr] | None = None, where: pl.Expr | None = None) -> pl.DataFrame:
        """Return columns of the rows that a condition holds for."""
        folder = Path(self.path)
        rows = pl.scan_parquet(folder / "**/*.parquet" if folder.is_dir() else self.path)
        return (rows if where is None else rows.filter(where)).select(columns or [pl.all()]).collect()


def reading(source: DataSource | None, read: Callable[[Rows], T]) -> T:
    """Read from the rows of a source, which may be written and tidied meanwhile.

    Args:
        source: As Feast has it.
        read: Called with the rows, again if they were tidied away while it read.

    Raises:
        FeatureStoreRefused: If the source is no file, folder or URL.
        FeatureRowsMissing: If nothing was ever written there.
    """
    path = source_path(source)
    if path.endswith(".parquet"):
        return read(PlainRows(path))
    rows = OfflineRows.at(path)
    if "://" not in path and rows.commit().number == 0 and any(Path(path).glob("**/*.parquet")):
        return read(PlainRows(path))

    def read_parts(snapshot: Snapshot) -> T:
        if not snapshot.parts:
            raise FeatureRowsMissing(source.name if source else path)
        return read(snapshot)

    return rows.reading(read_parts)


def source_path(source: DataSource | None) -> str:
    """Return where a source lies.

    Raises:
        FeatureStoreRefused: If it is no file, folder or URL.
    """
    if not isinstance(source, FileSource):
        raise FeatureStoreRefused(f"A feature view must lie in Parquet files; found {type(source).__name__}.")
    return str(source.path)
