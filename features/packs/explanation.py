"""What pydantic says about a pack, in the words of a finding: what must hold, what was found, what to do."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from features.packs.findings import KeyPath, excerpt, key_text
from features.packs.schema import EVENT_MAPPING, EVENT_WORD


@dataclass(frozen=True, slots=True)
class Fault:
    """A finding that does not know yet in which file and on which line it stands."""

    path: KeyPath
    must: str
    found: str
    remedy: str


def explain(error: ValidationError, model: type[BaseModel]) -> Iterator[Fault]:
    """Turn everything that pydantic found wrong into faults.

    Args:
        error: What pydantic raised.
        model: The model that was asked for; its fields serve for "did you mean".
    """
    for detail in error.errors(include_url=False):
        path = tuple(part for part in detail["loc"] if part not in _NO_KEYS)
        must, remedy = _words(detail, path, model)
        found = "it is missing" if detail["type"] == "missing" else excerpt(detail["input"])
        yield Fault(path, must, found, remedy)


def suggestion(word: str, known: Iterator[str] | list[str], otherwise: str) -> str:
    """Ask "did you mean" for the closest known word, or say something else.

    Examples:
        >>> suggestion("sped", ["speed", "flow"], "Choose one.")
        'Did you mean speed?'
    """
    close = get_close_matches(word, list(known), n=1)
    return f"Did you mean {close[0]}?" if close else otherwise


def _words(detail: ErrorDetails, path: KeyPath, model: type[BaseModel]) -> tuple[str, str]:
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "rule":
        return context["must"], context["remedy"]
    if kind == "extra_forbidden":
        known = sorted(_fields_at(model, path[:-1]))
        return f"be one of {', '.join(known)}", suggestion(str(path[-1]), known, "Remove it.")
    if kind in {"enum", "literal_error"}:
        words = context["expected"].replace("'", "")
        return f"be {words}", suggestion(str(detail["input"]), words.replace(" or ", ", ").split(", "), "Choose one.")
    if kind in _TYPES:
        return _TYPES[kind]
    if kind in _LIMITS:
        pattern, remedy = _LIMITS[kind]
        return pattern.format(**context), remedy
    return f"hold: {detail['msg']}", f"Compare {key_text(path)} in a shipped pack."


_NO_KEYS = frozenset({"[key]", EVENT_WORD, EVENT_MAPPING})
"""Parts of pydantic's places that are no keys of the file."""

_TYPES: Mapping[str, tuple[str, str]] = {
    "missing": ("be given", "Add the key; copy it from a shipped pack to begin."),
    "string_type": ("be text", "Write text; put quotes around what looks like a number."),
    "float_type": ("be a number", "Write a number without quotes or unit."),
    "int_type": ("be a whole number", "Write a whole number without quotes."),
    "finite_number": ("be a finite number", "Write the largest value that can really occur."),
    "list_type": ("be a list", "Write [a, b], or one item a line after a dash."),
    "dict_type": ("be a mapping of keys to values", "Write key: value, one a line and indented."),
    "model_type": ("be a mapping of keys to values", "Write key: value, one a line and indented."),
}
_LIMITS: Mapping[str, tuple[str, str]] = {
    "greater_than": ("be greater than {gt:g}", "Enlarge it."),
    "greater_than_equal": ("be {ge:g} or more", "Enlarge it."),
    "less_than": ("be less than {lt:g}", "Lower it."),
    "less_than_equal": ("be {le:g} or less", "Lower it."),
    "too_short": ("have {min_length} or more entries", "Add what is missing."),
    "too_long": ("have {max_length} entries at most", "Remove what is too many."),
    "string_too_short": ("have {min_length} or more visible characters", "Write it out."),
    "string_too_long": ("have {max_length} characters at most", "Shorten it."),
}


def _fields_at(model: type[BaseModel], path: KeyPath) -> list[str]:
    """Return the keys that the mapping at a path may have."""
    for part in path:
        if isinstance(part, str) and part in model.model_fields:
            inner = _model_in(model.model_fields[part].annotation)
            if inner is None:
                return []
            model = inner
    return list(model.model_fields)


def _model_in(annotation: Any) -> type[BaseModel] | None:  # Any: annotations are whatever Python allows
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(_model_in, get_args(annotation))), None)
