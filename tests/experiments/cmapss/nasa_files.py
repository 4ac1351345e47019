"""Made-up engines in the form of NASA's files: 26 numbers a row, two blanks at its end."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

BASE = (518.67, 642.2, 1589.0, 1401.0, 14.62, 21.61, 553.9, 2388.06, 9050.0, 1.3, 47.3, 522.0, 2388.05, 8138.0,
        8.43, 0.03, 392.0, 2388.0, 100.0, 38.9, 23.35)  # fmt: skip
WEAR = (0.0, 1.5, 15.0, 25.0, 0.0, 0.01, -4.0, 0.1, 30.0, 0.01, 0.8, -3.0, 0.1, 20.0, 0.12, 0.0, 4.0, 0.0, 0.0,
        -0.6, -0.35)  # fmt: skip


def engine_rows(unit: int, cycles: int, life: int, generator: np.random.Generator) -> NDArray[np.float64]:
    """Return the first cycles of an engine that fails after `life` of them. Shape (time, 26)."""
    cycle = np.arange(1, cycles + 1)
    wear = np.exp(6.0 * (cycle / life - 1.0))[:, None]
    noise = generator.normal(0.0, 0.15, (cycles, len(WEAR)))
    sensors = np.array(BASE) + np.array(WEAR) * (wear + noise)
    settings = np.array([0.0, 0.0, 100.0]) + generator.normal(0.0, 1e-3, (cycles, 3)) * [1.0, 0.1, 0.0]
    return np.column_stack([np.full(cycles, unit), cycle, settings, sensors])


def nasa_text(rows: NDArray[np.float64]) -> str:
    """Return rows as NASA writes them."""
    lines = [" ".join([f"{row[0]:.0f}", f"{row[1]:.0f}", *(f"{value:.4f}" for value in row[2:])]) for row in rows]
    return "".join(f"{line}  \n" for line in lines)


def write_subset(folder: Path, name: str, training: int, tests: int, seed: int = 7, answers: bool = True) -> None:
    """Write the three files of a subset with lives of 60 to 120 cycles."""
    folder.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(seed)
    lives = generator.integers(60, 121, training + tests)
    grown = [engine_rows(unit, int(life), int(life), generator) for unit, life in enumerate(lives[:training], start=1)]
    left = generator.integers(1, 40, tests)
    cut = [
        engine_rows(unit, int(life - rest), int(life), generator)
        for unit, (life, rest) in enumerate(zip(lives[training:], left, strict=True), start=1)
    ]
    (folder / f"train_{name}.txt").write_text(nasa_text(np.concatenate(grown)))
    (folder / f"test_{name}.txt").write_text(nasa_text(np.concatenate(cut)))
    if answers:
        (folder / f"RUL_{name}.txt").write_text("".join(f"{rest} \n" for rest in left))
