"""The names that may become part of a question; everything else is a bound parameter.

InfluxQL cannot bind a measurement, a field, a database or a retention policy. Those come from the pack and the
settings, or, for a signal that no pack claims yet, from whoever sent it; so they are checked here and quoted here,
and nowhere else.
"""

import re
from collections.abc import Iterable

from features.telemetry.errors import RefusedReadings
from features.telemetry.line_protocol.layout import REVISION_SUFFIX, VERDICT_SUFFIX

ASSET_TAG = "asset_id"
TENANT_TAG = "tenant"

_QUOTABLE = re.compile(r"[^\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\"'\\$;]{1,128}")
_TAKEN = frozenset({"time", "_time", ASSET_TAG, TENANT_TAG, "asset", "name", "tags", "_field", "_measurement"})


def quoted(name: str) -> str:
    """Return a checked name as InfluxQL writes it.

    Raises:
        RefusedReadings: If the name would not stay one name between its quotes.

    Examples:
        >>> quoted("bearing_temperature")
        '"bearing_temperature"'
    """
    if not _QUOTABLE.fullmatch(name):
        raise RefusedReadings(
            "a name in InfluxDB",
            must="be 1 to 128 characters without quotes, backslash, dollar, semicolon and control characters",
            found=name[:200],
            remedy="Rename it at the source or in the pack.",
        )
    return f'"{name}"'


def checked_signals(signals: Iterable[str]) -> list[str]:
    """Return signals that can be fields.

    Raises:
        RefusedReadings: If one cannot be quoted, or is called like a tag, the time or a companion field.
    """
    checked = list(signals)
    for signal in checked:
        quoted(signal)
        if signal in _TAKEN or signal.startswith("iox::") or signal.endswith((REVISION_SUFFIX, VERDICT_SUFFIX)):
            raise RefusedReadings(
                "a signal in InfluxDB",
                must=f"not be called like a tag or the time, nor end with {REVISION_SUFFIX} or {VERDICT_SUFFIX}",
                found=signal,
                remedy="Rename it at the source or in the pack.",
            )
    return checked


def checked_tags(values: Iterable[str], what: str) -> None:
    """Check tenants or assets, which become values of tags: line protocol cannot carry every text there.

    Raises:
        RefusedReadings: If one is empty or has a backslash or a control character.
    """
    for value in values:
        if not value or "\\" in value or any(character < " " for character in value):
            raise RefusedReadings(
                what,
                must="have a character, and neither backslash nor control character, to be a tag in InfluxDB",
                found=value[:200],
                remedy="Rename it at the source, or map it on the way in.",
            )
