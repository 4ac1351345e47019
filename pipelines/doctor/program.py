"""Looks at the program: Python, the versions of what it stands on, its settings, and vendors that report home."""

import importlib.metadata
import os
import platform
import sqlite3
import sys
from collections.abc import Callable, Iterable, Mapping

from packaging.requirements import Requirement

from features.domain.errors import ServiceError
from features.domain.reports import REPORTS_OFF
from pipelines.doctor.findings import Finding, Level

PROJECT = "millwright"
_SOUND_SQLITE = (3, 51, 3)
_NEGATIONS = {"", "0", "false", "no", "off"}
_QUIET_WHEN_FALSE = frozenset({"FEAST_USAGE", "RAY_USAGE_STATS_ENABLED"})


def python_version(found: tuple[int, ...] = sys.version_info[:3]) -> Finding:
    """Look at the interpreter."""
    words = f"Python {'.'.join(map(str, found))} on {platform.system()} {platform.machine()}"
    if found[:2] == (3, 11):
        return Finding("python", Level.OK, words)
    return Finding(
        "python", Level.FAILED, words, "Millwright runs on Python 3.11: make setup PYTHON=/path/to/python3.11"
    )


def database_version(found: tuple[int, ...] = sqlite3.sqlite_version_info) -> Finding:
    """Look at the SQLite library under the stores of one machine."""
    words = f"SQLite {'.'.join(map(str, found))}"
    if found >= _SOUND_SQLITE:
        return Finding("sqlite", Level.OK, words)
    return Finding(
        "sqlite",
        Level.NOTE,
        f"{words} can, very rarely, damage a log that two programs write at once (SQLite, WAL reset)",
        "Use SQLite 3.51.3 or later where your system has it; the spool is not concerned.",
    )


def package_versions(
    requirements: Iterable[str] | None = None, version_of: Callable[[str], str] = importlib.metadata.version
) -> list[Finding]:
    """Compare what is installed with what `pyproject.toml` allows.

    Args:
        requirements: Requirements as in the project's metadata; by default the project's own.
        version_of: Returns the version of an installed package.
    """
    try:
        wanted = list(importlib.metadata.requires(PROJECT) or ()) if requirements is None else list(requirements)
    except importlib.metadata.PackageNotFoundError:
        return [Finding("versions", Level.WARNING, f"{PROJECT} itself is not installed here", "Run make setup.")]
    parsed = [Requirement(each) for each in wanted]
    asked = [each for each in parsed if each.marker is None or each.marker.evaluate()]
    faults = [found for each in asked if (found := _fault(each, version_of)) is not None]
    return faults or [Finding("versions", Level.OK, f"{len(asked)} packages lie within their ranges")]


def vendor_reports(environment: Mapping[str, str] | None = None) -> Finding:
    """Look whether any vendor was told to report home; our own entry points tell all of them not to."""
    known = os.environ if environment is None else environment
    loud = sorted(name for name in REPORTS_OFF if name in known and not _is_quiet(name, known[name]))
    if not loud:
        return Finding("vendor_reports", Level.OK, "vendors' own telemetry is off in every process that we start")
    return Finding(
        "vendor_reports",
        Level.WARNING,
        f"set to report home in this environment: {', '.join(loud)}",
        "Our commands override it; remove the variable, or other programs of this environment will report.",
    )


def settings_are_sound(read: Mapping[str, Callable[[], object]]) -> list[Finding]:
    """Read the settings of each part and tell what is wrong with them.

    Args:
        read: Reads the settings of a part, by the part's name.
    """
    return [_settings(part, each) for part, each in read.items()]


def _settings(part: str, read: Callable[[], object]) -> Finding:
    try:
        read()
    except ServiceError as error:
        return Finding(f"settings_{part}", Level.FAILED, str(error), "Correct the variable; the README lists them all.")
    return Finding(f"settings_{part}", Level.OK, "every variable is known and keeps its rule")


def _fault(wanted: Requirement, version_of: Callable[[str], str]) -> Finding | None:
    remedy = "Run make setup, which installs the set of constraints.txt."
    try:
        found = version_of(wanted.name)
    except importlib.metadata.PackageNotFoundError:
        return Finding("versions", Level.FAILED, f"{wanted.name} is not installed", remedy)
    if wanted.specifier.contains(found, prereleases=True):
        return None
    return Finding("versions", Level.WARNING, f"{wanted.name} is {found}; {wanted.specifier} was tried", remedy)


def _is_quiet(name: str, value: str) -> bool:
    says_no = value.strip().lower() in _NEGATIONS
    return says_no if name in _QUIET_WHEN_FALSE else not says_no
