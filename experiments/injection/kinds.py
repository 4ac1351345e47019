"""The kinds of faults that are injected, as pure functions on the readings of a stretch of rows.

Sizes are in standard deviations of a signal before the fault (`Place.scale`): at 1 a fault drowns in what the signal
does anyway, at 3 it can hardly be missed by whoever knows the operating point.

| verdict | kind | what is done |
|---|---|---|
| instrument | `drift` | a bias of one signal that grows evenly up to the severity |
| instrument | `step` | a bias of one signal of the severity, at once |
| instrument | `noise` | white noise of that deviation on one signal |
| instrument | `freeze` | one signal repeats its last value |
| data path | `replay` | all signals at once repeat an earlier stretch, under present times |
| data path | `freeze_all` | all signals at once repeat their last row |
| data path | `gap` | rows are missing |
| data path | `clock` | times as written are off by a constant |
| machine | `machine` | related signals leave together, each in its own direction, slowly, up to the severity |

A machine-like fault moves a signal and those that are related to it (correlation of .3 and more before the fault, or
else the most related one): together, each the way it is related, at half to full severity, growing over two thirds of
the stretch and staying there. It is an assumption that faults move related signals together along what relates them;
some do the opposite. It needs two signals that move.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from experiments.errors import InjectionImpossible
from experiments.injection.injected import FloatArray
from features.domain.conditions import ConditionVerdict

RELATED = 0.3
_GROWTH = 2.0 / 3.0
_OFF_INTERVALS = (2.0, 500.0)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a fault is put.

    Attributes:
        before: Readings before the stretch. Shape (row, signal).
        readings: Readings of the stretch; left as they are. Shape (row, signal).
        scale: Standard deviations of the signals before; 0 for one that never moved. Shape (signal,).
        severity: Size, in those.
        interval: Median seconds between two rows.
    """

    before: FloatArray
    readings: FloatArray
    scale: FloatArray
    severity: float
    interval: float

    @property
    def moving(self) -> list[int]:
        """Places of the signals that have moved."""
        return [int(place) for place in np.flatnonzero(self.scale > 0)]


@dataclass(frozen=True, slots=True)
class Change:
    """What a fault makes of a stretch.

    Attributes:
        readings: Shape (row, signal).
        signals: Places of the signals concerned.
        is_missing: Whether the rows do not arrive.
        offset: Seconds that the clock is ahead.
    """

    readings: FloatArray
    signals: tuple[int, ...]
    is_missing: bool = False
    offset: float = 0.0


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of fault: what is right to say of it, whether it has a size, and what it does."""

    verdict: ConditionVerdict
    has_size: bool
    change: Callable[[Place, np.random.Generator], Change]


def _drift(place: Place, rng: np.random.Generator) -> Change:
    return _biased(place, rng, np.linspace(0.0, 1.0, len(place.readings) + 1)[1:])


def _step(place: Place, rng: np.random.Generator) -> Change:
    return _biased(place, rng, np.ones(len(place.readings)))


def _biased(place: Place, rng: np.random.Generator, growth: FloatArray) -> Change:
    signal, sign = _one_of(place, rng), rng.choice((-1.0, 1.0))
    readings = place.readings.copy()
    readings[:, signal] += sign * place.severity * place.scale[signal] * growth
    return Change(readings, (signal,))


def _noise(place: Place, rng: np.random.Generator) -> Change:
    signal = _one_of(place, rng)
    readings = place.readings.copy()
    readings[:, signal] += place.severity * place.scale[signal] * rng.standard_normal(len(readings))
    return Change(readings, (signal,))


def _freeze(place: Place, rng: np.random.Generator) -> Change:
    signal = _one_of(place, rng)
    readings = place.readings.copy()
    readings[:, signal] = place.before[-1, signal]
    return Change(readings, (signal,))


def _freeze_all(place: Place, _rng: np.random.Generator) -> Change:
    return Change(np.tile(place.before[-1], (len(place.readings), 1)), _all(place))


def _replay(place: Place, rng: np.random.Generator) -> Change:
    rows = len(place.readings)
    if len(place.before) < rows:
        raise InjectionImpossible(
            f"A stretch that is sent again must have been there before: {rows} rows; found {len(place.before)}. "
            "Put the fault later, or make it shorter."
        )
    first = int(rng.integers(len(place.before) - rows + 1))
    return Change(place.before[first : first + rows].copy(), _all(place))


def _gap(place: Place, _rng: np.random.Generator) -> Change:
    return Change(place.readings, _all(place), is_missing=True)


def _clock(place: Place, rng: np.random.Generator) -> Change:
    """Set the clock ahead or back; never by whole intervals, so that no time as written meets another one."""
    intervals = np.floor(np.exp(rng.uniform(*np.log(_OFF_INTERVALS)))) + rng.uniform(0.2, 0.8)
    return Change(place.readings, _all(place), offset=float(rng.choice((-1.0, 1.0)) * intervals * place.interval))


def _machine(place: Place, rng: np.random.Generator) -> Change:
    signal = _one_of(place, rng)
    relation = _relation(place, signal)
    related = [other for other in place.moving if other != signal and abs(relation[other]) >= RELATED]
    if not related:
        others = [other for other in place.moving if other != signal]
        if not others:
            raise InjectionImpossible(
                "A machine-like fault must have two signals that move; found one. Take other telemetry for this kind."
            )
        related = [max(others, key=lambda other: abs(relation[other]))]
    growth = np.minimum(np.linspace(0.0, 1.0 / _GROWTH, len(place.readings) + 1)[1:], 1.0)
    sign = rng.choice((-1.0, 1.0))
    readings = place.readings.copy()
    for each in (signal, *related):
        share = 1.0 if each == signal else rng.uniform(0.5, 1.0) * np.sign(relation[each])
        readings[:, each] += sign * share * place.severity * place.scale[each] * growth
    return Change(readings, tuple(sorted((signal, *related))))


def _relation(place: Place, signal: int) -> FloatArray:
    """Return how every signal that moves is related to one: the correlation before the fault. Shape (signal,)."""
    known = place.before[np.isfinite(place.before[:, place.moving]).all(axis=1)]
    relation = np.zeros(place.before.shape[1])
    matrix = np.corrcoef(known[:, place.moving], rowvar=False)
    relation[place.moving] = np.atleast_2d(matrix)[place.moving.index(signal)]
    return np.where(relation == 0.0, 1e-12, relation)


def _one_of(place: Place, rng: np.random.Generator) -> int:
    if not place.moving:
        raise InjectionImpossible("A fault must have a signal that moves; found none. Take other telemetry.")
    return place.moving[int(rng.integers(len(place.moving)))]


def _all(place: Place) -> tuple[int, ...]:
    return tuple(range(place.readings.shape[1]))


KINDS: Mapping[str, Kind] = {
    "drift": Kind(ConditionVerdict.INSTRUMENT, True, _drift),
    "step": Kind(ConditionVerdict.INSTRUMENT, True, _step),
    "noise": Kind(ConditionVerdict.INSTRUMENT, True, _noise),
    "freeze": Kind(ConditionVerdict.INSTRUMENT, False, _freeze),
    "replay": Kind(ConditionVerdict.DATA_PATH, False, _replay),
    "freeze_all": Kind(ConditionVerdict.DATA_PATH, False, _freeze_all),
    "gap": Kind(ConditionVerdict.DATA_PATH, False, _gap),
    "clock": Kind(ConditionVerdict.DATA_PATH, False, _clock),
    "machine": Kind(ConditionVerdict.MACHINE, True, _machine),
}
"""All kinds by name; a new one is a function and a line here."""
