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
    """Refuse what is no address of an MLflow server; a password in it is not repeated.

    Raises:
        InvalidValue: If it is none.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or not _has_port(url):
        must, found = "begin with http:// or https:// and name a host", parts.scheme or url
    elif "@" in parts.netloc:
        must, found = "name no user and no password", "an address that does"
    else:
        return
    raise InvalidValue(
        "the address of the MLflow server",
        must=must,
        found=found,
        remedy="Write for example http://localhost:5000; MLflow's own MLFLOW_TRACKING_USERNAME and "
        "MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN, say who asks.",
    )


def _has_port(url: str) -> bool:
    try:
        return urlsplit(url).port != 0
    except ValueError:
        return False
