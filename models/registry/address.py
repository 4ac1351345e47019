"""Where runs and registered models are kept: in the data folder, or at an MLflow server that a team shares."""

from urllib.parse import urlsplit

from features.domain.errors import InvalidValue
from features.domain.home import Home
from models.registry.tracking import Tracking


def tracking_of(home: Home, url: str | None = None) -> Tracking:
    """Return the MLflow store of an installation; nothing is made or asked.

    Args:
        home: Its data folder.
        url: Address of a server; None for a database in the data folder.

    Examples:
        >>> from pathlib import Path
        >>> tracking_of(Home(Path("var")), "http://localhost:5000").is_server
        True
    """
    return Tracking(home.tracking_url if url is None else url, home.artefacts)


def check_tracking_url(url: str) -> None:
    """Refuse what is no address of an MLflow server; of what may be a password nothing is repeated.

    Raises:
        InvalidValue: If it is none.
    """
    if "@" in url:  # first, and wherever it stands: a password may hold what ends a host
        must, found = "name no user and no password", "an address with an @"
    elif not _names_host(url):
        must, found = "begin with http:// or https:// and name a host", _start(url)
    else:
        return
    raise InvalidValue(
        "the address of the MLflow server",
        must=must,
        found=found,
        remedy="Write for example http://localhost:5000; MLflow's own MLFLOW_TRACKING_USERNAME and "
        "MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN, say who asks.",
    )


def _names_host(url: str) -> bool:
    try:
        parts = urlsplit(url)
        is_whole = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a bracket or a port that is none
        return False
    return is_whole and not any(each.isspace() for each in url)


def _start(url: str) -> str:
    """Say how an address begins, without anything of it that only its owner may know."""
    scheme = url.partition("://")[0].lower()
    if scheme in {"http", "https"}:
        return f"{scheme}:// and then no host, a space, or a port that is none"
    return "an address that begins otherwise" if url else "nothing"
