"""The contract of a change of operation: drawn once, then it acts on what a pump is asked for and what it stands in."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from pipelines.simulate.episodes import Drawable


@dataclass(frozen=True, slots=True)
class Alteration:
    """What a change does at its full size. Ratios are 1 and shifts 0 where it leaves something alone.

    Attributes:
        demand: Wanted flow over what it would have been.
        ambient_c: Shift of the air temperature in the pump house.
        water_c: Shift of the liquid's temperature.
        density: Density over that of water.
        head: Head of the impeller with this liquid over that with water.
        efficiency: The same for the efficiency.
        static_head: Difference of levels over that of the design.
        resistance: Pipe friction over that of the design.
    """

    demand: float = 1.0
    ambient_c: float = 0.0
    water_c: float = 0.0
    density: float = 1.0
    head: float = 1.0
    efficiency: float = 1.0
    static_head: float = 1.0
    resistance: float = 1.0


class OperationKind(Drawable, Protocol):
    """A kind of change of operation."""

    @property
    def ramp_hours(self) -> float:
        """Time that it takes to come and, within its duration, to go; 0 is a step."""
        ...

    @property
    def is_of_one_pump(self) -> bool:
        """Whether it befalls one pump of the station, instead of all of them."""
        ...

    @property
    def reported_share(self) -> float:
        """Share of its episodes of which the plant writes `recipe_changed`, at their beginning and their end."""
        ...

    def draw(self, rng: np.random.Generator) -> Alteration:
        """Draw how large it is."""
        ...


@dataclass(frozen=True, slots=True)
class OperationEpisode:
    """Truth of one change of operation.

    Attributes:
        number: Counted through the station's episodes by the order of drawing.
        slot: The pump's place within the station; None where all of them are concerned.
        rows: The rows of measurement that it covers.
        ramp_hours: Time that it takes to come and to go.
        is_reported: Whether the plant writes it down.
    """

    number: int
    kind: str
    slot: int | None
    rows: slice
    ramp_hours: float
    alteration: Alteration
    is_reported: bool

    def concerns(self, slot: int) -> bool:
        """Say whether the pump in this place is concerned."""
        return self.slot is None or self.slot == slot
