from pathlib import Path

import pytest

from serving.errors import InvalidSettings
from serving.settings import PREFIX, Settings, read_settings


def test_defaults_listen_on_this_machine_alone() -> None:
    settings = Settings()
    assert (settings.host, settings.port, settings.home) == ("127.0.0.1", 3000, Path("var"))
    assert settings.secret is None


def test_home_is_named_for_the_service_or_for_the_whole_product(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MILLWRIGHT_HOME", "/data/all")
    assert read_settings().home == Path("/data/all")
    monkeypatch.setenv(f"{PREFIX}HOME", "/data/serving")
    assert read_settings().home == Path("/data/serving")


@pytest.mark.parametrize("name", ["PACK", "TENANT"])
def test_pack_and_tenant_are_named_for_the_service_or_for_the_whole_product(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(f"MILLWRIGHT_{name}", "mixers")
    assert getattr(read_settings(), name.lower()) == "mixers"
    monkeypatch.setenv(f"{PREFIX}{name}", "served")
    assert getattr(read_settings(), name.lower()) == "served"


def test_the_users_own_home_folder_is_not_the_data_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/somebody")
    monkeypatch.setenv("PORT", "1")
    assert (read_settings().home, read_settings().port) == (Path("var"), 3000)


def test_unknown_variable_is_refused_with_a_guess(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"{PREFIX}PROT", "3001")
    with pytest.raises(InvalidSettings, match=f"Did you mean {PREFIX}PORT"):
        read_settings()


def test_variable_that_resembles_none_gets_the_list() -> None:
    with pytest.raises(InvalidSettings, match=f"Known are .*{PREFIX}HOME"):
        read_settings({f"{PREFIX}ZZZZZZZZZZ": "1"})


@pytest.mark.parametrize(
    ("name", "value"),
    [("PORT", "70000"), ("PORT", "x"), ("TENANT", "not ok!"), ("TIME_ZONE", "Mars/Base"), ("LANGUAGE", "fr")],
)
def test_value_that_breaks_its_rule_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"{PREFIX}{name}", value)
    with pytest.raises(InvalidSettings, match=f"{PREFIX}{name}"):
        read_settings()


def test_secret_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"{PREFIX}SECRET", "hunter2hunter2")
    assert "hunter2" not in repr(read_settings())


@pytest.mark.parametrize("variable", ["MILLWRIGHT_FEATURES_URL", f"{PREFIX}FEATURES_URL"])
def test_redis_of_the_features_is_named_with_its_password_and_does_not_tell_it(
    monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    assert read_settings().online_url is None
    monkeypatch.setenv(variable, "rediss://:s3cret@redis.plant:6380/1")
    settings = read_settings()
    assert settings.online_url == "rediss://:s3cret@redis.plant:6380/1"
    assert "s3cret" not in repr(settings)


def test_address_that_is_no_redis_is_refused_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MILLWRIGHT_FEATURES_URL", "http://:s3cret@redis.plant")
    with pytest.raises(InvalidSettings, match="redis://") as refused:
        read_settings()
    assert "s3cret" not in str(refused.value)


def test_variable_without_the_name_of_its_part_is_refused_unless_every_part_reads_it() -> None:
    with pytest.raises(InvalidSettings, match=f"no part reads. Did you mean {PREFIX}PORT"):
        read_settings({"MILLWRIGHT_PORT": "1"})
    read_settings({"MILLWRIGHT_RETENTION_DAYS": "1", "MILLWRIGHT_DATA": "x", "PORT": "1"})
