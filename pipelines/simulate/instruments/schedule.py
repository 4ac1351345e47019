"""When the instruments of a pump are at fault, and what they deliver then."""

import numpy as np

from pipelines.simulate.arrays import BoolArray, CodeArray, FloatArray
from pipelines.simulate.codes import code_of
from pipelines.simulate.episodes import draw_count, draw_kind, draw_rows
from pipelines.simulate.instruments.kind import InstrumentEpisode, InstrumentKind, Stretch
from pipelines.simulate.instruments.registry import instrument_kinds
from pipelines.simulate.seeds import Purpose, pump_stream
from pipelines.simulate.settings import FleetSettings
from pipelines.simulate.signals import QUALITIES, SIGNALS

_ATTEMPTS = 20
_REST_HOURS = 12.0


def fail_instruments(
    settings: FleetSettings, pump: int, shown: FloatArray, clean: FloatArray
) -> tuple[FloatArray, CodeArray, tuple[InstrumentEpisode, ...]]:
    """Draw the instrument faults of a pump and return what its instruments deliver.

    A signal is never in two episodes at once, and is sound for half a day between two.

    Args:
        settings: Rate and kinds, and the length of the observation.
        pump: Which pump.
        shown: What sound instruments show, before the transmitters' steps. Shape (time, channel).
        clean: What sound instruments deliver. Shape (time, channel).

    Returns:
        What is delivered, shape (time, channel); what happened to it, by `codes.CODES`, of that shape; the episodes.
    """
    delivered, codes = clean.copy(), np.zeros(clean.shape, dtype=np.int8)
    kinds = instrument_kinds(settings.instrument_kinds)
    if not settings.instrument_fault_rate or not kinds or settings.rows < 2:
        return delivered, codes, ()
    rng = pump_stream(settings.seed, pump, Purpose.INSTRUMENT_FAULTS)
    taken = np.zeros(clean.shape, dtype=np.bool_)
    episodes = []
    for number in range(draw_count(rng, settings.instrument_fault_rate, settings.days)):
        found = _free_stretch(rng, settings, kinds, taken)
        if found is None:
            continue
        kind, channels, rows = found
        stretch = _stretch(settings, shown, clean, channels, rows)
        own = pump_stream(settings.seed, pump, Purpose.INSTRUMENT_FAULTS, number + 1, kind.id)
        faulty = kind.deliver(own, stretch)
        covered = rows.start + np.flatnonzero(faulty.covered)
        delivered[rows, channels] = faulty.delivered
        codes[np.ix_(covered, channels)] = code_of(kind.id)
        signals = tuple(SIGNALS[channel] for channel in channels)
        episodes.append(InstrumentEpisode(number, kind.id, signals, covered, faulty.parameters))
    return delivered, codes, tuple(episodes)


def _free_stretch(
    rng: np.random.Generator, settings: FleetSettings, kinds: tuple[InstrumentKind, ...], taken: BoolArray
) -> tuple[InstrumentKind, list[int], slice] | None:
    """Draw kind, channels and rows that are free, and take them; None where everything drawn was taken already."""
    kind = draw_kind(rng, kinds)
    rest = int(np.ceil(_REST_HOURS / settings.step_hours))
    for _ in range(_ATTEMPTS):
        channels = [SIGNALS.index(signal) for signal in kind.choices[int(rng.integers(len(kind.choices)))]]
        rows = draw_rows(rng, kind.lasts_hours, settings.rows, settings.step_hours)
        wanted = taken[max(rows.start - rest, 0) : rows.stop + rest, channels]
        if not wanted.any():
            taken[rows, channels] = True
            return kind, channels, rows
    return None


def _stretch(
    settings: FleetSettings, shown: FloatArray, clean: FloatArray, channels: list[int], rows: slice
) -> Stretch:
    hours = settings.hours()[rows]
    return Stretch(
        qualities=tuple(QUALITIES[channel] for channel in channels),
        hours=hours - hours[0],
        shown=shown[rows, channels],
        delivered=clean[rows, channels],
        before=clean[rows.start - 1, channels],
    )
