"""What can go wrong with MLflow.

ServiceError
├── RegistryUnavailable     MLflow or its store does not answer (also Unavailable)
└── RegistryRefused         MLflow refused a request
"""

from features.domain.errors import ServiceError, Unavailable


class RegistryUnavailable(Unavailable):
    """MLflow or its store does not answer."""


class RegistryRefused(ServiceError):
    """MLflow refused a request."""
