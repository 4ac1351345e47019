"""One pump, or one station, in memory with its truth: what a benchmark of measurement quality reads and scores.

    settings = FleetSettings(days=7, interval_minutes=1, instrument_fault_rate=200.0, path_fault_rate=50.0)
    for pump in scored_station(settings, 0):  # the pumps of one gateway; or scored_pump(settings, 3)
        verdicts = judge(pump.time_us, pump.arrived_us, pump.values)  # rows in the order in which they arrive
        stuck = pump.covered_by("stuck")  # shape (row, signal): the readings that an episode of `stuck` covers
        clean = pump.sound  # readings that nothing touched, for the share set aside in vain

The settings choose what may happen: `instrument_fault_rate` (episodes per pump and year) with `instrument_kinds`,
`path_fault_rate` (episodes per gateway and year) with `path_kinds`, and `with_defects` for the gaps, late rows and
broken values of the ordinary data path. All zero, and without defects, the stream is sound throughout.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from pipelines.simulate.arrays import BoolArray, CodeArray, FloatArray, IntArray
from pipelines.simulate.codes import code_of
from pipelines.simulate.fleet import site_of
from pipelines.simulate.pump import PumpRecord, Site, simulate_pump
from pipelines.simulate.settings import FleetSettings
from pipelines.simulate.signals import SIGNALS


@dataclass(frozen=True, slots=True)
class ScoredEpisode:
    """Something that happened to the readings of one pump, as the truth knows it.

    Attributes:
        kind: A kind of `instruments.registry` or `path_faults.registry`, or of the table in `docs/simulator.md`
            (`gateway_silence`, `gateway_backlog`, `signal_gap`, `late_row`, …).
        asset: The pump.
        signals: The signals concerned; all of them where whole rows are.
        from_us: True time of the first reading concerned, microseconds since 1970.
        to_us: True time of the last one (inside).
        readings: Rows concerned, of those that were sent; for silences and gaps, of those that were not.
        parameters: What was drawn for it (size, rate, units, offset), or a note.
    """

    kind: str
    asset: str
    signals: tuple[str, ...]
    from_us: int
    to_us: int
    readings: int
    parameters: Mapping[str, float | str]


@dataclass(frozen=True, slots=True)
class ScoredPump:
    """The stream of one pump with its truth. Rows lie in the order of their arrival; channels are those of `SIGNALS`.

    Attributes:
        asset: The pump.
        time_us: Time as written, microseconds since 1970. Shape (row,).
        arrived_us: When the row arrived, by a right clock. Shape (row,).
        measured_us: When it was measured in truth; differs from `time_us` where a clock was off or a row was
            replayed with a new time. Shape (row,).
        values: As written; NaN is not measured, and NaN or infinite also where a gateway wrote that. Shape (row,
            channel).
        clean: What sound instruments would have delivered at `measured_us`; never NaN. Shape (row, channel).
        value_codes: What happened to a value, by `codes.CODES`; 0 is nothing. Shape (row, channel).
        row_codes: What happened to the whole row: 0, `clock_off`, `replayed` or `replayed_as_new`. Late and doubled
            rows and backlogs carry right values and right times, so that they are 0. Shape (row,).
        episodes: Everything that happened, by its beginning.
    """

    asset: str
    time_us: IntArray
    arrived_us: IntArray
    measured_us: IntArray
    values: FloatArray
    clean: FloatArray
    value_codes: CodeArray
    row_codes: CodeArray
    episodes: tuple[ScoredEpisode, ...]

    def covered_by(self, kind: str) -> BoolArray:
        """Say of every reading whether an episode of this kind covers it. Shape (row, channel).

        Raises:
            KeyError: If no reading can carry that kind; those that can are `codes.CODES`.
        """
        code = code_of(kind)
        return np.asarray((self.value_codes == code) | (self.row_codes == code)[:, None])

    @property
    def sound(self) -> BoolArray:
        """Whether a reading was measured, and nothing covers it. Shape (row, channel)."""
        return np.asarray(np.isfinite(self.values) & (self.value_codes == 0) & (self.row_codes == 0)[:, None])

    @property
    def altered(self) -> BoolArray:
        """Whether a value that is there differs from what a sound instrument would have delivered then.

        An episode may cover readings that it did not change: a stuck value may be right for a while, two exchanged
        signals may agree at standstill. A wrong clock or a replay alters no value, only the time under which it is
        written. Shape (row, channel).
        """
        return np.asarray(~np.isnan(self.values) & (self.values != self.clean))


def scored_pump(settings: FleetSettings, number: int = 0) -> ScoredPump:
    """Simulate pump `number` (from 0) of a fleet and return its stream with the truth."""
    return _scored(settings, simulate_pump(settings, number, site_of(settings, number // settings.pumps_per_station)))


def scored_station(settings: FleetSettings, station: int = 0) -> tuple[ScoredPump, ...]:
    """Simulate every pump behind one gateway; its faults of the data path befall all of them at the same time."""
    site: Site = site_of(settings, station)
    first = station * settings.pumps_per_station
    numbers = range(first, first + settings.pumps_per_station)
    return tuple(_scored(settings, simulate_pump(settings, number, site)) for number in numbers)


def _scored(settings: FleetSettings, record: PumpRecord) -> ScoredPump:
    draft = record.draft
    order = np.lexsort((draft.time_us, draft.arrived_us))
    source = np.searchsorted(settings.microseconds_at(settings.hours()), draft.measured_us[order])
    return ScoredPump(
        asset=record.machine.id,
        time_us=draft.time_us[order],
        arrived_us=draft.arrived_us[order],
        measured_us=draft.measured_us[order],
        values=np.where(draft.missing[order], np.nan, draft.values[order]),
        clean=record.clean[source],
        value_codes=draft.value_codes[order],
        row_codes=draft.row_codes[order],
        episodes=_episodes(settings, record),
    )


def _episodes(settings: FleetSettings, record: PumpRecord) -> tuple[ScoredEpisode, ...]:
    asset, times = record.machine.id, settings.microseconds_at(settings.hours())
    found = [
        ScoredEpisode(
            each.kind,
            asset,
            each.signals,
            int(times[each.rows[0]]),
            int(times[each.rows[-1]]),
            len(each.rows),
            each.parameters,
        )
        for each in record.instrument_faults
    ]
    found += [
        ScoredEpisode(
            each.kind,
            asset,
            SIGNALS if each.signal is None else (each.signal,),
            each.from_us,
            each.to_us,
            each.count,
            {"note": each.note},
        )
        for each in record.defects
    ]
    return tuple(sorted(found, key=lambda each: (each.from_us, each.to_us, each.kind)))
