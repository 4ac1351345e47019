"""Strict JSON: what a bundle's documents are read with and written as.

A document has exactly the keys expected of it, none twice; a number is a finite number, and null stands for
"not a number" only where a row of values is read.
"""

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NoReturn

from edge_export.bundle.errors import BundleCorrupt


@dataclass(frozen=True, slots=True)
class Fields:
    """The keys of one JSON object, read with their types checked.

    Attributes:
        what: Name of the document, for messages.
        values: The object.
    """

    what: str
    values: dict[str, object]

    def has(self, key: str) -> bool:
        """Say whether there is such a key; where a document may be of an older form."""
        return key in self.values

    def text(self, key: str) -> str:
        """Return a string."""
        value = self.values[key]
        return value if isinstance(value, str) else self.refuse(key, "be text", value)

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of strings."""
        values = self._list(key, self.values[key])
        return tuple(Fields(f"{self.what}: {key}", {"entry": each}).text("entry") for each in values)

    def flag(self, key: str) -> bool:
        """Return true or false."""
        value = self.values[key]
        return value if isinstance(value, bool) else self.refuse(key, "be true or false", value)

    def integer(self, key: str) -> int:
        """Return a whole number."""
        value = self.values[key]
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        return self.refuse(key, "be a whole number", value)

    def number(self, key: str) -> float:
        """Return a finite number."""
        return self._number(key, self.values[key])

    def numbers(self, key: str) -> tuple[float, ...]:
        """Return a list of finite numbers."""
        return tuple(self._number(key, each) for each in self._list(key, self.values[key]))

    def row(self, key: str) -> tuple[float, ...]:
        """Return a list of numbers in which null reads as NaN."""
        return self._row(key, self.values[key])

    def rows(self, key: str) -> tuple[tuple[float, ...], ...]:
        """Return a list of equally long lists of numbers in which null reads as NaN."""
        rows = tuple(self._row(key, each) for each in self._list(key, self.values[key]))
        if len({len(row) for row in rows}) > 1:
            self.refuse(key, "hold rows of one length", sorted({len(row) for row in rows}))
        return rows

    def objects(self, key: str, keys: Iterable[str]) -> tuple["Fields", ...]:
        """Return a list of objects, each with exactly these keys."""
        wanted = frozenset(keys)
        return tuple(self._object(key, each, wanted) for each in self._list(key, self.values[key]))

    def integers(self, key: str) -> tuple[int, ...]:
        """Return a list of whole numbers."""
        values = self._list(key, self.values[key])
        return tuple(Fields(f"{self.what}: {key}", {"entry": each}).integer("entry") for each in values)

    def table(self, key: str) -> tuple[tuple[float, ...], ...]:
        """Return equally long lists of finite numbers."""
        rows = tuple(
            tuple(self._number(key, each) for each in self._list(key, row)) for row in self._list(key, self.values[key])
        )
        if len({len(row) for row in rows}) > 1:
            self.refuse(key, "hold rows of one length", sorted({len(row) for row in rows}))
        return rows

    def one_object(self, key: str, keys: Iterable[str]) -> "Fields":
        """Return an object with exactly these keys."""
        return self._object(key, self.values[key], frozenset(keys))

    def optional_object(self, key: str, keys: Iterable[str], optional: Iterable[str] = ()) -> "Fields | None":
        """Return an object with exactly these keys and perhaps those that are optional, or None for null."""
        value = self.values[key]
        given = frozenset(optional) & frozenset(value) if isinstance(value, dict) else frozenset[str]()
        return None if value is None else self._object(key, value, frozenset(keys) | given)

    def refuse(self, key: str, must: str, found: object) -> NoReturn:
        """Say that a key breaks its rule.

        Raises:
            BundleCorrupt: Always.
        """
        raise BundleCorrupt(f"{self.what}: {key} must {must}; found {_short(found)}. Export the bundle again.")

    def _number(self, key: str, value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.refuse(key, "be a number", value)
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        return number if math.isfinite(number) else self.refuse(key, "be finite", value)

    def _list(self, key: str, value: object) -> list[object]:
        return value if isinstance(value, list) else self.refuse(key, "be a list", value)

    def _row(self, key: str, value: object) -> tuple[float, ...]:
        return tuple(math.nan if each is None else self._number(key, each) for each in self._list(key, value))

    def _object(self, key: str, value: object, keys: frozenset[str]) -> "Fields":
        if not isinstance(value, dict):
            self.refuse(key, "be an object", value)
        return _with_keys(f"{self.what}: {key}", value, keys)


def read_document(
    data: bytes, what: str, keys: Iterable[str], older: Iterable[str] = (), optional: Iterable[str] = ()
) -> Fields:
    """Read one JSON object with exactly the given keys and perhaps optional ones, or exactly those of its older form.

    Raises:
        BundleCorrupt: If it is not JSON, not an object, or has another set of keys.
    """
    try:
        document = json.loads(data, object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise BundleCorrupt(f"{what} must be strict JSON; found: {error}. Export the bundle again.") from error
    if not isinstance(document, dict):
        raise BundleCorrupt(f"{what} must be a JSON object; found {_short(document)}. Export the bundle again.")
    is_older = frozenset(older) == set(document)
    given = frozenset(optional) & frozenset(document)
    return Fields(what, document) if is_older else _with_keys(what, document, frozenset(keys) | given)


def write_document(document: dict[str, object]) -> bytes:
    """Write the canonical form: sorted keys, no spaces, shortest exact numbers, one line.

    Examples:
        >>> write_document({"b": 1.5, "a": None}).decode().rstrip()
        '{"a":null,"b":1.5}'
    """
    return (json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False) + "\n").encode()


def nullable(values: Iterable[float]) -> list[float | None]:
    """Return values with null in the place of what is not a number, as JSON wants them."""
    return [None if math.isnan(value) else value for value in values]


def _with_keys(what: str, document: dict[str, object], keys: frozenset[str]) -> Fields:
    missing, unknown = sorted(keys - set(document)), sorted(set(document) - keys)
    if missing or unknown:
        raise BundleCorrupt(
            f"{what} must have exactly the keys {', '.join(sorted(keys))}; "
            f"missing: {', '.join(missing) or 'none'}; unknown: {_short(', '.join(unknown) or 'none')}. "
            "Export the bundle again with this version."
        )
    return Fields(what, document)


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise ValueError("a key appears twice in one object")
    return document


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _short(found: object) -> str:
    text = repr(found)
    return text if len(text) <= 120 else text[:117] + "..."
