"""Another load: a consumer comes or goes, a neighbouring station is out of work."""

from dataclasses import dataclass

import numpy as np

from pipelines.simulate.changes.kind import Alteration


@dataclass(frozen=True, slots=True)
class Load:
    """The whole station is asked for clearly less, or clearly more, than the season and the hour explain."""

    id: str = "load"
    share: float = 0.3
    lasts_hours: tuple[float, float] = (24.0, 1_440.0)
    ramp_hours: float = 2.0
    is_of_one_pump: bool = False
    reported_share: float = 0.0

    def draw(self, rng: np.random.Generator) -> Alteration:
        """Draw the wanted flow: 20 to 45 % less, or 10 to 25 % more."""
        less, more = float(rng.uniform(0.55, 0.8)), float(rng.uniform(1.1, 1.25))
        return Alteration(demand=less if rng.random() < 0.65 else more)
