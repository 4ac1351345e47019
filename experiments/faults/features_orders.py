"""Random orders of the same readings: online, offline and recomputed are one vector, bit for bit.

Run as a module it does one task of a crew: `{"seed", "orders", "mutant"}`.
"""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import polars as pl

from experiments.faults.crew import read_task, say_done, say_result, scratch_folder
from experiments.faults.features_following import Follower, Recomputed, recomputed, told_of
from experiments.faults.features_making import (
    COMMISSIONED_US,
    assets_of,
    fitted,
    random_deliveries,
    random_story,
    small_pack,
)
from experiments.faults.features_mutants import Parts, parts_of
from features.domain.identifiers import DEFAULT_TENANT, AssetId
from features.store.frames import asset_vectors
from features.transforms.specification import FeatureSpecification

_TOGETHER = (1, 10, 40)
"""Orders that one process follows at once."""

_DELIVERIES = 12
_LIMITS = (3, 50, 10_000)
_LATEST_CREATED_US = 2**60
_OLDER_EACH = 3


def count_differing(seed: int, orders: int, mutant: str | None, tell: Callable[[int], None]) -> int:
    """Try so many orders, and return in how many a vector differs from what it must be."""
    specification, parts = fitted(small_pack()), parts_of(mutant)
    random, differing, done = np.random.default_rng(seed), 0, 0
    while done < orders:
        together = min(int(random.choice(_TOGETHER, p=(0.1, 0.2, 0.7))), orders - done)
        with tempfile.TemporaryDirectory(dir=scratch_folder(), prefix="features-") as folder, parts.in_place():
            differing += _one_round(Path(folder), specification, together, random, parts)
        done += together
        tell(together)
    return differing


def _one_round(
    folder: Path, specification: FeatureSpecification, orders: int, random: np.random.Generator, parts: Parts
) -> int:
    """Let one story arrive in several orders; return how many of them end in another vector than told."""
    story = random_story(random)
    assets = assets_of(orders)
    follower = Follower(folder, specification, assets, {}, parts)
    for delivery in random_deliveries(story, orders, _DELIVERIES, random):
        follower.deliver(delivery)
        if random.random() < 0.75:  # else the loop goes by lives that are cut a moment later
            follower.settle()
        if random.random() < 0.75:
            follower.look(int(random.choice(_LIMITS)))
        if random.random() < 0.2:
            follower.close()
            follower = Follower(folder, specification, assets, follower.ends, parts)
    follower.catch_up()
    anew, told = recomputed(follower), told_of(story, specification)
    wrong = _wrong(follower, anew, told) | _misjudged(follower)
    _backfill(follower, anew.older, random)
    wrong |= _wrong(follower, anew, told)
    follower.close()
    return len({asset.partition("-")[0] for asset in wrong})


def _wrong(follower: Follower, anew: Recomputed, told: dict[int, bytes]) -> set[AssetId]:
    """Return the pumps whose four vectors are not one: online, recomputed, newest offline row, and by what was told."""
    online = follower.vectors()
    by_telling = {asset: told.get(place % len(COMMISSIONED_US)) for place, asset in enumerate(follower.assets)}
    return {
        asset
        for asset in follower.assets
        if len({online.get(asset), anew.vectors.get(asset), anew.offline.get(asset), by_telling[asset]}) > 1
    }


def _misjudged(follower: Follower) -> set[AssetId]:
    """Return the pumps whose vector is expired while it is as old as its ttl, or is not when it is older."""
    wrong: set[AssetId] = set()
    for asset, vector in follower.online.read(DEFAULT_TENANT, follower.assets[:2]).items():
        last = vector.time + vector.ttl
        for moment, is_expired in ((last, False), (last + timedelta(microseconds=1), True)):
            read = follower.online.read(DEFAULT_TENANT, [asset], moment)[asset]
            wrong |= {asset} if read.is_expired != is_expired else set()
    return wrong


def _backfill(follower: Follower, older: Sequence[pl.DataFrame], random: np.random.Generator) -> None:
    """Write older rows, computed later, in any order, as one does who owns no cursor."""
    parts = [each.sample(min(_OLDER_EACH, each.height), seed=int(random.integers(2**31))) for each in older]
    if parts:
        vectors = asset_vectors(pl.concat(parts), follower.specification)
        later = [
            replace(each, vector=None if each.vector is None else replace(each.vector, created_us=_LATEST_CREATED_US))
            for each in vectors
        ]
        follower.online.write([later[place] for place in random.permutation(len(later))])


def main() -> None:
    """Do one task of a crew."""
    task = read_task()
    say_result({"differing": count_differing(task["seed"], task["orders"], task["mutant"], say_done)})


if __name__ == "__main__":
    main()
