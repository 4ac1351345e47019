"""What can go wrong while a bundle runs. What is wrong with a bundle itself stands in `edge_export.bundle.errors`.

ServiceError
├── InferenceFailed         the graph of a loaded bundle did not answer
├── MakesNoForecasts        a bundle without a network is asked for what only a network can tell (also a ValueError)
└── LineRefused             a line of input cannot be taken; the others can (also a ValueError)
"""

from features.domain.errors import ServiceError


class InferenceFailed(ServiceError):
    """The graph of a loaded bundle did not answer."""


class MakesNoForecasts(ServiceError, ValueError):
    """A bundle without a network is asked for what only a network can tell.

    Attributes:
        name: Name and version of the bundle.
    """

    def __init__(self, name: str) -> None:
        super().__init__(
            f"A bundle must have a network for this; {name} only tells whether machines are as usual. Train one with "
            "`python -m pipelines onboard` or `train` when failures are on record."
        )
        self.name = name


class LineRefused(ServiceError, ValueError):
    """A line of input cannot be taken; the others can.

    Attributes:
        code: Stable name of the reason, by which such lines are counted.
    """

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(f"{code}: {sentence}")
        self.code = code
