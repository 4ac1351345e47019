"""Another surrounding: the ventilation of the pump house fails, doors stand open, a neighbour gives off heat."""

from dataclasses import dataclass

import numpy as np

from pipelines.simulate.changes.kind import Alteration


@dataclass(frozen=True, slots=True)
class Ambient:
    """The air of the pump house is warmer or colder than the weather explains."""

    id: str = "ambient"
    share: float = 0.2
    lasts_hours: tuple[float, float] = (24.0, 720.0)
    ramp_hours: float = 6.0
    is_of_one_pump: bool = False
    reported_share: float = 0.0

    def draw(self, rng: np.random.Generator) -> Alteration:
        """Draw the shift: 6 to 15 degrees up, or 6 to 12 down."""
        up, down = float(rng.uniform(6.0, 15.0)), -float(rng.uniform(6.0, 12.0))
        return Alteration(ambient_c=up if rng.random() < 0.65 else down)
