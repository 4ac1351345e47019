"""The languages of the pages: which one a reader gets, its messages, and how it writes numbers, times and spans."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from functools import cache
from pathlib import Path
from string import Formatter
from types import MappingProxyType
from typing import Any

from serving.errors import BrokenCatalogue

LANGUAGES = ("en", "zh")
NAMES = MappingProxyType({"en": "English", "zh": "中文"})
TAGS = MappingProxyType({"en": "en", "zh": "zh-Hans"})
COOKIE = "millwright_language"

_FOLDER = Path(__file__).parent / "messages"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_SPANS = (("seconds", 1, 120), ("minutes", 60, 120 * 60), ("hours", 3_600, 48 * 3_600))


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """Return the messages of a language by dotted key.

    Raises:
        BrokenCatalogue: If the file holds anything but tables of text.
    """
    with (_FOLDER / f"{language}.toml").open("rb") as file:
        return MappingProxyType(dict(_flat(tomllib.load(file), "")))


def placeholders(message: str) -> set[str]:
    """Return the names that a message wants filled in."""
    return {name for _, name, _, _ in Formatter().parse(message) if name}


def choose(asked: str | None, remembered: str | None, accepted: str | None, default: str) -> str:
    """Choose the language: as asked for, else as remembered, else as the browser prefers, else the default.

    Examples:
        >>> choose(None, None, "fr, zh-CN;q=0.8, en;q=0.5", "en")
        'zh'
        >>> choose("xx", "en", "zh", "zh")
        'en'
    """
    for wish in (asked, remembered, *_preferences(accepted or "")):
        known = (wish or "").lower().partition("-")[0]
        if known in LANGUAGES:
            return known
    return default


@dataclass(frozen=True, slots=True)
class Words:
    """One language at work: messages, numbers, times.

    Attributes:
        zone: In which times are shown.
        now: Against which ages are told.
    """

    language: str
    zone: tzinfo
    now: datetime

    @property
    def tag(self) -> str:
        """The language tag for the page (BCP 47)."""
        return TAGS[self.language]

    def __call__(self, key: str, **values: object) -> str:
        """Return a message, filled in. Where `count` or `days` is 1 and a form of its own exists, that form."""
        messages = catalogue(self.language)
        single = f"{key}_one"
        if 1 in (values.get("count"), values.get("days")) and single in messages:
            key = single
        return messages[key].format_map(values)

    def has(self, key: str) -> bool:
        """Say whether there is a message of that key."""
        return key in catalogue(self.language)

    def number(self, value: float) -> str:
        """Write a number with three significant digits or whole, thousands set apart.

        Examples:
            >>> [Words("en", None, None).number(each) for each in (1234.5, 12.345, 0.01234, 0)]
            ['1,234', '12.3', '0.0123', '0']
        """
        if abs(value) >= 100 or value == int(value):
            return f"{value:,.0f}"
        return f"{value:.1f}" if abs(value) >= 10 else f"{value:.3g}"

    def percent(self, probability: float) -> str:
        """Write a probability in whole per cent, never a certainty.

        Examples:
            >>> [Words("en", None, None).percent(each) for each in (0.004, 0.304, 0.996)]
            ['<1 %', '30 %', '>99 %']
        """
        gap = " " if self.language == "en" else ""
        if 0 < probability < 0.01:
            return f"<1{gap}%"
        if 0.99 < probability < 1:
            return f">99{gap}%"
        return f"{probability * 100:.0f}{gap}%"

    def date(self, moment: datetime) -> str:
        """Write a day in the zone of the pages."""
        day = moment.astimezone(self.zone)
        if self.language == "zh":
            return f"{day.year}年{day.month}月{day.day}日"
        return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"

    def time(self, moment: datetime) -> str:
        """Write a day and a time in the zone of the pages."""
        return f"{self.date(moment)} {moment.astimezone(self.zone):%H:%M}"

    def offset(self) -> str:
        """Write the zone as its distance from UTC."""
        text = f"{self.now.astimezone(self.zone):%z}"
        return "UTC" if text == "+0000" else f"UTC{text[:3]}:{text[3:]}"

    def span(self, length: timedelta) -> str:
        """Write a length of time in one unit, as people say it."""
        seconds = max(0.0, length.total_seconds())
        for name, size, below in _SPANS:
            if seconds < below:
                return self(f"age.{name}", count=int(seconds // size))
        return self("age.days", count=int(seconds // 86_400))

    def ago(self, moment: datetime) -> str:
        """Write how long ago a moment was."""
        length = self.now - moment
        return self("age.now") if length < timedelta(seconds=5) else self("age.ago", age=self.span(length))

    def ahead(self, moment: datetime) -> str:
        """Write how long it is until a moment."""
        return self("age.ahead", age=self.span(moment - self.now))


def _preferences(header: str) -> list[str]:
    """Return the languages of an Accept-Language header, most wanted first (RFC 9110, 12.5.4)."""
    wishes = []
    for place, part in enumerate(header[:500].split(",")):
        tag, _, weight = part.strip().partition(";q=")
        try:
            wishes.append((-float(weight or 1), place, tag.strip()))
        except ValueError:
            continue
    return [tag for weight, _, tag in sorted(wishes) if weight < 0]


def _flat(table: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, str]]:  # Any: TOML of whatever type
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        elif isinstance(value, str):
            yield f"{prefix}{key}", value
        else:
            raise BrokenCatalogue(f"Message {prefix}{key} must be text; found {value!r}. Write it in quotes.")
