"""How well failure modes are told apart, against knowing only how often each occurs."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.calibration.reliability import calibration_error

_SMALLEST = 1e-6


@dataclass(frozen=True, slots=True)
class ModeCalibration:
    """One failure mode: does its share mean what it says?

    Attributes:
        lives: Lives that it ended.
        forecast: Mean share that it was given, over lives.
        came: Share of the lives that it ended.
        error: Expected calibration error of its share, 0 for perfect (`models.calibration.reliability`).
    """

    mode: str
    lives: int
    forecast: float
    came: float
    error: float


@dataclass(frozen=True, slots=True)
class ModeFigures:
    """Figures on rows near failures; every life counts alike.

    Attributes:
        lives: Failed lives whose mode is known.
        log_loss: Mean log loss, nats.
        base_log_loss: The same of the base rate: the shares of modes among failures learned from.
        gain_error: Standard error of the difference of both, machines drawn whole; None with fewer than two machines.
        accuracy: How often the mode with the largest share was the one that came.
        base_accuracy: How often the most frequent mode was.
        modes: Calibration by mode.
    """

    lives: int
    log_loss: float
    base_log_loss: float
    gain_error: float | None
    accuracy: float
    base_accuracy: float
    modes: tuple[ModeCalibration, ...]

    @property
    def gain(self) -> float:
        """By how much the log loss is below that of the base rate, nats."""
        return self.base_log_loss - self.log_loss


def mode_figures(
    modes: Sequence[str],
    shares: NDArray[np.float64],
    base: NDArray[np.float64],
    place: NDArray[np.int64],
    life_id: NDArray[np.int64],
    machine: NDArray[np.int64],
) -> ModeFigures | None:
    """Judge shares of failure modes.

    Args:
        modes: Names, in the order of the columns.
        shares: Forecast of each row. Shape (batch, mode).
        base: Base rates, for each row or the same for all. Shape (batch, mode) or (mode,).
        place: Column of the mode that came. Shape (batch,).
        life_id: Life of each row. Shape (batch,).
        machine: Machine of each row; lives of one machine tell less than those of several. Shape (batch,).

    Returns:
        The figures; None without rows.
    """
    if not len(place):
        return None
    base = np.broadcast_to(base, shares.shape)
    weight = life_weight(life_id)
    losses, base_losses = life_losses(shares, place, life_id), life_losses(base, place, life_id)
    gain, lives = base_losses - losses, len(losses)
    hit, base_hit = shares.argmax(axis=1) == place, base.argmax(axis=1) == place
    return ModeFigures(
        lives=lives,
        log_loss=float(losses.mean()),
        base_log_loss=float(base_losses.mean()),
        gain_error=_error_by_machine(gain, machine[np.unique(life_id, return_index=True)[1]]),
        accuracy=float(np.average(hit, weights=weight)),
        base_accuracy=float(np.average(base_hit, weights=weight)),
        modes=tuple(
            _calibration(mode, shares[:, column], place == column, life_id) for column, mode in enumerate(modes)
        ),
    )


def life_losses(
    shares: NDArray[np.float64], place: NDArray[np.int64], life_id: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return the mean log loss of each life, nats, lives in ascending order. Shape (life,)."""
    losses = -np.log(np.maximum(shares[np.arange(len(place)), place], _SMALLEST))
    _, index, count = np.unique(life_id, return_inverse=True, return_counts=True)
    return np.asarray(np.bincount(index, losses) / count, np.float64)


def life_weight(life_id: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return weights by which each life counts alike, 1 per life. Shape (batch,)."""
    _, index, count = np.unique(life_id, return_inverse=True, return_counts=True)
    return np.asarray(1.0 / count[index], np.float64)


def _error_by_machine(gain: NDArray[np.float64], machine: NDArray[np.int64]) -> float | None:
    """Return the standard error of a mean over lives, machines drawn whole. Shapes (life,)."""
    _, index = np.unique(machine, return_inverse=True)
    apart = np.bincount(index, gain - gain.mean())
    machines = len(apart)
    return None if machines < 2 else float(np.sqrt(machines / (machines - 1) * np.square(apart).sum())) / len(gain)


def _calibration(
    mode: str, share: NDArray[np.float64], came: NDArray[np.bool_], life_id: NDArray[np.int64]
) -> ModeCalibration:
    weight = life_weight(life_id)
    return ModeCalibration(
        mode,
        len(np.unique(life_id[came])),
        float(np.average(share, weights=weight)),
        float(np.average(came, weights=weight)),
        calibration_error(share, came, weight),
    )
