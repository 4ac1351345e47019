"""The checker of leaks: no feature at a time changes when data after it changes, or with another machine's data.

An event belongs to what a row may know only if it lies strictly before the row.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from features.domain.events import EventKind
from features.domain.identifiers import SignalId
from features.domain.packs import BalanceKind, BalanceRule, EventRule, FeatureFamily, LifeSource, Pack
from features.domain.signals import SignalRole
from features.packs.loader import load_pack
from features.transforms.batch import LifeRows, compute
from features.transforms.events import LifeEvents
from features.transforms.regimes import RegimeTable, fit_regimes
from features.transforms.specification import FeatureSpecification, condition_spans, specification_of

Features = Callable[[Sequence[LifeRows]], list[NDArray[np.float32]]]
ROWS, CUTS = 90, (1, 13, 45, 89)


EVENTS = (EventKind.REPAIR, EventKind.PART_REPLACED, EventKind.ERROR)
RULES = (*map(EventRule, EVENTS), EventRule(EventKind.ERROR, "e1"), EventRule(EventKind.PART_REPLACED, "e1"))
_BALANCES = {
    "pump": (
        ("hydraulic", BalanceKind.HYDRAULIC_POWER, ("flow", "suction_pressure", "discharge_pressure")),
        ("winding_rise", BalanceKind.TEMPERATURE_RISE, ("winding_temperature", "ambient_temperature")),
    ),
    "turbofan": (("compressor_rise", BalanceKind.TEMPERATURE_RISE, ("t30", "t2")),),
}


def shipped(name: str) -> tuple[FeatureSpecification, list[LifeRows]]:
    """Return a specification fitted for a shipped pack, and lives that stay in and near its plausible ranges."""
    return _fitted(load_pack(name))


def enriched(name: str) -> tuple[FeatureSpecification, list[LifeRows]]:
    """Return the same for a shipped pack that chooses every family, balances and events."""
    pack = load_pack(name)
    balances = tuple(
        BalanceRule(balance, kind, tuple(map(SignalId, made_of)), (1.0,) * len(made_of), (0.0,) * len(made_of))
        for balance, kind, made_of in _BALANCES[name]
    )
    rule = replace(pack.features, families=tuple(FeatureFamily), balances=balances, events=RULES)
    return _fitted(replace(pack, features=rule))


def vectors(specification: FeatureSpecification, lives: Sequence[LifeRows]) -> list[NDArray[np.float32]]:
    """Return the features of the step itself. Shape (time, feature) each."""
    return [each.vectors for each in compute(specification, lives)]


def leaks(features: Features, lives: list[LifeRows], names: Sequence[str]) -> set[str]:
    """Return the names of features that know what they must not."""
    found: set[str] = set()
    whole = features(lives)
    for cut in CUTS:
        for changed in (_shorter, _other_future, _silent_future, _fewer_events, _more_events):
            again = features([changed(rows, cut) for rows in lives])
            for one, other in zip(whole, again, strict=True):
                found |= _different(one[:cut], other[:cut], names)
    for index, rows in enumerate(lives):
        found |= _different(whole[index], features([rows])[0], names)
    return found


def _different(one: NDArray[np.float32], other: NDArray[np.float32], names: Sequence[str]) -> set[str]:
    is_same = (one == other) | (np.isnan(one) & np.isnan(other))
    return {name for name, same in zip(names, is_same.all(axis=0), strict=True) if not same}


def _shorter(rows: LifeRows, cut: int) -> LifeRows:
    return replace(rows, time=rows.time[:cut], values=rows.values[:cut])


def _other_future(rows: LifeRows, cut: int) -> LifeRows:
    values, time = rows.values.copy(), rows.time.copy()
    values[cut:] = values[cut:][::-1] * 1.7
    time[cut:] += 5000.0
    return replace(rows, time=time, values=values)


def _silent_future(rows: LifeRows, cut: int) -> LifeRows:
    values = rows.values.copy()
    values[cut:] = np.nan
    return replace(rows, values=values)


def _fewer_events(rows: LifeRows, cut: int) -> LifeRows:
    """Take away every event that the last row before the cut may not know: those at its very time, and later ones."""
    return _events_from(rows, cut, [])


def _more_events(rows: LifeRows, cut: int) -> LifeRows:
    """Put other events in their place: some at the very time of the last row before the cut, some right after it."""
    return _events_from(rows, cut, [0.0, 0.0, 0.0, 1.0])


def _events_from(rows: LifeRows, cut: int, later: list[float]) -> LifeRows:
    if rows.events is None:
        return rows
    now = float(rows.time[cut - 1])
    known = rows.events.time < now
    kept = np.flatnonzero(known)
    kinds = [rows.events.kind[place] for place in kept]
    details = [rows.events.detail[place] for place in kept]
    time = np.concatenate([rows.events.time[known], now + np.array(later)])
    more, codes = (EVENTS * 2)[: len(later)], ("e1",) * len(later)
    return replace(rows, events=LifeEvents(time, (*kinds, *more), (*details, *codes)))


def _fit(pack: Pack) -> RegimeTable:
    generator = np.random.default_rng(7)
    conditions = np.stack([_reading(pack, name, generator, 500) for name in pack.regimes.signals], axis=1)
    sensors = np.stack([_reading(pack, name, generator, 500) for name in pack.features.signals], axis=1)
    return fit_regimes(conditions, sensors, condition_spans(pack), pack.regimes.tolerance)


def _reading(pack: Pack, name: str, generator: np.random.Generator, rows: int) -> NDArray[np.float64]:
    signal = {str(each.id): each for each in pack.signals}[name]
    middle, span = 0.5 * (signal.low + signal.high), signal.high - signal.low
    return middle + 0.02 * span * generator.standard_normal(rows)


def _fitted(pack: Pack) -> tuple[FeatureSpecification, list[LifeRows]]:
    specification = specification_of(pack, _fit(pack))
    return specification, [_life(pack, specification.signals, seed) for seed in range(3)]


def _life(pack: Pack, signals: Sequence[str], seed: int) -> LifeRows:
    generator = np.random.default_rng(seed)
    columns = [_reading(pack, name, generator, ROWS) for name in signals]
    values = np.stack(columns, axis=1)
    step = 1.0 if pack.life.source is LifeSource.COUNT else pack.life.seconds_per_unit * 4
    time = np.cumsum(generator.choice([1.0, 1.0, 5.0], ROWS)) * step
    values[generator.random(values.shape) < 0.1] = np.nan
    for counter in pack.signals_of(SignalRole.COUNTER):
        values[:, list(signals).index(str(counter.id))] = np.cumsum(generator.random(ROWS) * 8)
    duty = pack.regimes.signals[0]
    values[generator.random(ROWS) < 0.05, list(signals).index(duty)] = pack.signal_by_id[duty].high  # far from all
    idle = pack.regimes.running_signal
    if idle is not None:
        values[generator.random(ROWS) < 0.1, list(signals).index(idle)] = 0.0
    return LifeRows(time, values, _happened(time, seed))


def _happened(time: NDArray[np.float64], seed: int) -> LifeEvents:
    """Return events before the first row, between rows and at rows."""
    generator = np.random.default_rng(100 + seed)
    between = generator.uniform(time[0] - 1.0, time[-1], 8)
    at = time[[0, 12, 44, 60, 88]]  # the last rows before the cuts among them
    kinds = tuple(EVENTS[index % len(EVENTS)] for index in range(13))
    details = tuple(None if draw < 0.5 else "e1" for draw in generator.random(len(kinds)))
    return LifeEvents(np.concatenate([between, at]), kinds, details)
