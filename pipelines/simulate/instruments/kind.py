"""The contract of an instrument fault, and what it is given: the readings of some signals for a while.

To add a kind, write one module with a class that fulfils `InstrumentKind` and name it in `registry`. It acts after the
machine, and chooses where: on what the instrument shows (before the transmitter's steps) or on what it transmits.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from pipelines.simulate.arrays import BoolArray, FloatArray, IntArray
from pipelines.simulate.episodes import Drawable
from pipelines.simulate.signals import SignalQuality

Parameters = Mapping[str, float | str]


@dataclass(frozen=True, slots=True)
class Stretch:
    """What sound instruments would do during an episode.

    Attributes:
        qualities: The instruments concerned. Their order is that of the channels.
        hours: Hours since the episode began. Shape (time,).
        shown: What the instruments show, before the transmitter's steps. Shape (time, channel).
        delivered: What they would transmit. Shape (time, channel).
        before: What was transmitted last before the episode. Shape (channel,).
    """

    qualities: tuple[SignalQuality, ...]
    hours: FloatArray
    shown: FloatArray
    delivered: FloatArray
    before: FloatArray

    def transmitted(self, shown: FloatArray) -> FloatArray:
        """Return what the transmitters make of other values shown. Shape (time, channel)."""
        columns = [quality.transmitted(shown[:, channel]) for channel, quality in enumerate(self.qualities)]
        return np.column_stack(columns)

    @property
    def every_reading(self) -> BoolArray:
        """True for every row. Shape (time,)."""
        return np.ones(len(self.hours), dtype=np.bool_)


@dataclass(frozen=True, slots=True)
class FaultyReadings:
    """What a fault makes of a stretch.

    Attributes:
        delivered: What is transmitted instead. Shape (time, channel).
        covered: The rows that the fault concerns; the others are as they were. Shape (time,).
        parameters: What was drawn for it, for the truth.
    """

    delivered: FloatArray
    covered: BoolArray
    parameters: Parameters


class InstrumentKind(Drawable, Protocol):
    """A kind of instrument fault."""

    @property
    def choices(self) -> tuple[tuple[str, ...], ...]:
        """The signals that it can befall together."""
        ...

    def deliver(self, rng: np.random.Generator, stretch: Stretch) -> FaultyReadings:
        """Return what the faulty instruments transmit; `rng` is the episode's own."""
        ...


@dataclass(frozen=True, slots=True)
class InstrumentEpisode:
    """Truth of one episode.

    Attributes:
        number: Counted through the pump's episodes by the order of drawing.
        rows: The rows of measurement that it covers, in order. Shape (row,).
        parameters: What was drawn for it.
    """

    number: int
    kind: str
    signals: tuple[str, ...]
    rows: IntArray
    parameters: Parameters
