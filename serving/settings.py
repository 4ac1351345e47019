"""Settings of the service: read once, at start, from the environment."""

import os
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from features.domain.environment import broken_settings, unknown_variable
from features.domain.identifiers import TenantId, tenant_id
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
    pack: str = Field("pump", min_length=1, description="Equipment pack that is served: a shipped name, or a folder.")
    tenant: str = Field("local", description="Tenant whose assets are served until sign-in names one.")
    language: Literal["en", "zh"] = Field("en", description="Language of the pages where the reader names none.")
    time_zone: str = Field("UTC", description="Zone in which pages show times, an IANA name such as Asia/Shanghai.")
    max_body_bytes: int = Field(262_144, ge=1_024, description="Largest request body that is read, in bytes.")
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
        InvalidSettings: If a variable is unknown (the message guesses what was meant) or breaks its rule.
    """
    unknown = unknown_variable(os.environ if environment is None else environment, PREFIX, Settings.model_fields)
    if unknown is not None:
        raise InvalidSettings(unknown)
    try:
        return Settings()
    except ValidationError as error:
        # Values are left out: a broken one may be a secret.
        faults = error.errors(include_url=False, include_input=False)
        told = [(".".join(map(str, fault["loc"])), fault["msg"]) for fault in faults]
        raise InvalidSettings(broken_settings(PREFIX, told)) from error
