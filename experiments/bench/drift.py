"""Drift of inputs on simulated pumps: how often an unchanged fleet raises an alarm, and which changes are seen.

No model is asked: predictions and outcomes are tested by their own arithmetic, inputs need a fleet.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from experiments.data_sets import brought
from features.packs.loader import load_pack
from features.transforms.batch import LifeRows
from features.transforms.specification import FeatureSpecification
from pipelines.building.build import fit_specification
from pipelines.building.tracks import LifeTrack
from pipelines.monitor.report import DriftReport, drift_report
from pipelines.monitor.rows import WatchedRows, watched_rows
from pipelines.simulate.files import write_fleet
from pipelines.simulate.fleet import simulate_fleet
from pipelines.simulate.settings import FleetSettings

Progress = Callable[[int, int], None]
SPAN = 28.0
SEVERITIES = (1.0, 2.0, 3.0)
_FIRST_STRETCHES = 7
_DAY_US = 86_400_000_000


@dataclass(frozen=True, slots=True)
class DriftRates:
    """What was seen.

    Attributes:
        looks: Looks at fleets that had not changed.
        alarmed: Looks of them that raised an alarm.
        causes: Alarms of those looks by cause.
        seen: By change and severity: how often an alarm named the signal, and how often it was planted.
    """

    looks: int
    alarmed: int
    causes: dict[str, int]
    seen: dict[str, tuple[int, int]] = field(default_factory=dict)

    def to_dict(self) -> dict[str, object]:
        """Return the JSON form."""
        return {
            "looks": self.looks,
            "false_alarms": self.alarmed,
            "false_alarm_share": self.alarmed / max(self.looks, 1),
            "false_alarm_causes": self.causes,
            "seen": {name: {"seen": found, "planted": count} for name, (found, count) in self.seen.items()},
        }


def measure_drift(pumps: int, days: int, seeds: Sequence[int], progress: Progress | None = None) -> DriftRates:
    """Look at simulated fleets every four weeks, then plant changes into their last four.

    Args:
        pumps: Of each fleet.
        days: Length of its record.
        seeds: One fleet each.
        progress: Told of fleets done.
    """
    pack = load_pack("pump")
    looks, alarmed, causes = 0, 0, Counter[str]()
    seen: dict[str, list[bool]] = {}
    for done, seed in enumerate(seeds, start=1):
        fleet = simulate_fleet(FleetSettings(pumps=pumps, days=days, seed=seed))
        sites = dict(zip(fleet.assets["asset_id"], fleet.assets["site"], strict=True))
        with brought(pack, partial(write_fleet, fleet)) as folder:
            tracks = list(folder.tracks)
        specification = fit_specification(pack, tracks)
        for report in _looks(specification, watched_rows(specification, tracks, None), sites):
            looks, alarmed = looks + 1, alarmed + bool(report.alarms)
            causes.update(alarm.cause for alarm in report.alarms)
        sensor = specification.sensors[seed % len(specification.sensors)]
        for name, changed in _changes(specification, tracks, sensor):
            report = _report(specification, watched_rows(specification, changed, None), sites)
            seen.setdefault(name, []).append(any(sensor in alarm.signals for alarm in report.alarms))
        if progress is not None:
            progress(done, len(seeds))
    return DriftRates(looks, alarmed, dict(causes), {name: (sum(hits), len(hits)) for name, hits in seen.items()})


def _looks(specification: FeatureSpecification, rows: WatchedRows, sites: dict[str, str]) -> list[DriftReport]:
    ends = np.arange(rows.day.min() + SPAN * _FIRST_STRETCHES, rows.day.max(), SPAN)
    found = []
    for end in ends:
        kept = rows.day <= end
        columns = ("day", "asset", "vectors", "regime", "risk", "expected", "failed")
        part = replace(rows, **{name: getattr(rows, name)[kept] for name in columns})
        found.append(_report(specification, part, sites))
    return found


def _report(specification: FeatureSpecification, rows: WatchedRows, sites: dict[str, str]) -> DriftReport:
    return drift_report(rows, specification.sensors, SPAN, None, sites)


def _changes(
    specification: FeatureSpecification, tracks: Sequence[LifeTrack], sensor: str
) -> list[tuple[str, list[LifeTrack]]]:
    """Return each change with the tracks that carry it."""
    assets = sorted({str(track.epoch.asset) for track in tracks})
    scale = float(np.mean([each[specification.sensors.index(sensor)] for each in specification.regimes.scales]))
    column = specification.signals.index(sensor)
    places = (("every other pump", set(assets[::2])), ("all pumps", set(assets)))
    return [
        (f"{name}, {severity:g} sd", [_shifted(track, column, severity * scale, chosen, tracks) for track in tracks])
        for name, chosen in places
        for severity in SEVERITIES
    ]


def _shifted(track: LifeTrack, column: int, by: float, chosen: set[str], tracks: Sequence[LifeTrack]) -> LifeTrack:
    if str(track.epoch.asset) not in chosen:
        return track
    last = max(int(each.time_us[-1]) for each in tracks)
    values = track.rows.values.copy()
    values[track.time_us > last - int(SPAN * _DAY_US), column] += by
    return replace(track, rows=LifeRows(track.rows.time, values, track.rows.events))
