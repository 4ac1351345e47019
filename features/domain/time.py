"""Time at the border: always with a zone, inside always UTC. And life counts that have no date."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from features.domain.errors import InvalidValue, NaiveTime

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""Where a life count begins when data has no dates: time = EPOCH + life × 1 s, never shown as a date."""


def utc(moment: datetime) -> datetime:
    """Return the same moment in UTC.

    Raises:
        NaiveTime: If the moment has no zone.
        InvalidValue: If it lies outside of the years 1 to 9999 in UTC.
    """
    if moment.tzinfo is None:
        raise _naive(moment.isoformat())
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise InvalidValue(
            "time",
            must="lie in the years 1 to 9999 in UTC",
            found=moment.isoformat(),
            remedy="Correct the date or its zone.",
        ) from error


def parse_time(text: str) -> datetime:
    """Read an RFC 3339 time with its zone and return it in UTC.

    Raises:
        NaiveTime: If the zone is missing.
        InvalidValue: If the text is no time, or one outside of the years 1 to 9999 in UTC.

    Examples:
        >>> parse_time("2026-03-01T08:00:00+08:00").isoformat()
        '2026-03-01T00:00:00+00:00'
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidValue(
            "time",
            must="be an RFC 3339 time such as 2026-03-01T08:00:00Z",
            found=text,
            remedy="Write date, time and zone.",
        ) from error
    if moment.tzinfo is None:
        raise _naive(text)
    return utc(moment)


def format_time(moment: datetime) -> str:
    """Write a moment as RFC 3339 in UTC with the shortest fraction.

    Examples:
        >>> format_time(EPOCH)
        '1970-01-01T00:00:00Z'
    """
    return utc(moment).isoformat().replace("+00:00", "Z")


def time_of_life(life: float) -> datetime:
    """Return the stand-in time of a bare life count (cycles, starts, parts)."""
    return EPOCH + timedelta(seconds=life)


def life_of_time(moment: datetime) -> float:
    """Return the life count behind a stand-in time; the inverse of `time_of_life`."""
    return (utc(moment) - EPOCH).total_seconds()


def microseconds(moment: datetime) -> int:
    """Return whole microseconds since EPOCH: the integer form of a time in every store.

    Examples:
        >>> microseconds(datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC))
        1000000
    """
    return (utc(moment) - EPOCH) // timedelta(microseconds=1)


def from_microseconds(count: int) -> datetime:
    """Return the time that lies so many microseconds after EPOCH."""
    return EPOCH + timedelta(microseconds=count)


def day_in_zone(moment: datetime, zone: str) -> date:
    """Return the day on which a moment falls for people who live by a zone's clock.

    Args:
        moment: Any moment with its zone.
        zone: IANA name of the zone, such as Europe/Berlin.

    Raises:
        NaiveTime: If the moment has no zone.
        InvalidValue: If there is no zone of that name.

    Examples:
        >>> day_in_zone(parse_time("2026-03-01T23:30:00Z"), "Europe/Berlin").isoformat()
        '2026-03-02'
    """
    return utc(moment).astimezone(_zone(zone)).date()


def day_span(day: date, zone: str) -> tuple[datetime, datetime]:
    """Return when a day begins (inside) and ends (outside) by a zone's clock, in UTC; 23 to 25 hours lie between.

    Raises:
        InvalidValue: If there is no zone of that name.

    Examples:
        >>> start, end = day_span(date(2026, 3, 29), "Europe/Berlin")
        >>> end - start
        datetime.timedelta(seconds=82800)
    """
    clock = _zone(zone)
    start, end = (datetime.combine(each, time(), clock) for each in (day, day + timedelta(days=1)))
    return start.astimezone(UTC), end.astimezone(UTC)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InvalidValue(
            "time_zone",
            must="be a zone of the IANA database such as Europe/Berlin",
            found=name,
            remedy="Correct its spelling, or leave it out for UTC.",
        ) from error


def _naive(found: str) -> NaiveTime:
    return NaiveTime(
        "time",
        must="carry its zone",
        found=found,
        remedy="Append Z for UTC or an offset such as +08:00.",
    )
