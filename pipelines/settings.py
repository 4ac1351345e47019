"""Settings of the pipelines: read once, at start, from the environment."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from pydantic import AliasChoices, Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from features.domain.environment import broken_settings, unknown_variable
from features.domain.home import Home
from features.domain.identifiers import TenantId, tenant_id
from pipelines.errors import InvalidSettings

PREFIX = "MILLWRIGHT_PIPELINES_"


class Settings(BaseSettings):
    """What can be set about the pipelines; every field is an environment variable `MILLWRIGHT_PIPELINES_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True, populate_by_name=True)

    home: Path = Field(
        Path("var"),
        validation_alias=AliasChoices(f"{PREFIX}HOME", "MILLWRIGHT_HOME"),
        description="Folder of all data; MILLWRIGHT_HOME sets it for every part of the product at once.",
    )
    pack: str = Field("pump", min_length=1, description="Equipment pack: a shipped name, or a folder.")
    tenant: str = Field("local", description="Tenant whose data is worked on.")
    ray_workers: int = Field(2, ge=1, le=1024, description="Number of Ray Train workers.")
    ray_address: str | None = Field(None, description="Address of a Ray cluster; unset means this machine alone.")
    held_out_share: float = Field(
        0.3, gt=0, lt=1, description="Share of machines that no model trains on and every gate judges by."
    )
    poll_seconds: float = Field(2.0, gt=0, le=3600, description="Pause of the worker between two looks, in seconds.")
    lease_seconds: float = Field(30.0, ge=5, le=3600, description="Length of the worker's lease, in seconds.")

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
    def folder(self) -> Home:
        """The data folder."""
        return Home(self.home)

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
        InvalidSettings: If a variable is unknown (the message guesses what was meant) or breaks its rule.
    """
    unknown = unknown_variable(os.environ if environment is None else environment, PREFIX, Settings.model_fields)
    if unknown is not None:
        raise InvalidSettings(unknown)
    named = {name: value for name, value in given.items() if value is not None}
    try:
        return Settings.model_validate({**Settings().model_dump(), **named})
    except ValidationError as error:
        told = [(".".join(map(str, fault["loc"])), fault["msg"]) for fault in error.errors()]
        raise InvalidSettings(broken_settings(PREFIX, told)) from error
