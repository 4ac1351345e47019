"""Settings of the service: read once, at start, from the environment."""

import os
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from features.domain.environment import broken_settings, partless_variable, unknown_variable
from features.domain.identifiers import TenantId, tenant_id
from features.store.address import check_redis_url
from features.telemetry.influx.address import influx_server
from features.telemetry.influx.server import InfluxServer
from serving.errors import InvalidSettings

PREFIX = "MILLWRIGHT_SERVING_"


class Settings(BaseSettings):
    """What can be set about the service; every field is an environment variable `MILLWRIGHT_SERVING_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True, populate_by_name=True)

    home: Path = Field(
        Path("var"),
        validation_alias=AliasChoices(f"{PREFIX}HOME", "MILLWRIGHT_HOME"),
        description="Folder of all data; MILLWRIGHT_HOME sets it for every part of the product at once.",
    )
    host: str = Field("127.0.0.1", description="Address to listen on, IPv4 or IPv6; loopback until sign-in exists.")
    port: int = Field(3000, ge=1, le=65535, description="TCP port to listen on.")
    workers: int = Field(1, ge=1, le=64, description="Number of processes that answer requests.")
    pack: str = Field(
        "pump",
        min_length=1,
        validation_alias=AliasChoices(f"{PREFIX}PACK", "MILLWRIGHT_PACK"),
        description="Equipment pack that is served: a shipped name, or a folder. MILLWRIGHT_PACK sets it for every "
        "part at once.",
    )
    tenant: str = Field(
        "local",
        validation_alias=AliasChoices(f"{PREFIX}TENANT", "MILLWRIGHT_TENANT"),
        description="Tenant whose assets are served until sign-in names one. MILLWRIGHT_TENANT sets it for every "
        "part at once.",
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
    retention_days: dict[Annotated[int, Field(ge=1, le=3)], Annotated[int, Field(ge=1)]] = Field(
        default_factory=dict,
        validation_alias=AliasChoices(f"{PREFIX}RETENTION_DAYS", "MILLWRIGHT_RETENTION_DAYS"),
        description='Days that readings of a data grade are kept, as JSON such as {"3": 365}; others stay for good.',
    )
    language: Literal["en", "zh"] = Field("en", description="Language of the pages where the reader names none.")
    time_zone: str = Field("UTC", description="Zone in which pages show times, an IANA name such as Asia/Shanghai.")
    max_body_bytes: int = Field(262_144, ge=1_024, description="Largest request body that is read, in bytes.")
    max_write_bytes: int = Field(
        16_777_216, ge=1_024, le=1_073_741_824, description="Largest delivery from the field as it is sent, in bytes."
    )
    max_unpacked_bytes: int = Field(
        33_554_432, ge=1_024, le=1_073_741_824, description="Largest delivery once it is unpacked, in bytes."
    )
    spool_max_bytes: int = Field(
        4_294_967_296,
        ge=1_048_576,
        description="Most bytes of deliveries that may wait to be stored; beyond it senders are asked to wait.",
    )
    request_timeout_seconds: float = Field(
        30.0, gt=0, le=600, description="Time after which a request that has no answer yet gets 503, in seconds."
    )
    batch_limit: int = Field(200, ge=1, le=10_000, description="Most assets that one request may have forecast.")
    telemetry_points: int = Field(
        1_500, ge=10, le=50_000, description="Most points of one signal in an answer; longer series are thinned."
    )
    page_weeks: int = Field(4, ge=1, le=520, description="Stretch of telemetry that an asset's page shows, in weeks.")
    secret: SecretStr | None = Field(
        None, description="Secret that signs sessions; reserved for sign-in, and there is no default."
    )

    @field_validator("features_url")
    @classmethod
    def _features_url_is_well_formed(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            check_redis_url(value.get_secret_value())
        return value

    @field_validator("tenant")
    @classmethod
    def _tenant_is_well_formed(cls, value: str) -> str:
        return tenant_id(value)

    @field_validator("time_zone")
    @classmethod
    def _zone_exists(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError("must be an IANA time zone such as UTC or Asia/Shanghai") from error
        return value

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
    def served_tenant(self) -> TenantId:
        """The tenant whose assets are served."""
        return TenantId(self.tenant)

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which pages show times."""
        return ZoneInfo(self.time_zone)

    @property
    def page_span(self) -> timedelta:
        """The stretch of telemetry that an asset's page shows."""
        return timedelta(weeks=self.page_weeks)


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from the environment of the process.

    Args:
        environment: Where to look for names that nobody knows; by default the process's own.

    Raises:
        InvalidSettings: If a variable is unknown (the message guesses what was meant), lacks the name of its part or
            breaks its rule.
    """
    found, fields = os.environ if environment is None else environment, Settings.model_fields
    unknown = unknown_variable(found, PREFIX, fields) or partless_variable(found, PREFIX, fields, _shared())
    if unknown is not None:
        raise InvalidSettings(unknown)
    try:
        return Settings()
    except ValidationError as error:
        # Values are left out: a broken one may be a secret.
        faults = error.errors(include_url=False, include_input=False)
        told = [(".".join(map(str, fault["loc"])), fault["msg"]) for fault in faults]
        raise InvalidSettings(broken_settings(PREFIX, told)) from error


def _shared() -> set[str]:
    """Return the variables that are read under another name than their part's own."""
    aliases = [each.validation_alias for each in Settings.model_fields.values()]
    return {str(name) for each in aliases if isinstance(each, AliasChoices) for name in each.choices}
