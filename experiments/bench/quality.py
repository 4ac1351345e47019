"""The benchmark of the quality of measurements: simulated streams with ground truth, then real telemetry."""

from collections.abc import Callable
from pathlib import Path

from experiments.bench.quality_real import cmapss_machines, run_real, skab_machines
from experiments.bench.quality_simulated import run_simulated
from experiments.errors import DataSetUnusable
from features.packs.loader import load_pack
from features.quality.rules import quality_rules
from pipelines.simulate.settings import FleetSettings

Tell = Callable[[int, int], None]

BARS = {"stuck": 0.99, "unit_changed": 0.99, "clock_off": 0.99, "spike": 0.95, "swapped": 0.95}
"""Recall by episode that is asked for; gaps are asked .99 as well, and clean readings may lose one in a thousand."""

_MOST_LOST = 0.001
_REPORTED_SEED = 4711
"""The seeds from here on are for reporting; whoever tunes anything uses others."""


def settings_of(pumps: int, seed: int) -> dict[str, FleetSettings]:
    """Return the fleets that are judged: a year at two hours, and two weeks at two minutes."""
    return {
        "two_hours": FleetSettings(
            pumps=pumps,
            days=420,
            interval_minutes=120,
            seed=_REPORTED_SEED + seed,
            instrument_fault_rate=4.0,
            path_fault_rate=3.0,
        ),
        "two_minutes": FleetSettings(
            pumps=max(pumps // 3, 1),
            days=14,
            interval_minutes=2,
            seed=_REPORTED_SEED + 1_000 + seed,
            instrument_fault_rate=100.0,
            path_fault_rate=60.0,
        ),
    }


def measure_quality(pumps: int, seed: int, data: Path | None, tell: Tell) -> dict[str, object]:
    """Run the whole benchmark.

    Args:
        pumps: Machines of the simulated fleet at two hours; the one at two minutes has a third of them.
        seed: Added to the first seed that is kept for reporting.
        data: Folder of public data sets, or None.
        tell: Told of parts done and parts in all.
    """
    rules = quality_rules(load_pack("pump"))
    simulated: dict[str, object] = {}
    for done, (name, settings) in enumerate(settings_of(pumps, seed).items()):
        tell(done, 4)
        simulated[name] = run_simulated(settings, rules)
    tell(2, 4)
    real = {"skab": measure_real(data, "skab", seed), "cmapss": measure_real(data, "cmapss", seed)}
    tell(4, 4)
    return {"bars": BARS | {"gap": 0.99, "most_clean_lost": _MOST_LOST}, "simulated": simulated, "real": real}


def measure_real(data: Path | None, name: str, seed: int) -> dict[str, object]:
    """Return the figures of a public data set, or why there are none."""
    if data is None:
        return {"result": None, "reason": "MILLWRIGHT_DATA names no folder of public data sets"}
    try:
        if name == "skab":
            return run_real(*skab_machines(data / name), seed)
        return {subset: run_real(*cmapss_machines(data / name, subset), seed) for subset in ("FD001", "FD002")}
    except DataSetUnusable as error:
        return {"result": None, "reason": str(error)}
