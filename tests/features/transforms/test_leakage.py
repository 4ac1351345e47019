"""Every feature of every shipped pack is checked for leaks, and the checker finds each leak that is planted."""

from functools import partial

import numpy as np
import pytest

from features.transforms.batch import LifeRows
from features.transforms.specification import FeatureSpecification
from tests.features.transforms.fleet import ALL, life
from tests.features.transforms.leakage import enriched, leaks, shipped, vectors
from tests.features.transforms.planted import LEAKS, Leak

PACKS = {
    **{name: shipped(name) for name in ("pump", "turbofan")},
    **{f"{name}, everything chosen": enriched(name) for name in ("pump", "turbofan")},
}
Case = tuple[FeatureSpecification, list[LifeRows]]


@pytest.mark.parametrize("case", PACKS.values(), ids=PACKS)
def test_no_feature_of_a_shipped_pack_knows_the_future_or_another_machine(case: Case) -> None:
    specification, lives = case
    assert leaks(partial(vectors, specification), lives, specification.names) == set()


@pytest.mark.parametrize("case", PACKS.values(), ids=PACKS)
def test_every_feature_of_a_shipped_pack_is_alive_in_this_check(case: Case) -> None:
    specification, lives = case
    together = np.concatenate(vectors(specification, lives))
    dead = [
        name for name, spread in zip(specification.names, np.nanstd(together, axis=0), strict=True) if not spread > 0
    ]
    assert dead == []


@pytest.mark.parametrize("specification", ALL.values(), ids=ALL)
def test_no_feature_leaks_where_lives_are_hard(specification: FeatureSpecification) -> None:
    lives = [life(specification, 90, seed) for seed in range(3)]
    assert leaks(partial(vectors, specification), lives, specification.names) == set()


def test_twenty_leaks_and_more_are_planted() -> None:
    assert len(LEAKS) >= 20


@pytest.mark.parametrize("leak", LEAKS.values(), ids=LEAKS)
def test_planted_leak_is_found_and_nothing_else(leak: Leak) -> None:
    specification, lives = PACKS["pump, everything chosen"]
    assert leaks(partial(leak.features, specification), lives, specification.names) == {leak.column(specification)}
