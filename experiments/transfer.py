"""Fetches one file over HTTP: streamed to disk, no larger than allowed, whole or not at all."""

from collections.abc import Callable
from pathlib import Path

import httpx

from experiments.errors import TransferFailed

Tell = Callable[[int, int | None], None]
"""Told of bytes received and, where the server says so, bytes to come."""

_CHUNK_BYTES = 64 * 1024
_TIMEOUT = httpx.Timeout(60.0, connect=20.0)


def open_client() -> httpx.Client:
    """Return a client that follows redirects and gives up on a server that falls silent for a minute."""
    return httpx.Client(follow_redirects=True, timeout=_TIMEOUT, headers={"Accept-Encoding": "identity"})


def fetch_file(client: httpx.Client, address: str, to: Path, most_bytes: int, tell: Tell) -> None:
    """Fetch what lies at an address into a file.

    Args:
        client: From `open_client`.
        address: Where it lies; from an https address no redirect may lead to plain http.
        to: The file to write; on failure it is removed.
        most_bytes: More than that is refused, whatever the server announced.
        tell: Told of progress.

    Raises:
        TransferFailed: If the address does not answer with the whole file.
        OSError: If the file cannot be written.
    """
    try:
        with client.stream("GET", address) as response:
            _check(response, address, most_bytes)
            _receive(response, to, most_bytes, tell)
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
        to.unlink(missing_ok=True)
        raise TransferFailed(f"it must answer with the whole file; {_words(error)}") from error
    except BaseException:
        to.unlink(missing_ok=True)
        raise


def _check(response: httpx.Response, address: str, most_bytes: int) -> None:
    if response.status_code != httpx.codes.OK:
        raise TransferFailed(f"it must answer 200; found {response.status_code} {response.reason_phrase}")
    if httpx.URL(address).scheme == "https" and response.url.scheme != "https":
        raise TransferFailed(f"it must stay with https; it led to {response.url}")
    if (announced := _announced(response) or 0) > most_bytes:
        raise TransferFailed(f"it must give at most {most_bytes:,} bytes; it announced {announced:,}")


def _receive(response: httpx.Response, to: Path, most_bytes: int, tell: Tell) -> None:
    received, total = 0, _announced(response)
    with to.open("wb") as file:
        for chunk in response.iter_bytes(_CHUNK_BYTES):
            received += len(chunk)
            if received > most_bytes:
                raise TransferFailed(f"it must give at most {most_bytes:,} bytes; it gave more")
            file.write(chunk)
            tell(received, total)


def _announced(response: httpx.Response) -> int | None:
    text = response.headers.get("Content-Length", "")
    return int(text) if text.isdecimal() else None


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
