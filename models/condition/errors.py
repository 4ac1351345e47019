"""What can go wrong with state detection.

ServiceError
└── HistoryTooShort    there is not enough healthy history to know what is normal (also a ValueError)
"""

from features.domain.errors import ServiceError


class HistoryTooShort(ServiceError, ValueError):
    """There is not enough healthy history to know what is normal."""
