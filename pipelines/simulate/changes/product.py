"""Another product: a liquid of other density, viscosity and temperature goes through the same pumps.

Head in metres does not depend on the density; pressure and power do (Karassik et al., Pump Handbook). Viscosity costs
efficiency and a little head (ANSI/HI 9.6.7); that it is a third as much of the head, and all sizes, are assumptions.
"""

from dataclasses import dataclass

import numpy as np

from pipelines.simulate.changes.kind import Alteration


@dataclass(frozen=True, slots=True)
class Product:
    """The whole station pumps something lighter, or heavier and more viscous, than water."""

    id: str = "product"
    share: float = 0.25
    lasts_hours: tuple[float, float] = (12.0, 720.0)
    ramp_hours: float = 0.0
    is_of_one_pump: bool = False
    reported_share: float = 0.5

    def draw(self, rng: np.random.Generator) -> Alteration:
        """Draw the liquid: density .86 to .95 of water's or 1.05 to 1.15, up to a tenth of the efficiency lost."""
        lighter, heavier = float(rng.uniform(0.86, 0.95)), float(rng.uniform(1.05, 1.15))
        is_lighter, lost = bool(rng.random() < 0.4), float(rng.uniform(0.02, 0.10))
        lost = 0.2 * lost if is_lighter else lost
        warmer = float(rng.uniform(0.0, 8.0))
        return Alteration(
            water_c=warmer, density=lighter if is_lighter else heavier, head=1.0 - lost / 3.0, efficiency=1.0 - lost
        )
