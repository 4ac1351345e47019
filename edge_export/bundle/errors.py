"""What can go wrong with a bundle.

ServiceError
└── BundleError
    ├── BundleCorrupt     the bytes are not what the manifest says, or cannot be read at all
    ├── BundleRefused     the bytes are whole, but they must not be run or stored
    │   └── SelfTestFailed  the bundle does not reproduce its own golden answers on this machine
    ├── BundleMissing     there is no such bundle (also a NotFound)
    ├── ExportFailed      a network cannot be turned into a graph that keeps the contract
    └── ParityFailed      the exported graph and the network disagree
"""

from features.domain.errors import NotFound, ServiceError


class BundleError(ServiceError):
    """Something is wrong with a bundle."""


class BundleCorrupt(BundleError):
    """The bytes of a bundle are not what its manifest says, or cannot be read at all."""


class BundleRefused(BundleError):
    """A bundle is whole, but it must not be run or stored."""


class SelfTestFailed(BundleRefused):
    """A bundle does not reproduce its own golden answers on this machine.

    Attributes:
        what: Which answer.
        difference: Largest absolute difference found.
        tolerance: Largest one allowed.
    """

    def __init__(self, what: str, difference: float, tolerance: float) -> None:
        super().__init__(
            f"The bundle must reproduce its golden {what} within {tolerance:g}; found a difference of "
            f"{difference:g}. Do not use it on this machine: export it again, or report the machine's processor."
        )
        self.what = what
        self.difference = difference
        self.tolerance = tolerance


class BundleMissing(BundleError, NotFound):
    """There is no such bundle."""


class ExportFailed(BundleError):
    """A network cannot be turned into a graph that keeps the contract of the runtime."""


class ParityFailed(BundleError):
    """The exported graph and the network it came from disagree.

    Attributes:
        batch: Number of rows at which they did.
        difference: Largest absolute difference of a survival probability; NaN if one side gave none.
        tolerance: Largest one allowed.
    """

    def __init__(self, what: str, batch: int, difference: float, tolerance: float) -> None:
        super().__init__(
            f"{what} must agree within {tolerance:g}; found a difference of {difference:g} at a batch of {batch}. "
            "Rewrite the operation that the exporter translates differently; nothing was written."
        )
        self.batch = batch
        self.difference = difference
        self.tolerance = tolerance
