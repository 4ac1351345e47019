"""What can go wrong with models of named states.

ServiceError
└── TooFewStates    there are not two values to tell apart (also a ValueError)
"""

from features.domain.errors import ServiceError


class TooFewStates(ServiceError, ValueError):
    """There are not two values to tell apart."""
