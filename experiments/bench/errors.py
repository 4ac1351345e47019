"""What can go wrong in a benchmark.

ServiceError
├── FaultNotTold        a detector does not tell a plain fault, so its speed means nothing
├── OutputsDiffer       two that are to be compared do not give the same
└── PartMissing         a program that a part of a benchmark needs is not there; the part reports why
"""

from features.domain.errors import ServiceError


class FaultNotTold(ServiceError):
    """A detector does not tell a plain fault, so its speed means nothing."""


class OutputsDiffer(ServiceError):
    """Two that are to be compared do not give the same, so their times mean nothing."""

    def __init__(self, one: str, other: str, what: str) -> None:
        super().__init__(f"{one} and {other} must give the same before they are timed; found {what}. Report it.")


class PartMissing(ServiceError):
    """A program that a part of a benchmark needs is not there."""
