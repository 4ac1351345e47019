"""What can go wrong with the records.

The tree of this package:

    ServiceError
    ├── InvalidValue
    │   ├── ConflictingRecord    another record holds this key or says otherwise
    │   │   └── IdentifierTaken  an identifier belongs to another asset
    │   └── RefusedRecord        the database cannot hold a value
    ├── NotFound
    │   └── RecordNotFound       no such record for this tenant
    ├── Unavailable
    │   └── RecordsUnavailable   the database does not answer: locked, unreachable, full; try again later
    ├── RecordsCorrupt           the file is damaged or is no database
    ├── RecordsTooNew            a later version of the program made the database
    └── RecordsFault             the database was misused or failed inside: a defect, to be reported
"""

from features.domain.errors import InvalidValue, NotFound, ServiceError, Unavailable


class ConflictingRecord(InvalidValue):
    """Another record holds this key, or the same one says something else."""


class IdentifierTaken(ConflictingRecord):
    """An identifier belongs to another asset already."""


class RefusedRecord(InvalidValue):
    """The database cannot hold a value, whenever it is asked: too long, or a character that it does not know."""


class RecordNotFound(NotFound):
    """There is no such record for this tenant."""

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f"There must be {kind} {name!r} for this tenant; none was found. Check its spelling.")
        self.kind = kind
        self.name = name


class RecordsUnavailable(Unavailable):
    """The database does not answer now; nothing was changed, and trying again is safe."""

    def __init__(self, reason: str) -> None:
        super().__init__("records database", f"{reason}. Nothing was changed; try again, and check address and rights.")


class RecordsCorrupt(ServiceError):
    """The file is damaged, or it is no database."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"The records must be a sound database; found: {reason}. Move it away and restore it from a backup."
        )
        self.reason = reason


class RecordsTooNew(ServiceError):
    """A later version of the program made the database."""

    def __init__(self, revision: str, known: str) -> None:
        super().__init__(
            f"The records must be of revision {known} or earlier; found {revision}. Run the program that made them."
        )
        self.revision = revision
        self.known = known


class RecordsFault(ServiceError):
    """The database was misused or failed inside."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"The records must be addressed and used as their classes say; found: {reason}. Report it.")
        self.reason = reason
