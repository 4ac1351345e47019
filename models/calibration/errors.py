"""What can go wrong in calibration.

ServiceError
└── TooFewToCalibrate       too few independent units for the coverage (also a ValueError)
"""

from features.domain.errors import ServiceError


class TooFewToCalibrate(ServiceError, ValueError):
    """There are too few independent units for the coverage that was asked for."""
