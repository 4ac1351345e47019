"""Fetches NASA's files: from the first address that gives all twelve of them, each checked before any is kept."""

import hashlib
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from experiments.cmapss.archive import MOST_ARCHIVE_BYTES, read_wanted
from experiments.cmapss.published import PublishedFile
from experiments.cmapss.reader import read_answers, read_engines
from experiments.errors import ArchiveRefused, DataSetUnusable, DownloadFailed, OutputUnwritable, TransferFailed
from experiments.transfer import Tell, fetch_file


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """One file that is as published.

    Attributes:
        checked: "sha256", or "shape" where the checksum of the original is not known.
    """

    name: str
    size_bytes: int
    sha256: str
    checked: str


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a fetch came to.

    Attributes:
        address: Where the files came from; None if they were all there already.
    """

    address: str | None
    files: tuple[CheckedFile, ...]


def fetch(
    out: Path,
    addresses: Sequence[str],
    published: Sequence[PublishedFile],
    client: httpx.Client,
    tell: Tell,
    say: Callable[[str], None],
) -> Fetched:
    """Bring all files into a folder, unless they are there already.

    Args:
        out: The folder; made where it is missing. Files of the same names are replaced.
        addresses: Archives that hold the files, in the order in which they are tried.
        published: What the files must be.
        client: Of `experiments.transfer`.
        tell: Told of bytes.
        say: Told in words of an address that failed, where there is another.

    Returns:
        Where the files came from and how each was checked.

    Raises:
        DownloadFailed: If no address gave them all; nothing is kept then.
        OutputUnwritable: If the folder cannot be written to.
    """
    if (present := _present(out, published)) is not None:
        return Fetched(None, present)
    reasons = []
    with _unfinished(out) as folder:
        for left, address in zip(range(len(addresses))[::-1], addresses, strict=True):
            try:
                files = _fetch_from(address, folder, published, client, tell)
            except (TransferFailed, ArchiveRefused, DataSetUnusable) as error:
                reasons.append(f"{address}: {error}")
                if left:
                    say(f"{reasons[-1]} Trying the next address.")
                continue
            for file in files:
                (folder / file.name).replace(out / file.name)
            return Fetched(address, files)
    raise DownloadFailed(
        f"One of {len(addresses)} addresses must give all {len(published)} files; none did. {' | '.join(reasons)}"
    )


def check_file(path: Path, published: PublishedFile) -> CheckedFile:
    """Make sure that a file is the one that was published.

    Raises:
        DataSetUnusable: If its checksum differs or, where that is not known, its shape.
    """
    content = path.read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    if published.sha256 is None:
        _check_shape(path, published)
    elif sha256 != published.sha256:
        raise DataSetUnusable(
            f"{published.name} must have sha256 {published.sha256}; found {sha256}. It was altered on its way."
        )
    return CheckedFile(published.name, len(content), sha256, "shape" if published.sha256 is None else "sha256")


def _fetch_from(
    address: str, folder: Path, published: Sequence[PublishedFile], client: httpx.Client, tell: Tell
) -> tuple[CheckedFile, ...]:
    archive = folder / "archive.zip"
    fetch_file(client, address, archive, MOST_ARCHIVE_BYTES, tell)
    contents = read_wanted(archive, frozenset(file.name for file in published))
    archive.unlink()
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return tuple(check_file(folder / file.name, file) for file in published)


def _check_shape(path: Path, published: PublishedFile) -> None:
    if path.name.startswith("RUL_"):
        read_answers(path, published.engines)
    elif (found := len(read_engines(path))) != published.engines:
        raise DataSetUnusable(f"{path.name} must hold {published.engines} engines; found {found}.")


def _present(out: Path, published: Sequence[PublishedFile]) -> tuple[CheckedFile, ...] | None:
    try:
        return tuple(check_file(out / file.name, file) for file in published)
    except (OSError, DataSetUnusable):
        return None


@contextmanager
def _unfinished(out: Path) -> Iterator[Path]:
    """Provide a folder within `out` that is gone afterwards, and `out` with it if it was not there before."""
    made = not out.exists()
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".unfinished-", dir=out) as folder:
            yield Path(folder)
    except OSError as error:
        raise OutputUnwritable(f"{out} must be a folder to write to: {error}. Name another one with --out.") from error
    finally:
        if made and out.is_dir() and not any(out.iterdir()):
            out.rmdir()
