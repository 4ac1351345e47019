"""Who and what: tenants, assets, and the identifiers by which the world knows an asset."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import NewType
from uuid import UUID

from features.domain.errors import InvalidIdentifier

TenantId = NewType("TenantId", str)
AssetId = NewType("AssetId", str)
SignalId = NewType("SignalId", str)

DEFAULT_TENANT = TenantId("local")

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}")
_HANDLE = re.compile(r"88\.[0-9A-Za-z]+(\.[0-9A-Za-z]+)*/\S{1,200}")
_IEC61406 = re.compile(r"https://[^\s/?#]+(/[^\s]*)?")


class IdentifierScheme(StrEnum):
    """Schemes by which an asset is known outside Millwright."""

    HANDLE = "handle"
    GS1 = "gs1"
    UUID = "uuid"
    IEC61406 = "iec61406"


@dataclass(frozen=True, slots=True)
class Identifier:
    """One name of an asset in one scheme.

    The schemes: `handle` is an industrial-internet handle under prefix 88 (ISO/IEC 6523 registered,
    `88.<enterprise>/<object>`), `gs1` a GS1 key of 8 to 30 digits with a valid check digit or an element
    string in brackets, `uuid` RFC 9562, `iec61406` an identification link (IEC 61406-1: an https URL).

    Raises:
        InvalidIdentifier: If the value does not follow its scheme.

    Examples:
        >>> Identifier(IdentifierScheme.HANDLE, "88.118.8/pump-1").value
        '88.118.8/pump-1'
    """

    scheme: IdentifierScheme
    value: str
    is_primary: bool = False

    def __post_init__(self) -> None:
        """Check the value against its scheme."""
        rule = _RULES[self.scheme]
        if not rule[0](self.value):
            raise InvalidIdentifier(
                f"identifier of scheme {self.scheme.value}",
                must=rule[1],
                found=self.value,
                remedy="Correct the value or name another scheme (handle, gs1, uuid, iec61406).",
            )


def asset_id(value: str) -> AssetId:
    """Check and return an asset's identity: 1 to 128 letters, digits or `. _ : / -`, a letter or digit first.

    Raises:
        InvalidIdentifier: If the value breaks that rule.
    """
    return AssetId(_name("asset_id", value))


def tenant_id(value: str) -> TenantId:
    """Check and return a tenant's identity; the rule is that of `asset_id`.

    Raises:
        InvalidIdentifier: If the value breaks that rule.
    """
    return TenantId(_name("tenant", value))


def _name(what: str, value: str) -> str:
    if not _NAME.fullmatch(value):
        raise InvalidIdentifier(
            what,
            must="be 1 to 128 letters, digits or . _ : / - and begin with a letter or digit",
            found=value,
            remedy="Rename it at the source, or map it on the way in.",
        )
    return value


def _is_gs1(value: str) -> bool:
    if value.startswith("("):
        return re.fullmatch(r"(\([0-9]{2,4}\)[!-'*-~]{1,90})+", value) is not None
    if not (value.isascii() and value.isdigit() and 8 <= len(value) <= 30):
        return False
    digits = [int(character) for character in reversed(value)]
    # GS1 General Specifications 7.9: weights 3 and 1 from the right, check digit included with weight 1.
    return sum(digit * (3 if place % 2 else 1) for place, digit in enumerate(digits)) % 10 == 0


def _is_uuid(value: str) -> bool:
    try:
        return str(UUID(value)) == value.lower()
    except ValueError:
        return False


_RULES: dict[IdentifierScheme, tuple[Callable[[str], bool], str]] = {
    IdentifierScheme.HANDLE: (
        lambda value: _HANDLE.fullmatch(value) is not None,
        "look like 88.<enterprise>/<object>",
    ),
    IdentifierScheme.GS1: (_is_gs1, "be 8 to 30 digits with a valid check digit, or an element string like (01)…(21)…"),
    IdentifierScheme.UUID: (_is_uuid, "be a UUID in its hyphenated form"),
    IdentifierScheme.IEC61406: (lambda value: _IEC61406.fullmatch(value) is not None, "be an https link"),
}
