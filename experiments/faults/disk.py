"""A disk on which what was not synced may be missing: crash states that follow from a trace.

The model is the one of POSIX, not of a kind file system. What a sync covered is there. Of everything written since,
each sector may be there or not, whatever became of its neighbours, and later writes may have come before earlier ones;
a file may be shorter than what was written to it; and a name that came or went since the folder was last synced may
have come or gone, or not. Bytes beside a write are not harmed by it (SQLite's "powersafe overwrite").
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

from experiments.faults.trace import Event, FolderSynced, Linked, Marked, Synced, Truncated, Unlinked, Wrote

SECTOR_BYTES = 512
_KEPT = (0.0, 0.02, 0.2, 0.5, 0.8, 0.98, 1.0)
"""How much of what was not synced persists in one file of one state; chance picks one."""

Change = Wrote | Truncated
NameChange = Linked | Unlinked


@dataclass(slots=True)
class _File:
    durable: bytearray = field(default_factory=bytearray)
    pending: list[tuple[int, Change]] = field(default_factory=list)

    def sync(self, since: int) -> None:
        for place, change in self.pending:
            if place < since:
                _apply(self.durable, change)
        self.pending = [each for each in self.pending if each[0] >= since]


@dataclass(slots=True)
class Disk:
    """What is durable and what is not, after a part of a trace."""

    _files: dict[int, _File] = field(default_factory=dict)
    _names: dict[str, int] = field(default_factory=dict)
    _pending: list[tuple[int, NameChange]] = field(default_factory=list)

    def take(self, place: int, event: Event) -> None:
        """Go on by one event of the trace, which stands at `place` in it."""
        match event:
            case Wrote() | Truncated():
                self._files[event.inode].pending.append((place, event))
            case Synced():
                self._files[event.inode].sync(event.since)
            case Linked():
                self._files[event.inode] = _File()
                self._pending.append((place, event))
            case Unlinked():
                self._pending.append((place, event))
            case FolderSynced():
                self._sync_names(event.since)
            case Marked():
                pass

    def unsynced(self) -> int:
        """Return how many changes are not durable yet."""
        return len(self._pending) + sum(len(each.pending) for each in self._files.values())

    def after_crash(self, random: Random) -> dict[str, bytes]:
        """Return one state that power loss may leave: the content of every file by its name."""
        names = dict(self._names)
        kept = random.choice(_KEPT)
        for _, change in self._pending:
            if random.random() < kept:
                _rename(names, change)
        return {name: _crashed(self._files[inode], random) for name, inode in names.items()}

    def intact(self) -> dict[str, bytes]:
        """Return the files as the program saw them: every change is there."""
        names = dict(self._names)
        for _, change in self._pending:
            _rename(names, change)
        return {name: _complete(self._files[inode]) for name, inode in names.items()}

    def _sync_names(self, since: int) -> None:
        for place, change in self._pending:
            if place < since:
                _rename(self._names, change)
        self._pending = [each for each in self._pending if each[0] >= since]


def _crashed(file: _File, random: Random) -> bytes:
    kept = random.choice(_KEPT)
    pieces = [piece for _, change in file.pending for piece in _pieces(change) if random.random() < kept]
    if random.random() < 0.3:
        random.shuffle(pieces)
    content = bytearray(file.durable)
    for piece in pieces:
        _apply(content, piece)
    if len(content) > len(file.durable) and random.random() < 0.2:
        del content[random.randint(len(file.durable), len(content)) :]
    return bytes(content)


def _complete(file: _File) -> bytes:
    content = bytearray(file.durable)
    for _, change in file.pending:
        _apply(content, change)
    return bytes(content)


def _pieces(change: Change) -> Iterator[Change]:
    """Cut a write where sectors end, since each of them persists for itself."""
    if isinstance(change, Truncated):
        yield change
        return
    start, content = change.offset, change.content
    while content:
        room = SECTOR_BYTES - start % SECTOR_BYTES
        yield Wrote(change.inode, start, content[:room])
        start, content = start + room, content[room:]


def _apply(content: bytearray, change: Change) -> None:
    if isinstance(change, Truncated):
        if len(content) > change.size:
            del content[change.size :]
        else:
            content.extend(bytes(change.size - len(content)))
        return
    if len(content) < change.offset:
        content.extend(bytes(change.offset - len(content)))
    content[change.offset : change.offset + len(change.content)] = change.content


def _rename(names: dict[str, int], change: NameChange) -> None:
    if isinstance(change, Linked):
        names[change.name] = change.inode
    else:
        names.pop(change.name, None)
