"""Which online store an installation has: SQLite in its data folder, or the Redis that its settings name."""

from pathlib import Path

from features.domain.home import Home
from features.store.online_vectors import OnlineVectors
from features.store.vectors import VectorStore
from features.store.vectors_sqlite import SqliteVectorStore
from features.transforms.specification import FeatureSpecification


def open_online(home: Path, specification: FeatureSpecification, url: str | None = None) -> OnlineVectors:
    """Open the online vectors of an installation for one specification, without Feast.

    Args:
        home: The data folder.
        specification: Whose vectors.
        url: Address of the Redis; None means SQLite in the data folder.

    Raises:
        InvalidValue: If the address cannot be right. Whether the store answers is asked when it is first used.
    """
    return OnlineVectors.of(open_vectors(vectors_path(home), url), specification)


def open_vectors(path: Path, url: str | None = None) -> VectorStore:
    """Open the store itself.

    Args:
        path: The file, where it is SQLite.
        url: Address of the Redis; None means SQLite.

    Raises:
        InvalidValue: If the address cannot be right.
    """
    if url is None:
        return SqliteVectorStore(path)
    from features.store.vectors_redis import RedisVectorStore  # lazy: only where there is a Redis

    return RedisVectorStore(url)


def vectors_path(home: Path) -> Path:
    """Return where the SQLite store of a data folder lies."""
    return Home(home.resolve()).online
