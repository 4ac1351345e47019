"""What can go wrong in the feature store.

ServiceError
├── FeatureStoreUnavailable     a store behind Feast does not answer (also Unavailable)
├── FeatureStoreRefused         Feast refused a definition or a request
└── FeatureRowsMissing          no features were built yet for a specification (also NotFound)
"""

from features.domain.errors import NotFound, ServiceError, Unavailable


class FeatureStoreUnavailable(Unavailable):
    """A store behind Feast does not answer."""


class FeatureStoreRefused(ServiceError):
    """Feast refused a definition or a request."""


class FeatureRowsMissing(NotFound):
    """No features were built yet for a specification."""

    def __init__(self, view: str) -> None:
        super().__init__(
            f"Feature view {view} must have been built; found no rows. Run `python -m pipelines features build`."
        )
        self.view = view
