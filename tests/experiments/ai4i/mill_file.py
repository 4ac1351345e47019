"""A file in the form of AI4I 2020, with failures by the publisher's rules."""

from pathlib import Path

import numpy as np

HEADER = (
    "UDI,Product ID,Type,Air temperature [K],Process temperature [K],Rotational speed [rpm],Torque [Nm],"
    "Tool wear [min],Machine_failure,TWF,HDF,PWF,OSF,RNF"
)


def write_mill(folder: Path, rows: int = 400, seed: int = 0) -> None:
    """Write parts; failures are more frequent than the publisher's, so that few rows are enough."""
    rng = np.random.default_rng(seed)
    lines = ["\ufeff" + HEADER]
    for part in range(1, rows + 1):
        variant = str(rng.choice(("L", "M", "H")))
        air, rise = round(300.0 + rng.normal(0, 2.0), 1), round(9.5 + rng.normal(0, 1.0), 1)
        speed, torque = int(rng.uniform(1_200, 2_400)), round(rng.uniform(15.0, 65.0), 1)
        wear = int(rng.integers(0, 240))
        power = torque * speed * 2 * np.pi / 60
        flags = (
            wear > 200 and rng.random() < 0.4,
            rise < 8.6 and speed < 1_700,
            not 3_500 <= power <= 12_000,
            wear * torque > {"L": 11_000, "M": 12_000, "H": 13_000}[variant],
        )
        told = ",".join(str(int(flag)) for flag in (any(flags), *flags, False))
        lines.append(f"{part},{variant}{part},{variant},{air},{round(air + rise, 1)},{speed},{torque},{wear},{told}")
    (folder / "ai4i2020.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
