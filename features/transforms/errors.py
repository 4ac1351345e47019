"""What can go wrong with features.

ServiceError
├── EventsMissing           features of events are asked for and nobody gave the events (also a ValueError)
├── SpecificationMismatch   two sides hold different feature specifications
└── TooLittleData           there is not enough to fit a specification (also a ValueError)
"""

from features.domain.errors import ServiceError


class EventsMissing(ServiceError, ValueError):
    """Features of events are asked for, and the caller does not know the events."""

    def __init__(self, view: str) -> None:
        super().__init__(
            f"The features of {view} must be given the events of each life, none or some; found None. "
            "Read the events of the asset, or take `events` out of the features of the pack."
        )


class SpecificationMismatch(ServiceError):
    """Two sides hold different feature specifications, so their vectors may not be mixed.

    Attributes:
        expected: Hash of the specification that is required.
        found: Hash of the specification that came.
    """

    def __init__(self, what: str, expected: str, found: str) -> None:
        super().__init__(
            f"{what} must carry feature specification {expected[:12]}; found {found[:12]}. "
            "Build the features again, or use the bundle that belongs to them."
        )
        self.expected = expected
        self.found = found


class TooLittleData(ServiceError, ValueError):
    """There is not enough data to fit a feature specification."""
