"""What belongs to a set of offline rows: one small file for each version of the list of its parts.

A version is a file `_commits/<number>.json` that is created whole or not at all, and only by one writer. It names every
part, so a reader who has read it sees all of a change or nothing of it. Parts are never changed once written.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime

from features.store.errors import FeatureStoreUnavailable
from features.store.files import Files

COMMITS = "_commits"  # whoever reads Parquet from a folder passes over names that begin so
_DIGITS = 16
_TRIES = 100


@dataclass(frozen=True, slots=True)
class Part:
    """One file of rows, sorted by asset, event time and created time.

    Attributes:
        name: Its file.
        tenant: Whose rows all of them are.
        slot: Name under which it may be written again, or "" for rows that were appended.
        rows: How many.
        first_asset: Smallest asset.
        last_asset: Largest asset.
        first_us: Earliest event time, microseconds since the epoch.
        last_us: Latest event time.
    """

    name: str
    tenant: str
    slot: str
    rows: int
    first_asset: str
    last_asset: str
    first_us: int
    last_us: int


@dataclass(frozen=True, slots=True)
class Commit:
    """One version of the list of parts, in the order in which they were written: of equal versions the later counts.

    Attributes:
        number: Of the version; 0 before the first.
        at: When it was made.
        parts: What belongs to it.
    """

    number: int
    at: datetime
    parts: tuple[Part, ...] = field(default=())

    def content(self) -> bytes:
        """Return the file's content."""
        told = {"number": self.number, "at": self.at.isoformat(), "parts": [asdict(part) for part in self.parts]}
        return json.dumps(told).encode()


Change = Callable[[Commit], Sequence[Part] | None]
"""From what is there to what shall be, or None where there is nothing to change any more."""


def latest(files: Files, before_any: datetime) -> Commit:
    """Return the newest version, or an empty one."""
    while True:
        names = files.names(COMMITS)
        whole = [name for name in names if name.endswith(".json")]
        if not whole:
            return Commit(0, before_any)
        try:
            return read_commit(files, whole[-1])
        except FileNotFoundError:
            continue  # swept away since, so there is a newer one


def read_commit(files: Files, name: str) -> Commit:
    """Return one version.

    Raises:
        FileNotFoundError: If it is not there.
        FeatureStoreUnavailable: If it is none of ours.
    """
    content = files.read(name)
    try:
        told = json.loads(content)
        parts = tuple(Part(**part) for part in told["parts"])
        return Commit(int(told["number"]), datetime.fromisoformat(told["at"]), parts)
    except (ValueError, KeyError, TypeError) as error:
        raise FeatureStoreUnavailable("offline store", f"{name} is no list of parts: {error!r}") from error


def commit(files: Files, at: datetime, change: Change) -> Commit:
    """Make the next version; when another writer was first, look again and make the one after.

    Raises:
        FeatureStoreUnavailable: If others are always first.
    """
    for _ in range(_TRIES):
        now = latest(files, at)
        parts = change(now)
        if parts is None:
            return now
        following = Commit(now.number + 1, max(at, now.at), tuple(parts))
        try:
            files.create(commit_name(following.number), following.content())
        except FileExistsError:
            continue
        return following
    raise FeatureStoreUnavailable("offline store", f"other writers were first {_TRIES} times. Try again")


def commit_name(number: int) -> str:
    """Return the file of a version; names sort as numbers do."""
    return f"{COMMITS}/{number:0{_DIGITS}d}.json"
