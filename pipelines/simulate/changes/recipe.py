"""Another recipe: one pump is set to another task, into another zone of the network and with another set point."""

from dataclasses import dataclass

import numpy as np

from pipelines.simulate.changes.kind import Alteration


@dataclass(frozen=True, slots=True)
class Recipe:
    """One pump of the station works against other levels and pipes, for another flow."""

    id: str = "recipe"
    share: float = 0.25
    lasts_hours: tuple[float, float] = (12.0, 1_440.0)
    ramp_hours: float = 0.0
    is_of_one_pump: bool = True
    reported_share: float = 0.5

    def draw(self, rng: np.random.Generator) -> Alteration:
        """Draw the zone: lower and nearer with more flow, or higher and farther with less."""
        is_lower = bool(rng.random() < 0.5)
        level, pipe = float(rng.uniform(0.12, 0.3)), float(rng.uniform(0.1, 0.3))
        flow_up, flow_down = float(rng.uniform(0.06, 0.15)), float(rng.uniform(0.12, 0.3))
        if is_lower:
            return Alteration(demand=1.0 + flow_up, static_head=1.0 - level, resistance=1.0 - pipe)
        return Alteration(demand=1.0 - flow_down, static_head=1.0 + level, resistance=1.0 + pipe)
