"""What is pumped, and against what, beside what a station was designed for."""

from dataclasses import dataclass

from pipelines.simulate.arrays import FloatArray


@dataclass(frozen=True, slots=True)
class Process:
    """The liquid and the piping, as ratios to water and to the design; 1 changes nothing, to the last bit.

    Attributes:
        density: Density over that of water. A number, or shape (time,), as all of them.
        head: Head that the impeller gives to this liquid, over that for water (viscosity, ANSI/HI 9.6.7).
        efficiency: The same for the efficiency.
        static_head: Difference of levels over that of the design.
        resistance: Pipe friction over that of the design.
    """

    density: FloatArray | float = 1.0
    head: FloatArray | float = 1.0
    efficiency: FloatArray | float = 1.0
    static_head: FloatArray | float = 1.0
    resistance: FloatArray | float = 1.0


AS_DESIGNED = Process()
"""Water, through the piping of the design."""
