"""Errors of the fleet simulator.

The tree of this package:

    ServiceError
    ├── InvalidValue
    │   └── InvalidFleetSettings   a setting of the fleet breaks its rule (also a ValueError)
    └── FolderNotEmpty             the output folder holds something already (also a FileExistsError)
"""

from pathlib import Path

from features.domain.errors import InvalidValue, ServiceError


class InvalidFleetSettings(InvalidValue):
    """A setting of the fleet breaks its rule."""


class FolderNotEmpty(ServiceError, FileExistsError):
    """The output folder holds something already.

    Attributes:
        folder: The folder that was to be written.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(f"{folder} must be empty or absent; it holds files. Name another folder or pass --overwrite.")
        self.folder = folder
