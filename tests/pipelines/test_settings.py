from pathlib import Path

import pytest

from pipelines.errors import InvalidSettings
from pipelines.settings import PREFIX, Settings, read_settings


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"{PREFIX}{name.upper()}", raising=False)
    for name in ("HOME", "PACK", "TENANT"):
        monkeypatch.delenv(f"MILLWRIGHT_{name}", raising=False)


def test_defaults_hold_where_nothing_is_set() -> None:
    settings = read_settings({})
    assert (settings.home, settings.pack, settings.owner, settings.ray_workers) == (Path("var"), "pump", "local", 2)
    assert settings.folder.root == Path("var")


def test_one_variable_sets_the_home_of_every_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MILLWRIGHT_HOME", "/data/all")
    assert read_settings().home == Path("/data/all")
    monkeypatch.setenv(f"{PREFIX}HOME", "/data/pipelines")
    assert read_settings().home == Path("/data/pipelines")


@pytest.mark.parametrize("name", ["PACK", "TENANT"])
def test_one_variable_sets_the_pack_and_the_tenant_of_every_part(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(f"MILLWRIGHT_{name}", "mixers")
    assert getattr(read_settings(), name.lower()) == "mixers"
    given: dict[str, object] = {name.lower(): "given"}
    assert getattr(read_settings(None, **given), name.lower()) == "given"
    monkeypatch.setenv(f"{PREFIX}{name}", "pipelines")
    assert getattr(read_settings(), name.lower()) == "pipelines"


@pytest.mark.parametrize("variable", ["MILLWRIGHT_HOME", f"{PREFIX}HOME"])
def test_command_line_goes_before_the_environment(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, "/data/environment")
    monkeypatch.setenv(f"{PREFIX}RAY_WORKERS", "3")
    settings = read_settings(home=Path("/data/given"), ray_workers=5, pack=None)
    assert (settings.home, settings.ray_workers, settings.pack) == (Path("/data/given"), 5, "pump")
    assert read_settings().ray_workers == 3


@pytest.mark.parametrize(
    ("variable", "hint"),
    [(f"{PREFIX}RAY_WORKER", "RAY_WORKERS"), ("millwright_pipelines_tennant", "TENANT")],
)
def test_unknown_variable_is_refused_with_what_was_meant(variable: str, hint: str) -> None:
    with pytest.raises(InvalidSettings, match=f"Did you mean {PREFIX}{hint}") as refused:
        read_settings({variable: "1"})
    assert variable in str(refused.value)


def test_variable_like_nothing_known_is_answered_with_all_that_are() -> None:
    with pytest.raises(InvalidSettings, match=f"Known are .*{PREFIX}POLL_SECONDS"):
        read_settings({f"{PREFIX}ZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZ": "1"})


def test_variables_of_other_parts_are_none_of_ours() -> None:
    read_settings({"MILLWRIGHT_SERVING_PORT": "1", "MILLWRIGHT_HOME": "x", "PATH": "y"})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("ray_workers", 0),
        ("held_out_share", 1.0),
        ("poll_seconds", 0.0),
        ("lease_seconds", 1.0),
        ("tenant", "no spaces"),
        ("pack", ""),
        ("clock_tolerance_seconds", -1),
        ("mqtt_url", "http://broker"),
        ("mqtt_topics", "a/{asset}/{asset}"),
        ("mqtt_layout", "xml"),
        ("mqtt_client_id", ""),
    ],
)
def test_value_that_breaks_its_rule_is_refused_by_name(field: str, value: object) -> None:
    with pytest.raises(InvalidSettings, match=f"{PREFIX}{field.upper()}"):
        read_settings({}, **{field: value})


def test_bad_value_in_the_environment_is_refused_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"{PREFIX}RAY_WORKERS", "two")
    with pytest.raises(InvalidSettings, match="RAY_WORKERS"):
        read_settings()


def test_unknown_field_is_refused() -> None:
    with pytest.raises(InvalidSettings):
        read_settings({}, colour="red")


def test_every_field_says_what_it_is() -> None:
    assert all(field.description for field in Settings.model_fields.values())


def test_password_in_the_address_of_the_broker_is_refused_and_not_repeated() -> None:
    with pytest.raises(InvalidSettings, match="MQTT_URL") as refused:
        read_settings({}, mqtt_url="mqtt://me:s3cret@broker")
    assert "s3cret" not in str(refused.value)


def test_password_of_the_broker_is_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"{PREFIX}MQTT_PASSWORD", "s3cret")
    settings = read_settings(mqtt_url="mqtt://me@broker")
    assert "s3cret" not in repr(settings)
    assert settings.mqtt_password is not None
    assert settings.mqtt_password.get_secret_value() == "s3cret"


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
    with pytest.raises(InvalidSettings, match=f"no part reads. Did you mean {PREFIX}POLL_SECONDS"):
        read_settings({"MILLWRIGHT_POLL_SECONDS": "1"})
    read_settings({"MILLWRIGHT_TRACKING_URL": "1", "MILLWRIGHT_DATA": "x", "POLL_SECONDS": "1"})
