"""The smallest terms of a pack's files: identifiers, names, numbers and ranges, each with its rule in words.

A rule that fails raises `pydantic_core.PydanticCustomError` of type `rule`, whose context carries `must` and
`remedy`; `features.packs.explanation` turns it into a finding.
"""

import re
from collections.abc import Callable
from enum import StrEnum
from itertools import pairwise
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from features.domain.signals import SignalRole

RESERVED = frozenset({"asset", "asset_id", "tenant", "time", "life", "revision", "quality"}) | set(SignalRole)
"""Words that tables, stores and symptoms use for other things, so that no signal may have them as its id."""

_IDENTIFIER = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?")
_ISO14224 = re.compile(r"([A-Z]{3}|[1-6]\.[0-9]{1,2})(/([A-Z]{3}|[1-6]\.[0-9]{1,2}))*")

_T = TypeVar("_T")


def rule(holds: Callable[[_T], bool], must: str, remedy: str) -> AfterValidator:
    """Make a validator of a rule and of the words that a finding about it will use."""

    def check(value: _T) -> _T:
        if not holds(value):
            raise PydanticCustomError("rule", "must {must}", {"must": must, "remedy": remedy})
        return value

    return AfterValidator(check)


def _is_ascending(values: list[float]) -> bool:
    # Six digits, because names of features and columns carry windows and horizons in that form.
    return all(float(f"{first:g}") < float(f"{second:g}") for first, second in pairwise(values))


class Entry(BaseModel):
    """What every mapping in a pack's files shares: no unknown keys, no guessing of types, no change."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
Identifier = Annotated[
    str,
    StringConstraints(max_length=64),
    rule(
        lambda text: _IDENTIFIER.fullmatch(text) is not None,
        "be lower-case letters, digits and single underscores, with a letter first",
        "Rename it, for example bearing_temperature.",
    ),
]
SignalName = Annotated[
    Identifier,
    rule(lambda text: text not in RESERVED, "be no reserved word", "Rename it; tables use this word themselves."),
]
Version = Annotated[
    str,
    StringConstraints(max_length=64),
    rule(
        lambda text: _VERSION.fullmatch(text) is not None,
        "be a semantic version: major.minor.patch",
        "Write for example 1.0.0.",
    ),
]
Iso14224 = Annotated[
    str,
    StringConstraints(max_length=40),
    rule(
        lambda text: _ISO14224.fullmatch(text) is not None,
        "be codes of ISO 14224: a failure mode of three letters, a mechanism such as 2.4, or both with a slash",
        "Write for example VIB, or VIB/2.4.",
    ),
]

# Larger than any quantity of engineering, and far from where floating-point arithmetic ends.
_LARGEST = 1e15
Number = Annotated[float, Field(ge=-_LARGEST, le=_LARGEST)]
Positive = Annotated[float, Field(gt=0, le=_LARGEST)]
NotNegative = Annotated[float, Field(ge=0, le=_LARGEST)]
Share = Annotated[float, Field(gt=0, le=1)]
Span = Annotated[
    list[Number],
    Field(min_length=2, max_length=2),
    rule(
        lambda pair: pair[0] < pair[1],
        "be [lowest, highest] with the lowest below the highest",
        "Exchange the two, or widen the range.",
    ),
]
Ascending = Annotated[
    list[Positive],
    Field(min_length=1, max_length=20),
    rule(_is_ascending, "ascend, each number once to six digits", "Sort the list and remove repetitions."),
]

_Word = TypeVar("_Word", bound=StrEnum)
Word = Annotated[_Word, Field(strict=False)]
"""A word of a fixed vocabulary, which YAML can only give as text."""


class NamesEntry(Entry):
    """A name or a sentence in the two languages of the product."""

    en: Text
    zh: Text
