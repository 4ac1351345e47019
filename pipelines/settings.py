"""Settings of the pipelines: read once, at start, from the environment."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from features.domain.environment import broken_settings, partless_variable, unknown_variable
from features.domain.home import Home
from features.domain.identifiers import TenantId, tenant_id
from features.store.address import check_offline_url, check_redis_url
from features.telemetry.influx.address import influx_server
from features.telemetry.influx.server import InfluxServer
from models.registry.address import check_tracking_url
from pipelines.errors import InvalidSettings
from pipelines.receiving.topics import Broker, topic_patterns
from pipelines.shards import Shard

PREFIX = "MILLWRIGHT_PIPELINES_"


class Settings(BaseSettings):
    """What can be set about the pipelines; every field is an environment variable `MILLWRIGHT_PIPELINES_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True, populate_by_name=True)

    home: Path = Field(
        Path("var"),
        validation_alias=AliasChoices(f"{PREFIX}HOME", "MILLWRIGHT_HOME"),
        description="Folder of all data; MILLWRIGHT_HOME sets it for every part of the product at once.",
    )
    pack: str = Field(
        "pump",
        min_length=1,
        validation_alias=AliasChoices(f"{PREFIX}PACK", "MILLWRIGHT_PACK"),
        description="Equipment pack: a shipped name, or a folder. MILLWRIGHT_PACK sets it for every part at once.",
    )
    tenant: str = Field(
        "local",
        validation_alias=AliasChoices(f"{PREFIX}TENANT", "MILLWRIGHT_TENANT"),
        description="Tenant whose data is worked on. MILLWRIGHT_TENANT sets it for every part at once.",
    )
    telemetry_url: str | None = Field(
        None,
        validation_alias=AliasChoices(f"{PREFIX}TELEMETRY_URL", "MILLWRIGHT_TELEMETRY_URL"),
        description="InfluxDB (1.x, 2.x or 3.x) with its database or bucket, such as http://localhost:8086/plant; "
        "unset means SQLite in the data folder. MILLWRIGHT_TELEMETRY_URL sets it for every part at once, and so on.",
    )
    telemetry_token: SecretStr | None = Field(
        None,
        validation_alias=AliasChoices(f"{PREFIX}TELEMETRY_TOKEN", "MILLWRIGHT_TELEMETRY_TOKEN"),
        description="API token of InfluxDB 2.x or 3.x.",
    )
    telemetry_org: str | None = Field(
        None,
        validation_alias=AliasChoices(f"{PREFIX}TELEMETRY_ORG", "MILLWRIGHT_TELEMETRY_ORG"),
        description="Organisation of InfluxDB 2.x.",
    )
    telemetry_username: str | None = Field(
        None,
        validation_alias=AliasChoices(f"{PREFIX}TELEMETRY_USERNAME", "MILLWRIGHT_TELEMETRY_USERNAME"),
        description="User of InfluxDB 1.x, where it asks for one.",
    )
    telemetry_password: SecretStr | None = Field(
        None,
        validation_alias=AliasChoices(f"{PREFIX}TELEMETRY_PASSWORD", "MILLWRIGHT_TELEMETRY_PASSWORD"),
        description="Password of that user.",
    )
    features_url: SecretStr | None = Field(
        None,
        validation_alias=AliasChoices(f"{PREFIX}FEATURES_URL", "MILLWRIGHT_FEATURES_URL"),
        description="Redis that holds the newest features, such as redis://:password@localhost:6379/0, or rediss:// "
        "for TLS; unset means SQLite in the data folder. MILLWRIGHT_FEATURES_URL sets it for every part at once.",
    )
    offline_url: str | None = Field(
        None,
        validation_alias=AliasChoices(f"{PREFIX}OFFLINE_URL", "MILLWRIGHT_OFFLINE_URL"),
        description="Object storage that holds the offline feature rows, such as s3://bucket/millwright, or file:// "
        "for another folder; unset means the data folder. Access keys come from the storage's own environment.",
    )
    tracking_url: str | None = Field(
        None,
        validation_alias=AliasChoices(f"{PREFIX}TRACKING_URL", "MILLWRIGHT_TRACKING_URL"),
        description="MLflow server that keeps runs, artefacts and registered models, such as http://localhost:5000; "
        "unset means the data folder. MLflow's own MLFLOW_TRACKING_USERNAME, _PASSWORD or _TOKEN say who asks.",
    )
    retention_days: dict[Annotated[int, Field(ge=1, le=3)], Annotated[int, Field(ge=1)]] = Field(
        default_factory=dict,
        validation_alias=AliasChoices(f"{PREFIX}RETENTION_DAYS", "MILLWRIGHT_RETENTION_DAYS"),
        description='Days that readings of a data grade are kept, as JSON such as {"3": 365}; others stay for good.',
    )
    ray_workers: int = Field(2, ge=1, le=1024, description="Number of Ray Train workers.")
    ray_address: str | None = Field(
        None,
        validation_alias=AliasChoices(f"{PREFIX}RAY_ADDRESS", "RAY_ADDRESS"),
        description="Address of a Ray cluster; unset means this machine alone. RAY_ADDRESS sets it too.",
    )
    held_out_share: float = Field(
        0.3, gt=0, lt=1, description="Share of machines that no model trains on and every gate judges by."
    )
    shadow_hours: float = Field(
        24.0,
        ge=0,
        le=8760,
        description="How long a model that is better than the champion runs in its shadow before it may serve, in "
        "hours; 0 lets it serve at once.",
    )
    shard: str = Field(
        "0/1", description="Share of the assets that a worker works for, such as 0/4 for the first of four."
    )
    poll_seconds: float = Field(2.0, gt=0, le=3600, description="Pause of the worker between two looks, in seconds.")
    lease_seconds: float = Field(30.0, ge=5, le=3600, description="Length of the worker's lease, in seconds.")
    forecast_every_seconds: float = Field(
        60.0,
        ge=0,
        le=86_400,
        description="Smallest distance between two forecasts of one machine, in seconds; a change of status or of life "
        "does not wait, and none expires meanwhile.",
    )
    forecast_every_counts: float = Field(
        1.0,
        ge=0,
        description="The same where life is a bare count, in counts; if a count stands still, the seconds above hold.",
    )

    clock_tolerance_seconds: float = Field(
        60.0,
        ge=1,
        le=86_400,
        description="How far a clock in the field may be off before what it stamps is set aside, in seconds.",
    )
    earliest_year: int = Field(
        1990, ge=1, le=9999, description="A reading with a date before this year is set aside; life counts are not."
    )
    mqtt_url: str | None = Field(
        None, description="MQTT broker, mqtt://user@host:port or mqtts:// for TLS; unset means none is listened to."
    )
    mqtt_password: SecretStr | None = Field(None, description="Password at the broker; there is no default.")
    mqtt_topics: str = Field(
        "millwright/{asset}/telemetry",
        description="Topics that are listened to, separated by commas; {asset} stands for the level that names it.",
    )
    mqtt_layout: Literal["lines", "flat", "line_protocol"] = Field(
        "lines", description="Form of the messages: JSON lines, one flat object of signals, or line protocol."
    )
    mqtt_client_id: str = Field(
        "millwright",
        min_length=1,
        max_length=128,
        description="Name under which the broker keeps the session; unique at the broker.",
    )

    @field_validator("mqtt_url")
    @classmethod
    def _broker_is_well_formed(cls, value: str | None) -> str | None:
        if value is not None:
            Broker.parse(value)
        return value

    @field_validator("mqtt_topics")
    @classmethod
    def _topics_are_well_formed(cls, value: str) -> str:
        topic_patterns(value)
        return value

    @field_validator("features_url")
    @classmethod
    def _features_url_is_well_formed(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            check_redis_url(value.get_secret_value())
        return value

    @field_validator("offline_url")
    @classmethod
    def _offline_url_is_well_formed(cls, value: str | None) -> str | None:
        if value is not None:
            check_offline_url(value)
        return value

    @field_validator("tracking_url")
    @classmethod
    def _tracking_url_is_well_formed(cls, value: str | None) -> str | None:
        if value is not None:
            check_tracking_url(value)
        return value

    @field_validator("shard")
    @classmethod
    def _shard_is_well_formed(cls, value: str) -> str:
        return str(Shard.parse(value))

    @field_validator("tenant")
    @classmethod
    def _tenant_is_well_formed(cls, value: str) -> str:
        return tenant_id(value)

    @model_validator(mode="after")
    def _lease_outlasts_the_pause(self) -> Self:
        if self.poll_seconds * 2 > self.lease_seconds:
            raise ValueError("lease_seconds must be at least twice poll_seconds, or the lease runs out between looks")
        return self

    @property
    def online_url(self) -> str | None:
        """The address of the Redis that holds the newest features, with its password, or None for SQLite."""
        return None if self.features_url is None else self.features_url.get_secret_value()

    @property
    def telemetry_server(self) -> InfluxServer | None:
        """The InfluxDB that holds the telemetry, or None for SQLite.

        Raises:
            InvalidValue: If its address cannot be right.
        """
        token, password = self.telemetry_token, self.telemetry_password
        return influx_server(
            self.telemetry_url,
            token=None if token is None else token.get_secret_value(),
            org=self.telemetry_org,
            username=self.telemetry_username,
            password=None if password is None else password.get_secret_value(),
            retention_days=dict(self.retention_days),
        )

    @property
    def folder(self) -> Home:
        """The data folder."""
        return Home(self.home)

    @property
    def share(self) -> Shard:
        """Share of the assets that a worker works for."""
        return Shard.parse(self.shard)

    @property
    def forecast_every(self) -> timedelta:
        """Smallest distance between two forecasts of one machine by the clock."""
        return timedelta(seconds=self.forecast_every_seconds)

    @property
    def clock_tolerance(self) -> timedelta:
        """How far the time of a reading may lie ahead of its arrival."""
        return timedelta(seconds=self.clock_tolerance_seconds)

    @property
    def earliest(self) -> datetime:
        """Readings with earlier dates are not believed."""
        return datetime(self.earliest_year, 1, 1, tzinfo=UTC)

    @property
    def owner(self) -> TenantId:
        """The tenant whose data is worked on."""
        return TenantId(self.tenant)


def read_settings(environment: Mapping[str, str] | None = None, **given: object) -> Settings:
    """Read the settings from the environment of the process; what is given on the command line goes first.

    Args:
        environment: Where to look for names that nobody knows; by default the process's own.
        given: Fields from the command line; None means not given.

    Raises:
        InvalidSettings: If a variable is unknown (the message guesses what was meant), lacks the name of its part or
            breaks its rule.
    """
    found, fields = os.environ if environment is None else environment, Settings.model_fields
    unknown = unknown_variable(found, PREFIX, fields) or partless_variable(found, PREFIX, fields, _shared())
    if unknown is not None:
        raise InvalidSettings(unknown)
    named = {name: value for name, value in given.items() if value is not None}
    try:
        return Settings.model_validate({**Settings().model_dump(), **named})
    except ValidationError as error:
        told = [(".".join(map(str, fault["loc"])), fault["msg"]) for fault in error.errors()]
        raise InvalidSettings(broken_settings(PREFIX, told)) from error


def _shared() -> set[str]:
    """Return the variables that are read under another name than their part's own."""
    aliases = [each.validation_alias for each in Settings.model_fields.values()]
    return {str(name) for each in aliases if isinstance(each, AliasChoices) for name in each.choices}
