"""The contract of a fault of the data path: planned once for a gateway, then done to every pump behind it."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from pipelines.simulate.arrays import IntArray
from pipelines.simulate.draft import Draft
from pipelines.simulate.episodes import Drawable

SECOND_US = 1_000_000
HOUR_US = 3_600 * SECOND_US


@dataclass(frozen=True, slots=True)
class Window:
    """When a fault is to begin and end, and what it has to fit into; microseconds since 1970.

    Attributes:
        begin_us: True time of the first reading concerned.
        end_us: From here on readings are not concerned (outside).
        until_us: End of the observation.
        interval_us: Distance of two rows.
    """

    begin_us: int
    end_us: int
    until_us: int
    interval_us: int


class PathFault(Protocol):
    """One episode of a gateway, planned in every number, so that all its pumps meet the same."""

    @property
    def kind(self) -> str:
        """The kind's name."""
        ...

    @property
    def begin_us(self) -> int:
        """True time from which readings are concerned."""
        ...

    @property
    def end_us(self) -> int:
        """True time from which they no longer are."""
        ...

    @property
    def over_us(self) -> int:
        """When the gateway is free for the next fault."""
        ...

    @property
    def note(self) -> str:
        """What was drawn for it, for the truth."""
        ...

    def befall(self, draft: Draft, code: int) -> IntArray:
        """Change the rows of one pump, mark those concerned with `code`, and return them."""
        ...


class PathKind(Drawable, Protocol):
    """A kind of fault of the data path."""

    def plan(self, rng: np.random.Generator, window: Window) -> PathFault | None:
        """Plan an episode, or return None where it does not fit into the observation."""
        ...
