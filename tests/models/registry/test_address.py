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
    "url",
    [
        "",
        "localhost:5000",
        "sqlite:///mlflow.db",
        "http://",
        "http://host:port",
        "http://host:0",
        "/var/mlflow",
        "http://[::1",
        "http://local host:5000",
    ],
)
def test_what_is_no_address_of_a_server_is_refused(url: str) -> None:
    with pytest.raises(InvalidValue, match="must begin with http:// or https://"):
        check_tracking_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://me:secret-word@mlflow.example",
        "//user:secret-word@host:5000",
        "user_name:secret-word@host:5000",
        "secret-word@host:5000",
        "https://me:secret/-word@mlflow.example:port",
        "http://me:secret-word@[::1",
        "mysql://me:secret-word@host/mlflow",
    ],
)
def test_password_in_the_address_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(InvalidValue, match="name no user and no password") as told:
        check_tracking_url(url)
    assert "secret" not in str(told.value)
    assert "-word" not in str(told.value)


@pytest.mark.parametrize("url", ["secret-word", "secret-word:x", "host?token=secret-word", "http://?t=secret-word"])
def test_nothing_of_what_is_no_address_is_repeated(url: str) -> None:
    with pytest.raises(InvalidValue, match="must begin with http:// or https://") as told:
        check_tracking_url(url)
    assert "secret-word" not in str(told.value)
