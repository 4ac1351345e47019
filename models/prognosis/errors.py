"""What can go wrong with a forecaster.

ServiceError
├── WeightsUnfit        arrays are not the state of such a network (also a ValueError)
└── FoldsUnfit          members and folds of an ensemble do not belong together (also a ValueError)
"""

from features.domain.errors import ServiceError


class WeightsUnfit(ServiceError, ValueError):
    """Arrays are not the state of such a network."""


class FoldsUnfit(ServiceError, ValueError):
    """Members and folds of an ensemble do not belong together."""
