"""What can go wrong in the feature store.

ServiceError
├── FeatureStoreUnavailable     a store behind Feast does not answer (also Unavailable)
├── FeatureStoreRefused         Feast refused a definition or a request
├── FeatureStoreFault           a store was misused or failed inside: a defect of ours, to be reported
├── CursorMoved                 somebody else has written online since the batch was begun; nothing was written
└── FeatureRowsMissing          no features were built yet for a specification (also NotFound)
"""

from features.domain.errors import NotFound, ServiceError, Unavailable


class FeatureStoreUnavailable(Unavailable):
    """A store behind Feast does not answer."""


class FeatureStoreRefused(ServiceError):
    """Feast refused a definition or a request."""


class FeatureStoreFault(ServiceError):
    """A store was misused (closed, for example), failed inside, or holds what is no vector of ours."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"The feature store must be used as its protocol says; found: {reason}. Report it.")
        self.reason = reason


class CursorMoved(ServiceError):
    """Somebody else has written online since a batch was begun; nothing of the batch was written.

    Attributes:
        name: Which stream.
        found: The cursor that the store is at, or None.
    """

    def __init__(self, name: str, before: int, found: int | None) -> None:
        super().__init__(
            f"The cursor {name} must be at {before}, where the batch began; found {found}. "
            "Another worker has written since: read states and cursor again and begin there, or stop one of the two."
        )
        self.name = name
        self.before = before
        self.found = found


class FeatureRowsMissing(NotFound):
    """No features were built yet for a specification."""

    def __init__(self, view: str) -> None:
        super().__init__(
            f"Feature view {view} must have been built; found no rows. Run `python -m pipelines features build`."
        )
        self.view = view
