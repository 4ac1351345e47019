"""What can go wrong in an experiment.

ServiceError
└── DataSetUnusable     a public data set is missing, incomplete or altered (also a ValueError)
"""

from features.domain.errors import ServiceError


class DataSetUnusable(ServiceError, ValueError):
    """A public data set is missing, incomplete or altered."""
