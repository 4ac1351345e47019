"""What can go wrong in a pipeline.

ServiceError
├── LeakFound           training data knows the future
├── TrainingFailed      a training run did not finish
├── GateRefused         a challenger did not beat what it would replace
└── NothingToTrain      there are too few machines or failures (also a ValueError)
"""

from features.domain.errors import ServiceError


class LeakFound(ServiceError):
    """Training data knows the future."""


class TrainingFailed(ServiceError):
    """A training run did not finish."""


class GateRefused(ServiceError):
    """A challenger did not beat what it would replace."""


class NothingToTrain(ServiceError, ValueError):
    """There are too few machines or failures to train on."""
