"""Where the broker of MQTT is, and to which of its topics we listen. Standard library only: settings check these."""

from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from features.domain.errors import InvalidValue

_ASSET = "{asset}"


@dataclass(frozen=True, slots=True)
class Broker:
    """Where the broker is."""

    host: str
    port: int
    user: str | None
    is_encrypted: bool

    @classmethod
    def parse(cls, url: str) -> Self:
        """Read `mqtt://user@host:port`, or `mqtts` for TLS.

        Raises:
            InvalidValue: If it is none, or holds a password, which belongs into a setting of its own.

        Examples:
            >>> Broker.parse("mqtts://plant@[::1]")
            Broker(host='::1', port=8883, user='plant', is_encrypted=True)
        """
        try:
            parts = urlsplit(url)
            port, host = parts.port, parts.hostname
        except ValueError:
            parts, port, host = urlsplit(""), None, None
        if parts.scheme not in {"mqtt", "mqtts"} or not host or parts.password or parts.path.strip("/") or parts.query:
            raise InvalidValue(
                "the address of the broker",
                must="be mqtt://user@host:port or mqtts://user@host:port, without a password",
                found=url if not parts.password else "an address with a password",
                remedy="Put the password into mqtt_password.",
            )
        is_encrypted = parts.scheme == "mqtts"
        return cls(host, port or (8883 if is_encrypted else 1883), parts.username, is_encrypted)


@dataclass(frozen=True, slots=True)
class TopicPattern:
    """A topic filter with `{asset}` in place of one level.

    Attributes:
        filter: The filter as the broker knows it, with `+` in place of `{asset}`.
        place: The level that names the asset, from 0; None if none does.
    """

    filter: str
    place: int | None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a pattern.

        Raises:
            InvalidValue: If it is none.

        Examples:
            >>> TopicPattern.parse("plant/+/{asset}/telemetry")
            TopicPattern(filter='plant/+/+/telemetry', place=2)
        """
        levels = text.strip().split("/")
        is_sound = text.strip() and levels.count(_ASSET) <= 1 and levels[0] != "$share"
        for number, level in enumerate(levels):
            is_last = number == len(levels) - 1
            is_wild = level in {_ASSET, "+"} or (level == "#" and is_last)
            is_sound = is_sound and (is_wild or not set("+#{}\0") & set(level))
        if not is_sound:
            raise InvalidValue(
                "a topic pattern",
                must="be levels between slashes: names, +, {asset} at most once, and # at the end",
                found=text,
                remedy="Write it like plant/+/{asset}/telemetry.",
            )
        place = levels.index(_ASSET) if _ASSET in levels else None
        return cls("/".join("+" if level == _ASSET else level for level in levels), place)

    def matches(self, topic: str) -> bool:
        """Say whether a topic is one of these.

        Examples:
            >>> TopicPattern.parse("plant/{asset}/#").matches("plant/p-01")
            True
        """
        wanted, found = self.filter.split("/"), topic.split("/")
        if wanted[-1] == "#":
            wanted = wanted[:-1]
            if len(found) < len(wanted):
                return False
            found = found[: len(wanted)]
        return len(wanted) == len(found) and all(
            each in {"+", level} for each, level in zip(wanted, found, strict=True)
        )

    def asset(self, topic: str) -> str | None:
        """Return the level of a matching topic that names the asset; None if none does."""
        return None if self.place is None else topic.split("/")[self.place]


def topic_patterns(text: str) -> tuple[TopicPattern, ...]:
    """Read patterns that are separated by commas.

    Raises:
        InvalidValue: If one of them is none, or there is none.
    """
    return tuple(TopicPattern.parse(each) for each in text.split(","))
