"""Everything that influxdb-client and urllib3 raise, in our words.

What decides is whether the readings themselves are to blame. Only then is it `RefusedReadings`, which sets them
aside; whatever the server, the way to it or the settings do wrong is `StoreUnavailable` (with `StoreRefused` for what
somebody must change), so that good readings wait instead of being thrown out.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from influxdb_client.client.exceptions import InfluxDBError
from influxdb_client.rest import ApiException
from urllib3 import exceptions as urllib3_errors

from features.domain.errors import ServiceError
from features.telemetry.errors import RefusedLines, StoreFault, StoreFull, StoreRefused, StoreUnavailable

_MISSING = re.compile(r"(database|retention policy|bucket|org\w*)\b.*\bnot found", re.IGNORECASE | re.DOTALL)
_NO_ROOM = re.compile(
    r"no space left|disk (is )?full|quota exceeded|max-series-per-database|max-values-per-tag", re.IGNORECASE
)
_LONGEST = 500
_WRONG_ADDRESS = (
    urllib3_errors.LocationValueError,
    urllib3_errors.ProxySchemeUnknown,
    urllib3_errors.ProxySchemeUnsupported,
    urllib3_errors.ProxyError,
)
_DATA = frozenset({400, 422})
_TOOK_NOTHING = frozenset({401, 403, 404, 429, 503})
_WAIT = frozenset({408, 425, 429})


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Turn every exception of the vendor that the block raises into one of ours.

    Args:
        doing: What we were doing: "writing", "reading" or "preparing"; a refusal means the readings only when
            they were being written.
    """
    try:
        yield
    except (InfluxDBError, urllib3_errors.HTTPError, urllib3_errors.HTTPWarning, OSError, *_WRONG_ADDRESS) as error:
        raise ours(error, doing) from error


def ours(error: Exception, doing: str) -> ServiceError:
    """Return our error for one of the vendor's."""
    if isinstance(error, ApiException):
        return _of_answer(error, doing)
    if isinstance(error, InfluxDBError):
        return StoreUnavailable(f"InfluxDB failed while {doing}: {_short(error.message)}")
    if isinstance(error, urllib3_errors.HTTPWarning):
        return StoreFault(f"a warning of urllib3 while {doing}: {_kind(error)}")
    if isinstance(error, _WRONG_ADDRESS):
        return StoreRefused(f"the address of InfluxDB, or that of its proxy, cannot be used ({_kind(error)})")
    if isinstance(error, (urllib3_errors.TimeoutError, TimeoutError)):
        return StoreUnavailable(f"InfluxDB did not answer in time while {doing} ({_kind(error)})")
    if isinstance(error, urllib3_errors.DecodeError):
        return StoreUnavailable(f"what InfluxDB answered while {doing} cannot be unpacked ({_kind(error)})")
    return StoreUnavailable(f"the connection to InfluxDB failed while {doing} ({_kind(error)}: {_short(str(error))})")


def of_statement(message: str) -> ServiceError:
    """Return our error for one that came inside an answer which was otherwise fine."""
    if _MISSING.search(message):
        return StoreRefused(f"InfluxDB has no such place: {_short(message)}; make it, or correct the settings")
    if _NO_ROOM.search(message):
        return StoreFull(_short(message))
    return StoreUnavailable(f"InfluxDB did not answer the question: {_short(message)}")


def lines_named(error: BaseException | None) -> list[int]:
    """Return the numbers, from 1, of the lines that an answer of 3.x refuses by number."""
    document = _document(error.body) if isinstance(error, ApiException) else None
    data = document.get("data") if isinstance(document, dict) else None
    entries = data if isinstance(data, list) else [data]
    numbers = (entry.get("line_number") for entry in entries if isinstance(entry, dict))
    return [number for number in numbers if isinstance(number, int)]


def took_nothing(error: BaseException) -> bool:
    """Say whether one of our errors tells for certain that the server took nothing of the request behind it."""
    cause = error.__cause__
    return isinstance(cause, urllib3_errors.NewConnectionError) or (
        isinstance(cause, ApiException) and cause.status in _TOOK_NOTHING
    )


def _of_answer(error: ApiException, doing: str) -> ServiceError:
    status = error.status if isinstance(error.status, int) else 0
    message = _message(error)
    said = f"InfluxDB answered {status} while {doing}: {message}"
    if status == 507 or _NO_ROOM.search(message):
        return StoreFull(said)
    if status in {401, 403}:
        return StoreRefused(f"{said}; check its token or user, and what these may do")
    if status == 404 or _MISSING.search(message):
        return StoreRefused(f"{said}; check its database or bucket, organisation and address")
    if status in _WAIT or status >= 500:
        return StoreUnavailable(said, _wait(error))
    if status in _DATA and doing == "writing" and isinstance(_document(error.body), dict):
        return RefusedLines(said)  # InfluxDB's own words; a proxy's bare 400 says nothing about the readings
    if status == 0:
        return StoreUnavailable(f"the connection to InfluxDB failed while {doing} ({message})")
    return StoreRefused(said)


def _message(error: ApiException) -> str:
    """Return what the server says in words: 1.x and 3.x call it `error`, 2.x `message`."""
    document = _document(error.body)
    if isinstance(document, dict):
        said = document.get("message") or document.get("error")
        data = document.get("data")
        details = [entry.get("error_message") for entry in data if isinstance(entry, dict)] if data else []
        return _short("; ".join(str(part) for part in (said, *details[:3]) if part))
    return _short(error.body.decode("utf-8", "replace") if isinstance(error.body, bytes) else str(error.reason))


def _document(body: object) -> object:
    if not isinstance(body, (bytes, str)):
        return None
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _wait(error: ApiException) -> float | None:
    """Return the seconds in `Retry-After`, which is a number or a date (RFC 9110, 10.2.3)."""
    told = str(error.retry_after or "")
    try:
        return max(0.0, float(told)) if told.isdecimal() else _until(parsedate_to_datetime(told))
    except ValueError:
        return None


def _until(moment: datetime) -> float:
    zoned = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (zoned - datetime.now(UTC)).total_seconds())


def _kind(error: Exception) -> str:
    return type(error).__name__


def _short(text: object) -> str:
    words = " ".join(str(text).split())
    return words if len(words) <= _LONGEST else words[:_LONGEST] + "…"
