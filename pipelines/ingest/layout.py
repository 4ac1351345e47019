"""What lies in a bring-your-own folder: which file is what, and which are left alone."""

from dataclasses import dataclass
from pathlib import Path

from pipelines.ingest.errors import NoTelemetry

_SUFFIXES = frozenset({".csv", ".parquet"})
_TABLES = ("telemetry", "events", "assets", "labels")


@dataclass(frozen=True, slots=True)
class FolderLayout:
    """The files of a folder, each list sorted by name.

    Attributes:
        notes: One line for each thing in the folder that is not read.
    """

    folder: Path
    telemetry: tuple[Path, ...]
    events: tuple[Path, ...]
    assets: tuple[Path, ...]
    labels: tuple[Path, ...]
    notes: tuple[str, ...]

    def source(self, path: Path) -> str:
        """Return the name under which a file's set-aside rows are kept: its path within the folder."""
        return path.relative_to(self.folder).as_posix()


def lay_out(folder: Path) -> FolderLayout:
    """Look at a folder without opening a file.

    Raises:
        NoTelemetry: If there is no such folder or no telemetry in it.
    """
    if not folder.is_dir():
        raise NoTelemetry(folder)
    found: dict[str, list[Path]] = {table: [] for table in _TABLES}
    notes: list[str] = []
    for path in sorted(folder.iterdir()):
        if path.is_dir() and path.name == "telemetry":
            inside = sorted(path.iterdir())
            found["telemetry"] += [each for each in inside if _is_table(each)]
            notes += [
                f"telemetry/{each.name} is ignored: not a CSV or Parquet file" for each in inside if not _is_table(each)
            ]
        elif _is_table(path) and path.stem in found:
            found[path.stem].append(path)
        else:
            notes.append(_note(path))
    if not found["telemetry"]:
        raise NoTelemetry(folder)
    tables = {table: tuple(paths) for table, paths in found.items()}
    return FolderLayout(folder, **tables, notes=tuple(notes))


def _is_table(path: Path) -> bool:
    return path.is_file() and path.suffix.lower() in _SUFFIXES


def _note(path: Path) -> str:
    if path.is_dir() and path.name == "truth":
        return "truth/ is ignored: answers are never read as data"
    if path.stem == "waveforms":
        return f"{path.name} is ignored: waveforms are not read yet"
    return f"{path.name}{'/' if path.is_dir() else ''} is ignored: not a file that this folder is known for"
