"""What can go wrong while answering.

The tree of this package:

    ServingError            (a ServiceError)
    ├── InvalidSettings     a setting is unknown or breaks its rule (also a ValueError)
    ├── OpenToOthers        the service was told to listen beyond this machine, and nobody can sign in yet
    ├── AddressInUse        the address to listen on is taken, or is none of this machine's
    ├── UndeclaredRoute     a route does not say who may call it
    ├── BrokenCatalogue     the message catalogues do not fit each other
    └── Refused             a request is answered with a problem document instead
"""

from collections.abc import Mapping, Sequence

from features.domain.errors import ServiceError


class ServingError(ServiceError):
    """Root of the errors of this package."""


class InvalidSettings(ServingError, ValueError):
    """A setting is unknown or breaks its rule."""


class OpenToOthers(ServingError, ValueError):
    """The service was told to listen beyond this machine while nobody can sign in."""


class AddressInUse(ServingError):
    """The address to listen on cannot be had."""


class UndeclaredRoute(ServingError):
    """A route does not say who may call it."""


class BrokenCatalogue(ServingError):
    """The message catalogues do not fit each other."""


class Refused(ServingError):
    """A request that is answered with a problem document (`serving.problems`).

    Attributes:
        status: The HTTP status.
        detail: What must hold, what was found, what to do; for the caller's eyes.
        errors: Single faults, each with its `location` and `detail`.
        headers: Further headers of the answer.
        extra: Further members of the document.
    """

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        errors: Sequence[Mapping[str, object]] = (),
        headers: Mapping[str, str] | None = None,
        extra: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})
        self.extra = dict(extra or {})
