"""The leakage probe put to the test: planted leaks must be found, clean data must raise none."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from experiments.bench.leaks_planted import Case, clean_cases, clean_table, planted_cases
from pipelines.onboard.leakage.probe import probe, shuffled_area
from pipelines.onboard.leakage.probe_table import ProbeTable

SHUFFLES, HORIZON = 40, 24.0
Tell = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class LeaksResult:
    """What the probe found.

    Attributes:
        missed: Planted leaks that were not found.
        false_alarms: Leaks found where there are none, by table.
        tables: Clean tables.
        shuffled_area: Mean area of a model on shuffled labels.
    """

    planted: int
    missed: tuple[str, ...]
    false_alarms: dict[str, tuple[str, ...]]
    tables: int
    shuffled_area: float

    def to_dict(self) -> dict[str, object]:
        """Return the form that `--json` prints."""
        return {
            "planted": self.planted,
            "found": self.planted - len(self.missed),
            "missed": list(self.missed),
            "clean_tables": self.tables,
            "false_alarms": {name: list(reasons) for name, reasons in self.false_alarms.items() if reasons},
            "shuffled_area": self.shuffled_area,
        }


def measure_leaks(pumps: int, days: int, engines: Path | None, tell: Tell) -> LeaksResult:
    """Probe planted and clean tables, and a model on shuffled labels.

    Args:
        pumps: Machines of the simulated fleet that counts as clean; none leaves it out.
        days: Length of its observation.
        engines: NASA's folder, whose training engines count as clean; None leaves them out.
        tell: Told of tables done.
    """
    planted, clean = planted_cases(), clean_cases()
    real = [*_pumps(pumps, days), *([] if engines is None else _engines(engines))]
    missed, false_alarms = [], {}
    every = len(planted) + len(clean) + len(real)
    for done, case in enumerate(planted, start=1):
        if not is_found(case):
            missed.append(case.name)
        tell(done, every)
    for done, (name, table, split) in enumerate([*((c.name, c.table, c.split) for c in clean), *real], start=1):
        false_alarms[name] = tuple(leak.reason for leak in probe(table, split))
        tell(len(planted) + done, every)
    table = clean_table(seed=1)
    near = table.is_failure & (table.remaining <= HORIZON)
    found = shuffled_area(table.values, near, table.asset, shuffles=SHUFFLES)
    return LeaksResult(len(planted), tuple(missed), false_alarms, len(false_alarms), found)


def is_found(case: Case) -> bool:
    """Say whether the probe finds a planted leak, of its kind and in its column."""
    leaks = probe(case.table, case.split)
    return any(leak.kind in case.kinds and (case.column is None or case.column in leak.names) for leak in leaks)


def _pumps(pumps: int, days: int) -> list[tuple[str, ProbeTable, None]]:
    if not pumps:
        return []
    from experiments.data_sets import brought  # lazy: only with pumps
    from features.packs.loader import load_pack
    from pipelines.onboard.assessing import signal_table
    from pipelines.simulate.files import write_fleet
    from pipelines.simulate.fleet import simulate_fleet
    from pipelines.simulate.settings import FleetSettings

    pack, fleet = load_pack("pump"), simulate_fleet(FleetSettings(pumps=pumps, days=days))
    with brought(pack, lambda folder: write_fleet(fleet, folder)) as folder:
        return [(f"{pumps} simulated pumps", signal_table(pack, folder.tracks), None)]


def _engines(folder: Path) -> list[tuple[str, ProbeTable, None]]:
    from experiments.cmapss.reader import engine_tracks, read_engines  # lazy: only with engines
    from features.domain.events import EventKind
    from features.packs.loader import load_pack
    from pipelines.onboard.assessing import signal_table

    pack, found = load_pack("turbofan"), []
    for subset in ("FD001", "FD002", "FD003", "FD004"):
        engines = read_engines(folder / f"train_{subset}.txt")
        found.append((subset, signal_table(pack, engine_tracks(engines, pack, EventKind.FAILURE)), None))
    return found
