"""Reading one YAML file of a pack: safely, with the line of every key, and with nothing passed over in silence.

What is read is YAML 1.2 in its core schema: `true` and `false` are the only truth values (Norway's `no` stays
a word), `1e6` is a number, and a date is text. Refused are tags, merge keys, two documents in one file, a key
given twice (PyYAML would keep the last one and say nothing) and aliases that unfold into very much.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import yaml

from features.packs.findings import KeyPath, PackFinding, key_text, printable

LARGEST_BYTES = 256 * 1024
"""A pack is written by people; a larger file is not one."""

MOST_ALIASES = 16
DEEPEST_NESTING = 12
MOST_VALUES = 20_000

_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_WHOLE = re.compile(r"[-+]?[0-9]+")
_LONGEST_NUMBER = 40


@dataclass(frozen=True, slots=True)
class Document:
    """A YAML file as plain data, with the lines on which its values stand.

    Attributes:
        file: Path of the file, as it is to be shown.
        data: What it says: dict, list, str, int, float, bool or None.
        lines: Line of every value by its key path; for a value in a mapping, the line of its key.
        findings: What was wrong with it as YAML.
    """

    file: str
    data: object
    lines: dict[KeyPath, int] = field(default_factory=dict)
    findings: tuple[PackFinding, ...] = ()

    def line_of(self, path: KeyPath) -> int | None:
        """Return the line of a key, or of the nearest thing around it that has one."""
        for length in range(len(path), -1, -1):
            if path[:length] in self.lines:
                return self.lines[path[:length]]
        return None

    def finding(self, path: KeyPath, must: str, found: str, remedy: str) -> PackFinding:
        """Make a finding about one key of this file."""
        return PackFinding(self.file, self.line_of(path), key_text(path), must, found, remedy)


def read_document(path: Path) -> Document:
    """Read one file of a pack.

    Whatever is wrong with it becomes a finding of the document; its data is then None, or what could be read.
    """
    try:
        text = _text(path)
        node = PackLoader(text).get_single_node()
    except _Refusal as refusal:
        return _refused(path, refusal.line, refusal.must, refusal.found, refusal.remedy)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        why = printable(" ".join(part for part in (error.context, error.problem) if part))
        return _refused(path, mark and mark.line + 1, "be well-formed YAML", why, "Correct the syntax near that line.")
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        why = printable(str(error).replace("\n", " "))
        return _refused(path, None, "be well-formed YAML", why, "Remove what is not plain text.")
    if node is None:
        return _refused(path, None, "say something", "an empty file", "Write the pack; copy a shipped one to begin.")
    return _Reading(str(path)).document(node)


class _Refusal(Exception):
    """The file is refused as a whole; caught within this module."""

    def __init__(self, line: int | None, must: str, found: str, remedy: str) -> None:
        super().__init__(must)
        self.line, self.must, self.found, self.remedy = line, must, found, remedy


class PackLoader(yaml.SafeLoader):  # type: ignore[misc]  # PyYAML carries no types
    """A safe loader that resolves the YAML 1.2 core schema only and limits nesting and aliases."""

    # SafeLoader's own table would turn `no`, `12:30` and dates into something else than text.
    yaml_implicit_resolvers: ClassVar[dict[str, list[tuple[str, re.Pattern[str]]]]] = {}

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self._aliases = 0
        self._depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Compose one node, counting how deep it lies and how many aliases came before it."""
        event = self.peek_event()
        line = event.start_mark.line + 1
        self._aliases += isinstance(event, yaml.AliasEvent)
        if self._aliases > MOST_ALIASES:
            found = f"more than {MOST_ALIASES}"
            raise _Refusal(line, f"hold at most {MOST_ALIASES} aliases (*name)", found, "Write the values out.")
        if self._depth >= DEEPEST_NESTING:
            found = f"more than {DEEPEST_NESTING} levels"
            raise _Refusal(line, f"nest at most {DEEPEST_NESTING} levels", found, "Compare a shipped pack.")
        self._depth += 1
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node


_TAG = "tag:yaml.org,2002:"
for _tag, _pattern, _first in (
    ("bool", re.compile(r"^(true|True|TRUE|false|False|FALSE)$"), "tTfF"),
    ("null", re.compile(r"^(~|null|Null|NULL|)$"), ["~", "n", "N", ""]),
    ("float", re.compile(rf"^({_NUMBER.pattern})$"), "-+0123456789."),
):
    PackLoader.add_implicit_resolver(_TAG + _tag, _pattern, list(_first))


class _Reading:
    """One walk over the node tree of a file, which gathers data, lines and findings."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._lines: dict[KeyPath, int] = {}
        self._findings: list[PackFinding] = []
        self._values = 0

    def document(self, root: yaml.Node) -> Document:
        """Walk over the tree and return what it says."""
        try:
            data = self._value(root, ())
        except _Refusal as refusal:
            data = None
            self._add(refusal.line, (), refusal.must, refusal.found, refusal.remedy)
        return Document(self._file, data, self._lines, tuple(self._findings))

    def _value(self, node: yaml.Node, path: KeyPath) -> object:
        self._values += 1
        self._lines.setdefault(path, node.start_mark.line + 1)
        if self._values > MOST_VALUES or len(path) > DEEPEST_NESTING:
            found = "far more once its aliases are unfolded"
            raise _Refusal(None, f"hold at most {MOST_VALUES} values", found, "Write the values out.")
        if isinstance(node, yaml.MappingNode) and node.tag == _TAG + "map":
            return {key: self._value(child, (*path, key)) for key, child in self._entries(node, path)}
        if isinstance(node, yaml.SequenceNode) and node.tag == _TAG + "seq":
            return [self._value(child, (*path, place)) for place, child in enumerate(node.value)]
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, path)
        self._unknown_tag(node, path)
        return None

    def _entries(self, node: yaml.MappingNode, path: KeyPath) -> Iterator[tuple[str, yaml.Node]]:
        seen: dict[str, int] = {}
        for key_node, child in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                self._add(line, path, "have words for keys", "a list or mapping as a key", "Use a word.")
            elif key_node.value in seen:
                found = f"it on line {seen[key_node.value]} and again here"
                self._add(line, (*path, key_node.value), "be given once", found, "Remove or rename one of the two.")
            else:
                seen[key_node.value] = self._lines[*path, key_node.value] = line
                yield key_node.value, child

    def _scalar(self, node: yaml.ScalarNode, path: KeyPath) -> object:
        text: str = node.value
        kind = node.tag.removeprefix(_TAG)
        if kind == "str":
            return self._text(node, path)
        if kind == "null":
            return None
        if kind == "bool":
            return text.lower() == "true"
        if kind == "float" and _NUMBER.fullmatch(text) and len(text) <= _LONGEST_NUMBER:
            return (
                int(text)
                if _WHOLE.fullmatch(text)
                else float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
            )
        if kind == "float":
            must = f"be a number of at most {_LONGEST_NUMBER} characters"
            self._add(node.start_mark.line + 1, path, must, printable(text), "Shorten it.")
            return None
        self._unknown_tag(node, path)
        return None

    def _text(self, node: yaml.ScalarNode, path: KeyPath) -> str | None:
        text: str = node.value
        # Categories C…: control, format (invisible, or turning the direction of writing), surrogate, unassigned.
        if any(unicodedata.category(character)[0] == "C" and character not in "\n\t" for character in text):
            line = node.start_mark.line + 1
            self._add(line, path, "hold printable characters only", printable(repr(text)), "Remove the others.")
            return None
        return text

    def _unknown_tag(self, node: yaml.Node, path: KeyPath) -> None:
        must = "be plain text, a number, true, false, a list or a mapping"
        self._add(node.start_mark.line + 1, path, must, f"the tag {printable(node.tag)}", "Remove the tag.")

    def _add(self, line: int | None, path: KeyPath, must: str, found: str, remedy: str) -> None:
        self._findings.append(PackFinding(self._file, line, key_text(path), must, found, remedy))


def _text(path: Path) -> str:
    try:
        if not path.is_file():
            found = "a folder or a special file" if path.exists() else "no such file"
            raise _Refusal(None, "be a file", found, f"Write {path.name} into the folder of the pack.")
        with path.open("rb") as stream:
            raw = stream.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise _Refusal(None, "be readable", error.strerror or "an error", "Check the file's permissions.") from error
    if len(raw) > LARGEST_BYTES:
        must = f"be at most {LARGEST_BYTES // 1024} KiB"
        raise _Refusal(None, must, f"more (at least {len(raw)} bytes)", "Keep measurements out of the pack.")
    return _decoded(raw)


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        found = f"byte 0x{raw[error.start]:02x} at offset {error.start}"
        raise _Refusal(line, "be UTF-8 text", found, "Save the file as UTF-8.") from error


def _refused(path: Path, line: int | None, must: str, found: str, remedy: str) -> Document:
    return Document(str(path), None, {}, (PackFinding(str(path), line, "", must, found, remedy),))
