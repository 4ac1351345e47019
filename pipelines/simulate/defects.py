"""What any data path does to the data: gaps, silence, late, doubled, conflicting, impossible and non-finite values.

Every defect is written down. The table `DEFECTS` is the place of further ones: a function that changes a draft and
returns what it did. What befalls a gateway only where it is asked for (a wrong clock, a stretch sent again) stands in
`path_faults`.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pipelines.simulate.arrays import CodeArray, FloatArray, IntArray
from pipelines.simulate.codes import code_of
from pipelines.simulate.draft import Draft
from pipelines.simulate.seeds import Purpose, pump_stream, station_stream
from pipelines.simulate.settings import FleetSettings
from pipelines.simulate.signals import QUALITIES, SIGNALS

_HOUR = 3_600_000_000
_SECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class Defect:
    """One thing that the data path did.

    Attributes:
        signal: The signal concerned, or None for whole rows.
        from_us: Time of the first reading concerned, microseconds since 1970.
        to_us: Time of the last one.
        count: Rows concerned, or single values where a signal is named.
        note: The value written, the delay, or the like.
    """

    kind: str
    asset: str
    signal: str | None
    from_us: int
    to_us: int
    count: int
    note: str


@dataclass(frozen=True, slots=True)
class Silence:
    """A stretch in which a station's gateway sent nothing; a gateway that kept a backlog sends it afterwards."""

    begin_us: int
    end_us: int
    has_backlog: bool


@dataclass(frozen=True, slots=True)
class Route:
    """The way of one pump's data."""

    asset: str
    days: float
    silences: tuple[Silence, ...]


def draw_silences(settings: FleetSettings, station: int) -> tuple[Silence, ...]:
    """Draw when the gateway of a station is silent: every 45 days or so, for 3 to 48 hours."""
    rng = station_stream(settings.seed, station, Purpose.GATEWAY)
    silences = []
    at = float(rng.exponential(45 * 24.0))
    while at < settings.days * 24.0:
        end = at + float(np.exp(rng.uniform(np.log(3.0), np.log(48.0))))
        begin_us, end_us = (int(settings.microseconds_at(moment)) for moment in (at, end))
        silences.append(Silence(begin_us, end_us, has_backlog=bool(rng.random() < 0.5)))
        at = end + float(rng.exponential(45 * 24.0))
    return tuple(silences)


def new_draft(settings: FleetSettings, pump: int, values: FloatArray, value_codes: CodeArray) -> Draft:
    """Return the rows as a perfect data path would deliver them: all, in order, seconds after the reading."""
    rng = pump_stream(settings.seed, pump, Purpose.DEFECTS)
    time_us = settings.microseconds_at(settings.hours())
    latency = rng.integers(2 * _SECOND, 45 * _SECOND, len(time_us))
    return Draft(
        time_us=time_us,
        arrived_us=time_us + latency,
        measured_us=time_us,
        values=values.copy(),
        missing=np.zeros(values.shape, dtype=np.bool_),
        copied=np.zeros(len(time_us), dtype=np.bool_),
        value_codes=value_codes.copy(),
        row_codes=np.zeros(len(time_us), dtype=np.int8),
    )


def damage_data(settings: FleetSettings, pump: int, draft: Draft, route: Route) -> list[Defect]:
    """Send a draft through the data path and return everything that happened to it."""
    done: list[Defect] = []
    for name, defect in DEFECTS:
        done += defect(draft, route, pump_stream(settings.seed, pump, Purpose.DEFECTS, name=name))
    return done


def _silence(draft: Draft, route: Route, rng: np.random.Generator) -> list[Defect]:
    done = []
    for silence in route.silences:
        inside = (draft.time_us >= silence.begin_us) & (draft.time_us < silence.end_us)
        if not inside.any():
            continue
        times = draft.time_us[inside]
        kind = "gateway_backlog" if silence.has_backlog else "gateway_silence"
        done.append(Defect(kind, route.asset, None, int(times[0]), int(times[-1]), int(inside.sum()), ""))
        if silence.has_backlog:
            draft.arrived_us[inside] = silence.end_us + rng.permutation(len(times)) * _SECOND + 5 * _SECOND
        else:
            draft.keep(~inside)
    return done


def _signal_gaps(draft: Draft, route: Route, rng: np.random.Generator) -> list[Defect]:
    done = []
    for _ in range(int(rng.poisson(0.05 * route.days))):
        channel = int(rng.integers(len(SIGNALS)))
        begin = float(rng.uniform(draft.time_us[0], draft.time_us[-1])) if len(draft.time_us) else 0.0
        end = begin + float(np.exp(rng.uniform(np.log(2.0), np.log(72.0)))) * _HOUR
        inside = (draft.time_us >= begin) & (draft.time_us < end) & ~draft.missing[:, channel]
        if inside.any():
            draft.missing[inside, channel] = True
            draft.value_codes[inside, channel] = code_of("signal_gap")
            times = draft.time_us[inside]
            signal, count = SIGNALS[channel], int(inside.sum())
            done.append(Defect("signal_gap", route.asset, signal, int(times[0]), int(times[-1]), count, ""))
    return done


def _impossible(draft: Draft, route: Route, rng: np.random.Generator) -> list[Defect]:
    return _bad_values(draft, route, rng, "impossible_value", 0.0004, (-999.0, 65_535.0))


def _non_finite(draft: Draft, route: Route, rng: np.random.Generator) -> list[Defect]:
    return _bad_values(draft, route, rng, "non_finite_value", 0.0002, (np.nan, np.nan, np.inf))


def _bad_values(
    draft: Draft, route: Route, rng: np.random.Generator, kind: str, share: float, choices: tuple[float, ...]
) -> list[Defect]:
    """Overwrite single values that are there and still good; the counter is spared."""
    done = []
    for row in _some_rows(draft, rng, share):
        channel, value = int(rng.integers(len(SIGNALS) - 1)), choices[int(rng.integers(len(choices)))]
        present = draft.values[row, channel]
        if draft.missing[row, channel] or present in {-999.0, 65_535.0} or not np.isfinite(present):
            continue
        draft.values[row, channel] = value
        draft.value_codes[row, channel] = code_of(kind)
        at = int(draft.time_us[row])
        done.append(Defect(kind, route.asset, SIGNALS[channel], at, at, 1, f"{value:g} instead of {present:g}"))
    return done


def _late(draft: Draft, route: Route, rng: np.random.Generator) -> list[Defect]:
    rows = _some_rows(draft, rng, 0.01)
    delay = (np.exp(rng.uniform(np.log(1.0), np.log(72.0), len(rows))) * _HOUR).astype(np.int64)
    draft.arrived_us[rows] += delay
    return [
        Defect("late_row", route.asset, None, int(at), int(at), 1, f"{wait / _HOUR:.2f} h late")
        for at, wait in zip(draft.time_us[rows], delay, strict=True)
    ]


def _duplicates(draft: Draft, route: Route, rng: np.random.Generator) -> list[Defect]:
    rows = _some_rows(draft, rng, 0.006)
    later = draft.arrived_us[rows] + rng.integers(_SECOND, 6 * _HOUR, len(rows))
    times = draft.time_us[rows]
    draft.append(rows, later, draft.values[rows])
    return [Defect("duplicate_row", route.asset, None, int(at), int(at), 1, "") for at in times]


def _conflicts(draft: Draft, route: Route, rng: np.random.Generator) -> list[Defect]:
    rows = _some_rows(draft, rng, 0.0005)
    channels = rng.integers(len(SIGNALS) - 1, size=len(rows))
    usable = ~draft.missing[rows, channels] & np.isfinite(draft.values[rows, channels])
    rows, channels = rows[usable], channels[usable]
    values = draft.values[rows]
    before = values[np.arange(len(rows)), channels]
    step = np.array([quality.resolution for quality in QUALITIES])[channels]
    after = before + step * (1 + rng.integers(0, 20, len(rows)))
    values[np.arange(len(rows)), channels] = np.round(after, 6)
    times = draft.time_us[rows]
    draft.append(rows, draft.arrived_us[rows] + rng.integers(_SECOND, 2 * _HOUR, len(rows)), values)
    if len(rows):
        copies = np.arange(len(draft.time_us) - len(rows), len(draft.time_us))
        draft.value_codes[copies, channels] = code_of("conflicting_row")
    return [
        Defect("conflicting_row", route.asset, SIGNALS[channel], int(at), int(at), 1, f"{new:g} after {old:g}")
        for channel, at, old, new in zip(channels, times, before, after, strict=True)
    ]


def _some_rows(draft: Draft, rng: np.random.Generator, share: float) -> IntArray:
    """Choose rows by chance, of those without a copy."""
    chosen = (rng.random(len(draft.time_us)) < share) & ~draft.copied
    return np.flatnonzero(chosen)


DefectKind = Callable[[Draft, Route, np.random.Generator], list[Defect]]

DEFECTS: tuple[tuple[str, DefectKind], ...] = (
    ("silence", _silence),
    ("signal_gap", _signal_gaps),
    ("impossible_value", _impossible),
    ("non_finite_value", _non_finite),
    ("late_row", _late),
    ("duplicate_row", _duplicates),
    ("conflicting_row", _conflicts),
)
"""The data path, in order: whole rows are lost first, values spoilt next, arrivals and copies come last."""
