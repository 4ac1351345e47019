"""A recorder between SQLite and its files: every real write, sync, cut, creation and deletion goes into a trace.

Python's sqlite3 module and ctypes reach one and the same shared library, so a VFS that is registered through ctypes
serves connections that Python opens. The recorder is a copy of the standard VFS in which a few methods first do what
the standard ones do and then note it; locks and shared memory are untouched. A folder is synced where SQLite's unix
VFS opens it to do so, which a hook in its table of system calls shows.
"""

import ctypes
import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from experiments.faults.errors import RecorderUnavailable
from experiments.faults.trace import FolderSynced, Linked, Synced, Trace, Truncated, Unlinked, Wrote

_OK = 0
_FOLLOWED = 0x00000100 | 0x00000800 | 0x00080000  # SQLITE_OPEN_MAIN_DB, _MAIN_JOURNAL, _WAL
_MAPS = Path("/proc/self/maps")

_P, _I, _L, _S = ctypes.c_void_p, ctypes.c_int, ctypes.c_int64, ctypes.c_char_p
_Close = ctypes.CFUNCTYPE(_I, _P)
_Write = ctypes.CFUNCTYPE(_I, _P, _P, _I, _L)
_Truncate = ctypes.CFUNCTYPE(_I, _P, _L)
_Sync = ctypes.CFUNCTYPE(_I, _P, _I)
_Open = ctypes.CFUNCTYPE(_I, _P, _P, _P, _I, _P)
_Delete = ctypes.CFUNCTYPE(_I, _P, _S, _I)
_SetCall = ctypes.CFUNCTYPE(_I, _P, _S, _P)
_GetCall = ctypes.CFUNCTYPE(_P, _P, _S)
_OpenFolder = ctypes.CFUNCTYPE(_I, _S, ctypes.POINTER(_I))


class _Methods(ctypes.Structure):
    """sqlite3_io_methods, version 3 (sqlite3.h)."""

    _fields_: ClassVar = [
        ("iVersion", _I),
        ("xClose", _P),
        ("xRead", _P),
        ("xWrite", _P),
        ("xTruncate", _P),
        ("xSync", _P),
        *((f"untouched{place}", _P) for place in range(13)),
    ]


class _Vfs(ctypes.Structure):
    """sqlite3_vfs, version 3 (sqlite3.h)."""

    _fields_: ClassVar = [
        ("iVersion", _I),
        ("szOsFile", _I),
        ("mxPathname", _I),
        ("pNext", _P),
        ("zName", _S),
        ("pAppData", _P),
        ("xOpen", _P),
        ("xDelete", _P),
        *((f"untouched{place}", _P) for place in range(11)),
        ("xSetSystemCall", _P),
        ("xGetSystemCall", _P),
        ("xNextSystemCall", _P),
    ]


def sqlite_library() -> ctypes.CDLL:
    """Return the shared SQLite library that Python's own module uses.

    Raises:
        RecorderUnavailable: If there is none: SQLite is part of the interpreter, or the platform is another one.
    """
    import sqlite3  # noqa: F401  # lazy: it is loaded so that the map below shows its library

    if not _MAPS.is_file():
        raise RecorderUnavailable(f"{_MAPS} must tell where libsqlite3 lies; this platform has no such file")
    lines = (line.split() for line in _MAPS.read_text(encoding="utf-8").splitlines())
    found = {parts[-1] for parts in lines if "/libsqlite3.so" in parts[-1]}
    if len(found) != 1:
        raise RecorderUnavailable(
            f"Python's sqlite3 must load one shared libsqlite3; found {len(found)} (it is probably built in)"
        )
    library = ctypes.CDLL(found.pop())
    library.sqlite3_vfs_find.restype = ctypes.POINTER(_Vfs)
    library.sqlite3_vfs_register.argtypes = [ctypes.POINTER(_Vfs), _I]
    return library


@contextmanager
def recording(trace: Trace) -> Iterator[None]:
    """Make every connection that is opened within the block leave its trace; close them all within it.

    Raises:
        RecorderUnavailable: If SQLite cannot be reached here, or something went past the recorder.
    """
    library = sqlite_library()
    real = library.sqlite3_vfs_find(None)
    recorder = _Recorder(real, trace)
    library.sqlite3_vfs_register(ctypes.byref(recorder.vfs), 1)
    try:
        with recorder.folder_hook():
            yield
    finally:
        library.sqlite3_vfs_unregister(ctypes.byref(recorder.vfs))
        library.sqlite3_vfs_register(real, 1)
    if recorder.failures:
        raise RecorderUnavailable(f"the recorder must see everything: {recorder.failures[0]}")


class _Recorder:
    """The copied VFS, and what it knows of open files."""

    def __init__(self, real: Any, trace: Trace) -> None:  # Any: a pointer of ctypes
        self.failures: list[str] = []
        self._real, self._trace = real, trace
        self._standard = real.contents
        self._inode_by_name: dict[str, int] = {}
        self._inode_by_file: dict[int, int] = {}
        self._methods: dict[int, _Methods] = {}
        self._inodes = itertools.count(1)
        self._folder_opened = threading.local()
        self._kept: list[object] = []  # callbacks live as long as the recorder
        self._real_open = _Open(self._standard.xOpen)
        self._real_delete = _Delete(self._standard.xDelete)
        self.vfs = _Vfs.from_buffer_copy(self._standard)
        self.vfs.iVersion = min(3, self._standard.iVersion)
        self.vfs.zName = b"recorder"
        self.vfs.xOpen = self._callback(_Open, self._open)
        self.vfs.xDelete = self._callback(_Delete, self._delete)

    @contextmanager
    def folder_hook(self) -> Iterator[None]:
        """Learn when SQLite opens a folder, which it does only to sync it."""
        name = b"openDirectory"
        replace, find = _SetCall(self._standard.xSetSystemCall), _GetCall(self._standard.xGetSystemCall)
        address = find(ctypes.addressof(self._standard), name)
        if not address:
            raise RecorderUnavailable("the standard VFS must tell when it syncs a folder; it has no openDirectory")
        real = _OpenFolder(address)

        def opened(path: bytes, descriptor: Any) -> int:  # Any: a pointer of ctypes
            self._folder_opened.since = self._trace.place()
            return int(real(path, descriptor))

        replace(ctypes.addressof(self._standard), name, self._callback(_OpenFolder, opened))
        try:
            yield
        finally:
            replace(ctypes.addressof(self._standard), name, address)

    def _callback(self, kind: Any, function: Any) -> int:  # Any: ctypes has no type for a kind of function
        def guarded(*arguments: Any) -> int:  # Any: whatever C hands over
            try:
                return int(function(*arguments))
            except Exception as error:  # noqa: BLE001  # an exception cannot pass through C; it is raised at the end
                self.failures.append(repr(error))
                return 10  # SQLITE_IOERR

        callback = kind(guarded)
        self._kept.append(callback)
        return int(ctypes.cast(callback, _P).value or 0)

    def _open(self, _: int, name: int | None, file: int, flags: int, out: int | None) -> int:
        followed = bool(name and flags & _FOLLOWED)
        path = Path(ctypes.string_at(name).decode()) if name and followed else None
        existed = path is not None and path.exists()
        result = int(self._real_open(ctypes.addressof(self._standard), name, file, flags, out))
        if path is not None and result == _OK:
            self._follow(path.name, existed, file)
        return result

    def _follow(self, name: str, existed: bool, file: int) -> None:
        if not existed:
            self._inode_by_name[name] = next(self._inodes)
            self._trace.append(Linked(name, self._inode_by_name[name]))
        self._inode_by_file[file] = self._inode_by_name[name]
        pointer = ctypes.cast(file, ctypes.POINTER(_P))
        pointer[0] = ctypes.addressof(self._recorded(int(pointer[0] or 0)))

    def _recorded(self, address: int) -> _Methods:
        """Return the table of methods that records, made once for each table of the standard VFS."""
        if address not in self._methods:
            real = _Methods.from_address(address)
            table = _Methods.from_buffer_copy(real)
            table.iVersion = min(3, real.iVersion)
            table.xClose = self._callback(_Close, self._closing(_Close(real.xClose)))
            table.xWrite = self._callback(_Write, self._writing(_Write(real.xWrite)))
            table.xTruncate = self._callback(_Truncate, self._truncating(_Truncate(real.xTruncate)))
            table.xSync = self._callback(_Sync, self._syncing(_Sync(real.xSync)))
            self._methods[address] = table
        return self._methods[address]

    def _closing(self, real: Any) -> Any:  # Any: functions of ctypes, here and below
        def close(file: int) -> int:
            self._inode_by_file.pop(file, None)
            return int(real(file))

        return close

    def _writing(self, real: Any) -> Any:
        def write(file: int, content: int, size: int, offset: int) -> int:
            result = int(real(file, content, size, offset))
            self._trace.append(Wrote(self._inode_by_file[file], offset, ctypes.string_at(content, size)))
            return result

        return write

    def _truncating(self, real: Any) -> Any:
        def truncate(file: int, size: int) -> int:
            result = int(real(file, size))
            self._trace.append(Truncated(self._inode_by_file[file], size))
            return result

        return truncate

    def _syncing(self, real: Any) -> Any:
        def sync(file: int, flags: int) -> int:
            since = self._trace.place()
            result = int(real(file, flags))
            if result == _OK:
                self._trace.append(Synced(self._inode_by_file[file], since))
                self._note_folder()
            return result

        return sync

    def _delete(self, _: int, name: bytes, sync_folder: int) -> int:
        result = int(self._real_delete(ctypes.addressof(self._standard), name, sync_folder))
        if result == _OK and self._inode_by_name.pop(Path(name.decode()).name, None) is not None:
            self._trace.append(Unlinked(Path(name.decode()).name))
            self._note_folder(self._trace.place())
        return result

    def _note_folder(self, since: int | None = None) -> None:
        """Note that the folder was synced if the standard method that just returned did so."""
        opened = getattr(self._folder_opened, "since", None)
        if opened is not None:
            self._trace.append(FolderSynced(since or opened))
            self._folder_opened.since = None
