"""Assets: the machines in the field, their components and their identifiers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from features.domain.errors import InvalidIdentifier
from features.domain.identifiers import AssetId, Identifier, TenantId


@dataclass(frozen=True, slots=True)
class Component:
    """A part of an asset that can fail or be replaced on its own."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Asset:
    """One machine in the field.

    Attributes:
        pack: Identity of its equipment pack.
        identifiers: By what the world knows it; at most one of them is primary.
        attributes: Whatever else is known of this one machine (rated values, geometry).

    Raises:
        InvalidIdentifier: If more than one identifier is primary.
    """

    tenant: TenantId
    id: AssetId
    pack: str
    model: str | None = None
    batch: str | None = None
    site: str | None = None
    commissioned: datetime | None = None
    identifiers: tuple[Identifier, ...] = ()
    components: tuple[Component, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        """Check that one identifier at most is primary."""
        primaries = [identifier for identifier in self.identifiers if identifier.is_primary]
        if len(primaries) > 1:
            raise InvalidIdentifier(
                f"identifiers of asset {self.id}",
                must="have one primary among them",
                found=[identifier.value for identifier in primaries],
                remedy="Mark one as primary and the others as secondary.",
            )

    @property
    def time_zone(self) -> str:
        """The zone by whose clock its days are counted: its attribute `time_zone`, else UTC."""
        return self.attributes.get("time_zone", "UTC")

    @property
    def primary_identifier(self) -> Identifier | None:
        """The identifier marked primary, else the first one, else None."""
        marked = [identifier for identifier in self.identifiers if identifier.is_primary]
        return next(iter(marked or self.identifiers), None)
