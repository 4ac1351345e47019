"""What can go wrong in an experiment.

ServiceError
├── DataSetUnusable     a public data set is missing, incomplete or altered (also a ValueError)
├── ArchiveRefused      a downloaded archive is broken, unsafe or too large (also a ValueError)
├── TransferFailed      an address did not give what it should
├── DownloadFailed      no address gave the data set
├── OutputUnwritable    a result cannot be written where it should go
└── InjectionImpossible a fault cannot be put where it should go (also a ValueError)
"""

from features.domain.errors import ServiceError


class DataSetUnusable(ServiceError, ValueError):
    """A public data set is missing, incomplete or altered."""


class ArchiveRefused(ServiceError, ValueError):
    """A downloaded archive is broken, unsafe or too large."""


class TransferFailed(ServiceError):
    """An address did not give what it should."""


class DownloadFailed(ServiceError):
    """No address gave the data set."""


class OutputUnwritable(ServiceError):
    """A result cannot be written where it should go."""


class InjectionImpossible(ServiceError, ValueError):
    """A fault cannot be put where it should go."""
