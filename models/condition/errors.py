"""What can go wrong with state detection.

ServiceError
├── HistoryTooShort    there is not enough healthy history to know what is normal (also a ValueError)
└── TooFewToBorrow     fewer machines than the least number may teach a new one (also a ValueError)
"""

from features.domain.errors import ServiceError


class HistoryTooShort(ServiceError, ValueError):
    """There is not enough healthy history to know what is normal."""


class TooFewToBorrow(ServiceError, ValueError):
    """Fewer machines than the least number may teach a new one."""

    def __init__(self, found: int, least: int) -> None:
        super().__init__(
            f"At least {least} healthy machines must be there to borrow from; found {found} that may be. "
            "Learn from the machine's own history, or wait for others."
        )
        self.found = found
        self.least = least
