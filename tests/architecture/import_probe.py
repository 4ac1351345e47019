"""Import modules one after the other and print, as JSON, what that did beyond importing.

Run in a fresh interpreter: `python -m tests.architecture.import_probe ROOT MODULE ...`. Watched are files opened for
writing, folders made, files removed, sockets connected or bound, processes started (audit events), and reads of
environment variables. An effect counts as ours when, going outwards from where it happened, a file of ours comes
before the import machinery does: what a vendor does while it is being imported is the vendor's affair.
"""

import importlib
import json
import os
import sys
from pathlib import Path
from types import FrameType
from typing import Any

WATCHED = frozenset(
    {
        "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.putenv", "os.unsetenv", "os.system", "os.exec",
        "os.posix_spawn", "socket.connect", "socket.bind", "socket.getaddrinfo", "subprocess.Popen",
        "shutil.rmtree", "sqlite3.connect", "tempfile.mkstemp", "tempfile.mkdtemp",
    }
)  # fmt: skip
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC


def main(root: Path, modules: list[str]) -> None:
    """Import every module under watch and print the effects of our own code."""
    effects: list[str] = []
    watch(root, effects)
    for module in modules:
        importlib.import_module(module)
    found = sorted(set(effects))
    effects = []
    sys.stdout.write(json.dumps(found) + "\n")


def watch(root: Path, effects: list[str]) -> None:
    """Write down every effect of code below `root` from now on."""
    prefix = str(root) + os.sep
    foreign = prefix + ".venv" + os.sep

    def note(what: str, *, through_vendors: bool) -> None:
        where = _ours(sys._getframe(2), prefix, foreign, through_vendors)
        if where is not None:
            effects.append(f"{where}: {what}")

    def hook(event: str, arguments: tuple[Any, ...]) -> None:  # Any: an audit hook gets whatever the event carries
        if event in WATCHED or (event == "open" and _is_writing(arguments)):
            note(f"{event} {arguments[0]!r}", through_vendors=True)

    read = os._Environ.__getitem__

    def reading(environment: "os._Environ[str]", name: str) -> str:
        note(f"environment {name}", through_vendors=False)
        return read(environment, name)

    os._Environ.__getitem__ = reading  # type: ignore[method-assign, assignment]  # the only place every read passes
    sys.addaudithook(hook)


def _is_writing(arguments: tuple[Any, ...]) -> bool:
    mode, flags = arguments[1], arguments[2]
    return any(each in mode for each in "wax+") if isinstance(mode, str) else bool(flags & WRITING)


def _ours(frame: FrameType | None, prefix: str, foreign: str, through_vendors: bool) -> str | None:
    while frame is not None:
        name = frame.f_code.co_filename
        if name.startswith("<frozen importlib"):
            return None
        if name.startswith(prefix) and not name.startswith(foreign) and Path(name) != Path(__file__):
            return f"{name.removeprefix(prefix)}:{frame.f_lineno}"
        if not through_vendors and "site-packages" in name:
            return None
        frame = frame.f_back
    return None


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), sys.argv[2:])
