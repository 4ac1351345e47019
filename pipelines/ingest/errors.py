"""What stops an ingest. What does not fit in the data stops nothing: it is set aside.

The tree of this package:

    ServiceError
    ├── NotFound
    │   └── NoTelemetry     the folder, or its telemetry, is not there
    └── InvalidValue
        └── BadTable        a file cannot be read as the table that it should be
"""

from pathlib import Path

from features.domain.errors import InvalidValue, NotFound


class NoTelemetry(NotFound):
    """The folder, or its telemetry, is not there."""

    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"{folder} must be a folder with telemetry.csv, telemetry.parquet or telemetry/*.csv or *.parquet in it; "
            "none was found. Name the folder that holds the data."
        )
        self.folder = folder


class BadTable(InvalidValue):
    """A file cannot be read as a table; what was read of it before stays, and reading it again is safe."""
