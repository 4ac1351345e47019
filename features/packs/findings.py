"""A finding: one thing that is wrong with a pack, where it stands and what to do about it."""

from dataclasses import dataclass

KeyPath = tuple[str | int, ...]
"""Way to a value: keys of mappings and places in lists, for example ("signals", 3, "range")."""

_LONGEST_EXCERPT = 120


@dataclass(frozen=True, slots=True)
class PackFinding:
    """One thing that is wrong with a pack.

    Attributes:
        file: The file (or the folder, where a file is missing).
        line: The line in it, counted from 1, or None where no line is to blame.
        key: The key, for example "signals[3].range", or empty for the file as a whole.
        must: What must hold.
        found: What was found.
        remedy: What to do.

    Examples:
        >>> str(PackFinding("pump/pack.yaml", 7, "life.unit", "be hours", "'days'", "Count in hours."))
        "pump/pack.yaml:7: life.unit: must be hours; found 'days'; do: Count in hours."
    """

    file: str
    line: int | None
    key: str
    must: str
    found: str
    remedy: str

    def __str__(self) -> str:
        """Return the finding on one line, in the form that editors can jump to."""
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        key = f"{self.key}: " if self.key else ""
        return f"{place}: {key}must {self.must}; found {self.found}; do: {self.remedy}"


def key_text(path: KeyPath) -> str:
    """Write a key path the way people do.

    Examples:
        >>> key_text(("signals", 3, "range", 0))
        'signals[3].range[0]'
    """
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return printable(text.removeprefix("."))


def excerpt(value: object) -> str:
    """Return a short printable form of what was found.

    Examples:
        >>> excerpt({"low": 0, "high": 1})
        'a mapping with the keys low, high'
    """
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return printable("a mapping with the keys " + ", ".join(map(str, value)) if value else "an empty mapping")
    if isinstance(value, list):
        return f"a list of {len(value)}" if any(isinstance(item, dict | list) for item in value) else _cut(repr(value))
    return printable(repr(value))


def printable(text: str) -> str:
    """Return text on one line, cut to a bearable length, with everything that cannot be printed escaped."""
    shown = (character if character.isprintable() else ascii(character)[1:-1] for character in text)
    return _cut("".join(shown))


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_EXCERPT else text[: _LONGEST_EXCERPT - 1] + "…"
