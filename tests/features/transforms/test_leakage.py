"""No feature at a time changes when data after it changes, and no machine's features hang on another machine's.

`leaks` is the checker; it is run on every feature of both shipped packs, and it must find leaks that are planted.
"""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import pytest
from numpy.typing import NDArray

from features.domain.packs import LifeSource, Pack
from features.domain.signals import SignalRole
from features.packs.loader import load_pack
from features.transforms.batch import LifeRows, compute
from features.transforms.regimes import RegimeTable, fit_regimes
from features.transforms.specification import FeatureSpecification, condition_spans, specification_of

Features = Callable[[Sequence[LifeRows]], list[NDArray[np.float32]]]
ROWS, CUTS = 90, (1, 13, 45, 89)


def shipped(name: str) -> tuple[FeatureSpecification, list[LifeRows]]:
    """Return a specification fitted for a shipped pack, and lives that stay in and near its plausible ranges."""
    pack = load_pack(name)
    spec = specification_of(pack, _fit(pack))
    return spec, [_life(pack, spec.signals, seed) for seed in range(3)]


def leaks(features: Features, lives: list[LifeRows], names: Sequence[str]) -> set[str]:
    """Return the names of features that know what they must not."""
    found: set[str] = set()
    whole = features(lives)
    for cut in CUTS:
        for changed in (_shorter, _other_future, _silent_future):
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
    return LifeRows(rows.time[:cut], rows.values[:cut])


def _other_future(rows: LifeRows, cut: int) -> LifeRows:
    values, time = rows.values.copy(), rows.time.copy()
    values[cut:] = values[cut:][::-1] * 1.7
    time[cut:] += 5000.0
    return LifeRows(time, values)


def _silent_future(rows: LifeRows, cut: int) -> LifeRows:
    values = rows.values.copy()
    values[cut:] = np.nan
    return LifeRows(rows.time, values)


def _fit(pack: Pack) -> RegimeTable:
    generator = np.random.default_rng(7)
    conditions = np.stack([_reading(pack, name, generator, 500) for name in pack.regimes.signals], axis=1)
    sensors = np.stack([_reading(pack, name, generator, 500) for name in pack.features.signals], axis=1)
    return fit_regimes(conditions, sensors, condition_spans(pack), pack.regimes.tolerance)


def _reading(pack: Pack, name: str, generator: np.random.Generator, rows: int) -> NDArray[np.float64]:
    signal = {str(each.id): each for each in pack.signals}[name]
    middle, span = 0.5 * (signal.low + signal.high), signal.high - signal.low
    return middle + 0.02 * span * generator.standard_normal(rows)


def _life(pack: Pack, signals: Sequence[str], seed: int) -> LifeRows:
    generator = np.random.default_rng(seed)
    columns = [_reading(pack, name, generator, ROWS) for name in signals]
    values = np.stack(columns, axis=1)
    step = 1.0 if pack.life.source is LifeSource.COUNT else pack.life.seconds_per_unit * 4
    time = np.cumsum(generator.choice([1.0, 1.0, 5.0], ROWS)) * step
    values[generator.random(values.shape) < 0.1] = np.nan
    for counter in pack.signals_of(SignalRole.COUNTER):
        values[:, list(signals).index(str(counter.id))] = np.cumsum(generator.random(ROWS) * 8)
    return LifeRows(time, values)


def _vectors(specification: FeatureSpecification, lives: Sequence[LifeRows]) -> list[NDArray[np.float32]]:
    return [each.vectors for each in compute(specification, lives)]


@pytest.mark.parametrize("name", ["pump", "turbofan"])
def test_no_feature_of_a_shipped_pack_knows_the_future_or_another_machine(name: str) -> None:
    specification, lives = shipped(name)
    assert leaks(partial(_vectors, specification), lives, specification.names) == set()


@pytest.mark.parametrize("name", ["pump", "turbofan"])
def test_every_feature_of_a_shipped_pack_is_alive_in_this_check(name: str) -> None:
    specification, lives = shipped(name)
    together = np.concatenate(_vectors(specification, lives))
    assert (np.nanstd(together, axis=0) > 0).all()


def test_feature_that_looks_at_the_last_row_is_caught() -> None:
    specification, lives = shipped("pump")

    def last_row(lives: Sequence[LifeRows]) -> list[NDArray[np.float32]]:
        vectors = [each.copy() for each in _vectors(specification, lives)]
        for each in vectors:
            each[:, 3] = each[-1, 3]
        return vectors

    assert leaks(last_row, lives, specification.names) == {specification.names[3]}


def test_remaining_length_in_a_feature_is_caught() -> None:
    specification, lives = shipped("turbofan")

    def countdown(lives: Sequence[LifeRows]) -> list[NDArray[np.float32]]:
        vectors = [each.copy() for each in _vectors(specification, lives)]
        for each in vectors:
            each[:, 0] = np.arange(len(each), 0, -1)
        return vectors

    assert leaks(countdown, lives, specification.names) == {"age"}


def test_feature_that_is_ranked_within_the_batch_is_caught() -> None:
    specification, lives = shipped("pump")

    def centred(lives: Sequence[LifeRows]) -> list[NDArray[np.float32]]:
        vectors = [each.copy() for each in _vectors(specification, lives)]
        first = np.array([each[0, 0] + len(vectors) for each in vectors], np.float32)
        for each in vectors:
            each[:, 0] -= first.mean()
        return vectors

    assert leaks(centred, lives, specification.names) == {"age"}
