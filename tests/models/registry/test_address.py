from pathlib import Path

import pytest

from features.domain.errors import InvalidValue
from features.domain.home import Home
from models.registry.address import check_tracking_url, tracking_of

HOME = Home(Path("var"))


def test_runs_are_kept_in_the_data_folder_unless_a_server_is_named() -> None:
    assert tracking_of(HOME).url == HOME.tracking_url
    assert not tracking_of(HOME).is_server
    shared = tracking_of(HOME, "https://mlflow.example:8443/team")
    assert (shared.url, shared.is_server) == ("https://mlflow.example:8443/team", True)


@pytest.mark.parametrize("url", ["http://localhost:5000", "https://mlflow.example/team", "http://[::1]:5000"])
def test_address_of_a_server_is_taken(url: str) -> None:
    check_tracking_url(url)


@pytest.mark.parametrize(
    "url", ["", "localhost:5000", "sqlite:///mlflow.db", "http://", "http://host:port", "http://host:0", "/var/mlflow"]
)
def test_what_is_no_address_of_a_server_is_refused(url: str) -> None:
    with pytest.raises(InvalidValue, match="must begin with http:// or https://"):
        check_tracking_url(url)


def test_password_in_the_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(InvalidValue, match="name no user and no password") as told:
        check_tracking_url("https://me:secret-word@mlflow.example")
    assert "secret-word" not in str(told.value)
